// Exports in JSON: what their readers find in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "results/tests/export_records.hpp"

namespace ringside::results {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> keysOf(const ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

/// Round trips of 100, 200 and 300 ns as the three medians, and a rate.
std::vector<Record> threeAndARate() {
  return {roundTrips(0, {100, 100, 900}), roundTrips(1, {300, 300, 900}),
          roundTrips(2, {200, 200, 900}), rate(0, 1'000'000)};
}

// --- Google Benchmark ---------------------------------------------------------------------------

ordered_json gbenchOf(const std::vector<Record>& records,
                      const ExportTerms& terms = exportTerms()) {
  return ordered_json::parse(exported("gbench", records, terms).text());
}

ordered_json entriesOf(const ordered_json& document, const std::string& run_type) {
  ordered_json found = ordered_json::array();
  for (const ordered_json& entry : document.at("benchmarks")) {
    if (entry.at("run_type") == run_type) found.push_back(entry);
  }
  return found;
}

TEST(GbenchTest, ItsContextHasTheKeysOfGoogleBenchmarkInTheirOrder) {
  const ordered_json context = gbenchOf(threeAndARate()).at("context");
  EXPECT_THAT(keysOf(context),
              ElementsAre("date", "host_name", "executable", "num_cpus", "mhz_per_cpu",
                          "cpu_scaling_enabled", "caches", "load_avg", "library_version",
                          "library_build_type", "json_schema_version", "ringside_bundle",
                          "ringside_revision", "ringside_machine", "cpu_model", "kernel"));
  EXPECT_EQ(context["date"], "2026-11-21T08:12:00+00:00");
  EXPECT_EQ(context["num_cpus"], 4);
  EXPECT_EQ(context["mhz_per_cpu"], 2596);
  EXPECT_EQ(context["cpu_scaling_enabled"], false);
  EXPECT_EQ(context["load_avg"], ordered_json::array({0.5, 0.25, 0.125}));
  EXPECT_EQ(context["library_build_type"], "release");
  EXPECT_EQ(context["json_schema_version"], 1);
}

TEST(GbenchTest, LeavesOutOfTheContextOnlyWhatMayBeUnknown) {
  ExportTerms terms;
  const ordered_json context = gbenchOf(threeAndARate(), terms).at("context");
  EXPECT_THAT(keysOf(context), ElementsAre("date", "host_name", "executable", "num_cpus",
                                           "mhz_per_cpu", "caches", "load_avg", "library_version",
                                           "library_build_type", "json_schema_version"));
  EXPECT_EQ(context["caches"], ordered_json::array());
  EXPECT_EQ(context["load_avg"], ordered_json::array());
}

TEST(GbenchTest, HasAnIterationForEachRepetitionWithItsMedian) {
  const ordered_json entries = entriesOf(gbenchOf(threeAndARate()), "iteration");
  ASSERT_EQ(entries.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(entries[i]["name"], kRoundTripCell);
    EXPECT_EQ(entries[i]["run_name"], kRoundTripCell);
    EXPECT_EQ(entries[i]["repetitions"], 3);
    EXPECT_EQ(entries[i]["repetition_index"], i);
    EXPECT_EQ(entries[i]["threads"], 2);
    EXPECT_EQ(entries[i]["iterations"], 3);
    EXPECT_EQ(entries[i]["cpu_time"], 250);
    EXPECT_EQ(entries[i]["time_unit"], "ns");
  }
  EXPECT_EQ(entries[0]["real_time"], 100);
  EXPECT_EQ(entries[1]["real_time"], 300);
  EXPECT_EQ(entries[2]["real_time"], 200);
}

TEST(GbenchTest, AnIterationHasTheKeysOfGoogleBenchmarkInTheirOrder) {
  const ordered_json entries = entriesOf(gbenchOf({roundTrips(0, {100})}), "iteration");
  EXPECT_THAT(
      keysOf(entries[0]),
      ElementsAre("name", "family_index", "per_family_instance_index", "run_name", "run_type",
                  "repetitions", "repetition_index", "threads", "iterations", "real_time",
                  "cpu_time", "time_unit", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns",
                  "items_per_second", "msgs_per_second", "bytes_per_second"));
}

TEST(GbenchTest, PercentilesAndRatesAreCounters) {
  const ordered_json entry = gbenchOf({roundTrips(0, {100, 100, 900})}).at("benchmarks").at(0);
  EXPECT_EQ(entry["p50_ns"], 100);
  EXPECT_EQ(entry["p999_ns"], 900);
  EXPECT_EQ(entry["max_ns"], 900);
  EXPECT_EQ(entry["items_per_second"], 6);
  EXPECT_EQ(entry["msgs_per_second"], 6);
  EXPECT_EQ(entry["bytes_per_second"], 384);
}

TEST(GbenchTest, ARepetitionThatIsNotTimedHasTheMeanTimeOfAMessage) {
  const ordered_json entry = gbenchOf({rate(0, 1'000'000)}).at("benchmarks").at(0);
  EXPECT_EQ(entry["real_time"], 500);
  EXPECT_EQ(entry["cpu_time"], 500) << "nobody counted CPU seconds";
  EXPECT_EQ(entry["threads"], 3);
}

TEST(GbenchTest, HasAnAggregateForEachPercentileAndNoneOfAnythingElse) {
  const ordered_json entries = entriesOf(gbenchOf(threeAndARate()), "aggregate");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0]["name"], kRoundTripCell + "/p50");
  EXPECT_EQ(entries[1]["aggregate_name"], "p99");
  EXPECT_EQ(entries[2]["aggregate_name"], "p999");
  EXPECT_EQ(entries[0]["run_name"], kRoundTripCell);
  EXPECT_EQ(entries[0]["real_time"], 200);
  EXPECT_EQ(entries[0]["cpu_time"], 200);
  EXPECT_THAT(keysOf(entries[0]),
              ElementsAre("name", "family_index", "per_family_instance_index", "run_name",
                          "run_type", "repetitions", "threads", "aggregate_name", "aggregate_unit",
                          "iterations", "real_time", "cpu_time", "time_unit"));
  for (const ordered_json& entry : entries) EXPECT_EQ(entry["aggregate_unit"], "time");
}

TEST(GbenchTest, AggregatesAreThoseOfTheMetricsThatAreWanted) {
  ExportTerms terms = exportTerms();
  terms.only = {"rtt_ns_max", "messages_per_s"};
  const ordered_json entries = entriesOf(gbenchOf(threeAndARate(), terms), "aggregate");
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0]["aggregate_name"], "max");
}

TEST(GbenchTest, CellsOfAScenarioAreAFamily) {
  Record other = roundTrips(0, {100});
  other.cell += "/wait=yield";
  const ordered_json entries =
      entriesOf(gbenchOf({roundTrips(0, {100}), other, rate(0, 10)}), "iteration");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0]["family_index"], 0);
  EXPECT_EQ(entries[1]["family_index"], 0);
  EXPECT_EQ(entries[1]["per_family_instance_index"], 1);
  EXPECT_EQ(entries[2]["family_index"], 1);
  EXPECT_EQ(entries[2]["per_family_instance_index"], 0);
}

TEST(GbenchTest, WhatFailedOrWasInvalidIsAnErrorWithoutTimes) {
  const Record failed = notOk(roundTrips(0, {100}), Status::Failed, "consumer 0 was killed");
  Record invalid = roundTrips(1, {100});
  invalid.status = Status::Invalid;
  invalid.reason = "saturated";
  const ordered_json entries = entriesOf(gbenchOf({failed, invalid}), "iteration");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0]["error_message"], "failed: consumer 0 was killed");
  EXPECT_EQ(entries[1]["error_message"], "invalid: saturated");
  for (const ordered_json& entry : entries) {
    EXPECT_EQ(entry["error_occurred"], true);
    EXPECT_EQ(entry["real_time"], 0);
    EXPECT_EQ(entry["cpu_time"], 0);
    EXPECT_EQ(entry["iterations"], 0);
    EXPECT_FALSE(entry.contains("p50_ns"));
  }
}

TEST(GbenchTest, WhatWasSkippedSaysWhy) {
  const ordered_json entry =
      gbenchOf({notOk(rate(0, 1), Status::Skipped, "one node")}).at("benchmarks").at(0);
  EXPECT_EQ(entry["skipped"], true);
  EXPECT_EQ(entry["skip_message"], "one node");
  EXPECT_FALSE(entry.contains("error_occurred"));
}

TEST(GbenchTest, NotesAreTheLabel) {
  Record record = rate(0, 10);
  record.notes = {"loaded machine", "3 workers share 2 CPUs"};
  EXPECT_EQ(gbenchOf({record})["benchmarks"][0]["label"], "loaded machine; 3 workers share 2 CPUs");
}

TEST(GbenchTest, ANumberThatIsNotFiniteIsNullAndSaysWhy) {
  Record record = roundTrips(0, {100});
  record.metrics["messages_per_s"] = std::numeric_limits<double>::infinity();
  const ordered_json entry = gbenchOf({record})["benchmarks"][0];
  EXPECT_EQ(entry["items_per_second"], nullptr);
  EXPECT_EQ(entry["items_per_second_status"], "infinite");
}

// --- Bencher ------------------------------------------------------------------------------------

TEST(BmfTest, HasMeasuresBySlugWithTheRangeOfTheRepetitions) {
  const auto bmf = ordered_json::parse(exported("bmf", threeAndARate()).text());
  EXPECT_THAT(keysOf(bmf), ElementsAre(kRoundTripCell, kRateCell));
  EXPECT_THAT(keysOf(bmf[kRoundTripCell]),
              ElementsAre("latency", "p99", "p99-9", "throughput", "cpu-s-per-million"));
  EXPECT_EQ(bmf[kRoundTripCell]["latency"],
            ordered_json({{"value", 200.0}, {"lower_value", 100.0}, {"upper_value", 300.0}}));
  EXPECT_EQ(bmf[kRateCell]["throughput"]["value"], 2e6);
}

TEST(BmfTest, TakesOnlyWhatIsOkAndSaysSo) {
  const Exported bmf = exported(
      "bmf", {roundTrips(0, {100}), notOk(roundTrips(1, {9}), Status::Invalid, "saturated")});
  EXPECT_EQ(ordered_json::parse(bmf.text())[kRoundTripCell]["latency"]["value"], 100);
  EXPECT_THAT(bmf.left_out, ElementsAre(HasSubstr("repetition 1, invalid: saturated")));
  EXPECT_EQ(exported("bmf", {notOk(rate(0, 1), Status::Skipped, "one node")}).text(), "{}\n");
}

// --- github-action-benchmark --------------------------------------------------------------------

TEST(GithubActionBenchmarkTest, HasAFileForEachDirection) {
  const Exported both = exported("github-action-benchmark", threeAndARate());
  ASSERT_EQ(both.files.size(), 2U);
  EXPECT_EQ(both.files[0].name, "smaller-is-better.json");
  EXPECT_EQ(both.files[1].name, "bigger-is-better.json");
  const auto smaller = ordered_json::parse(both.files[0].text);
  const auto bigger = ordered_json::parse(both.files[1].text);
  ASSERT_EQ(smaller.size(), 4U) << "p50, p99, p999, CPU seconds";
  EXPECT_EQ(smaller[0], ordered_json({{"name", kRoundTripCell + "/p50"},
                                      {"unit", "ns"},
                                      {"value", 200.0},
                                      {"range", "± 100"},
                                      {"extra", "3 of 3 repetitions, 100 to 300"}}));
  ASSERT_EQ(bigger.size(), 2U);
  EXPECT_EQ(bigger[1]["name"], kRateCell + "/messages_per_s");
  EXPECT_EQ(bigger[1]["unit"], "1/s");
  EXPECT_EQ(bigger[1]["value"], 2e6);
  EXPECT_THAT(both.left_out, IsEmpty());
}

TEST(GithubActionBenchmarkTest, TakesOnlyTheMetricsThatAreWantedAndWhatIsOk) {
  ExportTerms terms = exportTerms();
  terms.only = {"rtt_ns_p99"};
  const Exported both =
      exported("github-action-benchmark",
               {roundTrips(0, {100}), notOk(rate(0, 1), Status::Failed, "hung")}, terms);
  EXPECT_EQ(ordered_json::parse(both.files.at(0).text).size(), 1U);
  EXPECT_EQ(both.files.at(1).text, "[]\n");
  EXPECT_THAT(both.left_out, ElementsAre(HasSubstr("repetition 0, failed: hung")));
}

}  // namespace
}  // namespace ringside::results
