#include "results/judged_metrics.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ringside::results {
namespace {

MetricVerdict regression() {
  MetricVerdict verdict;
  verdict.metric = {.cell = "quick/one", .name = "rtt_ns_p50_clean"};
  verdict.verdict = GateVerdict::Regressed;
  verdict.reason = "slower by 6 %";
  verdict.tested = true;
  verdict.first = {0.05, 0.07};
  verdict.estimate = 0.06;
  verdict.lower = 0.05;
  verdict.upper = std::numeric_limits<double>::infinity();
  verdict.detectable = 0.02;
  return verdict;
}

TEST(JudgedMetricsTest, SayWhatTheVerdictsSay) {
  const JudgedMetric expected = {.cell = "quick/one",
                                 .metric = "rtt_ns_p50_clean",
                                 .verdict = "regressed",
                                 .reason = "slower by 6 %",
                                 .estimate = 0.06,
                                 .lower = 0.05,
                                 .detectable = 0.02};
  const std::vector verdicts = {regression()};
  EXPECT_EQ(judgedMetrics(verdicts), std::vector{expected});
}

TEST(JudgedMetricsTest, HaveTheMediansOfBothSidesWhereTheyAreGiven) {
  const std::vector verdicts = {regression(), regression()};
  const std::vector<ArmMedians> medians = {{.baseline = 300, .candidate = 318}, {}};
  const std::vector<JudgedMetric> judged = judgedMetrics(verdicts, medians);
  ASSERT_EQ(judged.size(), 2U);
  EXPECT_EQ(judged[0].baseline_median, 300);
  EXPECT_EQ(judged[0].candidate_median, 318);
  EXPECT_EQ(judged[1].candidate_median, std::nullopt);
}

TEST(JudgedMetricsTest, HaveNoEffectWhereNoBlockCounted) {
  MetricVerdict spoilt;
  spoilt.metric = {.cell = "quick/one", .name = "rtt_ns_p50_clean", .gates = false};
  const std::vector verdicts = {spoilt};
  const std::vector<JudgedMetric> judged = judgedMetrics(verdicts);
  ASSERT_EQ(judged.size(), 1U);
  EXPECT_EQ(judged[0].verdict, "inconclusive");
  EXPECT_FALSE(judged[0].gates);
  EXPECT_FALSE(judged[0].tested);
  EXPECT_EQ(judged[0].estimate, std::nullopt);
  EXPECT_EQ(judged[0].upper, std::nullopt);
}

}  // namespace
}  // namespace ringside::results
