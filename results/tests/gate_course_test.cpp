#include "results/gate/gate_course.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "results/statistics/sign_flip.hpp"

namespace ringside::results {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// So many effects, this many of them this far above the margin, the others as far below: each
/// scores 4, and p is that of the sign test. 26 of 36 have p = 0.0057.
struct Blocks {
  int count = 0;
  int above = 0;
  double distance = 0.02;
  double spread = 1e-6;  ///< no two are alike, for ties would be decided by rounding
};
constexpr double kMargin = 0.01;
constexpr Blocks kSuspicious{.count = 12, .above = 12};
constexpr Blocks kCalm{.count = 12, .above = 6, .distance = 0.002};
constexpr Blocks kCalmAgain{.count = 36, .above = 18, .distance = 0.002};
constexpr Blocks kNearlyWorse{.count = 36, .above = 26};  // than 0.01, but not than 0.01 / 2
constexpr Blocks kMuchWorse{.count = 36, .above = 36, .distance = 0.08};
constexpr Blocks kMuchBetter{.count = 12, .above = 0, .distance = 0.08};
/// Whose bound is above 0.05.
constexpr Blocks kWide{.count = 12, .above = 6, .distance = 0.1, .spread = 0.5};

void addTo(GateCourse& course, std::size_t metric, const Blocks& blocks) {
  for (int block = 0; block < blocks.count; ++block) {
    const bool is_above =
        (block + 1) * blocks.above / blocks.count > block * blocks.above / blocks.count;
    const double distance = blocks.distance * (1 + blocks.spread * block);
    course.add(metric, kMargin + (is_above ? distance : -distance));
  }
}

GateMetric metricOf(const std::string& cell, const std::string& name) {
  return {.cell = cell, .name = name, .margin = kMargin};
}

/// Two cells of one metric each.
GateCourse courseOfTwo(const GateTerms& terms = {}) {
  return GateCourse(terms, {metricOf("a", "x"), metricOf("b", "x")});
}

std::vector<MetricVerdict> verdictsOf(const GateCourse& course) {
  return course.verdicts(GateCourse::Detectable::Skip);
}

std::vector<std::size_t> cellsWanted(const GateCourse& course) {
  std::vector<std::size_t> cells;
  for (const BlocksWanted& wanted : course.wanted()) cells.push_back(wanted.cell);
  return cells;
}

TEST(GateCourseTest, MeasuresEachCellInStageOne) {
  const GateCourse course({}, {metricOf("a", "x"), metricOf("a", "y"), metricOf("b", "x")});
  EXPECT_EQ(course.cellCount(), 2U);
  EXPECT_EQ(course.cellOf(1), 0U);
  EXPECT_THAT(cellsWanted(course), ElementsAre(0, 1));
  EXPECT_EQ(course.wanted()[0].blocks, 12U);
  EXPECT_EQ(course.wanted()[0].stage, GateStage::First);
}

TEST(GateCourseTest, IsOverAfterStageOneWhenNothingIsSuspicious) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  addTo(course, 1, kCalm);
  course.advance();
  EXPECT_TRUE(course.isOver());
  EXPECT_THAT(course.wanted(), IsEmpty());
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Pass);
  EXPECT_EQ(verdicts[0].verdict, GateVerdict::Pass);
  EXPECT_FALSE(verdicts[0].second_p);
  EXPECT_THAT(verdicts[0].reason, HasSubstr("worse by less than 1.2 %, and up to 5.1 % is a pass"));
}

TEST(GateCourseTest, MeasuresTheSuspiciousCellAloneInStageTwo) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  addTo(course, 1, kSuspicious);
  course.advance();
  EXPECT_EQ(course.stage(), GateStage::Second);
  EXPECT_THAT(cellsWanted(course), ElementsAre(1));
  EXPECT_EQ(course.wanted()[0].blocks, 36U);
}

TEST(GateCourseTest, StageTwoUsesFreshBlocksOnly) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  addTo(course, 1, {.count = 12, .above = 12, .distance = 5});
  course.advance();
  addTo(course, 1, kCalmAgain);
  course.advance();
  const MetricVerdict found = verdictsOf(course)[1];
  EXPECT_EQ(found.verdict, GateVerdict::Pass);
  EXPECT_NEAR(found.estimate, kMargin, 0.003);
  EXPECT_EQ(*found.second_p, signFlipP(found.second, kMargin));
}

TEST(GateCourseTest, CallsARegressionWhatStageTwoConfirms) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kSuspicious);
  addTo(course, 1, kCalm);
  course.advance();
  addTo(course, 0, kMuchWorse);
  course.advance();
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Regressed);
  EXPECT_EQ(verdicts[0].verdict, GateVerdict::Regressed);
  EXPECT_EQ(verdicts[0].reason, "worse by 9.4 % [9.4 %, 9.4 %], p 1.5e-11 after stage two");
  EXPECT_TRUE(verdicts[0].tested);
}

TEST(GateCourseTest, CountsOnlyTheSuspiciousAmongTheTests) {
  std::vector<GateMetric> metrics(100);
  for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i] = metricOf(std::to_string(i), "x");
  GateCourse course({}, metrics);
  addTo(course, 0, kSuspicious);
  for (std::size_t metric = 1; metric < metrics.size(); ++metric) addTo(course, metric, kCalm);
  course.advance();
  addTo(course, 0, kNearlyWorse);
  course.advance();
  EXPECT_EQ(verdictsOf(course)[0].verdict, GateVerdict::Regressed);
}

TEST(GateCourseTest, HolmAsksMoreOfTwoThanBenjaminiAndHochbergDo) {
  for (const bool family_wise : {false, true}) {
    GateCourse course = courseOfTwo({.family_wise = family_wise});
    for (const std::size_t metric : {0U, 1U}) addTo(course, metric, kSuspicious);
    course.advance();
    for (const std::size_t metric : {0U, 1U}) addTo(course, metric, kNearlyWorse);
    course.advance();
    const auto verdicts = verdictsOf(course);
    EXPECT_EQ(verdicts[0].verdict == GateVerdict::Regressed, !family_wise);
    EXPECT_EQ(verdicts[1].verdict == GateVerdict::Regressed, !family_wise);
  }
}

TEST(GateCourseTest, ASuspiciousMetricThatIsSpoiltStillCountsAmongTheTests) {
  GateCourse course = courseOfTwo();
  for (const std::size_t metric : {0U, 1U}) addTo(course, metric, kSuspicious);
  course.advance();
  addTo(course, 0, kNearlyWorse);
  course.spoil(1, "its process died");
  course.advance();
  EXPECT_NE(verdictsOf(course)[0].verdict, GateVerdict::Regressed);
  EXPECT_EQ(verdictsOf(course)[1].reason, "its process died");
}

TEST(GateCourseTest, AnotherMetricOfASuspiciousCellIsJudgedByStageTwoToo) {
  GateCourse course({}, {metricOf("a", "x"), metricOf("a", "y")});
  addTo(course, 0, kSuspicious);
  addTo(course, 1, kWide);
  course.advance();
  addTo(course, 0, kCalmAgain);
  addTo(course, 1, kCalmAgain);
  course.advance();
  EXPECT_TRUE(course.isOver());
  const MetricVerdict found = verdictsOf(course)[1];
  EXPECT_EQ(found.verdict, GateVerdict::Pass);
  EXPECT_FALSE(found.second_p);
}

TEST(GateCourseTest, CallsAnImprovementWhatStageOneShows) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kMuchBetter);
  addTo(course, 1, kCalm);
  course.advance();
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(verdicts[0].verdict, GateVerdict::Improved);
  EXPECT_EQ(verdicts[0].reason, "better by 6.8 % [6.8 %, 6.8 %], p 2.4e-04 in stage one");
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Pass);
}

TEST(GateCourseTest, TopsUpOnceWhatIsNeitherWorseNorShownToBeWithinTheBound) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  addTo(course, 1, {.count = 12, .above = 6, .distance = 0.05, .spread = 0.2});
  course.advance();
  EXPECT_EQ(course.stage(), GateStage::TopUp);
  EXPECT_THAT(cellsWanted(course), ElementsAre(1));
  addTo(course, 1, kCalm);
  course.advance();
  EXPECT_TRUE(course.isOver());
  const MetricVerdict found = verdictsOf(course)[1];
  EXPECT_EQ(found.verdict, GateVerdict::Pass);
  EXPECT_EQ(found.first.size(), 24U);
  EXPECT_EQ(found.topped_up, 12U);
  EXPECT_EQ(found.first_p, signFlipP(found.first, kMargin));
}

TEST(GateCourseTest, WhatATopUpMakesSuspiciousIsDecidedByStageTwo) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  addTo(course, 1, {.count = 12, .above = 6, .distance = 0.05, .spread = 0.2});
  course.advance();
  addTo(course, 1, {.count = 12, .above = 12, .distance = 0.5});
  course.advance();
  EXPECT_EQ(course.stage(), GateStage::Second);
  EXPECT_THAT(cellsWanted(course), ElementsAre(1));
  addTo(course, 1, kMuchWorse);
  course.advance();
  EXPECT_TRUE(course.isOver());
  const MetricVerdict found = verdictsOf(course)[1];
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
  EXPECT_EQ(found.second.size(), 36U);
  EXPECT_EQ(found.topped_up, 0U);
}

TEST(GateCourseTest, IsInconclusiveWhenTheTopUpDoesNotHelp) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  addTo(course, 1, kWide);
  course.advance();
  addTo(course, 1, kWide);
  course.advance();
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(verdicts[1].verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdicts[1].reason, HasSubstr("after 24 blocks"));
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Inconclusive);
}

TEST(GateCourseTest, ARegressionRestsOnStageTwoWithoutATopUp) {
  GateCourse course({}, {metricOf("a", "x"), metricOf("a", "y")});
  addTo(course, 0, kSuspicious);
  addTo(course, 1, kCalm);
  course.advance();
  addTo(course, 0, kMuchWorse);
  addTo(course, 1, {.count = 36, .above = 18, .distance = 0.1, .spread = 0.5});
  course.advance();
  EXPECT_EQ(course.stage(), GateStage::TopUp);
  addTo(course, 0, kMuchBetter);
  addTo(course, 1, kWide);
  course.spoil(0, "too late");
  course.advance();
  const MetricVerdict found = verdictsOf(course)[0];
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
  EXPECT_NEAR(found.lower, 0.09, 1e-4);
  EXPECT_EQ(found.second.size(), 48U);
}

TEST(GateCourseTest, AMetricThatDoesNotGateNeverAsksForMoreBlocks) {
  GateMetric shown = metricOf("b", "x");
  shown.gates = false;
  GateCourse course({}, {metricOf("a", "x"), shown});
  addTo(course, 0, kCalm);
  addTo(course, 1, {.count = 12, .above = 12, .distance = 0.5});
  course.advance();
  EXPECT_TRUE(course.isOver());
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(verdicts[1].verdict, GateVerdict::Inconclusive);
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Pass);
}

TEST(GateCourseTest, AMetricThatDoesNotGateCostsThoseThatDoNoPower) {
  GateMetric shown = metricOf("a", "y");
  shown.gates = false;
  GateCourse course({}, {metricOf("a", "x"), shown});
  for (const std::size_t metric : {0U, 1U}) addTo(course, metric, kSuspicious);
  course.advance();
  addTo(course, 0, kNearlyWorse);
  addTo(course, 1, kCalmAgain);
  course.advance();
  EXPECT_EQ(verdictsOf(course)[0].verdict, GateVerdict::Regressed);
}

TEST(GateCourseTest, FewerThanHalfOfTheBlocksSpoilAMetric) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, {.count = 6, .above = 3, .distance = 0.002});
  addTo(course, 1, {.count = 5, .above = 5});
  course.advance();
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(verdicts[0].verdict, GateVerdict::Pass);
  EXPECT_EQ(verdicts[1].verdict, GateVerdict::Inconclusive);
  EXPECT_EQ(verdicts[1].reason, "only 5 of 12 blocks of the first stage");
  EXPECT_FALSE(verdicts[1].tested);
}

TEST(GateCourseTest, WhatIsSettledFirstStays) {
  GateCourse course = courseOfTwo();
  course.settle(0, GateVerdict::Regressed, "only the candidate saturated");
  course.spoil(0, "too few blocks");
  addTo(course, 0, kCalm);
  addTo(course, 1, kCalm);
  course.advance();
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(verdicts[0].verdict, GateVerdict::Regressed);
  EXPECT_EQ(verdicts[0].reason, "only the candidate saturated");
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Regressed);
}

/// Far better than the baseline, but scattered: to be found a change must be about 25 %.
constexpr Blocks kCoarse{.count = 12, .above = 0, .distance = 0.2, .spread = 0.3};

TEST(GateCourseTest, AMetricWithTooCoarseAnMdeCannotGateThoughItsDataWouldPass) {
  GateCourse course({}, {metricOf("a", "x")});
  addTo(course, 0, kCoarse);
  course.advance();
  EXPECT_EQ(verdictsOf(course)[0].verdict, GateVerdict::Improved);
  const MetricVerdict found = course.verdicts()[0];
  ASSERT_TRUE(found.detectable);
  EXPECT_GT(*found.detectable, 0.1);
  EXPECT_EQ(found.verdict, GateVerdict::Inconclusive);
  EXPECT_FALSE(found.tested);
  EXPECT_THAT(found.reason, HasSubstr("cannot gate"));
}

TEST(GateCourseTest, AMetricThatMayBecomeMuchWorseNeedFindNoLessThanThat) {
  GateMetric guard = metricOf("a", "x");
  guard.pass_bound = 0.5;
  GateCourse course({}, {guard});
  addTo(course, 0, kCoarse);
  course.advance();
  EXPECT_EQ(course.verdicts()[0].verdict, GateVerdict::Improved);
}

TEST(GateCourseTest, AMetricWithTooCoarseAnMdeIsWorseWhereThatIsShown) {
  GateCourse course({}, {metricOf("a", "x")});
  addTo(course, 0, kSuspicious);
  course.advance();
  addTo(course, 0, {.count = 36, .above = 34, .distance = 0.9});
  course.advance();
  const MetricVerdict found = course.verdicts()[0];
  EXPECT_GT(*found.detectable, 0.1);
  EXPECT_EQ(found.verdict, GateVerdict::Regressed);
}

TEST(GateCourseTest, IsInconclusiveBeforeItsEnd) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  const auto verdicts = verdictsOf(course);
  EXPECT_EQ(outcomeOf(verdicts), GateOutcome::Inconclusive);
  EXPECT_EQ(verdicts[0].reason, "the gate did not come to its end");
  EXPECT_EQ(verdicts[1].upper, std::numeric_limits<double>::infinity());
}

TEST(GateCourseTest, RefusesABlockThatWasNotWanted) {
  GateCourse course = courseOfTwo();
  addTo(course, 0, kCalm);
  EXPECT_THROW(course.add(0, 0.0), std::logic_error);
  addTo(course, 1, kSuspicious);
  course.advance();
  EXPECT_THROW(course.add(0, 0.0), std::logic_error);
  EXPECT_THROW(course.add(1, std::nan("")), std::invalid_argument);
}

TEST(GateCourseTest, RefusesTermsUnderWhichNothingCouldFail) {
  EXPECT_THAT(whyUnreachable({.second_blocks = 13}, 150), HasSubstr("take at least 14"));
  EXPECT_EQ(whyUnreachable({.second_blocks = 14}, 150), "");
  EXPECT_THAT(whyUnreachable({.first_blocks = 3}, 1), HasSubstr("nothing could be suspicious"));
  EXPECT_THAT(whyUnreachable({.first_blocks = 4}, 1), HasSubstr("nothing could pass"));
  EXPECT_THAT(whyUnreachable({.first_blocks = 5}, 1), HasSubstr("take at least 6"));
  EXPECT_EQ(whyUnreachable({.first_blocks = 6}, 1), "");
  EXPECT_THAT(whyUnreachable({.pass_alpha = 0.5}, 1), HasSubstr("pass_alpha is 0.5"));
  EXPECT_THROW(GateCourse({.second_blocks = 6}, {metricOf("a", "x")}), std::invalid_argument);
}

TEST(GateCourseTest, RefusesABoundThatIsNotAboveTheMargin) {
  GateMetric metric = metricOf("a", "x");
  metric.pass_bound = metric.margin;
  EXPECT_THROW(GateCourse({}, {metric}), std::invalid_argument);
}

TEST(GateCourseTest, PromisesPowerAsOneOfTwoSuspiciousMetricsAtLeast) {
  EXPECT_DOUBLE_EQ(ruleOf({}, kMargin, 0).second_p, 0.005);
  EXPECT_DOUBLE_EQ(ruleOf({}, kMargin, 1).second_p, 0.005);
  EXPECT_DOUBLE_EQ(ruleOf({}, kMargin, 10).second_p, 0.001);
}

TEST(GateCourseTest, WithoutMetricsIsOverAtOnce) {
  const GateCourse course({}, {});
  EXPECT_TRUE(course.isOver());
  EXPECT_EQ(outcomeOf(verdictsOf(course)), GateOutcome::Pass);
}

MetricVerdict verdictWith(GateVerdict verdict, bool gates, bool required) {
  MetricVerdict found;
  found.verdict = verdict;
  found.metric.gates = gates;
  found.metric.required = required;
  return found;
}

TEST(GateOutcomeTest, ARegressionOutweighsWhatIsInconclusive) {
  EXPECT_EQ(outcomeOf({verdictWith(GateVerdict::Inconclusive, true, true),
                       verdictWith(GateVerdict::Regressed, true, false)}),
            GateOutcome::Regressed);
}

TEST(GateOutcomeTest, WhatIsNotRequiredMayBeInconclusive) {
  EXPECT_EQ(outcomeOf({verdictWith(GateVerdict::Inconclusive, true, false)}), GateOutcome::Pass);
  EXPECT_EQ(outcomeOf({verdictWith(GateVerdict::Inconclusive, true, true)}),
            GateOutcome::Inconclusive);
}

TEST(GateOutcomeTest, WhatDoesNotGateCannotFail) {
  EXPECT_EQ(outcomeOf({verdictWith(GateVerdict::Regressed, false, true)}), GateOutcome::Pass);
}

}  // namespace
}  // namespace ringside::results
