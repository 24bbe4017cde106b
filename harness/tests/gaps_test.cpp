#include "harness/gaps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <vector>

namespace ringside::harness {
namespace {

class GapsTest : public ::testing::Test {
 protected:
  /// Lets time pass without a look.
  void pass(std::uint64_t ns) const {
    const std::uint64_t begin = clock_.now();
    while (clock_.nsBetween(begin, clock_.now()) < ns) {
    }
  }
  std::uint64_t gapsAt(GapSite site, std::uint64_t longer_than_ns) const {
    return static_cast<std::uint64_t>(std::ranges::count_if(log_->logged(), [&](const Gap& gap) {
      return gap.site == site && clock_.nsBetween(gap.begin, gap.end) >= longer_than_ns;
    }));
  }

  Clock clock_ = calibrateClock();
  static constexpr std::uint64_t kCapacity = 1 << 15;
  /// Whole lines, as GapLog wants to lie on one.
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> lines_ = std::vector<Line>(GapLog::bytesFor(kCapacity) / sizeof(Line) + 1);
  GapLog* log_ = new (lines_.data()) GapLog{.capacity = kCapacity};
};

TEST_F(GapsTest, TellsGapsInCallsFromThoseBetween) {
  constexpr std::uint64_t kLongNs = 3'000'000;  // longer than what a busy machine makes by itself
  {
    GapWatch watch(clock_, *log_);
    watch.start();
    pass(kLongNs);
    watch.betweenCalls();
    watch.afterTry();
    watch.betweenCalls();
    pass(kLongNs);
    watch.afterTry();
    watch.betweenCalls();
    pass(kLongNs);
    watch.afterMove();
  }
  EXPECT_GE(gapsAt(GapSite::BetweenCalls, kLongNs), 1U);
  EXPECT_GE(gapsAt(GapSite::InCall, kLongNs), 2U);
}

TEST_F(GapsTest, GapsAreInOrderAndNeverOverlap) {
  {
    GapWatch watch(clock_, *log_);
    watch.start();
    for (int i = 0; i < 50; ++i) {
      pass(2000);
      watch.betweenCalls();
      watch.afterTry();
    }
  }
  ASSERT_GE(log_->count, 50U);
  for (std::uint64_t i = 0; i < log_->count; ++i) {
    EXPECT_LT(log_->logged()[i].begin, log_->logged()[i].end);
    EXPECT_LE(i == 0 ? 0 : log_->logged()[i - 1].end, log_->logged()[i].begin);
  }
}

TEST_F(GapsTest, WhatEveryCallTakesIsNoGap) {
  constexpr std::uint64_t kCallNs = 5000;
  {
    GapWatch watch(clock_, *log_);
    watch.start();
    for (int i = 0; i < 400; ++i) {
      watch.betweenCalls();
      pass(kCallNs);
      watch.afterMove();
    }
  }
  // The first ones are, until it is known.
  EXPECT_LT(gapsAt(GapSite::InCall, kCallNs), 300U);
  EXPECT_GT(log_->ticks_in_calls, 0U);
}

TEST_F(GapsTest, AFullLogSaysSinceWhen) {
  log_->count = kCapacity - 1;
  {
    GapWatch watch(clock_, *log_);
    watch.start();
    pass(2000);
    watch.betweenCalls();
    EXPECT_EQ(log_->full_since, 0U);
    pass(2000);
    watch.betweenCalls();
  }
  EXPECT_EQ(log_->count, kCapacity);
  EXPECT_GT(log_->full_since, log_->logged()[kCapacity - 1].begin);
}

}  // namespace
}  // namespace ringside::harness
