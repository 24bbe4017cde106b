// Exports that are text, a table or XML.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "results/tests/export_records.hpp"

namespace ringside::results {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// --- CSV ----------------------------------------------------------------------------------------

/// Fields by column, of lines without commas or quotes in their fields.
std::vector<std::map<std::string, std::string>> rowsOf(const std::string& text) {
  const std::vector<std::string> lines = linesOf(text);
  const auto fields = [](const std::string& line) {
    std::vector<std::string> all;
    std::istringstream stream(line + ",");
    for (std::string field; std::getline(stream, field, ',');) all.push_back(field);
    return all;
  };
  const std::vector<std::string> columns = fields(lines.at(0));
  std::vector<std::map<std::string, std::string>> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> values = fields(lines[i]);
    EXPECT_EQ(values.size(), columns.size()) << lines[i];
    auto& row = rows.emplace_back();
    for (std::size_t c = 0; c < columns.size(); ++c) row[columns[c]] = values.at(c);
  }
  return rows;
}

TEST(CsvTest, HasARowForEachRecordWhateverCameOfIt) {
  const auto rows =
      rowsOf(exported("csv", {roundTrips(0, {100}), notOk(rate(1, 9), Status::Skipped, "one node")})
                 .text());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at("cell"), kRoundTripCell);
  EXPECT_EQ(rows[0].at("status"), "ok");
  EXPECT_EQ(rows[0].at("rtt_ns_p50"), "100");
  EXPECT_EQ(rows[1].at("status"), "skipped");
  EXPECT_EQ(rows[1].at("reason"), "one node");
  EXPECT_EQ(rows[1].at("repetition"), "1");
  EXPECT_EQ(rows[1].at("rtt_ns_p50"), "");
}

TEST(CsvTest, BeginsWithTheTimeAndTheCommitThatOtavaReads) {
  const std::string text = exported("csv", {rate(0, 10)}).text();
  EXPECT_THAT(text, StartsWith("time,commit,host,machine,suite,cell,repetition,status,reason,"));
  EXPECT_THAT(text, HasSubstr("\n2026-11-21 08:12:00 +0000,c0ffee,lab7,0123456789abcdef,quick,"));
}

TEST(CsvTest, HasAllAxesTheValidationAndWhatWasObtained) {
  Record record = roundTrips(0, {100});
  record.axes.rate_per_s = 1000;
  record.axes.arrivals = "poisson";
  record.obtained.emplace();
  record.obtained->producer_cpus = {0, 2};
  record.obtained->node_pages = {{0, 17}, {1, 4}};
  record.obtained->memory = "shmem";
  record.obtained->canary = {.before_ns = 31.5, .after_ns = 32};
  const auto row = rowsOf(exported("csv", {record}).text()).at(0);
  EXPECT_EQ(row.at("workload"), "ping_pong");
  EXPECT_EQ(row.at("memory"), "posix_shm");
  EXPECT_EQ(row.at("lock_memory"), "false");
  EXPECT_EQ(row.at("numa_node"), "");
  EXPECT_EQ(row.at("arrivals"), "poisson");
  EXPECT_EQ(row.at("limit_ns"), "");
  EXPECT_EQ(row.at("producer_cpus"), "0 2");
  EXPECT_EQ(row.at("node_pages"), "0:17 1:4");
  EXPECT_EQ(row.at("obtained_memory"), "shmem");
  EXPECT_EQ(row.at("canary_ns"), "31.5 32.0");
  EXPECT_EQ(row.at("sent"), "1");
  EXPECT_EQ(row.at("torn"), "0");
}

TEST(CsvTest, QuotesWhatWouldEndAFieldOrALine) {
  Record record = rate(0, 10);
  record.reason = "a, \"b\"\nc";
  EXPECT_THAT(exported("csv", {record}).text(), HasSubstr(",\"a, \"\"b\"\"\nc\","));
}

TEST(CsvTest, HasAMetricThatTheTableDoesNotKnow) {
  Record record = rate(0, 10);
  record.metrics["of_a_plug_in"] = 7.5;
  EXPECT_EQ(rowsOf(exported("csv", {rate(1, 10), record}).text()).at(1).at("of_a_plug_in"), "7.5");
}

TEST(CsvTest, HasOnlyTheMetricsThatAreWanted) {
  ExportTerms terms = exportTerms();
  terms.only = {"rtt_ns_p99"};
  const auto row = rowsOf(exported("csv", {roundTrips(0, {100})}, terms).text()).at(0);
  EXPECT_EQ(row.at("rtt_ns_p99"), "100");
  EXPECT_FALSE(row.contains("rtt_ns_p50"));
  EXPECT_TRUE(row.contains("capacity"));
}

// --- TAP ----------------------------------------------------------------------------------------

TEST(TapTest, HasATestPointForEachRepetition) {
  Record lossy = roundTrips(2, {100});
  lossy.status = Status::Failed;
  lossy.reason = "1 message was \"lost\"";
  lossy.validation = Validation{.sent = 10, .received = 9, .lost = 1};
  const std::vector<Record> records = {
      roundTrips(0, {100}), notOk(rate(0, 1), Status::Skipped, "no second NUMA node"), lossy};
  EXPECT_EQ(exported("tap", records).text(),
            "TAP version 14\n1..3\n"
            "ok 1 - " +
                kRoundTripCell +
                " repetition=0\n"
                "ok 2 - " +
                kRateCell +
                " repetition=0 # SKIP no second NUMA node\n"
                "not ok 3 - " +
                kRoundTripCell +
                " repetition=2\n"
                "  ---\n"
                "  message: \"1 message was \\\"lost\\\"\"\n"
                "  severity: fail\n"
                "  sent: 10\n"
                "  received: 9\n"
                "  lost: 1\n"
                "  duplicated: 0\n"
                "  reordered: 0\n"
                "  torn: 0\n"
                "  ...\n");
}

TEST(TapTest, EscapesWhatWouldBeginADirective) {
  Record record = rate(0, 10);
  record.cell = "a#b\\c\nd";
  EXPECT_THAT(exported("tap", {record}).text(), HasSubstr("ok 1 - a\\#b\\\\c d repetition=0\n"));
}

TEST(TapTest, WhatIsInvalidIsNotOk) {
  const std::string text =
      exported("tap", {notOk(rate(0, 1), Status::Invalid, "saturated")}).text();
  EXPECT_THAT(text, AllOf(HasSubstr("\nnot ok 1 - "), HasSubstr("\n  severity: invalid\n")));
}

TEST(TapTest, OfNothingIsAPlanOfNone) {
  EXPECT_EQ(exported("tap", {}).text(), "TAP version 14\n1..0\n");
}

// --- JUnit --------------------------------------------------------------------------------------

TEST(JunitExportTest, HasACaseForEachRepetitionInTheSuiteOfItsRun) {
  const std::string text =
      exported("junit", {roundTrips(0, {100}), notOk(rate(0, 1), Status::Failed, "hung")}).text();
  EXPECT_THAT(text, HasSubstr("<testsuite name=\"quick\" tests=\"2\" failures=\"0\" errors=\"1\" "
                              "skipped=\"0\" time=\"1.000000\" timestamp=\"2026-11-21T08:12:00\" "
                              "hostname=\"lab7\">"));
  EXPECT_THAT(text, HasSubstr("<property name=\"revision\" value=\"c0ffee\"/>"));
  EXPECT_THAT(text, HasSubstr("<error message=\"hung\" type=\"crash\"/>"));
  EXPECT_THAT(text, HasSubstr("classname=\"quick.spsc.same_l3\""));
}

// --- Markdown -----------------------------------------------------------------------------------

TEST(MarkdownTest, HasARowForEachCellAndSaysWhatWasNotOk) {
  const std::string text =
      exported("markdown", {roundTrips(0, {100}), roundTrips(1, {300}),
                            notOk(rate(0, 1), Status::Failed, "<hung> | *so*")})
          .text();
  EXPECT_THAT(text, StartsWith("### quick: 2 of 3 repetitions ok, 2 cells\n\n"));
  EXPECT_THAT(text, HasSubstr("\n| `" + kRoundTripCell +
                              "` | 2 | 2e-06 (2e-06 to 2e-06) | 200 (100 to 300) | "
                              "200 (100 to 300) | 200 | 200 | 0/0/0/0 |\n"));
  EXPECT_THAT(text, HasSubstr("\n| `" + kRateCell + "` | 0, 1 failed |  |  |  |  |  |  |\n"));
  EXPECT_THAT(text, HasSubstr("<details><summary>1 not ok</summary>\n\n- `" + kRateCell +
                              "`, repetition 0: failed: &lt;hung> \\| \\*so\\*\n"));
}

TEST(MarkdownTest, IsShorterThanACommentMayBeAndCountsWhatDoesNotFit) {
  std::vector<Record> records;
  for (int i = 0; i < 2000; ++i) {
    records.push_back(i % 2 == 0 ? roundTrips(0, {100})
                                 : notOk(rate(0, 1), Status::Failed, std::string(100, 'x')));
    records.back().cell += "/n=" + std::to_string(i);
  }
  const std::string text = exported("markdown", records).text();
  EXPECT_LT(text.size(), 65536U);
  EXPECT_THAT(text, ContainsRegex("\n[0-9]+ more cells left out: there is no room.\n"));
  EXPECT_THAT(text, ContainsRegex("\n[0-9]+ more repetitions left out: there is no room.\n"));
  EXPECT_THAT(text, EndsWith("</details>\n"));
}

TEST(MarkdownTest, HasAColumnForEachMetricThatIsWanted) {
  ExportTerms terms = exportTerms();
  terms.only = {"rtt_ns_p99", "tail_is_machine"};
  const std::string text = exported("markdown", {roundTrips(0, {100})}, terms).text();
  EXPECT_THAT(text, HasSubstr("| cell | repetitions | rtt_ns_p99, ns | tail_is_machine | "));
  EXPECT_THAT(text, HasSubstr("` | 1 | 100 |  | 0/0/0/0 |\n"));
}

// --- OpenMetrics --------------------------------------------------------------------------------

TEST(OpenmetricsTest, EndsWithItsEndAndHasNoEmptyLine) {
  const std::string text = exported("openmetrics", {roundTrips(0, {100})}).text();
  EXPECT_THAT(text, EndsWith("\n# EOF\n"));
  EXPECT_THAT(text, Not(HasSubstr("\n\n")));
}

TEST(OpenmetricsTest, PercentilesAreQuantilesInSecondsWithEveryAxisAsALabel) {
  const std::string text =
      exported("openmetrics", {roundTrips(0, {100}), roundTrips(1, {300})}).text();
  EXPECT_THAT(text, HasSubstr("# TYPE ringside_rtt_seconds summary\n"
                              "# UNIT ringside_rtt_seconds seconds\n"
                              "# HELP ringside_rtt_seconds Round trip, "));
  EXPECT_THAT(text,
              HasSubstr("\nringside_rtt_seconds{suite=\"quick\",scenario=\"round-trip\",cell=\"" +
                        kRoundTripCell +
                        "\",workload=\"ping_pong\",queue=\"spsc\",producers=\"1\",consumers=\"1\","
                        "element_size_bytes=\"64\",capacity=\"144\",placement=\"same_l3\","
                        "memory=\"posix_shm\",huge_pages=\"never\",lock_memory=\"false\","
                        "numa_node=\"\",wait=\"spin\",batch=\"1\",tuning=\"adaptive\","
                        "rate_per_s=\"\",prefault=\"true\",numa_policy=\"any\",validate=\"full\","
                        "quantile=\"0.99\"} 2e-07\n"));
  EXPECT_THAT(linesOf(text),
              Contains(AllOf(StartsWith("ringside_rtt_seconds_count{"), EndsWith("} 2"))));
  EXPECT_THAT(linesOf(text),
              Contains(AllOf(StartsWith("ringside_rtt_seconds_sum{"), EndsWith("} 4e-07"))));
}

TEST(OpenmetricsTest, OtherMetricsAreGaugesInBaseUnits) {
  Record record = rate(0, 1'000'000);
  record.metrics["floor_ns"] = 50;
  record.metrics["recovery_ms"] = 2;
  record.metrics["cpu_s_per_million"] = 0.25;
  const std::string text = exported("openmetrics", {record}).text();
  const std::vector<std::string> lines = linesOf(text);
  EXPECT_THAT(lines, Contains("# TYPE ringside_messages_per_second gauge"));
  EXPECT_THAT(lines, Contains("# UNIT ringside_floor_seconds seconds"));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("ringside_floor_seconds{"), EndsWith("} 5e-08"))));
  EXPECT_THAT(lines,
              Contains(AllOf(StartsWith("ringside_recovery_seconds{"), EndsWith("} 0.002"))));
  EXPECT_THAT(lines,
              Contains(AllOf(StartsWith("ringside_cpu_per_million_seconds{"), EndsWith("} 0.25"))));
  EXPECT_THAT(lines,
              Contains(AllOf(StartsWith("ringside_messages_per_second{"), EndsWith("} 2000000"))));
}

TEST(OpenmetricsTest, NoTwoSeriesAreTheSameAndEachFamilyStandsTogether) {
  Record other = roundTrips(0, {100});
  other.cell = "quick/again/spsc/1p1c/el=64/cap=144/same_l3";
  const std::string text =
      exported("openmetrics", {roundTrips(0, {100}), rate(0, 10), other}).text();
  std::set<std::string> series;
  std::set<std::string> families;
  std::string family;
  for (const std::string& line : linesOf(text)) {
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.rfind(' ') - 7);
      EXPECT_TRUE(families.insert(family).second) << line;
    }
    if (line.starts_with("#")) continue;
    EXPECT_THAT(line, StartsWith(family));
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
}

TEST(OpenmetricsTest, CountsWhatCameOfTheRepetitions) {
  const std::vector<std::string> lines = linesOf(
      exported("openmetrics", {rate(0, 10), notOk(rate(1, 1), Status::Failed, "hung")}).text());
  EXPECT_THAT(lines,
              Contains(AllOf(StartsWith("ringside_repetitions{"), EndsWith(",status=\"ok\"} 1"))));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("ringside_repetitions{"),
                                    EndsWith(",status=\"failed\"} 1"))));
}

TEST(OpenmetricsTest, EscapesTheValuesOfLabels) {
  Record record = rate(0, 10);
  record.axes.placement = "a\"b\\c\nd";
  EXPECT_THAT(exported("openmetrics", {record}).text(), HasSubstr("placement=\"a\\\"b\\\\c\\nd\""));
}

// --- the table of formats -----------------------------------------------------------------------

TEST(ExportFormatTest, EachIsFoundByItsNameAndSaysWhatReadsIt) {
  std::vector<std::string> names;
  for (const ExportFormat& format : exportFormats()) {
    EXPECT_EQ(findExportFormat(format.name), &format);
    EXPECT_FALSE(format.summary.empty());
    names.emplace_back(format.name);
  }
  EXPECT_THAT(names, ElementsAre("gbench", "hgrm", "hlog", "csv", "junit", "tap", "markdown",
                                 "openmetrics", "bmf", "github-action-benchmark"));
  EXPECT_EQ(findExportFormat("parquet"), nullptr);
}

}  // namespace
}  // namespace ringside::results
