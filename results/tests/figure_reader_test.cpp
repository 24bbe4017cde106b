#include "results/figure_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "results/json_cursor.hpp"
#include "results/statistics/random_numbers.hpp"

namespace ringside::results {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kManyMessages = 20'000;

/// A round trip with histograms and all metrics, as a run writes it.
Record roundTrip(std::uint64_t messages = kManyMessages, std::uint64_t undisturbed = 15'000) {
  Record record;
  record.suite = "quick";
  record.cell = "quick/round-trip/spsc/1p1c/el=8/cap=144/same_l3/rate=10000";
  record.repetition = 3;
  record.notes = {"loaded machine"};
  record.axes.workload = "ping_pong";
  record.axes.queue = "spsc";
  record.axes.placement = "same_l3";
  record.axes.element_size_bytes = 8;
  record.axes.capacity = 144;
  record.axes.rate_per_s = 1e4;
  record.axes.arrivals = "poisson";
  record.axes.seed = 7;
  record.axes.numa_node = 1;
  record.axes.lock_memory = true;
  record.obtained.emplace().canary = {.before_ns = 50.5, .after_ns = 51};
  record.obtained->workers = {{.name = "producer \"0\"", .before = {.node_pages = {{0, 9}}}}};
  record.validation = {.sent = messages, .received = messages};
  record.seconds = 0.25;
  RandomNumbers random(1);
  auto& all = record.histograms["rtt_ns"] = std::make_shared<Histogram>();
  auto& clean = record.histograms["rtt_ns_clean"] = std::make_shared<Histogram>();
  for (std::uint64_t i = 0; i < messages; ++i) {
    const std::uint64_t ns = 150 + random.below(100);
    all->record(ns);
    if (i < undisturbed) clean->record(ns);
  }
  record.metrics["disturbed_fraction"] =
      1 - static_cast<double>(undisturbed) / static_cast<double>(messages);
  record.metrics["floor_ns"] = 40;
  record.metrics["cpu_s_per_million"] = 0.5;
  fillMetrics(record, messages);
  return record;
}

FiguresOfLine quickly(const std::string& line) {
  return FigureReader({.shifts = Shifts::LeaveOut}).read(line);
}

std::string refusalOf(const std::string& line) {
  try {
    quickly(line);
  } catch (const RecordError& error) {
    return error.what();
  }
  return "accepted";
}

/// Of all metrics, name by name, what one side has.
std::map<std::string, std::vector<double>> gatheredOf(const Record& record) {
  Gathering gathering({.shifts = Shifts::LeaveOut});
  gathering.add("A", record.cell, record);
  std::map<std::string, std::vector<double>> values;
  for (const GatheredRow& row : gathering.cells().at(0).metrics) {
    for (const GatheredValue& one : row.of(0)) values[row.name] = {one.value, one.over_floor};
  }
  return values;
}

TEST(FigureReaderTest, HasTheSameOfARecordAsAReaderThatDecodesEverything) {
  const std::string line = toJson(roundTrip());
  const Record quick = quickly(line).record;
  const Record whole = fromJson(line);
  EXPECT_EQ(quick.axes, whole.axes);
  EXPECT_EQ(quick.cell, whole.cell);
  EXPECT_EQ(quick.suite, whole.suite);
  EXPECT_EQ(quick.repetition, whole.repetition);
  EXPECT_EQ(quick.notes, whole.notes);
  EXPECT_EQ(quick.validation, whole.validation);
  EXPECT_EQ(quick.seconds, whole.seconds);
  EXPECT_EQ(quick.obtained->canary, whole.obtained->canary);
  EXPECT_THAT(quick.histograms, IsEmpty());
  EXPECT_EQ(gatheredOf(quick), gatheredOf(whole));
  EXPECT_EQ(gatheredOf(quick).size(), 7U);
}

TEST(FigureReaderTest, DecodesHistogramsWhereSoFewMessagesAreThatSomePercentilesMeanNothing) {
  for (const std::uint64_t undisturbed : {50U, 99U, 100U, 2000U}) {
    const std::string line = toJson(roundTrip(3000, undisturbed));
    const auto found = gatheredOf(quickly(line).record);
    EXPECT_EQ(found, gatheredOf(fromJson(line))) << undisturbed;
    EXPECT_EQ(found.contains("rtt_ns_p99_clean"), undisturbed >= 100) << undisturbed;
  }
}

TEST(FigureReaderTest, DecodesHistogramsWhereAMetricIsNotStored) {
  Record old = roundTrip();
  old.metrics.erase("rtt_ns_p999");
  const std::string line = toJson(old);
  EXPECT_EQ(gatheredOf(quickly(line).record), gatheredOf(fromJson(line)));
  EXPECT_EQ(gatheredOf(quickly(line).record).size(), 7U);
}

TEST(FigureReaderTest, DecodesHistogramsWhereShiftsAreGathered) {
  const std::string line = toJson(roundTrip());
  const Record record = FigureReader({.shifts = Shifts::Gather}).read(line).record;
  EXPECT_EQ(record.histograms.size(), 2U);
}

TEST(FigureReaderTest, WorksOutRatesThatAnOldRecordDoesNotHave) {
  Record old = roundTrip();
  old.axes.workload = "throughput";
  old.histograms.clear();
  old.metrics.clear();
  const auto found = gatheredOf(quickly(toJson(old)).record);
  EXPECT_THAT(found.at("messages_per_s"), ElementsAre(4 * kManyMessages, -1));
}

TEST(FigureReaderTest, SaysWhichBundleARecordOfAMergedOneComesFrom) {
  ordered_json json = ordered_json::parse(toJson(roundTrip()));
  json["origin"] = {{"bundle", "quick-1"}, {"repetition", 0}};
  EXPECT_EQ(quickly(json.dump()).origin, "quick-1");
  EXPECT_EQ(FigureReader({}).read(json.dump()).origin, "quick-1");
  EXPECT_EQ(quickly(toJson(roundTrip())).origin, "");
}

TEST(FigureReaderTest, ReadsWhatIsWrittenWithBlanksAndEscapes) {
  Record failed = roundTrip();
  failed.status = Status::Failed;
  failed.reason = "lost \"3\" \\ {of} them\n";
  const std::string line = ordered_json::parse(toJson(failed)).dump(2);
  const Record record = quickly(line).record;
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_EQ(record.reason, failed.reason);
  EXPECT_EQ(record.axes, failed.axes);
}

TEST(FigureReaderTest, RefusesWhatAnyReaderRefuses) {
  const ordered_json good = ordered_json::parse(toJson(roundTrip()));
  for (const char* key : {"suite", "cell", "repetition", "status", "axes", "schema"}) {
    ordered_json bad = good;
    bad.erase(key);
    EXPECT_THAT(refusalOf(bad.dump()), HasSubstr(key));
  }
  for (const char* key : {"workload", "queue", "placement", "producers", "consumers", "capacity",
                          "element_size_bytes"}) {
    ordered_json bad = good;
    bad["axes"].erase(key);
    EXPECT_THAT(refusalOf(bad.dump()), HasSubstr(key));
  }
  ordered_json bad = good;
  bad["schema"] = 2;
  EXPECT_THAT(refusalOf(bad.dump()), HasSubstr("schema"));
  bad = good;
  bad["obtained"]["canary_ns"] = {0, 1};
  EXPECT_THAT(refusalOf(bad.dump()), HasSubstr("canary_ns"));
  bad = good;
  bad["validation"].erase("lost");
  EXPECT_THAT(refusalOf(bad.dump()), HasSubstr("lost"));
}

TEST(FigureReaderTest, RefusesALineThatIsCutOffAnywhere) {
  const std::string line = toJson(roundTrip(10, 5));
  for (std::size_t length = 1; length < line.size(); length += 7) {
    EXPECT_NE(refusalOf(line.substr(0, length)), "accepted") << length;
  }
  EXPECT_NE(refusalOf(line + "}"), "accepted");
}

TEST(JsonCursorTest, StepsOverAnyValueAndReadsWhatIsBehindIt) {
  for (const char* value : {"1", "-2.5e3", "true", "null", R"("a\"b\\")",
                            R"({"x": [1, {"y": "}"}]})", "[]", "{}", R"([ "]", [ ] ])"}) {
    const std::string text = std::string(R"({"skipped": )") + value + R"( , "kept": 7 })";
    JsonCursor cursor(text);
    int kept = 0;
    cursor.members([&](std::string_view key) {
      if (key == "kept") {
        kept = cursor.number<int>();
      } else {
        cursor.skip();
      }
    });
    EXPECT_TRUE(cursor.isGood() && cursor.isAtEnd()) << text;
    EXPECT_EQ(kept, 7) << text;
  }
}

}  // namespace
}  // namespace ringside::results
