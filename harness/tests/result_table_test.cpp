#include "harness/result_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ringside::harness {
namespace {

using results::CellSummary;
using ::testing::HasSubstr;
using ::testing::Not;

CellSummary cellOf(const std::string& scenario, const std::string& queue) {
  CellSummary cell;
  cell.cell = "s/" + scenario + "/" + queue + "/1p1c/el=64/cap=144/same_l3";
  cell.axes.workload = scenario;
  cell.axes.queue = queue;
  cell.axes.element_size_bytes = 64;
  cell.axes.capacity = 144;
  cell.axes.placement = "same_l3";
  cell.repetitions = 5;
  cell.status_counts.ok = 5;
  cell.validation = results::Validation{.sent = 10, .received = 10};
  cell.metrics["messages_per_s"] = {
      .median = 61.2e6, .lowest = 60e6, .highest = 62e6, .repetitions = 5};
  return cell;
}

CellSummary roundTrip(CellSummary cell) {
  cell.axes.workload = "ping_pong";
  cell.metrics["messages"] = {.median = 5000, .lowest = 5000, .highest = 5000, .repetitions = 5};
  return cell;
}

CellSummary failed(CellSummary cell) {
  cell.status_counts = {.ok = 4, .failed = 1};
  cell.first_reason = "consumer 0 was killed by SIGKILL";
  return cell;
}

TEST(ResultTableTest, HasARowForEachCellUnderItsScenario) {
  const std::string text =
      renderResults({cellOf("throughput", "spsc"), cellOf("throughput", "mpmc"),
                     roundTrip(cellOf("round-trip", "spsc"))},
                    Format::Table);
  EXPECT_THAT(text, HasSubstr("throughput, 5 repetitions, same_l3"));
  EXPECT_THAT(text, HasSubstr("round-trip (ping_pong), 5"));
  EXPECT_THAT(text, HasSubstr("61.2 M"));
  EXPECT_THAT(text, HasSubstr("0/0/0/0"));
}

TEST(ResultTableTest, SaysEachReasonOnceBelow) {
  const std::string text = renderResults(
      {failed(cellOf("throughput", "spsc")), failed(cellOf("throughput", "mpmc"))}, Format::Table);
  EXPECT_THAT(text, HasSubstr("[1] 1 of 5 repetitions failed: consumer 0 was killed by SIGKILL"));
  EXPECT_EQ(text.find("[2]"), std::string::npos);
}

TEST(ResultTableTest, ShowsPercentilesWhereThereAreAny) {
  CellSummary cell = roundTrip(cellOf("round-trip", "spsc"));
  cell.metrics["rtt_ns_p50"] = {.median = 110, .repetitions = 5};
  cell.metrics["rtt_ns_p99"] = {.median = 1240, .repetitions = 5};
  cell.metrics["rtt_ns_p999"] = {.median = 3.1e6, .repetitions = 5};
  cell.metrics["rtt_ns_max"] = {.median = 1e9, .highest = 2e9, .repetitions = 5};
  const std::string text = renderResults({cell}, Format::Table);
  for (const char* value : {"110 ns", "1.24 µs", "3.10 ms", "2.00 s"}) {
    EXPECT_THAT(text, HasSubstr(value));
  }
}

TEST(ResultTableTest, ShowsNoPercentileOfTooFewMessages) {
  CellSummary cell = roundTrip(cellOf("round-trip", "spsc"));
  cell.metrics["messages"].lowest = 99;
  cell.metrics["rtt_ns_p50"] = {.median = 110, .repetitions = 5};
  cell.metrics["rtt_ns_p99"] = {.median = 1240, .repetitions = 5};
  const std::string text = renderResults({cell}, Format::Table);
  EXPECT_THAT(text, HasSubstr("110 ns"));
  EXPECT_THAT(text, Not(HasSubstr("1.24 µs")));
}

TEST(ResultTableTest, ShowsBytesOfStreamsAndWritesOfSnapshotsWhereThereAreSome) {
  CellSummary stream = cellOf("stream", "spsc");
  stream.metrics["bytes_per_s"] = {.median = 7.5e9, .repetitions = 5};
  CellSummary snapshot = cellOf("snapshot", "double_buffer");
  snapshot.metrics["messages"] = {.lowest = 5000, .repetitions = 5};
  snapshot.metrics["writes_per_s"] = {.median = 4.5e6, .repetitions = 5};
  snapshot.metrics["read_ns_p50"] = {.median = 88, .repetitions = 5};
  const std::string with = renderResults({stream, snapshot}, Format::Table);
  for (const char* value : {"bytes/s", "7.50 G", "writes/s", "4.50 M", "88 ns", "are reads"}) {
    EXPECT_THAT(with, HasSubstr(value));
  }
  const std::string without = renderResults({cellOf("throughput", "spsc")}, Format::Table);
  EXPECT_THAT(without, Not(HasSubstr("bytes/s")));
  EXPECT_THAT(without, Not(HasSubstr("writes/s")));
  EXPECT_THAT(without, Not(HasSubstr("are reads")));
}

TEST(ResultTableTest, HasNoColumnOfNothing) {
  CellSummary timed = roundTrip(cellOf("round-trip", "spsc"));
  timed.metrics["rtt_ns_p50"] = {.median = 110, .repetitions = 5};
  timed.metrics["cpu_s_per_million"] = {.median = 0.25, .repetitions = 5};
  const CellSummary plain = cellOf("throughput", "spsc");
  EXPECT_THAT(renderResults({plain}, Format::Table), Not(HasSubstr("p50")));
  EXPECT_THAT(renderResults({plain}, Format::Table), Not(HasSubstr("cpu/M")));
  const std::string both = renderResults({plain, timed}, Format::Table);
  EXPECT_THAT(both.substr(0, both.find("round-trip")), Not(HasSubstr("p50")));
  for (const char* there : {"p50", "110 ns", "cpu/M", "0.25", "CPU seconds"}) {
    EXPECT_THAT(both, HasSubstr(there));
  }
}

TEST(ResultTableTest, SaysWhatSetsACellApartWhereThereIsNoColumnForIt) {
  CellSummary cell = cellOf("throughput", "spsc");
  EXPECT_THAT(renderResults({cell}, Format::Table), Not(HasSubstr("with")));
  cell.cell += "/mem=memfd/locked";
  EXPECT_THAT(renderResults({cell}, Format::Table), HasSubstr("mem=memfd locked"));
}

TEST(ResultTableTest, SaysWhenNothingWasMeasured) {
  EXPECT_EQ(renderResults({}, Format::Table), "nothing was measured\n");
}

TEST(ResultTableTest, JsonHoldsTheNumbersUnrounded) {
  const auto parsed =
      nlohmann::json::parse(renderResults({cellOf("throughput", "spsc")}, Format::Json));
  ASSERT_EQ(parsed.size(), 1U);
  EXPECT_EQ(parsed[0]["messages_per_s"], 61.2e6);
  EXPECT_TRUE(parsed[0]["rtt_ns_p50"].is_null());
  EXPECT_EQ(parsed[0]["validation"]["lost"], 0);
}

TEST(ResultTableTest, CsvHasAsManyFieldsInEachLine) {
  CellSummary noted = cellOf("throughput", "spsc");
  noted.notes = {"a \"quoted\" note"};
  std::istringstream lines(renderResults({noted, cellOf("throughput", "mpmc")}, Format::Csv));
  std::string heading;
  std::getline(lines, heading);
  int rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','),
              std::count(heading.begin(), heading.end(), ','));
  }
  EXPECT_EQ(rows, 2);
}

TEST(ResultTableTest, MarkdownHasATablePerScenario) {
  const std::string text = renderResults({cellOf("throughput", "spsc")}, Format::Markdown);
  EXPECT_THAT(text, HasSubstr("### throughput"));
  EXPECT_THAT(text, HasSubstr("| queue | shape |"));
}

}  // namespace
}  // namespace ringside::harness
