// Waiting under a RobustMutex until something holds, between processes. Made of a futex word alone:
// glibc's pthread_cond_t counts its waiters and hangs when one of them is killed. Here a killed
// waiter leaves nothing behind but one needless wake, and a killed notifier costs one slice.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <type_traits>

#include "ringside/error.hpp"
#include "ringside/robust_mutex.hpp"
#include "ringside/wait.hpp"

namespace ringside {

/// All zero is a valid one. What a predicate reads must be changed under the same mutex that the
/// waiters hold; the notification may come under it or after it, and after it is cheaper. A change
/// without the mutex can be missed until the end of a slice (SleepTuning).
class SharedCondition {
 public:
  SharedCondition() noexcept : word_(0) {}
  SharedCondition(const SharedCondition&) = delete;
  SharedCondition& operator=(const SharedCondition&) = delete;

  /// Gives up `lock` and sleeps until notified, takes it again and asks `holds`, until that is
  /// true. `holds` is called with the lock held. Afterwards the lock is held again, whatever the
  /// result; lock.ownerDied() tells the caller, and the predicate, of an owner that died in the
  /// meantime. 0, or -1: OperationFailed when the lock was not held, as RobustMutex::lock when it
  /// could not be had again.
  template <class Predicate>
  int wait(RobustLock& lock, Predicate&& holds) {
    return waitUntil(lock, std::nullopt, holds);
  }
  /// Also -1 with TimedOut when `holds` was still false after `timeout`. Taking the lock again is
  /// not part of that time.
  template <class Predicate>
  int timedWait(RobustLock& lock, Timeout timeout, Predicate&& holds) {
    return waitUntil(lock, deadlineAfter(timeout), holds);
  }
  template <class Predicate>
  int waitUntil(RobustLock& lock, const Deadline& deadline, Predicate&& holds) {
    if (!lock) return fail(Errc::OperationFailed);
    while (!holds()) {
      if (expired(deadline)) return fail(Errc::TimedOut);
      const std::uint32_t seen = announceSleep();  // while the predicate cannot change
      lock.unlock();
      sleepOnWord(word_, seen, deadline);
      if (lock.lock() == -1) return -1;
    }
    return 0;
  }

  /// Wakes all who wait. No system call when nobody does.
  void notifyAll() noexcept {
    // relaxed: the mutex orders it. Who announced before the change, under the mutex, is seen; who
    // comes later sees the change.
    if ((word_.load(std::memory_order_relaxed) & kAnnounced) != 0) [[unlikely]]
      wakeAll();
  }
  /// Wakes one who waits, or more. When that one is killed before it acts, the others look for
  /// themselves at the end of their slice.
  void notifyOne() noexcept {
    // relaxed: as above.
    if ((word_.load(std::memory_order_relaxed) & kAnnounced) != 0) [[unlikely]]
      wakeOne();
  }

 private:
  /// Lowest bit: somebody may be asleep. A flag, for counters leak when a waiter is killed. The
  /// other bits count notifications, so that none falls between an announcement and its sleep.
  static constexpr std::uint32_t kAnnounced = 1;

  /// relaxed: under the mutex, see notifyAll().
  std::uint32_t announceSleep() noexcept {
    return word_.fetch_or(kAnnounced, std::memory_order_relaxed) | kAnnounced;
  }
  void wakeAll() noexcept;
  void wakeOne() noexcept;

  std::atomic<std::uint32_t> word_;
};
static_assert(std::is_standard_layout_v<SharedCondition> && sizeof(SharedCondition) == 4,
              "the futex word alone, or processes of different builds would not meet");

}  // namespace ringside
