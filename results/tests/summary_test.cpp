#include "results/summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ringside::results {
namespace {

using testing::ElementsAre;

Record makeRecord(const std::string& cell, double messages_per_s) {
  Record record;
  record.cell = cell;
  record.axes.queue = cell;
  record.metrics["messages_per_s"] = messages_per_s;
  return record;
}

Record makeBad(const std::string& cell, Status status, const std::string& reason) {
  Record record = makeRecord(cell, 1.0e9);
  record.status = status;
  record.reason = reason;
  return record;
}

TEST(SummaryTest, KeepsTheOrderInWhichCellsFirstAppear) {
  const auto summaries =
      summarise({makeRecord("b", 1), makeRecord("a", 1), makeRecord("b", 1), makeRecord("c", 1)});
  ASSERT_EQ(summaries.size(), 3U);
  EXPECT_EQ(summaries[0].cell, "b");
  EXPECT_EQ(summaries[0].axes.queue, "b");
  EXPECT_EQ(summaries[0].repetitions, 2U);
  EXPECT_EQ(summaries[1].cell, "a");
  EXPECT_EQ(summaries[2].cell, "c");
  EXPECT_TRUE(summarise({}).empty());
}

TEST(SummaryTest, GivesMedianLowestAndHighestOfAMetric) {
  const auto odd = summarise({makeRecord("a", 5), makeRecord("a", 1), makeRecord("a", 3)});
  const Spread spread = odd.at(0).metrics.at("messages_per_s");
  EXPECT_EQ(spread.median, 3.0);
  EXPECT_EQ(spread.lowest, 1.0);
  EXPECT_EQ(spread.highest, 5.0);
  EXPECT_EQ(spread.repetitions, 3U);

  const auto even = summarise({makeRecord("a", 5), makeRecord("a", 2)});
  EXPECT_EQ(even.at(0).metrics.at("messages_per_s").median, 3.5);
}

TEST(SummaryTest, TakesMetricsOnlyFromRepetitionsThatAreOk) {
  const auto summaries = summarise({makeRecord("a", 2), makeBad("a", Status::Invalid, "saturated"),
                                    makeBad("a", Status::Failed, "died"), makeRecord("a", 4)});
  const CellSummary& summary = summaries.at(0);
  EXPECT_EQ(summary.metrics.at("messages_per_s").highest, 4.0);
  EXPECT_EQ(summary.status_counts.ok, 2U);
  EXPECT_EQ(summary.status_counts.invalid, 1U);
  EXPECT_EQ(summary.status_counts.failed, 1U);
  EXPECT_EQ(summary.status_counts.skipped, 0U);
  EXPECT_EQ(summary.first_reason, "saturated");
}

TEST(SummaryTest, HasNoMetricsForACellThatWasSkipped) {
  const auto summaries = summarise({makeBad("a", Status::Skipped, "one NUMA node")});
  EXPECT_TRUE(summaries.at(0).metrics.empty());
  EXPECT_EQ(summaries.at(0).status_counts.skipped, 1U);
  EXPECT_FALSE(summaries.at(0).validation.has_value());
}

TEST(SummaryTest, ShowsMetricsThatOnlyTheRecordKnows) {
  Record record = makeRecord("a", 1);
  record.metrics["colour"] = 7.0;
  EXPECT_EQ(summarise({record}).at(0).metrics.at("colour").median, 7.0);
}

TEST(SummaryTest, ListsEachNoteOnce) {
  Record first = makeRecord("a", 1);
  first.notes = {"not locked", "loaded machine"};
  Record second = makeRecord("a", 1);
  second.notes = {"loaded machine", "4 KiB pages"};
  EXPECT_THAT(summarise({first, second}).at(0).notes,
              ElementsAre("not locked", "loaded machine", "4 KiB pages"));
}

TEST(SummaryTest, SumsTheValidationOfAllRepetitions) {
  Record first = makeRecord("a", 1);
  first.validation = Validation{.sent = 10, .received = 9, .lost = 1};
  first.status = Status::Failed;
  Record second = makeRecord("a", 1);
  second.validation = Validation{.sent = 5, .received = 5, .reordered = 2, .torn = 3};
  const auto summaries = summarise({first, second, makeRecord("a", 1)});
  EXPECT_EQ(summaries.at(0).validation,
            (Validation{.sent = 15, .received = 14, .lost = 1, .reordered = 2, .torn = 3}));
}

TEST(SummaryTest, TakesPercentilesFromTheMergedHistogram) {
  Record first = makeRecord("a", 1);
  first.histograms["rtt_ns"] = std::make_shared<Histogram>();
  Record second = first;
  second.histograms["rtt_ns"] = std::make_shared<Histogram>();
  second.histograms["service_ns"] = std::make_shared<Histogram>();
  for (int i = 0; i < 990; ++i) first.histograms["rtt_ns"]->record(100);
  for (int i = 0; i < 10; ++i) second.histograms["rtt_ns"]->record(2000);
  const auto summaries = summarise({first, second});
  const auto& histograms = summaries.at(0).histograms;
  ASSERT_EQ(histograms.size(), 1U);
  const MergedPercentiles& merged = histograms.at("rtt_ns");
  EXPECT_EQ(merged.count, 1000U);
  EXPECT_EQ(merged.p50_ns, 100U);
  EXPECT_EQ(merged.p99_ns, 100U);
  EXPECT_EQ(merged.p999_ns, 2000U);
  EXPECT_EQ(merged.max_ns, 2000U);
  EXPECT_EQ(first.histograms["rtt_ns"]->count(), 990U);
}

}  // namespace
}  // namespace ringside::results
