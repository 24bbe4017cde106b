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

TEST(SummaryTest, WorksOutPercentilesOfEachRepetitionFromItsHistogram) {
  std::vector<Record> records;
  for (const std::uint64_t value : {100U, 300U, 200U}) {
    records.push_back(makeRecord("a", 1));
    records.back().histograms["rtt_ns"] = std::make_shared<Histogram>();
    records.back().histograms["rtt_ns"]->record(value);
  }
  const auto summaries = summarise(records);
  const Spread& p50 = summaries.at(0).metrics.at("rtt_ns_p50");
  EXPECT_EQ(p50.median, 200);
  EXPECT_EQ(p50.lowest, 100);
  EXPECT_EQ(p50.highest, 300);
}

}  // namespace
}  // namespace ringside::results
