// The mutex between threads; what becomes of it between processes is in robust_mutex_process_test.
#include "ringside/robust_mutex.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "ringside/error.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

/// Another thread that holds the mutex for as long as this lives.
class OtherHolder {
 public:
  explicit OtherHolder(RobustMutex& mutex)
      : thread_([this, &mutex] {
          const RobustLock lock(mutex);
          held_ = true;
          held_.notify_all();
          released_.wait(false);
        }) {
    held_.wait(false);
  }
  OtherHolder(const OtherHolder&) = delete;
  OtherHolder& operator=(const OtherHolder&) = delete;
  ~OtherHolder() {
    released_ = true;
    released_.notify_all();
    thread_.join();
  }

 private:
  std::atomic<bool> held_{false};
  std::atomic<bool> released_{false};
  std::thread thread_;
};

/// Locks it in a thread that ends without unlocking.
void leaveLockedByADeadThread(RobustMutex& mutex) {
  std::thread([&] { EXPECT_EQ(mutex.lock(), 0); }).join();
}

TEST(RobustMutexTest, IsFreeAndWholeWhenMade) {
  RobustMutex mutex;
  ASSERT_EQ(mutex.tryLock(), 0);
  EXPECT_FALSE(mutex.damaged());
  EXPECT_EQ(mutex.unlock(), 0);
}

TEST(RobustMutexTest, RefusesItsOwnerASecondLock) {
  RobustMutex mutex;
  ASSERT_EQ(mutex.lock(), 0);
  const auto refuse = [](int result) {
    EXPECT_EQ(result, -1);
    EXPECT_EQ(lastError, Errc::InUse);
  };
  refuse(mutex.lock());
  refuse(mutex.tryLock());
  refuse(mutex.timedLock(1ms));
  refuse(mutex.timedLock(std::chrono::nanoseconds::max()));
  EXPECT_EQ(mutex.unlock(), 0);
}

TEST(RobustMutexTest, IsBusyWhileAnotherThreadHoldsIt) {
  RobustMutex mutex;
  {
    const OtherHolder other(mutex);
    EXPECT_EQ(mutex.tryLock(), -1);
    EXPECT_EQ(lastError, Errc::TemporaryError);
  }
  EXPECT_EQ(mutex.tryLock(), 0);
  EXPECT_EQ(mutex.unlock(), 0);
}

TEST(RobustMutexTest, ATimedLockGivesUpAtTheDeadline) {
  RobustMutex mutex;
  const OtherHolder other(mutex);
  for (const auto timeout : {std::chrono::nanoseconds::min(), 0ns, 5'000'000ns, 25'000'000ns}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(mutex.timedLock(timeout), -1);
    EXPECT_EQ(lastError, Errc::TimedOut);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, timeout);
  }
}

TEST(RobustMutexTest, ATimedLockOfAFreeOneNeedsNoTime) {
  RobustMutex mutex;
  for (const auto timeout : {0ns, std::chrono::nanoseconds::max()}) {
    EXPECT_EQ(mutex.timedLock(timeout), 0);
    EXPECT_EQ(mutex.unlock(), 0);
  }
}

TEST(RobustMutexTest, ASuccessLeavesLastErrorAlone) {
  RobustMutex mutex;
  lastError = make_error_code(Errc::NotFound);
  leaveLockedByADeadThread(mutex);
  EXPECT_EQ(mutex.lock(), 0);
  EXPECT_EQ(mutex.unlock(), 0);
  EXPECT_EQ(lastError, Errc::NotFound);
}

TEST(RobustMutexTest, EachWayToLockIsToldOfADeadOwner) {
  const auto ways = {+[](RobustMutex& mutex) { return mutex.lock(); },
                     +[](RobustMutex& mutex) { return mutex.tryLock(); },
                     +[](RobustMutex& mutex) { return mutex.timedLock(1s); }};
  for (const auto& way : ways) {
    RobustMutex mutex;
    leaveLockedByADeadThread(mutex);
    ASSERT_EQ(way(mutex), 0);
    EXPECT_TRUE(mutex.damaged());
    mutex.repaired();
    EXPECT_EQ(mutex.unlock(), 0);
  }
}

TEST(RobustMutexTest, EveryLockerIsToldUntilItIsRepaired) {
  RobustMutex mutex;
  leaveLockedByADeadThread(mutex);
  for (int locker = 0; locker < 3; ++locker) {
    RobustLock lock(mutex);
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock.ownerDied());
    if (locker == 2) lock.repaired();
  }
  RobustLock lock(mutex);
  EXPECT_TRUE(lock);
  EXPECT_FALSE(lock.ownerDied());
}

TEST(RobustLockTest, HoldsTheMutexToTheEndOfItsScope) {
  RobustMutex mutex;
  {
    const RobustLock lock(mutex);
    EXPECT_TRUE(lock);
    EXPECT_EQ(mutex.tryLock(), -1);
  }
  EXPECT_EQ(mutex.tryLock(), 0);
  EXPECT_EQ(mutex.unlock(), 0);
}

TEST(RobustLockTest, IsFalseWithoutTheMutexAndUnlocksNothing) {
  RobustMutex mutex;
  const OtherHolder other(mutex);
  {
    RobustLock lock(mutex, 1ms);
    EXPECT_FALSE(lock);
    EXPECT_EQ(lastError, Errc::TimedOut);
    EXPECT_FALSE(lock.ownerDied());
    lock.repaired();
    lock.unlock();
  }
  EXPECT_EQ(mutex.tryLock(), -1);
  EXPECT_EQ(lastError, Errc::TemporaryError);
}

TEST(RobustLockTest, MayBeGivenUpAndTakenAgain) {
  RobustMutex mutex;
  RobustLock lock(mutex);
  lock.unlock();
  EXPECT_FALSE(lock);
  { const OtherHolder other(mutex); }
  EXPECT_EQ(lock.lock(), 0);
  EXPECT_TRUE(lock);
}

TEST(RobustLockTest, OneThreadAtATimeIsInside) {
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  RobustMutex mutex;
  int inside = 0;  // not atomic: ThreadSanitizer looks on
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, timed = i % 2 == 0] {
      for (int n = 0; n < kEach; ++n) {
        const RobustLock lock(mutex, timed ? std::chrono::nanoseconds::max() : 1h);
        ++inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(inside, kThreads * kEach);
}

}  // namespace
}  // namespace ringside
