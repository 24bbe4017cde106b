// A baseline that was measured before: what is read of it, and what is said of a candidate now.
#include "harness/duet/stored_baseline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "harness/duet/drift_report.hpp"
#include "harness/duet/gate_report.hpp"
#include "harness/usage_error.hpp"
#include "results/history.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::messageOf;
using results::readText;
using results::writeText;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kCell = "one/ping_pong/spsc/1p1c/el=8";
constexpr const char* kOtherCell = "one/ping_pong/mpmc/1p1c/el=8";
constexpr const char* kTime = "rtt_ns_p50_clean";
constexpr const char* kRate = "messages_per_s_robust";
constexpr const char* kDisturbed = "disturbed_fraction";
constexpr double kUnbounded = std::numeric_limits<double>::infinity();
constexpr std::size_t kBlocks = 12;

/// Of one arm, as measureAlone() keeps it.
KeptBlock aloneBlock(double value, const char* metric = kTime) {
  KeptBlock block;
  block.cell = kCell;
  block.timing.slot_ns = 7'000'000;
  block.effects.values[metric] = {value, 0};
  block.effects.canary_ns = {50, 0};
  block.arms.resize(1);
  return block;
}

/// Of two, as a gate keeps it.
KeptBlock duetBlock(double baseline, double candidate) {
  KeptBlock block = aloneBlock(baseline);
  block.effects.values[kTime] = {baseline, candidate};
  block.effects.canary_ns = {50, 60};
  block.arms.resize(2);
  return block;
}

KeptBlock invalidBlock() {
  KeptBlock block = aloneBlock(1);
  block.effects.why_invalid = "in no slot came enough messages";
  return block;
}

/// What two arms measured of one metric of one cell.
struct Measured {
  const char* metric = kTime;
  double value = 100;
  std::size_t blocks = kBlocks;
  double canary_ns = 50;
  const char* cell = kCell;
};

/// Blocks near that value, no two alike.
StoredBlocks storedWith(const Measured& measured) {
  std::vector<KeptBlock> blocks;
  for (std::size_t i = 0; i < measured.blocks; ++i) {
    const double value = measured.value * (1 + 1e-4 * static_cast<double>(i));
    KeptBlock& block = blocks.emplace_back(aloneBlock(value, measured.metric));
    block.cell = measured.cell;
    block.effects.canary_ns[0] = measured.canary_ns;
  }
  return storedOf(blocks);
}

std::vector<results::GateMetric> gatingBy(const char* metric) {
  return {{.cell = kCell, .name = metric}};
}

Drifted driftOf(const Measured& then, const Measured& now) {
  const DriftReport report =
      compareStored(storedWith(then), storedWith(now), gatingBy(then.metric), kDriftBound);
  EXPECT_THAT(report.metrics, SizeIs(1));
  EXPECT_EQ(report.alarms(), report.metrics.at(0).alarms);
  return report.metrics.at(0);
}

// --- reading ------------------------------------------------------------------------------------

/// A folder with blocks, gone after the test.
class StoredBaselineTest : public ::testing::Test {
 protected:
  fs::path write(const std::vector<KeptBlock>& blocks, const std::string& more = "") const {
    std::string text;
    for (const KeptBlock& block : blocks) text += toJson(block) + "\n";
    writeText(folder_.path() / "blocks.jsonl", text + more);
    return folder_.path();
  }
  /// Of a file that begins with one good block.
  std::string refusalOf(const std::string& second_line) const {
    const fs::path folder = write({aloneBlock(100)}, second_line);
    return messageOf<UsageError>([&] { readStored(folder); });
  }
  std::string place(int line) const {
    return (folder_.path() / "blocks.jsonl").string() + ":" + std::to_string(line) + ": ";
  }

  results::ScratchFolder folder_;
};

TEST_F(StoredBaselineTest, HasTheValuesThatWereMeasuredBlockByBlock) {
  KeptBlock other = aloneBlock(300);
  other.cell = kOtherCell;
  const fs::path folder = write({aloneBlock(100.5), other, aloneBlock(200)});
  const StoredBlocks stored = readStored(folder);
  EXPECT_EQ(stored.folder, folder);
  EXPECT_THAT(stored.values, SizeIs(2));
  EXPECT_THAT(stored.values.at(kCell).at(kTime), ElementsAre(100.5, 200));
  EXPECT_THAT(stored.values.at(kOtherCell).at(kTime), ElementsAre(300));
  EXPECT_THAT(stored.canaries_ns.at(kCell), ElementsAre(50, 50));
  EXPECT_EQ(stored.slot_ns.at(kCell), 7'000'000U);
}

TEST_F(StoredBaselineTest, OfAGateHasWhatTheCandidateMeasured) {
  const StoredBlocks stored = readStored(write({duetBlock(100, 110)}));
  EXPECT_THAT(stored.values.at(kCell).at(kTime), ElementsAre(110));
  EXPECT_THAT(stored.canaries_ns.at(kCell), ElementsAre(60));
}

TEST_F(StoredBaselineTest, HasOfAFileWhatItHasOfTheSameBlocks) {
  const std::vector<KeptBlock> blocks = {duetBlock(100, 110), invalidBlock(), duetBlock(90, 120)};
  const StoredBlocks read = readStored(write(blocks));
  const StoredBlocks measured = storedOf(blocks);
  EXPECT_EQ(read.values, measured.values);
  EXPECT_EQ(read.canaries_ns, measured.canaries_ns);
  EXPECT_EQ(read.slot_ns, measured.slot_ns);
}

TEST_F(StoredBaselineTest, LeavesOutBlocksThatDoNotCount) {
  const StoredBlocks stored =
      readStored(write({aloneBlock(100), invalidBlock(), aloneBlock(200), invalidBlock()}));
  EXPECT_THAT(stored.values.at(kCell).at(kTime), ElementsAre(100, 200));
  EXPECT_THAT(stored.canaries_ns.at(kCell), SizeIs(2));
}

TEST_F(StoredBaselineTest, LeavesOutValuesThatHaveNoLogarithm) {
  const StoredBlocks stored =
      readStored(write({aloneBlock(0), aloneBlock(kUnbounded), aloneBlock(100)}));
  EXPECT_THAT(stored.values.at(kCell).at(kTime), ElementsAre(100));
}

TEST_F(StoredBaselineTest, RefusesABrokenLineWithFileAndNumber) {
  EXPECT_THAT(refusalOf("{\"cell\": \"a\n"), AllOf(StartsWith(place(2)), HasSubstr("no block")));
  EXPECT_THAT(refusalOf("{\"cell\": \"a\"}\n"), StartsWith(place(2)));
  EXPECT_THAT(refusalOf("[]\n"), StartsWith(place(2)));
}

TEST_F(StoredBaselineTest, RefusesALineThatWasCutOff) {
  const std::string line = toJson(aloneBlock(100));
  EXPECT_THAT(refusalOf(line.substr(0, line.size() / 2)), StartsWith(place(2)));
}

TEST_F(StoredBaselineTest, RefusesAFileOfWhichNoBlockCounts) {
  for (const auto& blocks : {std::vector<KeptBlock>{}, std::vector<KeptBlock>{invalidBlock()}}) {
    const fs::path folder = write(blocks);
    EXPECT_THAT(messageOf<UsageError>([&] { readStored(folder); }),
                AllOf(HasSubstr("blocks.jsonl"), HasSubstr("no block in it counts")));
  }
}

TEST_F(StoredBaselineTest, IsMeantByTheFolderThatHasItsBlocks) {
  const std::string named = folder_.path().string();
  EXPECT_TRUE(storedBaseline(named).empty());
  write({aloneBlock(100)});
  EXPECT_EQ(storedBaseline(named), folder_.path());
  EXPECT_TRUE(storedBaseline("").empty());
  EXPECT_TRUE(storedBaseline("HEAD~1").empty());
}

TEST_F(StoredBaselineTest, IsNotTheBundleOfARun) {
  writeText(folder_.path() / "records.jsonl", "{}\n");
  EXPECT_THAT(messageOf<UsageError>([&] { storedBaseline(folder_.path().string()); }),
              AllOf(HasSubstr(folder_.path().string()), HasSubstr("ringside compare")));
}

// --- then and now -------------------------------------------------------------------------------

/// ln(1.6) is below the bound of 0.5, and ln(1.7) is above it.
TEST(DriftTest, AlarmsWhereTheCandidateIsWorseByMoreThanTheBound) {
  const Drifted drifted = driftOf({.value = 100}, {.value = 170});
  EXPECT_TRUE(drifted.alarms);
  EXPECT_EQ(drifted.cell, kCell);
  EXPECT_EQ(drifted.metric, kTime);
  EXPECT_NEAR(drifted.then, 100, 0.2);
  EXPECT_NEAR(drifted.now, 170, 0.2);
  EXPECT_NEAR(drifted.effect, std::log(1.7), 1e-3);
  EXPECT_GT(drifted.lower, kDriftBound);
  EXPECT_LE(drifted.lower, drifted.effect);
  EXPECT_GE(drifted.upper, drifted.effect);
}

TEST(DriftTest, DoesNotAlarmBelowTheBound) {
  const Drifted drifted = driftOf({.value = 100}, {.value = 160});
  EXPECT_FALSE(drifted.alarms);
  EXPECT_NEAR(drifted.effect, std::log(1.6), 1e-3);
}

TEST(DriftTest, DoesNotAlarmForWhatIsBetter) {
  const Drifted drifted = driftOf({.value = 100}, {.value = 10});
  EXPECT_FALSE(drifted.alarms);
  EXPECT_NEAR(drifted.effect, -std::log(10), 1e-3);
}

TEST(DriftTest, LessThroughputIsWorse) {
  EXPECT_TRUE(
      driftOf({.metric = kRate, .value = 100}, {.metric = kRate, .value = 100 / 1.7}).alarms);
  EXPECT_FALSE(driftOf({.metric = kRate, .value = 100}, {.metric = kRate, .value = 170}).alarms);
}

TEST(DriftTest, ABoundThatIsWiderLetsMorePass) {
  const auto alarms = [](double bound) {
    return compareStored(storedWith({.value = 100}), storedWith({.value = 300}), gatingBy(kTime),
                         bound)
        .alarms();
  };
  EXPECT_TRUE(alarms(1));
  EXPECT_FALSE(alarms(1.2));
}

TEST(DriftTest, TooFewBlocksHaveNoIntervalAndDoNotAlarm) {
  const Drifted drifted = driftOf({.value = 100, .blocks = 2}, {.value = 1000, .blocks = 2});
  EXPECT_FALSE(drifted.alarms);
  EXPECT_EQ(drifted.lower, -kUnbounded);
  EXPECT_EQ(drifted.upper, kUnbounded);
  EXPECT_NEAR(drifted.effect, std::log(10), 1e-3);
}

TEST(DriftTest, AMetricThatDoesNotGateDoesNotAlarm) {
  const StoredBlocks then = storedWith({.value = 100});
  const StoredBlocks now = storedWith({.value = 1000});
  auto gating = gatingBy(kTime);
  EXPECT_TRUE(compareStored(then, now, gating, kDriftBound).alarms());
  gating[0].gates = false;
  EXPECT_FALSE(compareStored(then, now, gating, kDriftBound).alarms());
  EXPECT_FALSE(compareStored(then, now, gatingBy("rtt_ns_p99_clean"), kDriftBound).alarms());
}

TEST(DriftTest, MoreDisturbedMessagesAreTheMachinesAndDoNotAlarm) {
  EXPECT_FALSE(
      driftOf({.metric = kDisturbed, .value = 0.01}, {.metric = kDisturbed, .value = 0.5}).alarms);
}

TEST(DriftTest, WhatGrewWithTheHandOffOfACacheLineDoesNotAlarm) {
  EXPECT_FALSE(driftOf({.value = 300, .canary_ns = 35}, {.value = 1060, .canary_ns = 190}).alarms);
  EXPECT_TRUE(driftOf({.value = 300, .canary_ns = 35}, {.value = 9000, .canary_ns = 190}).alarms);
  EXPECT_FALSE(driftOf({.value = 300, .canary_ns = 190}, {.value = 300, .canary_ns = 35}).alarms)
      << "a quicker hand-off alone is nothing worse";
}

TEST(DriftTest, InCanariesNothingIsLeftOfWhatTheMachineBecameSlowerBy) {
  const Drifted drifted = driftOf({.value = 100}, {.value = 200, .canary_ns = 100});
  EXPECT_NEAR(drifted.effect, std::log(2), 1e-3);
  EXPECT_NEAR(drifted.normalised, 0, 1e-3);
}

TEST(DriftTest, ListsCellsThatOnlyOneHas) {
  const DriftReport report =
      compareStored(storedWith({.cell = kCell}), storedWith({.cell = kOtherCell}), {}, kDriftBound);
  EXPECT_THAT(report.metrics, IsEmpty());
  EXPECT_THAT(report.only_then, ElementsAre(kCell));
  EXPECT_THAT(report.only_now, ElementsAre(kOtherCell));
  const std::string text = renderDrift(report, Format::Table);
  EXPECT_THAT(text, AllOf(HasSubstr(std::string("only in the baseline: ") + kCell),
                          HasSubstr(std::string("only measured now: ") + kOtherCell)));
}

TEST(DriftTest, IsNamedInTheReportWhereItIsJudged) {
  DriftReport report = compareStored(storedWith({.value = 100}), storedWith({.value = 170}),
                                     gatingBy(kTime), kDriftBound);
  EXPECT_THAT(renderDrift(report, Format::Table), HasSubstr("drift alarm"));
  report.judged = false;
  EXPECT_THAT(renderDrift(report, Format::Table), Not(HasSubstr("drift alarm")));
}

// --- what is left for others --------------------------------------------------------------------

/// One metric that is worse by 70 %.
DriftReport redReport() {
  DriftReport report = compareStored(storedWith({.value = 100}), storedWith({.value = 170}),
                                     gatingBy(kTime), kDriftBound);
  report.suite = "gate";
  report.baseline = "out/baselines/monday";
  report.candidate = "worktree";
  return report;
}

TEST(DriftFormsTest, AnAlarmIsAFailureOfTypeRegression) {
  const GateForms forms = formsOf(redReport());
  ASSERT_THAT(forms.junit.cases, SizeIs(1));
  const results::JunitCase& one = forms.junit.cases[0];
  EXPECT_EQ(one.classname, std::string("gate.gate.") + kCell);
  EXPECT_EQ(one.name, kTime);
  EXPECT_EQ(one.outcome.status, results::JunitStatus::Failure);
  EXPECT_EQ(one.outcome.type, "regression");
  EXPECT_THAT(one.outcome.message, AllOf(HasSubstr("+70"), HasSubstr("+65 %")));
  EXPECT_THAT(forms.annotations, AllOf(StartsWith("::error title=ringside gate::"),
                                       HasSubstr(std::string(kCell) + " " + kTime)));
  EXPECT_THAT(forms.markdown,
              AllOf(StartsWith("### Ringside gate gate, stored baseline: drift alarm: 1 of 1"),
                    HasSubstr("out/baselines/monday"), HasSubstr("| drift alarm |")));
}

TEST(DriftFormsTest, WhatDoesNotAlarmHasPassed) {
  DriftReport report = redReport();
  report.metrics[0].alarms = false;
  const GateForms forms = formsOf(report);
  EXPECT_EQ(forms.junit.cases.at(0).outcome.status, results::JunitStatus::Passed);
  EXPECT_EQ(forms.annotations, "");
  EXPECT_EQ(report.exitCode(), results::ExitCode::Fine);
  EXPECT_THAT(forms.markdown, AllOf(HasSubstr("no alarm: none of 1 metric"),
                                    HasSubstr("1 metric without an alarm")));
}

TEST(DriftFormsTest, WhatIsNotJudgedIsSkippedAndNoExitCode) {
  DriftReport report = redReport();
  report.judged = false;
  EXPECT_EQ(report.exitCode(), results::ExitCode::Fine);
  const GateForms forms = formsOf(report);
  EXPECT_EQ(forms.junit.cases.at(0).outcome.status, results::JunitStatus::Skipped);
  EXPECT_EQ(forms.annotations, "");
  EXPECT_THAT(forms.markdown, Not(HasSubstr("<details>")));
}

TEST(DriftFormsTest, AFaultIsGraverThanAnAlarm) {
  DriftReport report = redReport();
  report.not_measured.push_back({kOtherCell, "it died", results::ExitCode::WorkerFailed});
  EXPECT_EQ(report.exitCode(), results::ExitCode::WorkerFailed);
  const GateForms forms = formsOf(report);
  EXPECT_EQ(forms.junit.cases.at(1).outcome.status, results::JunitStatus::Error);
  EXPECT_THAT(forms.annotations, HasSubstr("it died"));
}

TEST(DriftFormsTest, WhatTheClocksCouldNotTellIsInvalidUnlessSomethingAlarms) {
  DriftReport report = redReport();
  report.not_measured.push_back({kOtherCell, "the clocks moved", results::ExitCode::Invalid});
  EXPECT_EQ(report.exitCode(), results::ExitCode::Regression);
  report.metrics[0].alarms = false;
  EXPECT_EQ(report.exitCode(), results::ExitCode::Invalid);
}

TEST(DriftFormsTest, TheHistoryKeepsNoMedianOfWhatWasStored) {
  const auto judged = judgedMetrics(redReport());
  ASSERT_THAT(judged, SizeIs(1));
  EXPECT_EQ(judged[0].verdict, "regressed");
  EXPECT_TRUE(judged[0].gates);
  EXPECT_NEAR(judged[0].candidate_median.value_or(0), 170, 0.2);
  EXPECT_FALSE(judged[0].baseline_median);
  EXPECT_FALSE(judged[0].estimate);
}

// --- the bound ----------------------------------------------------------------------------------

/// Gates of one program, whose median went up and down by `factor`, one after the other.
class DriftBoundTest : public ::testing::Test {
 protected:
  static constexpr int kEnough = 30;
  static constexpr const char* kSuite = "gate";
  static constexpr const char* kMachine = "1111111111111111";

  static results::HistoryEntry gateOf(double median) {
    results::HistoryEntry entry;
    entry.kind = results::EntryKind::Gate;
    entry.suite = kSuite;
    entry.time_utc = "2026-11-22T08:12:00Z";
    entry.machine = kMachine;
    entry.program_hash = "aaaaaaaaaaaaaaaa";
    results::JudgedMetric& judged = entry.judged.emplace_back();
    judged.cell = kCell;
    judged.metric = kTime;
    judged.verdict = "pass";
    judged.reason = "made";
    judged.baseline_median = median;
    return entry;
  }
  template <class Change>
  void append(int gates, double factor, Change&& change) const {
    for (int i = 0; i < gates; ++i) {
      results::HistoryEntry entry = gateOf(i % 2 == 0 ? 100 : 100 * factor);
      change(entry);
      results::appendHistory(file_, entry);
    }
  }
  void append(int gates, double factor) const {
    append(gates, factor, [](results::HistoryEntry&) {});
  }
  double bound() const { return driftBound(file_, kSuite, kMachine); }

  results::ScratchFolder folder_;
  fs::path file_ = folder_.path() / "history.jsonl";
};

TEST_F(DriftBoundTest, IsAHalfWithoutAHistory) { EXPECT_EQ(bound(), 0.5); }

TEST_F(DriftBoundTest, IsThreeTimesWhatFiguresMovedBetweenGates) {
  append(kEnough, 1.5);
  EXPECT_NEAR(bound(), 3 * std::log(1.5), 1e-9);
}

TEST_F(DriftBoundTest, IsNeverBelowAHalf) {
  append(kEnough, 1.01);
  EXPECT_EQ(bound(), 0.5);
}

TEST_F(DriftBoundTest, IsAHalfAfterTooFewGates) {
  append(10, 1.5);
  EXPECT_EQ(bound(), 0.5);
  append(kEnough, 1.5);
  EXPECT_GT(bound(), 0.5);
}

TEST_F(DriftBoundTest, IgnoresOtherSuitesAndOtherMachines) {
  append(kEnough, 1.5, [](auto& entry) { entry.suite = "nightly"; });
  append(kEnough, 1.5, [](auto& entry) { entry.machine = "2222222222222222"; });
  EXPECT_EQ(bound(), 0.5);
}

TEST_F(DriftBoundTest, IgnoresWhatMovedBecauseTheProgramIsAnother) {
  int number = 0;
  append(kEnough, 1.5, [&](auto& entry) { entry.program_hash = std::to_string(number++); });
  EXPECT_EQ(bound(), 0.5);
}

TEST_F(DriftBoundTest, IgnoresAnEntryThatWasCutOff) {
  append(kEnough, 1.5);
  writeText(file_, readText(file_) + R"({"kind": "ga)");
  EXPECT_GT(bound(), 0.5);
}

}  // namespace
}  // namespace ringside::harness
