#include "results/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

namespace ringside::results {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kCell = "quick/throughput/spsc/1p1c";
constexpr const char* kTimedCell = "quick/round-trip/spsc/1p1c";

Record throughputOf(double messages_per_s) {
  Record record;
  record.cell = kCell;
  record.axes.workload = "throughput";
  record.axes.placement = "same_l3";
  record.metrics["messages_per_s"] = messages_per_s;
  return record;
}

Record badRecord(Status status, const std::string& reason) {
  Record record = throughputOf(1e6);
  record.status = status;
  record.reason = reason;
  return record;
}

/// A round trip of which all took that long but for a hundredth, which took ten times as long.
Record roundTripOf(std::uint64_t rtt_ns, std::uint64_t messages = 1000) {
  Record record;
  record.cell = kTimedCell;
  record.axes.workload = "ping_pong";
  record.metrics["messages"] = static_cast<double>(messages);
  record.histograms["rtt_ns"] = std::make_shared<Histogram>();
  for (std::uint64_t i = 0; i < messages; ++i) {
    record.histograms["rtt_ns"]->record(i % 100 == 99 ? 10 * rtt_ns : rtt_ns);
  }
  return record;
}

std::vector<Record> throughputsOf(const std::vector<double>& values) {
  std::vector<Record> records;
  for (const double value : values) records.push_back(throughputOf(value));
  return records;
}

using Sides = std::vector<std::vector<Record>>;

struct ComparisonTerms {
  double margin = 0.05;
  std::vector<std::string> metrics = {};
};

std::vector<ComparedCell> compared(const Sides& sides, ComparisonTerms terms = {},
                                   Judging judging = Judging::Verdicts) {
  Gathering gathering({.metrics = std::move(terms.metrics)});
  std::vector<Side> named;
  for (const std::vector<Record>& records : sides) {
    named.push_back({std::string(1, static_cast<char>('A' + named.size())), judging});
    for (const Record& record : records) gathering.add(named.back().name, record.cell, record);
  }
  return comparedCells(gathering, named, terms.margin);
}

const ComparedMetric& metricNamed(const std::vector<ComparedMetric>& metrics,
                                  const std::string& name) {
  for (const ComparedMetric& metric : metrics) {
    if (metric.name == name) return metric;
  }
  throw std::runtime_error("no " + name);
}

/// Of B's throughput beside A's.
Contrast contrastOf(const Sides& sides, ComparisonTerms terms = {},
                    Judging judging = Judging::Verdicts) {
  return compared(sides, std::move(terms), judging).at(0).metrics.at(0).contrasts.at(0);
}

const std::vector<double> kSteady = {100e6, 101e6, 99e6, 100.5e6, 99.5e6};

std::vector<double> times(double factor) {
  std::vector<double> values = kSteady;
  for (double& value : values) value *= factor;
  return values;
}

// --- ratios -------------------------------------------------------------------------------------

TEST(RatioTest, IsTheMedianOfAllRatiosWithAnIntervalAroundIt) {
  const auto ratio = ratioOf(times(0.8), kSteady);
  ASSERT_TRUE(ratio.has_value());
  EXPECT_NEAR(ratio->estimate, 0.8, 1e-9);
  EXPECT_LT(ratio->low, 0.8);
  EXPECT_GT(ratio->high, 0.8);
  EXPECT_GE(ratio->coverage, kCoverage);
}

TEST(RatioTest, HasTheBoundsOfMannWhitneysExactDistribution) {
  // Of 16 ratios of 4 and 4, P(U >= 16) = 1/70: from the lowest to the highest, with 97.1 %.
  const auto four = ratioOf(std::vector{2.0, 2.2, 2.4, 2.6}, std::vector{1.0, 1.1, 1.2, 1.3});
  EXPECT_NEAR(four->low, 2.0 / 1.3, 1e-9);
  EXPECT_NEAR(four->high, 2.6, 1e-9);
  EXPECT_NEAR(four->coverage, 1 - 2.0 / 70, 1e-12);
}

TEST(RatioTest, OfFewValuesSaysHowLittleItsIntervalCovers) {
  const auto three = ratioOf(std::vector{2.0, 2.2, 2.4}, std::vector{1.0, 1.1, 1.2});
  EXPECT_NEAR(three->coverage, 0.9, 1e-12);
  EXPECT_NEAR(three->low, 2.0 / 1.2, 1e-9);
  EXPECT_NEAR(three->high, 2.4, 1e-9);
  EXPECT_EQ(ratioOf(std::vector{2.0}, std::vector{1.0})->coverage, 0.0);
}

TEST(RatioTest, IsNoneWithoutValuesAndWhereAValueHasNoLogarithm) {
  EXPECT_FALSE(ratioOf({}, kSteady).has_value());
  EXPECT_FALSE(ratioOf(kSteady, {}).has_value());
  EXPECT_FALSE(ratioOf(kSteady, std::vector{1.0, 0.0}).has_value());
  EXPECT_FALSE(ratioOf(std::vector{-1.0}, kSteady).has_value());
  EXPECT_FALSE(ratioOf(std::vector{HUGE_VAL}, kSteady).has_value());
}

TEST(RatioTest, OfThousandsOfValuesIsStillWorkedOut) {
  const auto ratio = ratioOf(std::vector(2000, 3.0), std::vector(1500, 2.0));
  EXPECT_NEAR(ratio->estimate, 1.5, 1e-9);
  EXPECT_GE(ratio->coverage, kCoverage);
}

// --- verdicts -----------------------------------------------------------------------------------

TEST(ComparisonTest, CallsARateWorseWhenTheWholeIntervalIsBelowOne) {
  const Contrast contrast = contrastOf({throughputsOf(kSteady), throughputsOf(times(0.8))});
  EXPECT_EQ(contrast.judgement.verdict, Verdict::Worse);
  EXPECT_EQ(contrast.judgement.reason, "the whole interval lies below 1");
  EXPECT_NEAR(contrast.ratio->estimate, 0.8, 1e-9);
}

TEST(ComparisonTest, CallsARateBetterWhenTheWholeIntervalIsAboveOne) {
  const Contrast contrast = contrastOf({throughputsOf(kSteady), throughputsOf(times(1.2))});
  EXPECT_EQ(contrast.judgement.verdict, Verdict::Better);
}

TEST(ComparisonTest, CallsATimeBetterWhenTheWholeIntervalIsBelowOne) {
  Sides sides(2);
  for (std::uint64_t i = 0; i < 5; ++i) {
    sides[0].push_back(roundTripOf(200 + i));
    sides[1].push_back(roundTripOf(100 + i));
  }
  const auto cells = compared(sides);
  const ComparedMetric& p50 = metricNamed(cells.at(0).metrics, "rtt_ns_p50");
  EXPECT_EQ(p50.contrasts.at(0).judgement.verdict, Verdict::Better);
}

TEST(ComparisonTest, CallsSameWhatLiesWithinTheMarginAlsoWhereItIsSurelyNotOne) {
  const Sides sides = {throughputsOf(kSteady), throughputsOf(times(1.03))};
  const Contrast wide = contrastOf(sides);
  EXPECT_GT(wide.ratio->low, 1.0);
  EXPECT_EQ(wide.judgement.verdict, Verdict::Same);
  EXPECT_EQ(wide.judgement.reason, "the whole interval lies within 5 % of 1");
  EXPECT_EQ(contrastOf(sides, {.margin = 0.01}).judgement.verdict, Verdict::Better);
}

TEST(ComparisonTest, IsInconclusiveWhereTheIntervalHoldsOneAndReachesBeyondTheMargin) {
  const Contrast contrast =
      contrastOf({throughputsOf({80, 90, 100, 110, 120}), throughputsOf({85, 95, 99, 115, 125})});
  EXPECT_EQ(contrast.judgement.verdict, Verdict::Inconclusive);
  EXPECT_EQ(contrast.judgement.reason, "the interval holds 1 and reaches beyond 5 % of it");
}

TEST(ComparisonTest, IsInconclusiveWithTooFewRepetitionsHoweverFarApartTheyAre) {
  const Contrast contrast = contrastOf({throughputsOf({1, 2, 3}), throughputsOf({100, 200, 300})});
  EXPECT_EQ(contrast.judgement.verdict, Verdict::Inconclusive);
  EXPECT_THAT(contrast.judgement.reason, StartsWith("3 and 3 repetitions: an interval covers with "
                                                    "90 % at most, and 95 % are asked for"));
}

TEST(ComparisonTest, IsInconclusiveWhereTheCpusStoodElsewhere) {
  Sides sides = {throughputsOf(kSteady), throughputsOf(times(0.5))};
  for (Record& record : sides[0]) record.obtained.emplace().canary = {60, 62};
  for (Record& record : sides[1]) record.obtained.emplace().canary = {140, 142};
  const Judgement judgement = contrastOf(sides).judgement;
  EXPECT_EQ(judgement.verdict, Verdict::Inconclusive);
  EXPECT_THAT(judgement.reason, HasSubstr("handed over in 141 ns, not in 61 ns"));
  EXPECT_EQ(compared(sides).at(0).wholes.at(0).reason, judgement.reason);
  EXPECT_FALSE(contrastOf(sides, {}, Judging::RatiosOnly).judgement.verdict.has_value());
  for (Record& record : sides[1]) record.axes.placement = "cross_node";
  EXPECT_EQ(contrastOf(sides).judgement.verdict, Verdict::Worse) << "another placement was asked";
}

TEST(ComparisonTest, OfZerosIsSameAndOfSomeZerosInconclusive) {
  const ComparisonTerms faults = {.metrics = {"faults"}};
  Sides sides = {throughputsOf(kSteady), throughputsOf(kSteady)};
  for (auto& side : sides) {
    for (Record& record : side) record.metrics["faults"] = 0;
  }
  EXPECT_EQ(contrastOf(sides, faults).judgement.verdict, Verdict::Same);
  sides[1][2].metrics["faults"] = 7;
  const Contrast some = contrastOf(sides, faults);
  EXPECT_FALSE(some.ratio.has_value());
  EXPECT_EQ(some.judgement.verdict, Verdict::Inconclusive);
}

/// Of B beside A, whose repetitions have these rates within a bound.
Judgement ratesWithinBound(const std::vector<double>& baseline,
                           const std::vector<double>& candidate) {
  Sides sides;
  for (const std::vector<double>& rates : {baseline, candidate}) {
    sides.push_back(throughputsOf(rates));
    for (Record& record : sides.back()) {
      record.metrics["slo_rate_per_s"] = record.metrics["messages_per_s"];
    }
  }
  return contrastOf(sides, {.metrics = {"slo_rate_per_s"}}).judgement;
}

TEST(ComparisonTest, OfZerosBesideFourOthersIsBetterOrWorse) {
  const Judgement fallen = ratesWithinBound({3, 4, 5, 6}, {0, 0, 0, 0});
  EXPECT_EQ(fallen.verdict, Verdict::Worse);
  EXPECT_EQ(fallen.reason, "0 in all repetitions of B, above 0 in all of A");
  const Judgement risen = ratesWithinBound({0, 0, 0, 0}, {3, 4, 5, 6});
  EXPECT_EQ(risen.verdict, Verdict::Better);
  EXPECT_EQ(risen.reason, "0 in all repetitions of A, above 0 in all of B");
  EXPECT_EQ(ratesWithinBound({3, 4, 5}, {0, 0, 0, 0}).verdict, Verdict::Inconclusive) << "too few";
  EXPECT_EQ(ratesWithinBound({3, 4, 0, 6}, {0, 0, 0, 0}).verdict, Verdict::Inconclusive);
}

TEST(ComparisonTest, JudgesNothingBetweenMachinesAndStillHasTheRatio) {
  const Contrast contrast =
      contrastOf({throughputsOf(kSteady), throughputsOf(times(0.5))}, {}, Judging::RatiosOnly);
  EXPECT_FALSE(contrast.judgement.verdict.has_value());
  EXPECT_NEAR(contrast.ratio->estimate, 0.5, 1e-9);
}

// --- what is not there, or not valid ------------------------------------------------------------

TEST(ComparisonTest, IsInvalidWhereARepetitionFailedAndSaysWhoseAndWhy) {
  Sides sides = {throughputsOf(kSteady), throughputsOf(kSteady)};
  sides[1].push_back(badRecord(Status::Invalid, "saturated"));
  sides[1].push_back(badRecord(Status::Failed, "2 lost"));
  const auto cells = compared(sides);
  EXPECT_EQ(cells.at(0).wholes.at(0).verdict, Verdict::Invalid);
  EXPECT_EQ(cells.at(0).wholes.at(0).reason, "B: 1 of 7 repetitions failed: 2 lost");
  const Contrast& contrast = cells.at(0).metrics.at(0).contrasts.at(0);
  EXPECT_EQ(contrast.judgement.verdict, Verdict::Invalid);
  EXPECT_NEAR(contrast.ratio->estimate, 1, 1e-9) << "of the repetitions that are ok";
}

TEST(ComparisonTest, IsInvalidBetweenMachinesToo) {
  Sides sides = {throughputsOf(kSteady), throughputsOf(kSteady)};
  sides[0].push_back(badRecord(Status::Invalid, "saturated"));
  const auto cells = compared(sides, {}, Judging::RatiosOnly);
  EXPECT_EQ(cells.at(0).wholes.at(0).reason, "A: 1 of 6 repetitions invalid: saturated");
}

TEST(ComparisonTest, ListsCellsOfOneSideAsMissingInTheOther) {
  Sides sides = {throughputsOf(kSteady), {roundTripOf(100)}};
  const auto cells = compared(sides);
  ASSERT_THAT(cells, SizeIs(2));
  EXPECT_EQ(cells[0].wholes.at(0).verdict, Verdict::Missing);
  EXPECT_EQ(cells[0].wholes.at(0).reason, "B has no such cell");
  EXPECT_EQ(cells[1].name, kTimedCell);
  EXPECT_EQ(cells[1].wholes.at(0).reason, "A has no such cell");
}

TEST(ComparisonTest, OfASkippedCellSaysWhyItWasSkipped) {
  const auto cells =
      compared({throughputsOf(kSteady), {badRecord(Status::Skipped, "one NUMA node")}});
  EXPECT_EQ(cells.at(0).wholes.at(0).verdict, Verdict::Missing);
  EXPECT_EQ(cells.at(0).wholes.at(0).reason, "B skipped it: one NUMA node");
  const std::vector<Record> skipped = {badRecord(Status::Skipped, "one NUMA node")};
  EXPECT_EQ(compared({skipped, skipped}).at(0).wholes.at(0).reason,
            "A and B skipped it: one NUMA node");
}

TEST(ComparisonTest, OfAMetricThatOneSideDoesNotHaveSaysSo) {
  Sides sides = {throughputsOf(kSteady), throughputsOf(kSteady)};
  for (Record& record : sides[0]) record.metrics["cpu_s_per_million"] = 0.5;
  const auto cells = compared(sides);
  const ComparedMetric& cpu = metricNamed(cells.at(0).metrics, "cpu_s_per_million");
  EXPECT_EQ(cpu.contrasts.at(0).judgement.verdict, Verdict::Missing);
  EXPECT_EQ(cpu.contrasts.at(0).judgement.reason, "B has no cpu_s_per_million here");
}

TEST(ComparisonTest, ComparesEachOfSeveralCandidatesWithTheFirst) {
  const auto cells =
      compared({throughputsOf(kSteady), throughputsOf(times(0.5)), throughputsOf(times(2))});
  const ComparedMetric& rate = cells.at(0).metrics.at(0);
  EXPECT_EQ(rate.contrasts.at(0).judgement.verdict, Verdict::Worse);
  EXPECT_EQ(rate.contrasts.at(1).judgement.verdict, Verdict::Better);
  EXPECT_EQ(rate.values.at(2)->median, 200e6);
  EXPECT_EQ(rate.values.at(2)->repetitions, 5U);
}

// --- metrics ------------------------------------------------------------------------------------

std::vector<std::string> namesOf(const std::vector<ComparedMetric>& metrics) {
  std::vector<std::string> names;
  for (const ComparedMetric& metric : metrics) names.push_back(metric.name);
  return names;
}

TEST(ComparisonTest, ShowsTheMetricsOfTheWorkloadOrThoseThatAreAskedFor) {
  const Sides sides = {{roundTripOf(100)}, {roundTripOf(100)}};
  EXPECT_THAT(namesOf(compared(sides).at(0).metrics),
              ElementsAre("rtt_ns_p50", "rtt_ns_p99", "rtt_ns_p999"));
  const auto asked = compared(sides, {.metrics = {"rtt_ns_max", "rtt_ns_p90"}});
  EXPECT_THAT(namesOf(asked.at(0).metrics), ElementsAre("rtt_ns_max", "rtt_ns_p90"));
}

TEST(ComparisonTest, LeavesOutAPercentileThatNoMessageLiesBeyond) {
  const Sides sides = {{roundTripOf(100, 99)}, {roundTripOf(100, 99)}};
  const ComparedCell cell = compared(sides).at(0);
  EXPECT_THAT(namesOf(cell.metrics), ElementsAre("rtt_ns_p50"));
  EXPECT_EQ(cell.distribution.back().name, "rtt_ns_p90");
}

TEST(ComparisonTest, OfUndisturbedMessagesLeavesOutAPercentileThatNoneOfThemLiesBeyond) {
  Record record = roundTripOf(100, 1000);
  record.histograms["rtt_ns_clean"] = roundTripOf(100, 99).histograms["rtt_ns"];
  EXPECT_THAT(namesOf(compared({{record}, {record}}).at(0).metrics),
              ElementsAre("rtt_ns_p50", "rtt_ns_p99", "rtt_ns_p999", "rtt_ns_p50_clean"));
  record.histograms["rtt_ns_clean"]->record(100);
  EXPECT_EQ(compared({{record}, {record}}).at(0).metrics.back().name, "rtt_ns_p99_clean");
}

TEST(ComparisonTest, EveryWorkloadIsComparedByMetricsThatThereAre) {
  for (const char* workload :
       {"throughput", "stream", "duplex", "ping_pong", "paced", "snapshot", "slo", "unheard_of"}) {
    EXPECT_FALSE(comparedMetricsOf(workload).empty()) << workload;
    for (const std::string_view name : comparedMetricsOf(workload)) {
      EXPECT_NE(findMetric(name), nullptr) << name;
    }
  }
}

TEST(ComparisonTest, GivesTimesAndRatesAsMultiplesOfTheFloorOfEachSide) {
  Sides sides = {{}, {}};
  for (std::uint64_t i = 0; i < 4; ++i) {
    sides[0].push_back(roundTripOf(200));
    sides[0].back().metrics["floor_ns"] = 50;
    sides[1].push_back(roundTripOf(400));
    sides[1].back().metrics["floor_ns"] = 100;
  }
  for (auto& side : sides) {
    for (Record& record : side) record.metrics["messages_per_s"] = 5e6;
  }
  const auto cells = compared(sides);
  const ComparedMetric& p50 = metricNamed(cells.at(0).metrics, "rtt_ns_p50");
  EXPECT_THAT(p50.over_floor, ElementsAre(Optional(2.0), Optional(2.0)));
  EXPECT_NEAR(p50.contrasts.at(0).ratio->estimate, 2, 1e-9);
  EXPECT_NEAR(p50.contrasts.at(0).floor_ratio->estimate, 1, 1e-9);
  const ComparedMetric& rate = metricNamed(cells.at(0).metrics, "messages_per_s");
  EXPECT_THAT(rate.over_floor,
              ElementsAre(Optional(DoubleNear(0.25, 1e-9)), Optional(DoubleNear(0.5, 1e-9))));
}

TEST(ComparisonTest, HasNoMultiplesWhereOneRepetitionHasNoFloor) {
  Sides sides = {throughputsOf(kSteady), throughputsOf(kSteady)};
  for (Record& record : sides[0]) record.metrics["floor_ns"] = 50;
  const ComparedMetric rate = compared(sides).at(0).metrics.at(0);
  EXPECT_TRUE(rate.over_floor.at(0).has_value());
  EXPECT_FALSE(rate.over_floor.at(1).has_value());
  EXPECT_FALSE(rate.contrasts.at(0).floor_ratio.has_value());
}

// --- distributions ------------------------------------------------------------------------------

TEST(ComparisonTest, ShowsWhereADistributionIsShifted) {
  Sides sides(2);
  for (std::uint64_t i = 0; i < 5; ++i) {
    sides[0].push_back(roundTripOf(100));
    sides[1].push_back(roundTripOf(100));
    for (int extra = 0; extra < 300; ++extra) sides[1].back().histograms["rtt_ns"]->record(700);
  }
  const ComparedCell cell = compared(sides).at(0);
  EXPECT_THAT(cell.distribution, SizeIs(kShiftPercentiles.size()));
  const auto shiftAt = [&](const char* name) {
    return metricNamed(cell.distribution, name).contrasts.at(0).ratio->estimate;
  };
  EXPECT_NEAR(shiftAt("rtt_ns_p10"), 1, 1e-9);
  EXPECT_NEAR(shiftAt("rtt_ns_p90"), 7, 1e-9);
  EXPECT_NEAR(shiftAt("rtt_ns_p999"), 1, 1e-9);
}

TEST(ComparisonTest, NamesThePercentilesOfUndisturbedMessagesAsMetricsAreNamed) {
  Record record = roundTripOf(100);
  record.histograms["rtt_ns_clean"] = record.histograms["rtt_ns"];
  const ComparedCell cell = compared({{record}, {record}}).at(0);
  EXPECT_EQ(cell.distribution.back().name, "rtt_ns_p999_clean");
  EXPECT_FALSE(cell.distribution.back().contrasts.at(0).judgement.verdict.has_value());
}

// --- cells under another name -------------------------------------------------------------------

TEST(ComparisonTest, CountsWhatASideHasOfOneCellUnderTheNameOfAnother) {
  Gathering gathering({});
  for (std::uint64_t i = 0; i < 4; ++i) {
    gathering.add("A", "there", roundTripOf(100 + i));
    gathering.add("B", "here", roundTripOf(200 + i));
  }
  gathering.move("B", "here", "there");
  gathering.move("B", "nowhere", "there");
  const std::vector<Side> sides = {{"A"}, {"B"}};
  const auto cells = comparedCells(gathering, sides, 0.05);
  ASSERT_THAT(cells, SizeIs(1));
  EXPECT_EQ(cells[0].name, "there");
  const ComparedMetric& p50 = metricNamed(cells[0].metrics, "rtt_ns_p50");
  EXPECT_EQ(p50.contrasts.at(0).judgement.verdict, Verdict::Worse);
  EXPECT_EQ(cells[0].distribution.front().values.at(1)->repetitions, 4U);
}

TEST(ComparisonTest, MovesNothingOntoWhatASideHasAlready) {
  Gathering gathering({});
  gathering.add("A", "there", roundTripOf(100));
  gathering.add("B", "there", roundTripOf(100));
  gathering.add("B", "here", roundTripOf(200));
  gathering.move("B", "here", "there");
  gathering.move("B", "here", "here");
  const std::vector<Side> sides = {{"A"}, {"B"}};
  EXPECT_THAT(comparedCells(gathering, sides, 0.05), SizeIs(2));
}

TEST(ComparisonTest, OfNothingHasNothing) { EXPECT_THAT(compared({{}, {}}), IsEmpty()); }

}  // namespace
}  // namespace ringside::results
