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
constexpr std::size_t kBriefChunks = 25;          ///< where there is no time for more
constexpr std::uint64_t kUsualNs = 1'000'000;     ///< for all of them
constexpr std::uint64_t kLongestNs = 20'000'000;  ///< where somebody takes the CPU away
constexpr std::uint64_t kLookEverySpins = 1 << 12;

/// Both are there, or one has waited in vain.
bool meet(CanaryLine& line) noexcept {
  line.arrived.fetch_add(1, std::memory_order_acq_rel);
  line.arrival.wake(wakeOrder());
  return waitUntil(line.arrival, Wait::Block, deadlineAfter(kCanaryPatience), [&] {
    return line.arrived.load(std::memory_order_acquire) == 2;  // SYNC: the fetch_add of the other
  });
}

/// When a wait is to end, as one party looks at it now and then.
struct Limit {
  const Clock& clock;
  std::uint64_t begin;
  std::uint64_t longest_ns;

  bool isOver() const noexcept { return clock.nsBetween(begin, clock.now()) > longest_ns; }
};

/// Until it is `turn`: false when it is over, or the limit has come. Where both share a CPU after
/// all, as in an emulator, who waits steps aside now and then.
bool await(const CanaryLine& line, std::uint64_t turn, const Limit& limit) noexcept {
  for (std::uint64_t spins = 1;; ++spins) {
    const std::uint64_t seen = line.turn.load(std::memory_order_acquire);
    if (seen == turn) return true;
    if (seen == kOver) return false;
    pauseCore();
    if (spins % kLookEverySpins != 0) continue;
    if (limit.isOver()) return false;
    if (line.over.load(std::memory_order_acquire) != 0) return false;  // SYNC: the end of lead()
    ::sched_yield();
  }
}

/// False when it took too long.
bool bounce(CanaryLine& line, std::uint64_t& turn, const Limit& limit) noexcept {
  for (std::uint64_t i = 0; i < kRoundTripsPerChunk; ++i, turn += 2) {
    line.turn.store(turn + 1, std::memory_order_release);  // SYNC: await of who follows
    if (!await(line, turn + 2, limit)) return false;
  }
  return true;
}

bool isEnough(CanaryEffort effort, std::size_t chunks, std::uint64_t ns) noexcept {
  if (effort == CanaryEffort::Brief) return chunks == kBriefChunks;
  return chunks == kMostChunks || (chunks >= kLeastChunks && ns > kUsualNs);
}

double lead(CanaryLine& line, const Clock& clock, CanaryEffort effort) noexcept {
  std::array<double, kMostChunks> chunk_ns = {};
  std::size_t chunks = 0;
  std::uint64_t turn = 0;
  const std::uint64_t begin = clock.now();
  const Limit limit{clock, begin, kLongestNs};
  bool answered = bounce(line, turn, limit);  // who follows may still be waking up
  std::uint64_t now = clock.now();
  while (answered && !isEnough(effort, chunks, clock.nsBetween(begin, now))) {
    const std::uint64_t chunk_begin = now;
    answered = bounce(line, turn, limit);
    if (!answered) break;
    now = clock.nowAfterLoads();
    chunk_ns[chunks++] =
        static_cast<double>(clock.nsBetween(chunk_begin, now)) / (2.0 * kRoundTripsPerChunk);
  }
  line.over.store(1, std::memory_order_release);
  line.turn.store(kOver, std::memory_order_release);
  if (chunks == 0) return 0;
  const auto end = chunk_ns.begin() + static_cast<std::ptrdiff_t>(chunks);
  const auto tenth = chunk_ns.begin() + static_cast<std::ptrdiff_t>(chunks / 10);
  std::nth_element(chunk_ns.begin(), tenth, end);
  return *tenth;
}

double follow(CanaryLine& line, const Clock& clock) noexcept {
  constexpr auto kPatienceNs = std::chrono::nanoseconds(kCanaryPatience).count();
  const Limit limit{clock, clock.now(), static_cast<std::uint64_t>(kPatienceNs)};
  for (std::uint64_t turn = 1; await(line, turn, limit); turn += 2) {
    line.turn.store(turn + 1, std::memory_order_release);  // SYNC: await of who leads
  }
  return 0;
}

}  // namespace

double measureCanary(CanaryLine& line, CanaryRole role, const Clock& clock,
                     CanaryEffort effort) noexcept {
  if (role == CanaryRole::None || !meet(line)) return 0;
  return role == CanaryRole::Leads ? lead(line, clock, effort) : follow(line, clock);
}

}  // namespace ringside::harness
