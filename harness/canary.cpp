#include "harness/canary.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace ringside::harness {
namespace {

constexpr std::uint64_t kOver = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kRoundTripsPerChunk = 16;
constexpr std::size_t kMostChunks = 256;
constexpr std::size_t kLeastChunks = 32;          ///< also where they take longer than kUsualNs
constexpr std::uint64_t kUsualNs = 1'000'000;     ///< for all of them
constexpr std::uint64_t kLongestNs = 50'000'000;  ///< where somebody takes the CPU away
constexpr std::uint64_t kYieldEverySpins = 1 << 16;

/// Both are there, or one has waited in vain.
bool meet(CanaryLine& line) noexcept {
  line.arrived.fetch_add(1, std::memory_order_acq_rel);
  line.arrival.wake(wakeOrder());
  return waitUntil(line.arrival, Wait::Block, deadlineAfter(kCanaryPatience), [&] {
    return line.arrived.load(std::memory_order_acquire) == 2;  // SYNC: the fetch_add of the other
  });
}

/// Until it is `turn`, or over. Where both share a CPU after all, as in an emulator, who waits
/// steps aside now and then.
bool await(const CanaryLine& line, std::uint64_t turn) noexcept {
  for (std::uint64_t spins = 1;; ++spins) {
    const std::uint64_t seen = line.turn.load(std::memory_order_acquire);
    if (seen == turn) return true;
    if (seen == kOver) return false;
    pauseCore();
    if (spins % kYieldEverySpins == 0) ::sched_yield();
  }
}

void bounce(CanaryLine& line, std::uint64_t& turn) noexcept {
  for (std::uint64_t i = 0; i < kRoundTripsPerChunk; ++i, turn += 2) {
    line.turn.store(turn + 1, std::memory_order_release);  // SYNC: await of who follows
    await(line, turn + 2);
  }
}

bool isEnough(std::size_t chunks, std::uint64_t ns) noexcept {
  if (chunks == 0) return false;
  return chunks == kMostChunks || ns > kLongestNs || (chunks >= kLeastChunks && ns > kUsualNs);
}

double lead(CanaryLine& line, const Clock& clock) noexcept {
  std::array<double, kMostChunks> chunk_ns = {};
  std::size_t chunks = 0;
  std::uint64_t turn = 0;
  bounce(line, turn);  // who follows may still be waking up
  const std::uint64_t begin = clock.now();
  std::uint64_t now = begin;
  while (!isEnough(chunks, clock.nsBetween(begin, now))) {
    const std::uint64_t chunk_begin = now;
    bounce(line, turn);
    now = clock.nowAfterLoads();
    chunk_ns[chunks++] =
        static_cast<double>(clock.nsBetween(chunk_begin, now)) / (2.0 * kRoundTripsPerChunk);
  }
  line.turn.store(kOver, std::memory_order_release);
  const auto end = chunk_ns.begin() + static_cast<std::ptrdiff_t>(chunks);
  const auto tenth = chunk_ns.begin() + static_cast<std::ptrdiff_t>(chunks / 10);
  std::nth_element(chunk_ns.begin(), tenth, end);
  return *tenth;
}

double follow(CanaryLine& line) noexcept {
  for (std::uint64_t turn = 1; await(line, turn); turn += 2) {
    line.turn.store(turn + 1, std::memory_order_release);  // SYNC: await of who leads
  }
  return 0;
}

}  // namespace

double measureCanary(CanaryLine& line, CanaryRole role, const Clock& clock) noexcept {
  if (role == CanaryRole::None || !meet(line)) return 0;
  return role == CanaryRole::Leads ? lead(line, clock) : follow(line);
}

}  // namespace ringside::harness
