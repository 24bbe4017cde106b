#include "results/gate/any_time_course.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "results/statistics/random_numbers.hpp"

namespace ringside::results {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr double kMargin = 0.01;
constexpr double kPassBound = 0.05;
constexpr double kWorse = 0.05;
constexpr double kSpread = 0.003;  ///< of the noise, to either side
constexpr int kPlenty = 60;        ///< blocks, in which all that follows is long decided

GateMetric metricOf(const std::string& cell, const std::string& name = "x") {
  return {.cell = cell, .name = name, .margin = kMargin, .pass_bound = kPassBound};
}

AnyTimeCourse courseOfOne() { return AnyTimeCourse({}, {metricOf("a")}); }

/// One metric's blocks: its effect, and noise to both sides alike.
class NoisyEffect {
 public:
  explicit NoisyEffect(double effect, double spread = kSpread, std::uint64_t seed = 1)
      : random_(seed), effect_(effect), spread_(spread) {}
  double next() { return effect_ + spread_ * (2 * random_.uniform() - 1); }

 private:
  RandomNumbers random_;
  double effect_;
  double spread_;
};

void addTo(AnyTimeCourse& course, std::size_t metric, NoisyEffect effect, int blocks) {
  for (int block = 0; block < blocks; ++block) {
    course.add(metric, effect.next());
    course.advance();
  }
}

/// Of a course of one metric: blocks while more are wanted, and how many there were.
int play(AnyTimeCourse& course, NoisyEffect effect) {
  int blocks = 0;
  for (; blocks < kPlenty && !course.isOver(); ++blocks) {
    course.add(0, effect.next());
    course.advance();
  }
  return blocks;
}

MetricVerdict verdictOf(const AnyTimeCourse& course, std::size_t metric = 0) {
  return course.verdicts(MetricCourse::Detectable::Skip)[metric];
}

std::vector<std::size_t> cellsWanted(const AnyTimeCourse& course) {
  std::vector<std::size_t> cells;
  for (const BlocksWanted& wanted : course.wanted()) cells.push_back(wanted.cell);
  return cells;
}

TEST(AnyTimeCourseTest, WantsOneBlockOfEachCell) {
  const AnyTimeCourse course({}, {metricOf("a", "x"), metricOf("a", "y"), metricOf("b")});
  EXPECT_EQ(course.stage(), GateStage::AnyTime);
  EXPECT_THAT(cellsWanted(course), ElementsAre(0, 1));
  for (const BlocksWanted& wanted : course.wanted()) {
    EXPECT_EQ(wanted.blocks, 1U);
    EXPECT_EQ(wanted.stage, GateStage::AnyTime);
  }
}

TEST(AnyTimeCourseTest, PassesWhatDidNotChangeAndWantsNoMoreOfIt) {
  AnyTimeCourse course = courseOfOne();
  const int blocks = play(course, NoisyEffect(0));
  EXPECT_TRUE(course.isOver());
  EXPECT_THAT(course.wanted(), IsEmpty());
  const MetricVerdict found = verdictOf(course);
  EXPECT_EQ(found.verdict, GateVerdict::Pass);
  EXPECT_TRUE(found.tested);
  EXPECT_THAT(found.reason, StartsWith("shown to be worse by less than 5.1 % at most"));
  EXPECT_EQ(found.first.size(), static_cast<std::size_t>(blocks));
  EXPECT_EQ(outcomeOf({found}), GateOutcome::Pass);
}

TEST(AnyTimeCourseTest, CallsARegressionWhatIsWorseThanTheMargin) {
  AnyTimeCourse course = courseOfOne();
  play(course, NoisyEffect(kWorse));
  EXPECT_TRUE(course.isOver());
  const MetricVerdict found = verdictOf(course);
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
  EXPECT_TRUE(found.tested);
  EXPECT_NEAR(found.estimate, kWorse, kSpread);
  EXPECT_THAT(found.reason, AllOf(StartsWith("worse: 5."), HasSubstr("to 1")));
  EXPECT_LE(found.first_p, 0.01);
  EXPECT_EQ(outcomeOf({found}), GateOutcome::Regressed);
}

TEST(AnyTimeCourseTest, NoLaterBlockUndoesARegression) {
  AnyTimeCourse course = courseOfOne();
  play(course, NoisyEffect(kWorse));
  addTo(course, 0, NoisyEffect(-kWorse), kPlenty);
  EXPECT_EQ(verdictOf(course).verdict, GateVerdict::Regressed);
  EXPECT_TRUE(course.isOver());
}

TEST(AnyTimeCourseTest, NothingThatSpoilsOrSettlesItLaterUndoesARegression) {
  AnyTimeCourse course = courseOfOne();
  play(course, NoisyEffect(kWorse));
  course.spoil(0, "its process died");
  course.settle(0, GateVerdict::Pass, "too late");
  course.advance();
  const MetricVerdict found = verdictOf(course);
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
  EXPECT_TRUE(found.tested);
  EXPECT_THAT(found.reason, StartsWith("worse: "));
}

TEST(AnyTimeCourseTest, IsInconclusiveWhenTheTimeWasGoneBefore) {
  AnyTimeCourse course = courseOfOne();
  addTo(course, 0, NoisyEffect(0), 3);
  EXPECT_FALSE(course.isOver());
  const MetricVerdict found = verdictOf(course);
  EXPECT_EQ(found.verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(found.reason, AllOf(StartsWith("the time was gone"), HasSubstr("3 blocks")));
  EXPECT_EQ(outcomeOf({found}), GateOutcome::Inconclusive);
}

TEST(AnyTimeCourseTest, AMetricWithoutABlockIsInconclusiveWithBoundsThatAreInfinite) {
  const MetricVerdict found = verdictOf(courseOfOne());
  EXPECT_EQ(found.verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(found.first, IsEmpty());
  EXPECT_EQ(found.lower, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(found.upper, std::numeric_limits<double>::infinity());
}

TEST(AnyTimeCourseTest, KeepsTheEffectsInTheOrderInWhichTheyCame) {
  AnyTimeCourse course = courseOfOne();
  for (const double effect : {0.3, -0.2, 0.1}) course.add(0, effect);
  EXPECT_THAT(verdictOf(course).first, ElementsAre(0.3, -0.2, 0.1));
}

TEST(AnyTimeCourseTest, WhatIsSpoiltIsInconclusiveAndNotTested) {
  AnyTimeCourse course({}, {metricOf("a"), metricOf("b")});
  course.spoil(0, "its process died");
  course.spoil(0, "and again");
  EXPECT_THAT(cellsWanted(course), ElementsAre(1));
  const MetricVerdict found = verdictOf(course);
  EXPECT_EQ(found.verdict, GateVerdict::Inconclusive);
  EXPECT_FALSE(found.tested);
  EXPECT_EQ(found.reason, "its process died");
}

TEST(AnyTimeCourseTest, NoLaterBlockMakesARegressionOfWhatIsSpoilt) {
  AnyTimeCourse course = courseOfOne();
  course.spoil(0, "its process died");
  addTo(course, 0, NoisyEffect(kWorse), kPlenty);
  EXPECT_EQ(verdictOf(course).verdict, GateVerdict::Inconclusive);
}

TEST(AnyTimeCourseTest, AMetricMayBeSettledAsARegression) {
  AnyTimeCourse course = courseOfOne();
  course.settle(0, GateVerdict::Regressed, "the candidate alone saturated");
  course.spoil(0, "too late");
  EXPECT_TRUE(course.isOver());
  const MetricVerdict found = verdictOf(course);
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
  EXPECT_TRUE(found.tested);
  EXPECT_EQ(found.reason, "the candidate alone saturated");
  EXPECT_EQ(outcomeOf({found}), GateOutcome::Regressed);
}

/// Half of the blocks far above, half of them far below: a change that is found in nine gates of
/// ten would have to be larger than any that a gate is for.
TEST(AnyTimeCourseTest, WhatIsTooNoisyCannotGate) {
  AnyTimeCourse course = courseOfOne();
  for (int block = 0; block < 24; ++block) {
    course.add(0, (block % 2 == 0 ? 0.5 : -0.5) + 0.001 * block);
    course.advance();
  }
  const MetricVerdict found = course.verdicts(MetricCourse::Detectable::Find)[0];
  EXPECT_FALSE(found.tested);
  EXPECT_EQ(found.verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(found.reason, StartsWith("cannot gate"));
  ASSERT_TRUE(found.detectable);
  EXPECT_GT(*found.detectable, GateTerms{}.largest_detectable);
}

TEST(AnyTimeCourseTest, ARegressionThatWasShownCountsHoweverNoisyItIs) {
  AnyTimeCourse course = courseOfOne();
  addTo(course, 0, NoisyEffect(1, 0.8), kPlenty);
  const MetricVerdict found = course.verdicts(MetricCourse::Detectable::Find)[0];
  ASSERT_TRUE(found.detectable);
  EXPECT_GT(*found.detectable, GateTerms{}.largest_detectable);
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
  EXPECT_TRUE(found.tested);
}

TEST(AnyTimeCourseTest, CountsAllGatingMetricsAmongTheTests) {
  constexpr int kEnoughForOne = 10;
  AnyTimeCourse alone = courseOfOne();
  addTo(alone, 0, NoisyEffect(kWorse), kEnoughForOne);
  EXPECT_EQ(verdictOf(alone).verdict, GateVerdict::Regressed);

  std::vector<GateMetric> metrics;
  for (int cell = 0; cell < 100; ++cell) metrics.push_back(metricOf(std::to_string(cell)));
  AnyTimeCourse among_many({}, metrics);
  addTo(among_many, 0, NoisyEffect(kWorse), kEnoughForOne);
  EXPECT_EQ(verdictOf(among_many).verdict, GateVerdict::Inconclusive);
  addTo(among_many, 0, NoisyEffect(kWorse, kSpread, 2), kPlenty);
  EXPECT_EQ(verdictOf(among_many).verdict, GateVerdict::Regressed);
}

TEST(AnyTimeCourseTest, WhatIsSpoiltCountsAmongTheTestsAndItsEvidenceDoesNot) {
  constexpr int kJustEnoughForOne = 8;
  AnyTimeCourse alone = courseOfOne();
  addTo(alone, 0, NoisyEffect(kWorse), kJustEnoughForOne);
  EXPECT_EQ(verdictOf(alone).verdict, GateVerdict::Regressed);

  AnyTimeCourse beside({}, {metricOf("a"), metricOf("b")});
  beside.spoil(0, "its process died");
  addTo(beside, 0, NoisyEffect(kWorse), kPlenty);
  addTo(beside, 1, NoisyEffect(kWorse), kJustEnoughForOne);
  EXPECT_EQ(verdictOf(beside, 1).verdict, GateVerdict::Inconclusive);
}

TEST(AnyTimeCourseTest, ACellIsWantedUntilItsLastMetricIsDecided) {
  AnyTimeCourse course({}, {metricOf("a", "x"), metricOf("a", "y"), metricOf("b")});
  addTo(course, 0, NoisyEffect(0), kPlenty);
  addTo(course, 2, NoisyEffect(0), kPlenty);
  EXPECT_THAT(cellsWanted(course), ElementsAre(0));
  addTo(course, 1, NoisyEffect(0), kPlenty);
  EXPECT_THAT(cellsWanted(course), IsEmpty());
}

TEST(AnyTimeCourseTest, MetricsThatDoNotGateWantNoBlocks) {
  GateMetric shown = metricOf("a", "x");
  shown.gates = false;
  GateMetric beside = metricOf("b", "y");
  beside.gates = false;
  AnyTimeCourse course({}, {shown, metricOf("b", "x"), beside});
  EXPECT_THAT(cellsWanted(course), ElementsAre(1));
  addTo(course, 1, NoisyEffect(0), kPlenty);
  EXPECT_TRUE(course.isOver());
}

TEST(AnyTimeCourseTest, RefusesAPassBoundThatIsNotAboveTheMargin) {
  for (const double bound : {kMargin, kMargin / 2}) {
    GateMetric metric = metricOf("a");
    metric.pass_bound = bound;
    EXPECT_THROW(AnyTimeCourse({}, {metric}), std::invalid_argument) << bound;
  }
}

TEST(AnyTimeCourseTest, RefusesAnEffectThatIsNotFinite) {
  AnyTimeCourse course = courseOfOne();
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  for (const double effect : {kInfinite, -kInfinite, std::nan("")}) {
    EXPECT_THROW(course.add(0, effect), std::invalid_argument) << effect;
  }
  EXPECT_THAT(verdictOf(course).first, IsEmpty());
}

}  // namespace
}  // namespace ringside::results
