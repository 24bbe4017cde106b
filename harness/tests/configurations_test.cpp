#include "harness/compare/configurations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compared_bundles.hpp"
#include "harness/compare/compare_report.hpp"
#include "harness/compare/compare_table.hpp"
#include "results/statistics/random_numbers.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::RandomNumbers;
using results::Record;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Places = std::vector<std::vector<std::size_t>>;

/// Noise of a repetition, and of a run with all of its repetitions.
constexpr double kOfRepetition = 0.02;
constexpr double kOfRun = 0.03;

MadeMachine machineNamed(const std::string& host) {
  return {.host = host, .cpu = host, .id = host, .fingerprint = host};
}

/// A round trip in one class, as a machine with this floor has it.
Record roundTrip(const std::string& placement, double ns, double floor_ns,
                 std::uint32_t repetition) {
  Record record = madeRecord(0, repetition);
  record.cell = "made/round-trip/spsc/1p1c/el=64/cap=144/" + placement;
  record.axes.workload = "ping_pong";
  record.axes.placement = placement;
  record.metrics = {
      {"messages", 1e6}, {"rtt_ns_p50", ns}, {"rtt_ns_p99", 2 * ns}, {"floor_ns", floor_ns}};
  return record;
}

/// One run of a machine that is slower by a factor: a level of its own, and noise about it.
std::vector<Record> runOf(double factor, RandomNumbers& random, std::uint32_t repetitions = 5) {
  const double level = 200 * factor * (1 + kOfRun * random.uniform());
  std::vector<Record> records;
  for (std::uint32_t i = 0; i < repetitions; ++i) {
    const double ns = level * (1 + kOfRepetition * random.uniform());
    records.push_back(roundTrip("same_core", ns, 30 * factor, i));
    records.push_back(roundTrip("same_l3", 2 * ns, 60 * factor, i));
  }
  return records;
}

/// Machines of these factors, each with so many runs.
CompareReport comparedBy(const std::string& key, const std::vector<double>& factors,
                         std::uint64_t seed, int runs) {
  const MadeBundles bundles;
  RandomNumbers random(seed);
  CompareRequest request{.by = key};
  for (std::size_t machine = 0; machine < factors.size(); ++machine) {
    const std::string host = "host-" + std::to_string(machine);
    for (int run = 0; run < runs; ++run) {
      request.bundles.push_back(bundles.add(host + "-" + std::to_string(run),
                                            runOf(factors[machine], random), machineNamed(host)));
    }
  }
  return compareBundles(request);
}

const ConfigurationRow& rowOf(const CompareReport& report, const std::string& metric,
                              const std::string& placement) {
  for (const ConfigurationRow& row : report.configurations->rows) {
    if (row.metric == metric && row.placement == placement) return row;
  }
  throw std::runtime_error("no " + metric + " in " + placement);
}

ordered_json jsonOf(const CompareReport& report) {
  return ordered_json::parse(compareJson(report))["configurations"];
}

// --- what is known ------------------------------------------------------------------------------

TEST(ConfigurationsTest, RanksMachinesThatDifferByAKnownFactor) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const int runs : {1, 4}) {
      const CompareReport report = comparedBy("host", {1.3, 1, 1.7}, seed, runs);
      for (const char* metric : {"rtt_ns_p50", "rtt_ns_p99"}) {
        for (const char* placement : {"same_core", "same_l3"}) {
          const ConfigurationRow& row = rowOf(report, metric, placement);
          EXPECT_EQ(row.ranking, (Places{{1}, {0}, {2}})) << metric << placement << seed;
          EXPECT_NEAR(row.values[2].absolute.median / row.values[1].absolute.median, 1.7, 0.1);
        }
      }
    }
  }
}

TEST(ConfigurationsTest, DoesNotRankMachinesWhoseDifferenceLiesWithinTheNoise) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const CompareReport report = comparedBy("host", {1, 1.002}, seed, 6);
    const ConfigurationRow& row = rowOf(report, "rtt_ns_p99", "same_l3");
    EXPECT_THAT(row.ranking, IsEmpty()) << seed;
    EXPECT_EQ(row.why_not, "cannot be told apart: their intervals overlap") << seed;
  }
}

TEST(ConfigurationsTest, OfMachinesThatAreAlikeRanksOneInAHundredByChance) {
  // Five repetitions each, of one run that has no level of its own.
  constexpr int kTries = 400;
  int ranked = 0;
  RandomNumbers random(7);
  results::MedianBootstrap bootstrap(0.95);
  for (int i = 0; i < kTries; ++i) {
    const auto drawn = [&] {
      std::vector<std::vector<double>> block(1);
      for (int k = 0; k < 5; ++k) block[0].push_back(random.uniform());
      return bootstrap.of(block);
    };
    const results::BootstrapMedian a = drawn();
    const results::BootstrapMedian b = drawn();
    ranked += a.high < b.low || b.high < a.low ? 1 : 0;
  }
  EXPECT_LE(ranked, kTries * 3 / 100);
}

TEST(ConfigurationsTest, SetsApartWhatPartsAndKeepsTogetherWhatDoesNot) {
  const CompareReport report = comparedBy("host", {1, 1.5, 1.001}, 3, 6);
  EXPECT_EQ(rowOf(report, "rtt_ns_p50", "same_core").ranking.size(), 2U);
  EXPECT_THAT(rowOf(report, "rtt_ns_p50", "same_core").ranking.at(1), ElementsAre(1));
}

TEST(ConfigurationsTest, HasTheSameIntervalsEachTime) {
  const auto once = jsonOf(comparedBy("host", {1, 1.3}, 5, 3));
  EXPECT_EQ(once["rows"], jsonOf(comparedBy("host", {1, 1.3}, 5, 3))["rows"]);
}

TEST(ConfigurationsTest, WhereIntervalsOverlapInAChainCountsHowManyAreSurelyBetter) {
  const MadeBundles bundles;
  CompareRequest request{.by = "host"};
  for (int machine = 0; machine < 5; ++machine) {
    std::vector<Record> records;
    for (std::uint32_t i = 0; i < 5; ++i) {
      records.push_back(roundTrip("same_core", 100 + 10 * machine + 4 * i, 50, i));
    }
    const std::string host = "host-" + std::to_string(machine);
    request.bundles.push_back(bundles.add(host, records, machineNamed(host)));
  }
  const ConfigurationRow row = rowOf(compareBundles(request), "rtt_ns_p50", "same_core");
  EXPECT_THAT(row.ranking, IsEmpty());
  EXPECT_EQ(row.why_not, "no ranking: some part, but between them each overlaps the next");
  std::vector<std::uint32_t> beaten_by;
  for (const ConfigurationValue& value : row.values) beaten_by.push_back(value.beaten_by);
  EXPECT_THAT(beaten_by, ElementsAre(0, 0, 1, 2, 3));
}

// --- what stands beside what --------------------------------------------------------------------

TEST(ConfigurationsTest, GivesMultiplesOfEachMachinesOwnFloor) {
  const CompareReport report = comparedBy("host", {1, 2}, 1, 1);
  const ConfigurationRow& row = rowOf(report, "rtt_ns_p50", "same_core");
  EXPECT_NEAR(row.values[0].over_floor->median, 200 / 60.0, 0.2);
  EXPECT_NEAR(row.values[1].over_floor->median, row.values[0].over_floor->median, 0.2);
  EXPECT_LE(row.values[0].over_floor->low, row.values[0].over_floor->median);
  EXPECT_NEAR(*row.values[1].floor_ns, 60, 1e-9);
}

TEST(ConfigurationsTest, HasOnlyClassesThatAllHaveAndNamesTheOthers) {
  const MadeBundles bundles;
  RandomNumbers random(1);
  std::vector<Record> more = runOf(1, random);
  for (std::uint32_t i = 0; i < 5; ++i) more.push_back(roundTrip("cross_node", 900, 150, i));
  std::vector<Record> less = runOf(1, random);
  less.push_back(roundTrip("cross_node", 1, 1, 0));
  less.back().status = results::Status::Skipped;
  less.back().reason = "one NUMA node";
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", more, machineNamed("a")),
                                  bundles.add("b", less, machineNamed("b"))},
                      .by = "host"});
  for (const ConfigurationRow& row : report.configurations->rows) {
    EXPECT_NE(row.placement, "cross_node");
  }
  ASSERT_THAT(report.configurations->left_out, SizeIs(1));
  const NotInAll& left_out = report.configurations->left_out.front();
  EXPECT_EQ(left_out.placement, "cross_node");
  EXPECT_THAT(left_out.lacking, ElementsAre(1));
  EXPECT_EQ(left_out.reason, "one NUMA node");
  EXPECT_THAT(compareTable(report, Distributions::Hide, {}),
              HasSubstr("cross_node (1 cell): not in b (one NUMA node)"));
}

TEST(ConfigurationsTest, CellsOfCpusThatWereNamedMeetWhereverTheseAre) {
  const MadeBundles bundles;
  const auto at = [](const std::string& cpus, double ns) {
    std::vector<Record> records;
    for (std::uint32_t i = 0; i < 5; ++i) {
      records.push_back(roundTrip("cpus:" + cpus, ns + i, 50, i));
    }
    return records;
  };
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", at("0,1", 200), machineNamed("a")),
                                  bundles.add("b", at("4,9", 300), machineNamed("b"))},
                      .by = "host"});
  const ConfigurationRow& row = rowOf(report, "rtt_ns_p99", "cpus");
  EXPECT_EQ(row.cell, "made/round-trip/spsc/1p1c/el=64/cap=144");
  EXPECT_EQ(row.ranking, (Places{{0}, {1}}));
}

TEST(ConfigurationsTest, TakesTheRunsOfAMergedBundleForRuns) {
  const MadeBundles bundles;
  RandomNumbers random(1);
  const auto merged = bundles.add("merged", {}, machineNamed("a"));
  std::ofstream lines(merged / "records.jsonl");
  for (const char* run : {"monday", "tuesday", "friday"}) {
    for (const Record& record : runOf(1, random)) {
      ordered_json line = ordered_json::parse(results::toJson(record));
      line["origin"] = {{"bundle", run}, {"repetition", 0}};
      lines << line.dump() << "\n";
    }
  }
  lines.close();
  const CompareReport report = compareBundles(
      {.bundles = {merged, bundles.add("b", runOf(2, random), machineNamed("b"))}, .by = "host"});
  EXPECT_EQ(rowOf(report, "rtt_ns_p99", "same_l3").values[0].bundles, 3U);
  EXPECT_EQ(rowOf(report, "rtt_ns_p99", "same_l3").values[1].bundles, 1U);
  const ordered_json names = jsonOf(report)["names"];
  EXPECT_TRUE(names[0]["holds_days"]);
  EXPECT_FALSE(names[1]["holds_days"]);
}

TEST(ConfigurationsTest, DoesNotRankWhatFailedOrWasRepeatedTooSeldom) {
  const MadeBundles bundles;
  RandomNumbers random(1);
  std::vector<Record> failing = runOf(1, random);
  failing.front().status = results::Status::Failed;
  failing.front().reason = "lost 3";
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", failing, machineNamed("a")),
                                  bundles.add("b", runOf(2, random), machineNamed("b")),
                                  bundles.add("c", runOf(3, random, 3), machineNamed("c"))},
                      .by = "host"});
  const ConfigurationRow& row = rowOf(report, "rtt_ns_p99", "same_core");
  EXPECT_THAT(row.ranking, IsEmpty());
  EXPECT_EQ(row.why_not, "fewer than two have 4 repetitions that are ok");
  ASSERT_THAT(row.not_ranked, SizeIs(2));
  EXPECT_EQ(row.not_ranked[0].why, "1 of 5 repetitions failed: lost 3");
  EXPECT_EQ(row.not_ranked[1].why, "3 repetitions, and 4 are needed");
}

// --- how it is told -----------------------------------------------------------------------------

TEST(ConfigurationsTest, SaysInEveryFormatWhatTheIntervalsAreConfoundedWith) {
  const CompareReport report = comparedBy("host", {1, 1.3}, 1, 1);
  for (const Format format : {Format::Table, Format::Markdown, Format::Json, Format::Csv}) {
    EXPECT_THAT(renderComparison(report, format, Distributions::Hide),
                HasSubstr("confounded with time and neighbours"));
  }
}

TEST(ConfigurationsTest, OfValuesOfAnAxisSaysNothingOfMachines) {
  const MadeBundles bundles;
  RandomNumbers random(1);
  std::vector<Record> records = runOf(1, random);
  for (Record other : runOf(1.5, random)) {
    other.axes.memory = "memfd";
    other.cell += "/mem=memfd";
    records.push_back(other);
  }
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", records)}, .by = "backing"});
  EXPECT_EQ(rowOf(report, "rtt_ns_p50", "same_core").ranking, (Places{{0}, {1}}));
  EXPECT_TRUE(jsonOf(report)["label"].is_null());
  EXPECT_THAT(compareTable(report, Distributions::Hide, {}),
              AllOf(HasSubstr("configurations by backing, of the same runs"),
                    Not(HasSubstr("differs between days"))));
}

TEST(ConfigurationsTest, WithoutAKeyThereAreNone) {
  const MadeBundles bundles;
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6))}});
  EXPECT_TRUE(jsonOf(report).is_null());
}

TEST(ConfigurationsTest, OfMoreCellsThanAreComparedCsvHasTheConfigurations) {
  CompareReport report = comparedBy("host", {1, 1.3}, 1, 1);
  report.cells.clear();
  const std::string csv = compareCsv(report, Distributions::Hide);
  EXPECT_THAT(csv, StartsWith("question,metric,unit,better,placement,cell,"));
  EXPECT_THAT(csv, HasSubstr(",\"host-1\","));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 4 * 2);
}

TEST(ConfigurationsTest, OfManyMachinesTheTableNamesSomeAndSaysHowManyMore) {
  std::vector<double> factors;
  for (int i = 0; i < 14; ++i) factors.push_back(1 + 0.2 * i);
  const CompareReport report = comparedBy("host", factors, 1, 1);
  const std::string table = compareTable(report, Distributions::Hide, {.columns = 80});
  EXPECT_THAT(table, AllOf(HasSubstr("and 4 more bundles, which --format json names"),
                           HasSubstr("… 7 others"), HasSubstr("  host-13 "),
                           HasSubstr("cell by cell is left out"), Not(HasSubstr("ratio to"))));
  for (std::size_t at = 0; at < table.size(); at = table.find('\n', at) + 1) {
    EXPECT_LE(table.find('\n', at) - at, 100U) << table.substr(at, 120);  // bytes, not characters
  }
  EXPECT_EQ(jsonOf(report)["rows"].size(), 4U);
  EXPECT_EQ(jsonOf(report)["rows"][0]["values"].size(), 14U);
}

}  // namespace
}  // namespace ringside::harness
