// Who made a gap, from logs that were written by hand: ticks are nanoseconds here.
#include "harness/disturbance.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ringside::harness {
namespace {

constexpr Clock kNsClock{};
constexpr std::uint64_t kMs = 1'000'000;

/// A worker that spent half of `ms` milliseconds in calls.
WorkerGaps halfInCalls(std::span<const Gap> gaps, std::uint64_t ms) {
  return {gaps, ms * kMs / 2, ms * kMs / 2, 0};
}

/// `count` gaps of 5 µs, one every 100 µs.
std::vector<Gap> gapsAt(GapSite site, std::uint64_t count, std::uint64_t first = 0) {
  std::vector<Gap> gaps;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t begin = first + i * 100'000;
    gaps.push_back({begin, begin + 5000, site, false, false});
  }
  return gaps;
}

Disturbance of(const WorkerGaps& worker) { return {std::span(&worker, 1), kNsClock}; }

TEST(DisturbanceTest, AGapDisturbsFromItsBeginUntilItsRecoveryIsOver) {
  const std::vector<Gap> gaps = {{10'000, 18'000, GapSite::BetweenCalls, false, false}};
  const Disturbance disturbance = of(halfInCalls(gaps, 1));
  EXPECT_FALSE(disturbance.disturbs(0, 9'999));
  EXPECT_TRUE(disturbance.disturbs(0, 10'000));
  EXPECT_TRUE(disturbance.disturbs(15'000, 15'100));
  EXPECT_TRUE(disturbance.disturbs(19'500, 30'000));  // 18000 + 8000 / 8 + 500
  EXPECT_FALSE(disturbance.disturbs(19'501, 30'000));
}

TEST(DisturbanceTest, AGapInTheMiddleDisturbsWhoseTimeItWasForHalf) {
  const std::vector<Gap> gaps = {{10'000, 18'000, GapSite::BetweenCalls, false, false}};
  const Disturbance disturbance = of(halfInCalls(gaps, 1));  // until 19'500
  EXPECT_TRUE(disturbance.disturbs(5'000, 24'000));
  EXPECT_FALSE(disturbance.disturbs(5'000, 24'001));
}

TEST(DisturbanceTest, IntervalsThatOverlapAreOne) {
  const std::vector<Gap> first = {{1'000, 3'000, GapSite::BetweenCalls, false, false},
                                  {50'000, 60'000, GapSite::BetweenCalls, false, false}};
  const std::vector<Gap> second = {{2'000, 8'000, GapSite::BetweenCalls, false, false}};
  const WorkerGaps workers[] = {halfInCalls(first, 1), halfInCalls(second, 1)};
  const Disturbance disturbance(workers, kNsClock);
  EXPECT_TRUE(disturbance.disturbs(6'000, 6'001));
  EXPECT_FALSE(disturbance.disturbs(20'000, 49'999));
  EXPECT_TRUE(disturbance.disturbs(20'000, 50'000));
  EXPECT_EQ(disturbance.machineGaps(), 3U);
}

TEST(DisturbanceTest, GapsAsFrequentInCallsAsBetweenThemAreTheMachines) {
  std::vector<Gap> gaps = gapsAt(GapSite::InCall, 50);
  const std::vector<Gap> between = gapsAt(GapSite::BetweenCalls, 50, 50'000);
  gaps.insert(gaps.end(), between.begin(), between.end());
  const Disturbance disturbance = of(halfInCalls(gaps, 10));
  EXPECT_EQ(disturbance.queueGaps(), 0U);
  EXPECT_EQ(disturbance.machineGaps(), 100U);
  EXPECT_TRUE(disturbance.disturbs(0, 5'000));
}

TEST(DisturbanceTest, GapsThatAreOnlyInCallsAreTheQueues) {
  const std::vector<Gap> gaps = gapsAt(GapSite::InCall, 50);
  const Disturbance disturbance = of(halfInCalls(gaps, 10));
  EXPECT_EQ(disturbance.queueGaps(), 50U);
  EXPECT_EQ(disturbance.machineGaps(), 0U);
  EXPECT_FALSE(disturbance.disturbs(0, 5'000));
}

TEST(DisturbanceTest, TheFewLongOnesOfAQueueAreNotHiddenByTheManyShortOnesOfAMachine) {
  std::vector<Gap> gaps;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t begin = i * 20'000;
    gaps.push_back(
        {begin, begin + 5000, i % 2 == 0 ? GapSite::InCall : GapSite::BetweenCalls, false, false});
    if (i % 50 != 0) continue;
    gaps.push_back({begin + 100 * kMs, begin + 102 * kMs, GapSite::InCall, false, false});
  }
  const Disturbance disturbance = of(halfInCalls(gaps, 200));
  EXPECT_EQ(disturbance.queueGaps(), 20U);
  EXPECT_EQ(disturbance.machineGaps(), 1000U);
}

TEST(DisturbanceTest, AFewGapsInCallsMayBeChance) {
  const std::vector<Gap> gaps = gapsAt(GapSite::InCall, 5);
  EXPECT_EQ(of(halfInCalls(gaps, 10)).queueGaps(), 0U);
}

TEST(DisturbanceTest, WhereNearlyAllTimeIsSpentInCallsSoAreTheMachinesGaps) {
  std::vector<Gap> gaps = gapsAt(GapSite::InCall, 98);
  const std::vector<Gap> between = gapsAt(GapSite::BetweenCalls, 2, 50'000);
  gaps.insert(gaps.end(), between.begin(), between.end());
  const WorkerGaps worker{gaps, kMs * 2 / 100, kMs * 98 / 100, 0};
  EXPECT_EQ(of(worker).queueGaps(), 0U);
}

TEST(DisturbanceTest, WhatTheKernelTookAwayIsTheMachinesAlsoInASlowQueue) {
  std::vector<Gap> gaps = gapsAt(GapSite::InCall, 50);
  gaps.push_back({90 * kMs, 93 * kMs, GapSite::InCall, true, false});
  const Disturbance disturbance = of(halfInCalls(gaps, 100));
  EXPECT_EQ(disturbance.queueGaps(), 50U);
  EXPECT_EQ(disturbance.machineGaps(), 1U);
  EXPECT_TRUE(disturbance.disturbs(91 * kMs, 91 * kMs));
}

TEST(DisturbanceTest, PreemptionsInCallsSayNothingAgainstTheQueue) {
  std::vector<Gap> gaps = gapsAt(GapSite::InCall, 50);
  for (Gap& gap : gaps) gap.taken_away = true;
  const Disturbance disturbance = of(halfInCalls(gaps, 10));
  EXPECT_EQ(disturbance.queueGaps(), 0U);
  EXPECT_EQ(disturbance.machineGaps(), 50U);
}

TEST(DisturbanceTest, SleepsInCallsAreTheQueuesHoweverManyGapsThereAreBetween) {
  std::vector<Gap> gaps = gapsAt(GapSite::InCall, 5);
  for (Gap& gap : gaps) gap.slept = true;
  const std::vector<Gap> between = gapsAt(GapSite::BetweenCalls, 90, 50'000);
  gaps.insert(gaps.end(), between.begin(), between.end());
  const Disturbance disturbance = of(halfInCalls(gaps, 10));
  EXPECT_EQ(disturbance.queueGaps(), 5U);
  EXPECT_EQ(disturbance.machineGaps(), 90U);
}

TEST(DisturbanceTest, ASignalThatStopsAWorkerInACallIsTheMachines) {
  const std::vector<Gap> gaps = {{10 * kMs, 70 * kMs, GapSite::InCall, false, true}};
  EXPECT_EQ(of(halfInCalls(gaps, 100)).queueGaps(), 0U);
}

TEST(DisturbanceTest, OneSlowSideDoesNotSpeakForTheOther) {
  const std::vector<Gap> slow = gapsAt(GapSite::InCall, 50);
  const std::vector<Gap> fair = gapsAt(GapSite::BetweenCalls, 3, 50'000);
  const WorkerGaps workers[] = {halfInCalls(slow, 10), halfInCalls(fair, 10)};
  const Disturbance disturbance(workers, kNsClock);
  EXPECT_EQ(disturbance.queueGaps(), 50U);
  EXPECT_EQ(disturbance.machineGaps(), 3U);
}

TEST(DisturbanceTest, AFullLogDisturbsAllThatFollows) {
  WorkerGaps worker = halfInCalls({}, 1);
  worker.full_since = 700;
  const Disturbance disturbance = of(worker);
  EXPECT_TRUE(disturbance.overflowed());
  EXPECT_FALSE(disturbance.disturbs(0, 699));
  EXPECT_TRUE(disturbance.disturbs(1'000'000'000, 1'000'000'001));
}

TEST(DisturbanceTest, TellsWhatPartOfATimeWasDisturbed) {
  const std::vector<Gap> gaps = {
      {1'000, 9'000, GapSite::BetweenCalls, false, false},     // until 10'500
      {30'000, 38'000, GapSite::BetweenCalls, false, false}};  // until 39'500
  const Disturbance disturbance = of(halfInCalls(gaps, 1));
  EXPECT_DOUBLE_EQ(disturbance.partOf(0, 50'000), (9'500.0 + 9'500.0) / 50'000);
  EXPECT_DOUBLE_EQ(disturbance.partOf(10'000, 30'000), 500.0 / 20'000);
  EXPECT_DOUBLE_EQ(disturbance.partOf(31'000, 32'000), 1);
}

TEST(DisturbanceTest, NoGapsDisturbNothing) {
  const Disturbance disturbance = of(halfInCalls({}, 1));
  EXPECT_FALSE(disturbance.disturbs(0, ~0ULL));
  EXPECT_FALSE(disturbance.overflowed());
}

}  // namespace
}  // namespace ringside::harness
