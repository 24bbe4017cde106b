// Waiting under a robust mutex, between threads.
#include "ringside/shared_condition.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ringside {
namespace {

using namespace std::chrono_literals;

class SharedConditionTest : public ::testing::Test {
 protected:
  RobustMutex mutex_;
  SharedCondition changed_;
  int tokens_ = 0;  // guarded by mutex_
};

TEST_F(SharedConditionTest, WhatHoldsAlreadyIsNotWaitedFor) {
  RobustLock lock(mutex_);
  EXPECT_EQ(changed_.wait(lock, [] { return true; }), 0);
  EXPECT_EQ(changed_.timedWait(lock, 0s, [] { return true; }), 0);
  EXPECT_TRUE(lock);
}

TEST_F(SharedConditionTest, ATimedWaitGivesUpAtTheDeadlineAndHoldsTheLockAgain) {
  for (const auto timeout : {-1ms, 0ms, 3ms, 25ms}) {
    RobustLock lock(mutex_);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(changed_.timedWait(lock, timeout, [] { return false; }), -1);
    EXPECT_EQ(lastError, Errc::TimedOut);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, timeout);
    EXPECT_TRUE(lock);
    EXPECT_EQ(mutex_.tryLock(), -1);
  }
}

TEST_F(SharedConditionTest, AWaitWithoutTheLockIsRefused) {
  RobustLock lock(mutex_);
  lock.unlock();
  EXPECT_EQ(changed_.wait(lock, [] { return true; }), -1);
  EXPECT_EQ(lastError, Errc::OperationFailed);
}

TEST_F(SharedConditionTest, TheLockIsFreeWhileSomebodyWaits) {
  std::thread waiter([&] {
    RobustLock lock(mutex_);
    tokens_ = 1;
    EXPECT_EQ(changed_.wait(lock, [&] { return tokens_ == 2; }), 0);
    tokens_ = 3;
  });
  for (bool passed_on = false; !passed_on;) {
    const RobustLock lock(mutex_);
    if (tokens_ != 1) continue;
    tokens_ = 2;
    passed_on = true;
  }
  changed_.notifyOne();
  waiter.join();
  EXPECT_EQ(tokens_, 3);
}

TEST_F(SharedConditionTest, EachTokenWakesAWaiterThatTakesIt) {
  constexpr int kWaiters = 3;
  constexpr int kEach = 400;
  std::vector<std::thread> waiters;
  for (int i = 0; i < kWaiters; ++i) {
    waiters.emplace_back([&] {
      for (int n = 0; n < kEach; ++n) {
        RobustLock lock(mutex_);
        ASSERT_EQ(changed_.wait(lock, [&] { return tokens_ > 0; }), 0);
        --tokens_;
      }
    });
  }
  for (int n = 0; n < kWaiters * kEach; ++n) {
    RobustLock lock(mutex_);
    ++tokens_;
    lock.unlock();
    changed_.notifyOne();
  }
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(tokens_, 0);
}

TEST_F(SharedConditionTest, NotifyAllWakesEverybody) {
  constexpr int kWaiters = 3;
  int waiting = 0;
  std::vector<std::thread> waiters;
  for (int i = 0; i < kWaiters; ++i) {
    waiters.emplace_back([&] {
      RobustLock lock(mutex_);
      ++waiting;
      EXPECT_EQ(changed_.wait(lock, [&] { return tokens_ == 1; }), 0);
    });
  }
  for (bool opened = false; !opened;) {
    const RobustLock lock(mutex_);
    if (waiting < kWaiters) continue;
    tokens_ = 1;
    opened = true;
    changed_.notifyAll();
  }
  for (std::thread& waiter : waiters) waiter.join();
}

TEST_F(SharedConditionTest, ThreadsPassATurnBackAndForth) {
  constexpr int kTurns = 2000;
  const auto play = [&](int parity) {
    for (int n = 0; n < kTurns; ++n) {
      RobustLock lock(mutex_);
      ASSERT_EQ(changed_.wait(lock, [&] { return tokens_ % 2 == parity; }), 0);
      ++tokens_;
      lock.unlock();
      changed_.notifyAll();
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(tokens_, 2 * kTurns);
}

TEST_F(SharedConditionTest, APredicateThatThrowsLeavesTheLockToItsScope) {
  {
    RobustLock lock(mutex_);
    EXPECT_THROW(changed_.wait(lock, []() -> bool { throw 7; }), int);
    EXPECT_TRUE(lock);
  }
  EXPECT_EQ(mutex_.tryLock(), 0);
  EXPECT_EQ(mutex_.unlock(), 0);
}

}  // namespace
}  // namespace ringside
