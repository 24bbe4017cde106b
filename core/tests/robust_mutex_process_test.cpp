// Owners, repairers and waiters that are killed, and what the others see of it.
#include <gtest/gtest.h>

#include "ringside/shared_condition.hpp"
#include "stepped_child.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

struct Guarded {
  RobustMutex mutex;
  SharedCondition changed;
  std::atomic<int> waiting = 0;
  std::atomic<int> held = 0;
  int left = 0;  ///< equal to `right` when whole
  int right = 0;
  int tokens = 0;
};

/// A child that is killed while it holds the mutex, between the two halves of a change.
void killAnOwner(Guarded& shared) {
  shared.held = 0;
  const ::pid_t owner = inChild([&] {
    RobustLock lock(shared.mutex);
    ++shared.left;
    shared.held = 1;
    ::pause();
    return 0;
  });
  waitFor([&] { return shared.held == 1; });
  killAndWait(owner);
}

TEST(RobustMutexProcessTest, TheNextLockerIsToldOfAKilledOwnerAndTheOneAfterTheRepairIsNot) {
  const Shared<Guarded> shared;
  killAnOwner(*shared);
  {
    RobustLock lock(shared->mutex);
    ASSERT_TRUE(lock);
    EXPECT_TRUE(lock.ownerDied());
    EXPECT_NE(shared->left, shared->right);
    shared->right = shared->left;
    lock.repaired();
  }
  const ::pid_t third = inChild([&] {
    const RobustLock lock(shared->mutex);
    return lock && !lock.ownerDied() && shared->left == shared->right ? 0 : 1;
  });
  EXPECT_EQ(resultOf(third), 0);
}

TEST(RobustMutexProcessTest, ARepairerThatIsKilledLeavesItDamaged) {
  const Shared<Guarded> shared;
  killAnOwner(*shared);
  killAnOwner(*shared);  // was told, and died before it said that it is whole
  RobustLock lock(shared->mutex);
  ASSERT_TRUE(lock);
  EXPECT_TRUE(lock.ownerDied());
}

TEST(RobustMutexProcessTest, AnOwnerThatIsKilledAfterItsRepairIsAnotherDeadOwner) {
  const Shared<Guarded> shared;
  killAnOwner(*shared);
  const ::pid_t repairer = inChild([&] {
    RobustLock lock(shared->mutex);
    lock.repaired();
    shared->held = 2;
    ::pause();
    return 0;
  });
  waitFor([&] { return shared->held == 2; });
  killAndWait(repairer);
  const RobustLock lock(shared->mutex, 10s);
  ASSERT_TRUE(lock);
  EXPECT_TRUE(lock.ownerDied());
}

TEST(RobustMutexProcessTest, AKilledWaiterForTheLockLeavesItToTheOthers) {
  const Shared<Guarded> shared;
  ASSERT_EQ(shared->mutex.lock(), 0);
  const auto lock_once = [&] {
    shared->waiting.fetch_add(1);
    return shared->mutex.lock() + shared->mutex.unlock();
  };
  const ::pid_t killed = inChild(lock_once);
  const ::pid_t patient = inChild(lock_once);
  waitFor([&] { return shared->waiting == 2; });
  killAndWait(killed);
  EXPECT_EQ(shared->mutex.unlock(), 0);
  EXPECT_EQ(resultOf(patient), 0);
}

// Here and not between threads: ThreadSanitizer ends a program that does this.
TEST(RobustMutexProcessTest, OnlyItsOwnerMayUnlockItAndNoForkedChildIsOne) {
  const Shared<Guarded> shared;
  EXPECT_EQ(shared->mutex.unlock(), -1) << "nobody holds it";
  EXPECT_EQ(lastError, Errc::OperationFailed);
  const RobustLock lock(shared->mutex);
  const ::pid_t child = inChild([&] {
    if (shared->mutex.tryLock() != -1 || lastError != Errc::TemporaryError) return 1;
    return shared->mutex.unlock() == -1 && lastError == Errc::OperationFailed ? 0 : 2;
  });
  EXPECT_EQ(resultOf(child), 0);
}

TEST(RobustMutexProcessTest, AnOwnerKilledAtAnyInstructionLeavesItUsable) {
  const Shared<Guarded> shared;
  const auto change = [&] {
    RobustLock lock(shared->mutex);
    if (!lock) return 1;
    shared->right = shared->left;  // a repair, if one is needed
    lock.repaired();
    ++shared->left;
    ++shared->right;
    return 0;
  };
  ASSERT_EQ(change(), 0);
  int told = 0;
  const auto check = [&] {
    RobustLock lock(shared->mutex, 10s);
    ASSERT_TRUE(lock);
    told += lock.ownerDied();
    EXPECT_TRUE(lock.ownerDied() || shared->left == shared->right);
    shared->right = shared->left;
    lock.repaired();
  };
  if (!killAtInstructionsOf(change, check)) GTEST_SKIP() << kNoTracing;
  EXPECT_GT(told, 0);
}

/// A child that waits for a token and takes it.
::pid_t waitInChild(Guarded& shared) {
  return inChild([&] {
    RobustLock lock(shared.mutex);
    shared.waiting.fetch_add(1);
    if (shared.changed.wait(lock, [&] { return shared.tokens > 0; }) == -1) return 1;
    --shared.tokens;
    return 0;
  });
}

/// Until so many wait: counted under the mutex, so that whoever gets it next finds them waiting.
void waitForWaiters(Guarded& shared, int count) {
  waitFor([&] { return shared.waiting == count; });
  const RobustLock lock(shared.mutex);
}

void addToken(Guarded& shared) {
  const RobustLock lock(shared.mutex);
  ++shared.tokens;
}

TEST(SharedConditionProcessTest, AWaiterIsWokenFromAnotherProcess) {
  const Shared<Guarded> shared;
  const ::pid_t waiter = waitInChild(*shared);
  waitForWaiters(*shared, 1);
  addToken(*shared);
  shared->changed.notifyOne();
  EXPECT_EQ(resultOf(waiter), 0);
}

TEST(SharedConditionProcessTest, AKilledWaiterSwallowsNoNotification) {
  for (int round = 0; round < 20; ++round) {
    const Shared<Guarded> shared;
    const ::pid_t killed = waitInChild(*shared);
    waitForWaiters(*shared, 1);
    const ::pid_t patient = waitInChild(*shared);
    waitForWaiters(*shared, 2);
    killAndWait(killed);
    addToken(*shared);
    shared->changed.notifyOne();
    EXPECT_EQ(resultOf(patient), 0);
  }
}

TEST(SharedConditionProcessTest, AWaiterKilledAfterItWasWokenDelaysTheOthersOnly) {
  for (int round = 0; round < 20; ++round) {
    const Shared<Guarded> shared;
    const ::pid_t killed = waitInChild(*shared);
    waitForWaiters(*shared, 1);
    const ::pid_t patient = waitInChild(*shared);
    waitForWaiters(*shared, 2);
    ::kill(killed, SIGSTOP);  // the one wake may be his, and he cannot act on it
    addToken(*shared);
    shared->changed.notifyOne();
    killAndWait(killed);
    EXPECT_EQ(resultOf(patient), 0);
  }
}

TEST(SharedConditionProcessTest, ANotifierKilledBeforeItsNotificationDelaysTheWaitersOnly) {
  const Shared<Guarded> shared;
  const ::pid_t waiter = waitInChild(*shared);
  waitForWaiters(*shared, 1);
  addToken(*shared);
  EXPECT_EQ(resultOf(waiter), 0);
}

TEST(SharedConditionProcessTest, AWaiterLearnsOfAnOwnerThatDiedMeanwhile) {
  const Shared<Guarded> shared;
  const ::pid_t waiter = inChild([&] {
    RobustLock lock(shared->mutex);
    shared->waiting.fetch_add(1);
    if (shared->changed.wait(lock, [&] { return lock.ownerDied(); }) == -1) return 1;
    return shared->left != shared->right ? 0 : 2;
  });
  waitForWaiters(*shared, 1);
  killAnOwner(*shared);
  EXPECT_EQ(resultOf(waiter), 0);
}

TEST(SharedConditionProcessTest, ANotificationThatNobodyWaitsForMakesNoSystemCall) {
  const Shared<Guarded> shared;
  const ::pid_t killed = waitInChild(*shared);
  waitForWaiters(*shared, 1);
  killAndWait(killed);
  shared->changed.notifyOne();  // finds out that nobody is left
  const SystemCalls calls = systemCallsOf([&] {
    addToken(*shared);
    shared->changed.notifyOne();
    shared->changed.notifyAll();
  });
  if (calls == SystemCalls::Unknown) GTEST_SKIP() << kNoSeccomp;
  EXPECT_EQ(calls, SystemCalls::None);
}

TEST(SharedConditionProcessTest, ANotificationAsksTheKernelToWakeWhoWaits) {
  const Shared<Guarded> shared;
  const auto notify_one = [&] { shared->changed.notifyOne(); };
  const auto notify_all = [&] { shared->changed.notifyAll(); };
  for (const std::function<void()>& notify : {std::function<void()>(notify_one), {notify_all}}) {
    shared->waiting = 0;
    const ::pid_t waiter = waitInChild(*shared);
    waitForWaiters(*shared, 1);
    const SystemCalls calls = systemCallsOf(notify);
    killAndWait(waiter);
    shared->changed.notifyAll();
    if (calls == SystemCalls::Unknown) GTEST_SKIP() << kNoSeccomp;
    EXPECT_EQ(calls, SystemCalls::Some);
  }
}

}  // namespace
}  // namespace ringside
