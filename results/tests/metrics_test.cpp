#include "results/metrics.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace ringside::results {
namespace {

Record makeRecord() {
  Record record;
  record.axes.element_size_bytes = 64;
  record.seconds = 0.5;
  auto histogram = std::make_shared<Histogram>();
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram->record(value * 10);
  record.histograms["rtt_ns"] = histogram;
  return record;
}

TEST(MetricsTest, FollowFromMessagesSecondsAndHistograms) {
  Record record = makeRecord();
  fillMetrics(record, 1000);
  EXPECT_EQ(record.metrics.at("messages"), 1000.0);
  EXPECT_EQ(record.metrics.at("messages_per_s"), 2000.0);
  EXPECT_EQ(record.metrics.at("bytes_per_s"), 128'000.0);
  EXPECT_EQ(record.metrics.at("rtt_ns_p50"), 5003.0);
  EXPECT_EQ(record.metrics.at("rtt_ns_max"), 10'007.0);
  EXPECT_EQ(record.metrics.count("service_ns_p50"), 0U);
}

TEST(MetricsTest, AreTheSameWorkedOutFromTheRecordReadBack) {
  Record record = makeRecord();
  record.metrics["recovery_ms"] = 12.5;
  fillMetrics(record, 987'654);
  const Record read = fromJson(toJson(record));
  EXPECT_EQ(read.metrics, record.metrics);
  for (const auto& [name, value] : record.metrics) {
    const Metric* metric = findMetric(name);
    ASSERT_NE(metric, nullptr) << name;
    EXPECT_EQ(metric->of(read), value) << name;
  }
}

TEST(MetricsTest, AreWorkedOutForARecordWrittenBeforeTheyExisted) {
  Record record = makeRecord();
  record.validation = Validation{.sent = 200, .received = 200};
  EXPECT_EQ(metricOf(record, "messages_per_s"), 400.0);
  EXPECT_EQ(metricOf(record, "rtt_ns_p90"), 9007.0);
  record.metrics["rtt_ns_p90"] = 1.0;
  EXPECT_EQ(metricOf(record, "rtt_ns_p90"), 1.0);
}

TEST(MetricsTest, AreAbsentWhereTheRecordDoesNotHoldEnough) {
  Record record;
  record.histograms["rtt_ns"] = std::make_shared<Histogram>();
  record.histograms["service_ns"] = nullptr;
  fillMetrics(record, 10);
  EXPECT_EQ(record.metrics, (std::map<std::string, double>{{"messages", 10.0}}));
  EXPECT_EQ(metricOf(record, "no_such_metric"), std::nullopt);
}

/// Of 1000 response times `disturbed` were, and took 1 ms; `slow_clean` were not and took
/// `slow_clean_ns`, all others 100 ns.
Record recordOfTimes(int disturbed, std::uint64_t slow_clean_ns, int slow_clean) {
  Record record;
  auto all = std::make_shared<Histogram>();
  auto clean = std::make_shared<Histogram>();
  for (int i = 0; i < 1000 - disturbed - slow_clean; ++i) {
    all->record(100);
    clean->record(100);
  }
  for (int i = 0; i < slow_clean; ++i) {
    all->record(slow_clean_ns);
    clean->record(slow_clean_ns);
  }
  for (int i = 0; i < disturbed; ++i) all->record(1'000'000);
  record.histograms["response_ns"] = all;
  record.histograms["response_ns_clean"] = clean;
  return record;
}

TEST(MetricsTest, ATailThatGoesWithTheDisturbedMessagesIsTheMachines) {
  EXPECT_EQ(metricOf(recordOfTimes(20, 0, 0), "tail_is_machine"), 1);
}

TEST(MetricsTest, ATailThatStaysWithoutTheDisturbedMessagesIsTheQueues) {
  EXPECT_EQ(metricOf(recordOfTimes(0, 500'000, 20), "tail_is_machine"), 0);
  EXPECT_EQ(metricOf(recordOfTimes(500, 600'000, 20), "tail_is_machine"), 0);
}

TEST(MetricsTest, WhatIsNoTailIsNobodysButTheQueues) {
  EXPECT_EQ(metricOf(recordOfTimes(5, 0, 0), "tail_is_machine"), 0);
}

TEST(MetricsTest, WithoutEnoughUndisturbedMessagesTheMachineDecides) {
  EXPECT_EQ(metricOf(recordOfTimes(901, 0, 0), "tail_is_machine"), 1);
}

TEST(MetricsTest, AFewMessagesHaveNoTail) {
  Record record = recordOfTimes(0, 0, 0);
  record.histograms["response_ns"] = std::make_shared<Histogram>();
  EXPECT_EQ(metricOf(record, "tail_is_machine"), std::nullopt);
  EXPECT_EQ(metricOf(Record{}, "tail_is_machine"), std::nullopt);
}

TEST(MetricsTest, UndisturbedTimesHaveNamesThatEndInClean) {
  EXPECT_EQ(metricOf(recordOfTimes(20, 0, 0), "response_ns_p99_clean"), 100);
  EXPECT_EQ(metricOf(recordOfTimes(20, 0, 0), "response_ns_p99"), 1'000'447);
}

TEST(MetricsTest, TellARoundTripAsAMultipleOfTheFloorWhereThereIsOne) {
  Record record = makeRecord();
  EXPECT_EQ(metricOf(record, "rtt_over_floor"), std::nullopt);
  record.metrics["floor_ns"] = 0.0;
  EXPECT_EQ(metricOf(record, "rtt_over_floor"), std::nullopt);
  record.metrics["floor_ns"] = 50.03;
  EXPECT_DOUBLE_EQ(*metricOf(record, "rtt_over_floor"), 50.0);
  EXPECT_EQ(metricOf(record, "one_way_over_floor"), std::nullopt);
  record.histograms["one_way_ns"] = record.histograms["rtt_ns"];
  EXPECT_DOUBLE_EQ(*metricOf(record, "one_way_over_floor"), 100.0);
  record.histograms["response_ns"] = record.histograms["rtt_ns"];
  EXPECT_DOUBLE_EQ(*metricOf(record, "response_over_floor"), 100.0);
}

TEST(MetricsTest, TheMeanOfTheFastest99LeavesOutTheSlowestHundredth) {
  Record record;
  auto histogram = std::make_shared<Histogram>();
  for (int i = 0; i < 198; ++i) histogram->record(i < 99 ? 100 : 200);
  histogram->record(5'000'000);
  histogram->record(9'000'000);
  record.histograms["rtt_ns"] = histogram;
  EXPECT_DOUBLE_EQ(*metricOf(record, "rtt_ns_mean99"), 150);
  EXPECT_EQ(metricOf(Record{}, "rtt_ns_mean99"), std::nullopt);
}

TEST(MetricsTest, TheMeanOfTheFastest99OfAFewIsOfAllOfThem) {
  Record record;
  record.histograms["rtt_ns"] = std::make_shared<Histogram>();
  EXPECT_EQ(metricOf(record, "rtt_ns_mean99"), std::nullopt);
  record.histograms["rtt_ns"]->record(10);
  record.histograms["rtt_ns"]->record(40);
  EXPECT_DOUBLE_EQ(*metricOf(record, "rtt_ns_mean99"), 25);
}

TEST(MetricsTest, HaveNamesOfTheirOwnAndAUnit) {
  std::set<std::string_view> names;
  for (const Metric& metric : allMetrics()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_EQ(findMetric(metric.name), &metric);
    EXPECT_EQ(symbolOf(metric.unit).empty(), metric.unit == Unit::Count) << metric.name;
  }
  EXPECT_EQ(findMetric("rtt_ns_p99")->better, Better::Lower);
  EXPECT_EQ(findMetric("messages_per_s")->better, Better::Higher);
}

}  // namespace
}  // namespace ringside::results
