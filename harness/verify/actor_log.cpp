#include "harness/verify/actor_log.hpp"

#include <time.h>

namespace ringside::harness {

namespace {

/// How far the clock may be off between two processors, and how far a processor may move it against
/// the memory accesses beside it. Calls are taken to last that much longer at both ends.
constexpr std::int64_t kClockBoundNs = 100;

std::int64_t beginNs() noexcept { return nowNs() - kClockBoundNs; }

/// After what this process has written is visible to others: a processor may hold a store back
/// beyond the end of the call, and the clock knows nothing of that.
std::int64_t endNs() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return nowNs() + kClockBoundNs;
}

}  // namespace

std::int64_t nowNs() noexcept {
  ::timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void ActorLog::append(const LoggedOperation& operation) noexcept {
  // relaxed: read once this process is dead, and all it wrote with it.
  const std::uint32_t at = pages_.count.load(std::memory_order_relaxed);
  pages_.operations[at] = operation;
  // After the whole operation, for a death between: half of one would be one that never was.
  pages_.count.store(at + 1, std::memory_order_release);
}

void ActorLog::beginPush(std::uint64_t first_value, std::uint32_t count) noexcept {
  const std::int64_t now = beginNs();
  for (std::uint32_t i = 0; i < count; ++i) {
    append({Action::Push, false, false, 1, first_value + i, now, kNeverReturned});
  }
}

void ActorLog::endPush(std::uint32_t begun, std::uint32_t done) noexcept {
  const std::int64_t now = endNs();
  const std::uint32_t end = pages_.count.load(std::memory_order_relaxed);
  for (std::uint32_t i = end - begun; i < end - begun + done; ++i) {
    pages_.operations[i].ended_ns = now;
  }
  pages_.count.store(end - begun + done, std::memory_order_release);
  pages_.calls.fetch_add(1, std::memory_order_relaxed);
}

void ActorLog::beginPop(std::uint32_t at_most) noexcept {
  append({Action::Pop, false, false, at_most, 0, beginNs(), kNeverReturned});
}

// A death in here, too, leaves what is true: the pop that began stands as unreturned, for all that
// it may have taken, until everything else about it is written.
void ActorLog::endPop(const Popped* popped, std::uint32_t count) noexcept {
  const std::int64_t now = endNs();
  const std::uint32_t begun = pages_.count.load(std::memory_order_relaxed) - 1;
  LoggedOperation& first = pages_.operations[begun];
  for (std::uint32_t i = 1; i < count; ++i) {
    const Popped& one = popped[i];
    pages_.operations[begun + i] = {Action::Pop, one.redelivered, one.torn, 1,
                                    one.value,   first.began_ns,  now};
  }
  pages_.count.store(begun + count, std::memory_order_release);  // of none: the pop is taken back
  if (count > 0) {
    first.redelivered = popped[0].redelivered;
    first.torn = popped[0].torn;
    first.value = popped[0].value;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    first.ended_ns = now;
  }
  pages_.calls.fetch_add(1, std::memory_order_relaxed);
}

void ActorLog::sawEmpty(std::int64_t began_ns) noexcept {
  append({Action::SawEmpty, false, false, 1, 0, began_ns - kClockBoundNs, endNs()});
}

}  // namespace ringside::harness
