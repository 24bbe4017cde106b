#include "ringside/wait.hpp"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace ringside {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
#else
constexpr bool kThreadSanitizer = false;
#endif

long membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0); }

WakeOrder registerProcess() noexcept {
  // ThreadSanitizer knows no barrier that another thread executes for this one.
  if (kThreadSanitizer) return WakeOrder::WakerPays;
  return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0 ? WakeOrder::SleeperPays
                                                                   : WakeOrder::WakerPays;
}

::timespec toTimespec(std::chrono::steady_clock::time_point when) noexcept {
  const auto ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
  return {static_cast<::time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

WakeOrder wakeOrder() noexcept {
  static const WakeOrder order = registerProcess();
  return order;
}

void WaitPoint::announceSleep() noexcept {
  sleeping_.exchange(1, std::memory_order_seq_cst);
  // SYNC: with wake(). Every registered process passes a full barrier before this returns, so it
  // either sees sleeping_ or has made its publication visible to the attempt that follows. Where
  // the call fails a waker may miss this sleeper: the slice bounds what that costs.
  if (wakeOrder() == WakeOrder::SleeperPays) membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

void WaitPoint::sleepUnlessWoken(std::uint32_t seen, const Deadline& deadline) noexcept {
  auto until = std::chrono::steady_clock::now() + kSleepSlice;
  if (deadline) until = std::min(until, *deadline);
  const ::timespec when = toTimespec(until);
  // Shared on purpose (no FUTEX_PRIVATE_FLAG): the waker may be another process. Woken, timed out
  // or interrupted, the caller tries again.
  ::syscall(SYS_futex, &event_, FUTEX_WAIT_BITSET, seen, &when, nullptr, FUTEX_BITSET_MATCH_ANY);
}

void WaitPoint::wakeSleepers() noexcept {
  sleeping_.store(0, std::memory_order_relaxed);   // ordered before the event by its release
  event_.fetch_add(1, std::memory_order_release);  // SYNC: sleep()
  ::syscall(SYS_futex, &event_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace ringside
