#include "harness/compare/compare_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "compared_bundles.hpp"
#include "harness/compare/grouping.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Verdict;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string refusalOf(const CompareRequest& request) {
  try {
    compareBundles(request);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

std::vector<std::string> labelsOf(const CompareReport& report) {
  std::vector<std::string> labels;
  for (const ComparedSide& side : report.sides) labels.push_back(side.label);
  return labels;
}

const results::Contrast& firstContrast(const CompareReport& report) {
  return report.cells.at(0).metrics.at(0).contrasts.at(0);
}

Record withMemory(Record record, const std::string& memory) {
  record.axes.memory = memory;
  if (memory != "posix_shm") record.cell += "/mem=" + memory;
  return record;
}

/// Both kinds of memory, the second one slower by this factor.
std::vector<Record> memoryRecords(double factor) {
  std::vector<Record> records;
  for (std::uint32_t i = 0; i < 5; ++i) {
    records.push_back(withMemory(madeRecord(factor * 1e6, i), "memfd"));
    records.push_back(withMemory(madeRecord(1e6, i), "posix_shm"));
  }
  return records;
}

// --- bundle by bundle ---------------------------------------------------------------------------

TEST(CompareReportTest, JudgesTwoRunsOfOneMachineAndSaysThatRunsDrift) {
  const MadeBundles bundles;
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(0.5e6))}});
  EXPECT_THAT(labelsOf(report), ElementsAre("A", "B"));
  EXPECT_EQ(firstContrast(report).judgement.verdict, Verdict::Worse);
  EXPECT_THAT(report.notes, Contains(AllOf(HasSubstr("drifts"), HasSubstr("`ringside gate`"))));
  EXPECT_THAT(report.differences, IsEmpty());
}

TEST(CompareReportTest, JudgesNothingBetweenMachines) {
  const MadeBundles bundles;
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", madeRecords(1e6)),
                                  bundles.add("b", madeRecords(0.5e6), other)}});
  EXPECT_FALSE(firstContrast(report).judgement.verdict.has_value());
  EXPECT_NEAR(firstContrast(report).ratio->estimate, 0.5, 0.01);
  EXPECT_THAT(
      report.notes,
      ElementsAre("B beside A: between-machine, confounded with time and neighbours (not of "
                  "one machine in one state, for cpu differs); ratios are reported, nothing "
                  "is judged"));
}

TEST(CompareReportTest, JudgesEachCandidateByItsOwnMachine) {
  const MadeBundles bundles;
  const MadeMachine other = {.governor = "powersave", .fingerprint = "2222222222222222"};
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6), other),
                   bundles.add("c", madeRecords(1e6))}});
  const auto& contrasts = report.cells.at(0).metrics.at(0).contrasts;
  EXPECT_FALSE(contrasts.at(0).judgement.verdict.has_value());
  EXPECT_EQ(contrasts.at(1).judgement.verdict, Verdict::Same);
}

TEST(CompareReportTest, JudgesNothingWhereABundleDoesNotSayWhichMachineItIsOf) {
  const MadeBundles bundles;
  const CompareReport report = compareBundles(
      {.bundles = {bundles.addWith("a", madeRecords(1e6), ""),
                   bundles.addWith("b", madeRecords(1e6), R"({"cpu": {"model": "Old"}})")}});
  EXPECT_FALSE(firstContrast(report).judgement.verdict.has_value());
  EXPECT_THAT(report.notes, Contains(HasSubstr("not every bundle says which machine it is of")));
}

TEST(CompareReportTest, FindsWhatDiffersButNotWhatIsAnotherEachMoment) {
  const MadeBundles bundles;
  const MadeMachine other = {.host = "two", .binary_hash = "bbbbbbbbbbbbbbbb"};
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6), other)}});
  std::vector<std::string> facts;
  for (const Difference& difference : report.differences) facts.push_back(difference.fact);
  EXPECT_THAT(facts, ElementsAre("binary_hash", "machine.host"));
  EXPECT_THAT(report.differences.at(1).values, ElementsAre("one", "two"));
}

TEST(CompareReportTest, TellsOfPluginsHugePagePoolsAndRevisionsThatDiffer) {
  const MadeBundles bundles;
  const auto with = [](const std::string& hash, const std::string& pages) {
    nlohmann::json json = nlohmann::json::parse(environmentOf({}));
    json["plugins"] = {{{"file", "/of/" + hash + "/libmine.so"}, {"fnv1a", hash}}, "damaged"};
    json["memory"]["huge_page_pools"]["node0"]["2048kB"] = {{"total", pages}, {"free", hash}};
    json["working_tree"]["revision"] = hash;
    return json.dump();
  };
  const CompareReport report =
      compareBundles({.bundles = {bundles.addWith("a", madeRecords(1e6), with("01", "8")),
                                  bundles.addWith("b", madeRecords(1e6), with("02", "0"))}});
  std::map<std::string, std::vector<std::string>> found;
  for (const Difference& one : report.differences) found[one.fact] = one.values;
  EXPECT_THAT(found, SizeIs(3));
  EXPECT_THAT(found["plugin.libmine.so"], ElementsAre("01", "02"));
  EXPECT_THAT(found["memory.huge_page_pools.node0.2048kB.total"], ElementsAre("8", "0"));
  EXPECT_THAT(found["working_tree.revision"], ElementsAre("01", "02"));
}

TEST(CompareReportTest, SaysSoWhenNoCellIsThereTwice) {
  const MadeBundles bundles;
  std::vector<Record> others = madeRecords(1e6);
  for (Record& record : others) record.cell = "other/throughput/spsc/1p1c";
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", others)}});
  EXPECT_THAT(report.notes, Contains(HasSubstr("no cell is there twice")));
  EXPECT_THAT(report.cells, SizeIs(2));
}

// --- by a key -----------------------------------------------------------------------------------

TEST(CompareReportTest, ComparesTheValuesOfAnAxisWithinOneBundle) {
  const MadeBundles bundles;
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", memoryRecords(0.5))}, .by = "backing"});
  EXPECT_THAT(labelsOf(report), ElementsAre("posix_shm", "memfd"));
  ASSERT_THAT(report.cells, SizeIs(1));
  EXPECT_EQ(report.cells[0].name, "made/throughput/spsc/1p1c/el=64/cap=144/same_l3");
  EXPECT_EQ(firstContrast(report).judgement.verdict, Verdict::Worse);
  EXPECT_THAT(report.notes, Not(Contains(HasSubstr("drifts"))));
}

TEST(CompareReportTest, OfAnAxisAndSeveralMachinesComparesItsValuesWithinEach) {
  const MadeBundles bundles;
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", memoryRecords(0.5)), bundles.add("b", memoryRecords(2), other),
                   bundles.add("c", memoryRecords(0.5))},
       .by = "memory"});
  ASSERT_THAT(report.cells, SizeIs(2));
  EXPECT_EQ(report.cells[0].name, "A, C: made/throughput/spsc/1p1c/el=64/cap=144/same_l3");
  EXPECT_EQ(report.cells[1].name, "B: made/throughput/spsc/1p1c/el=64/cap=144/same_l3");
  const results::ComparedMetric& first = report.cells[0].metrics.at(0);
  EXPECT_EQ(first.values.at(0)->repetitions, 10U);
  EXPECT_EQ(first.contrasts.at(0).judgement.verdict, Verdict::Worse);
  const results::ComparedMetric& second = report.cells[1].metrics.at(0);
  EXPECT_EQ(second.values.at(0)->repetitions, 5U);
  EXPECT_EQ(second.contrasts.at(0).judgement.verdict, Verdict::Better);
  EXPECT_THAT(report.notes, Contains("the repetitions of A, C taken together"));
  EXPECT_THAT(report.notes, Contains(HasSubstr("of 2 machines, or of one in several states: "
                                               "A, C | B; ")));
  EXPECT_THAT(report.notes, Not(Contains(HasSubstr(kBetweenMachines))));
}

TEST(CompareReportTest, NamesNoBaselineBesideItself) {
  const MadeBundles bundles;
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  const MadeMachine third = {.host = "two", .fingerprint = "3333333333333333"};
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6), other),
                   bundles.add("c", madeRecords(1e6), third)},
       .by = "host"});
  EXPECT_THAT(report.notes, Contains(HasSubstr("two beside one: between-machine")));
  EXPECT_THAT(report.notes, Not(Contains(HasSubstr("one, two beside one"))));
}

/// As `auto` placed them.
std::vector<Record> placedRecords(const std::string& placement, double messages_per_s = 1e6) {
  std::vector<Record> records = madeRecords(messages_per_s);
  for (Record& record : records) {
    record.axes.placement = placement;
    record.cell = "made/throughput/spsc/1p1c/el=64/cap=144/" + placement + "/mem=memfd";
  }
  return records;
}

TEST(CompareReportTest, CellsOfTwoMachinesMeetWhereOnlyThePlacementIsAnotherOne) {
  const MadeBundles bundles;
  const MadeMachine other = {.host = "two", .fingerprint = "2222222222222222"};
  const CompareRequest request = {.bundles = {bundles.add("a", placedRecords("same_l3")),
                                              bundles.add("b", placedRecords("same_l2"), other)}};
  for (const char* key : {"", "host"}) {
    CompareRequest by = request;
    by.by = key;
    const CompareReport report = compareBundles(by);
    ASSERT_THAT(report.cells, SizeIs(1)) << key;
    EXPECT_THAT(report.cells[0].name, HasSubstr("/same_l3/"));
    EXPECT_EQ(report.cells[0].sides.at(1).placement, "same_l2");
    EXPECT_TRUE(firstContrast(report).ratio.has_value());
    EXPECT_THAT(report.notes, Not(Contains(HasSubstr("no cell is there twice"))));
  }
}

TEST(CompareReportTest, CellsOfOnePlacementAreNotMistakenForThoseOfAnother) {
  const MadeBundles bundles;
  const MadeMachine other = {.host = "two", .fingerprint = "2222222222222222"};
  std::vector<Record> both = placedRecords("same_l2");
  for (const Record& record : placedRecords("same_core")) both.push_back(record);
  const auto a = bundles.add("a", placedRecords("same_l3"));
  EXPECT_THAT(compareBundles({.bundles = {a, bundles.add("b", both, other)}}).cells, SizeIs(3))
      << "which of both is meant";
  const CompareReport of_one =
      compareBundles({.bundles = {a, bundles.add("c", placedRecords("same_l2"))}});
  EXPECT_THAT(of_one.cells, SizeIs(2)) << "of one machine, where it was asked for";
  EXPECT_THAT(of_one.notes, Contains(HasSubstr("runs of one suite are to be compared")));
}

TEST(CompareReportTest, TakesBundlesTogetherThatAreOfOneProgram) {
  const MadeBundles bundles;
  const MadeMachine old_program = {.binary_hash = "0000000000000000"};
  const CompareReport report =
      compareBundles({.bundles = {bundles.add("a", madeRecords(1e6, 3), old_program),
                                  bundles.add("b", madeRecords(0.5e6, 3)),
                                  bundles.add("c", madeRecords(1e6, 3), old_program),
                                  bundles.add("d", madeRecords(0.5e6, 3))},
                      .by = "binary_hash"});
  EXPECT_THAT(labelsOf(report), ElementsAre("0000000000000000", "aaaaaaaaaaaaaaaa"));
  EXPECT_EQ(firstContrast(report).judgement.verdict, Verdict::Worse) << "six are enough";
}

TEST(CompareReportTest, GivesLongValuesAShortLabel) {
  const MadeBundles bundles;
  const MadeMachine other = {.cpu = "A CPU with a very long name", .fingerprint = "2222"};
  const CompareReport report = compareBundles(
      {.bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6), other)},
       .by = "cpu_model"});
  EXPECT_THAT(labelsOf(report), ElementsAre("#1", "#2"));
  EXPECT_EQ(report.sides.at(1).name, other.cpu);
}

// --- what is refused ----------------------------------------------------------------------------

TEST(CompareReportTest, RefusesOneBundleWithoutAKey) {
  const MadeBundles bundles;
  EXPECT_THAT(refusalOf({.bundles = {bundles.add("a", madeRecords(1e6))}}),
              AllOf(HasSubstr("one bundle"), HasSubstr("--by")));
}

TEST(CompareReportTest, RefusesABundleThatIsNamedTwiceHoweverItIsCalled) {
  const MadeBundles bundles;
  const auto bundle = bundles.add("a", madeRecords(1e6));
  EXPECT_THAT(refusalOf({.bundles = {bundle, bundles.folder() / "." / "a"}}),
              HasSubstr("are the same bundle"));
  std::filesystem::create_directory_symlink(bundle, bundles.folder() / "link");
  EXPECT_THAT(refusalOf({.bundles = {bundle, bundles.folder() / "link"}}),
              HasSubstr("are the same bundle"));
}

TEST(CompareReportTest, RefusesWhatIsNoBundle) {
  const MadeBundles bundles;
  const auto bundle = bundles.add("a", madeRecords(1e6));
  EXPECT_THAT(refusalOf({.bundles = {bundle, bundles.folder() / "none"}}),
              HasSubstr("there is no such folder"));
  EXPECT_THAT(refusalOf({.bundles = {bundle, bundles.folder()}}), HasSubstr("no records.jsonl"));
  EXPECT_THAT(refusalOf({.bundles = {bundle, bundle / "records.jsonl"}}),
              HasSubstr("there is no such folder"));
}

TEST(CompareReportTest, SaysOfTheBundleOfAGateThatItIsOne) {
  const MadeBundles bundles;
  const auto gate = bundles.add("gate", {});
  const auto run = bundles.add("a", madeRecords(1e6));
  std::ofstream(gate / "blocks.jsonl") << "";
  EXPECT_THAT(refusalOf({.bundles = {run, gate}}),
              AllOf(HasSubstr("this is the bundle of a gate"), HasSubstr("gate.md")));
  std::filesystem::remove(gate / "records.jsonl");
  EXPECT_THAT(refusalOf({.bundles = {run, gate}}), HasSubstr("this is the bundle of a gate"));
}

TEST(CompareReportTest, RefusesADamagedEnvironmentAndADamagedRecord) {
  const MadeBundles bundles;
  const auto good = bundles.add("a", madeRecords(1e6));
  EXPECT_THAT(refusalOf({.bundles = {good, bundles.addWith("b", madeRecords(1e6), "{\"cpu\": ")}}),
              AllOf(HasSubstr("b/environment.json is damaged"), HasSubstr("put back")));
  const auto broken = bundles.add("c", madeRecords(1e6));
  std::ofstream(broken / "records.jsonl", std::ios::app) << "{\"schema\": 7}\n";
  EXPECT_THAT(refusalOf({.bundles = {good, broken}}), HasSubstr("c/records.jsonl:6"));
}

TEST(CompareReportTest, RefusesBundlesWithoutRecords) {
  const MadeBundles bundles;
  EXPECT_THAT(refusalOf({.bundles = {bundles.add("a", {}), bundles.add("b", {})}}),
              HasSubstr("none of these bundles has a record"));
}

TEST(CompareReportTest, RefusesAnUnknownKeyAndSaysWhatIsNear) {
  const MadeBundles bundles;
  const CompareRequest request = {
      .bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6))}};
  const auto refusalBy = [&](const std::string& key) {
    CompareRequest by = request;
    by.by = key;
    return refusalOf(by);
  };
  EXPECT_THAT(refusalBy("hosst"), HasSubstr("did you mean 'host'"));
  EXPECT_THAT(refusalBy("huge_page"), HasSubstr("did you mean 'huge_pages'"));
  EXPECT_THAT(refusalBy("memory.totl"), HasSubstr("did you mean 'memory.total'"));
  EXPECT_THAT(refusalBy("host"), HasSubstr("all records have one, so there is nothing"));
}

TEST(CompareReportTest, RefusesAnUnknownMetricOneThatNothingHasAndACellThatIsNotThere) {
  const MadeBundles bundles;
  const CompareRequest request = {
      .bundles = {bundles.add("a", madeRecords(1e6)), bundles.add("b", madeRecords(1e6))}};
  CompareRequest unknown = request;
  unknown.metrics = {"mesages_per_s"};
  EXPECT_THAT(refusalOf(unknown), HasSubstr("did you mean 'messages_per_s'"));
  CompareRequest absent = request;
  absent.metrics = {"rtt_ns_p50"};
  EXPECT_THAT(refusalOf(absent), HasSubstr("no record that is ok has it"));
  CompareRequest nowhere = request;
  nowhere.cell_part = "mpmc";
  EXPECT_THAT(refusalOf(nowhere), AllOf(HasSubstr("--cell mpmc"), HasSubstr("made/throughput")));
}

// --- grouping -----------------------------------------------------------------------------------

std::string cellBy(const std::string& key, const std::string& cell) {
  Record record = madeRecord(1e6);
  record.cell = cell;
  record.axes.producers = 12;
  record.axes.memory = "memfd";
  record.axes.batch = 16;
  return Grouping(key, {}).cellOf(record);
}

TEST(GroupingTest, TakesTheAxisOutOfTheNameOfACell) {
  const std::string cell = "s/memory/spsc/12p1c/el=64/cap=144/same_l3/mem=memfd/batch=16";
  EXPECT_EQ(cellBy("memory", cell), "s/memory/spsc/12p1c/el=64/cap=144/same_l3/batch=16");
  EXPECT_EQ(cellBy("batch", cell), "s/memory/spsc/12p1c/el=64/cap=144/same_l3/mem=memfd");
  EXPECT_EQ(cellBy("placement", cell), "s/memory/spsc/12p1c/el=64/cap=144/mem=memfd/batch=16");
  EXPECT_EQ(cellBy("queue", cell), "s/memory/*/12p1c/el=64/cap=144/same_l3/mem=memfd/batch=16");
  EXPECT_EQ(cellBy("producers", cell),
            "s/memory/spsc/*p1c/el=64/cap=144/same_l3/mem=memfd/batch=16");
  EXPECT_EQ(cellBy("consumers", cell),
            "s/memory/spsc/12p*c/el=64/cap=144/same_l3/mem=memfd/batch=16");
  EXPECT_EQ(cellBy("lock_memory", cell), cell) << "the name does not say it";
}

TEST(GroupingTest, OfALimitTakesOutThePercentileOrTheTime) {
  Record record = madeRecord(1e6);
  record.axes.percentile = "p99";
  record.axes.limit_ns = 1000;
  record.cell = "s/slo/spsc/1p1c/el=64/p99<=1000ns";
  EXPECT_EQ(Grouping("limit_ns", {}).cellOf(record), "s/slo/spsc/1p1c/el=64/p99<=*");
  EXPECT_EQ(Grouping("percentile", {}).cellOf(record), "s/slo/spsc/1p1c/el=64/*<=1000ns");
  record.axes.limit_ns.reset();
  EXPECT_EQ(Grouping("percentile", {}).cellOf(record), record.cell) << "no such label";
}

TEST(GroupingTest, BearsNamesOfAnyForm) {
  for (const char* name : {"", "/", "cell", "a/b/c", "a/b/c/d"}) {
    for (const char* key : {"memory", "queue", "producers"}) EXPECT_NO_THROW(cellBy(key, name));
  }
}

TEST(GroupingTest, KnowsTheValueOfEveryAxis) {
  for (const Axis& axis : allAxes()) {
    Record record = madeRecord(1e6);
    record.axes.rate_per_s = 5e5;
    Grouping grouping(std::string(axis.name), {});
    EXPECT_FALSE(grouping.valueOf(0, record).empty()) << axis.name;
  }
  EXPECT_EQ(Grouping("numa_node", {}).valueOf(0, madeRecord(1e6)), "any");
  EXPECT_EQ(Grouping("lock_memory", {}).valueOf(0, madeRecord(1e6)), "false");
  EXPECT_EQ(Grouping("element_size_bytes", {}).valueOf(0, madeRecord(1e6)), "64");
}

TEST(GroupingTest, PutsNumbersBySizeWordsAsTheAxisHasThemAndDefaultsFirst) {
  EXPECT_THAT(Grouping("capacity", {}).inOrder({"1024", "64", "144"}),
              ElementsAre("64", "144", "1024"));
  EXPECT_THAT(Grouping("huge_pages", {}).inOrder({"require", "never", "try"}),
              ElementsAre("never", "try", "require"));
  EXPECT_THAT(Grouping("prefault", {}).inOrder({"false", "true"}), ElementsAre("true", "false"));
  EXPECT_THAT(Grouping("queue", {}).inOrder({"b", "a"}), ElementsAre("b", "a"));
}

}  // namespace
}  // namespace ringside::harness
