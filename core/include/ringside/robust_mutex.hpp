// A mutex in shared memory that survives its owners: when one is killed while it holds the lock,
// the next locker gets it and is told that what it guards may be half changed. Never copied or
// moved; made by placement new in memory that all who lock it have mapped for writing.
//
//   RobustLock lock(shared->mutex);
//   if (!lock) return -1;                              // lastError says why
//   if (lock.ownerDied()) { repair(*shared); lock.repaired(); }
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>

#include "ringside/wait.hpp"

namespace ringside {

/// Process-shared, robust, and not recursive. Every call returns 0, or -1 with lastError. The lock
/// belongs to a thread; a forked child does not inherit it. There is nothing to destroy, but the
/// memory must stay mapped as long as a thread of this process holds or awaits the lock: the C
/// library links the mutexes that a thread holds, and would write where this one was.
class RobustMutex {
 public:
  /// Throws std::system_error where the system has no such mutex.
  RobustMutex();
  RobustMutex(const RobustMutex&) = delete;
  RobustMutex& operator=(const RobustMutex&) = delete;

  /// Waits without bound. -1 with InUse when this thread holds it already.
  int lock() noexcept { return taken(::pthread_mutex_lock(&mutex_)); }
  /// -1 with TemporaryError when another thread holds it, InUse when this one does.
  int tryLock() noexcept { return taken(::pthread_mutex_trylock(&mutex_)); }
  /// -1 with TimedOut when others held it for `timeout`, InUse when this thread holds it already.
  int timedLock(Timeout timeout) noexcept { return lockUntil(deadlineAfter(timeout)); }
  int lockUntil(const Deadline& deadline) noexcept;
  /// -1 with OperationFailed when this thread does not hold it.
  int unlock() noexcept {
    const int result = ::pthread_mutex_unlock(&mutex_);
    return result == 0 ? 0 : refused(result);
  }

  /// True when an owner died holding the lock and nobody has called repaired() since. Only who
  /// holds the lock may ask. Every locker is told until it is repaired: a repairer that dies leaves
  /// it damaged, and one that forgets to repair does no harm to those who come after.
  // relaxed, here and below: the mutex orders it, for only its holder reads and writes it.
  bool damaged() const noexcept { return damaged_.load(std::memory_order_relaxed) != 0; }
  /// What the mutex guards is whole again. Only who holds the lock may say so.
  void repaired() noexcept { damaged_.store(0, std::memory_order_relaxed); }

 private:
  int taken(int result) noexcept {
    if (result == 0) [[likely]]
      return 0;
    return takenFromTheDead(result) ? 0 : refused(result);
  }
  bool takenFromTheDead(int result) noexcept;
  static int refused(int result) noexcept;

  ::pthread_mutex_t mutex_;
  std::atomic<std::uint32_t> damaged_;
};
static_assert(std::is_standard_layout_v<RobustMutex> &&
                  std::is_trivially_destructible_v<RobustMutex>,
              "processes of different builds would see different mutexes");

/// Holds a RobustMutex from construction to the end of the scope, or until unlock(). Stays in the
/// thread that made it.
class RobustLock {
 public:
  /// Waits without bound. False, with lastError, when the lock could not be had.
  explicit RobustLock(RobustMutex& mutex) noexcept : mutex_(mutex), held_(mutex.lock() == 0) {}
  /// False, with TimedOut in lastError, when others held it for `timeout`.
  RobustLock(RobustMutex& mutex, Timeout timeout) noexcept
      : mutex_(mutex), held_(mutex.timedLock(timeout) == 0) {}
  RobustLock(RobustMutex& mutex, const Deadline& deadline) noexcept
      : mutex_(mutex), held_(mutex.lockUntil(deadline) == 0) {}
  RobustLock(const RobustLock&) = delete;
  RobustLock& operator=(const RobustLock&) = delete;
  ~RobustLock() {
    if (held_) mutex_.unlock();
  }

  explicit operator bool() const noexcept { return held_; }
  /// True when the lock is held and what it guards may be half changed: an owner died, and nobody
  /// has repaired that yet.
  bool ownerDied() const noexcept { return held_ && mutex_.damaged(); }
  /// What the mutex guards is whole again. Without the lock, nothing.
  void repaired() noexcept {
    if (held_) mutex_.repaired();
  }

  /// Takes it again, waiting without bound. -1 with lastError as RobustMutex::lock.
  int lock() noexcept {
    if (mutex_.lock() == -1) return -1;
    held_ = true;
    return 0;
  }
  /// Gives it up before the end of the scope. Not held, nothing happens.
  void unlock() noexcept {
    if (!held_) return;
    held_ = false;
    mutex_.unlock();
  }

 private:
  RobustMutex& mutex_;
  bool held_;
};

}  // namespace ringside
