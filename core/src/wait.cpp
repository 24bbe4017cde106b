#include "ringside/wait.hpp"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "ringside/kill_point.hpp"
#include "thread_sanitizer.hpp"
#include "timespec.hpp"

namespace ringside {
namespace {

std::atomic<std::int64_t> slice_ns = SleepTuning().slice.count();
std::atomic<int> tries_between_sleeps = SleepTuning().tries_between_sleeps;

long membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0); }

WakeOrder registerProcess() noexcept {
  // ThreadSanitizer knows no barrier that another thread executes for this one.
  if (kThreadSanitizer) return WakeOrder::WakerPays;
  return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0 ? WakeOrder::SleeperPays
                                                                   : WakeOrder::WakerPays;
}

}  // namespace

WakeOrder wakeOrder() noexcept {
  static const WakeOrder order = registerProcess();
  return order;
}

void setSleepTuning(const SleepTuning& tuning) noexcept {
  slice_ns.store(std::max<std::int64_t>(tuning.slice.count(), 1000), std::memory_order_relaxed);
  tries_between_sleeps.store(std::max(tuning.tries_between_sleeps, 1), std::memory_order_relaxed);
}

SleepTuning sleepTuning() noexcept {
  // relaxed: each is a hint by itself.
  return {std::chrono::nanoseconds(slice_ns.load(std::memory_order_relaxed)),
          tries_between_sleeps.load(std::memory_order_relaxed)};
}

void WaitPoint::announceSleep() noexcept {
  sleeping_.exchange(1, std::memory_order_seq_cst);
  RINGSIDE_KILL_POINT(sleep_announced);
  // SYNC: with wake(). Every registered process passes a full barrier before this returns, so it
  // either sees sleeping_ or has made its publication visible to the attempt that follows. Where
  // the call fails a waker may miss this sleeper: the slice bounds what that costs.
  if (wakeOrder() == WakeOrder::SleeperPays) membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

void WaitPoint::sleepUnlessWoken(std::uint32_t seen, const Deadline& deadline) noexcept {
  RINGSIDE_KILL_POINT(about_to_sleep);
  sleepOnWord(event_, seen, deadline);
}

void WaitPoint::wakeSleepers() noexcept {
  RINGSIDE_KILL_POINT(sees_sleepers);
  sleeping_.store(0, std::memory_order_relaxed);   // ordered before the event by its release
  event_.fetch_add(1, std::memory_order_release);  // SYNC: sleep()
  RINGSIDE_KILL_POINT(counted_wake);
  wakeOnWord(event_, INT_MAX);
}

Deadline deadlineAfter(Timeout timeout) noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (timeout.value > std::chrono::steady_clock::time_point::max() - now) return std::nullopt;
  return now + std::max(timeout.value, std::chrono::nanoseconds(0));
}

void sleepOnWord(const std::atomic<std::uint32_t>& word, std::uint32_t seen,
                 const Deadline& deadline) noexcept {
  auto until = std::chrono::steady_clock::now() + sleepTuning().slice;
  if (deadline) until = std::min(until, *deadline);
  const ::timespec when = toTimespec(until);
  // Shared on purpose (no FUTEX_PRIVATE_FLAG): the waker may be another process.
  ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, seen, &when, nullptr, FUTEX_BITSET_MATCH_ANY);
}

int wakeOnWord(std::atomic<std::uint32_t>& word, int most) noexcept {
  const long woken = ::syscall(SYS_futex, &word, FUTEX_WAKE, most, nullptr, nullptr, 0);
  return woken > 0 ? static_cast<int>(woken) : 0;
}

}  // namespace ringside
