// What self-tests come to, from gates made up; and the lines in which they are kept.
#include "harness/selftest/selftest_judge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TriedMetric metricOf(const std::string& cell, std::uint32_t above = 6, std::uint32_t below = 6) {
  return {.cell = cell,
          .metric = "rtt_ns_p50_clean",
          .verdict = "pass",
          .estimate = 0.001,
          .lower = -0.01,
          .upper = 0.01,
          .p_without_margin = 0.5,
          .above = above,
          .below = below};
}

TriedGate gateOf(int exit_code = 0) {
  TriedGate gate;
  gate.kind = "aa";
  gate.date = "2026-11-22T09:00:00Z";
  gate.machine = "m1";
  gate.cpu = "a CPU";
  gate.suite = "gate";
  gate.exit_code = exit_code;
  gate.metrics = {metricOf("c1"), metricOf("c2")};
  return gate;
}

std::vector<TriedGate> gatesOf(std::size_t count, std::size_t alarms = 0) {
  std::vector<TriedGate> gates(count, gateOf());
  for (std::size_t i = 0; i < alarms; ++i) gates[i].exit_code = 1;
  return gates;
}

/// The one whose statement has these words in it.
SelftestFinding findingOf(const std::vector<SelftestFinding>& findings, const std::string& words) {
  for (const SelftestFinding& finding : findings) {
    if (finding.statement.find(words) != std::string::npos) return finding;
  }
  ADD_FAILURE() << "no finding says '" << words << "'";
  return {};
}

SelftestFinding alarmsOf(const std::vector<TriedGate>& gates) {
  return findingOf(judgeIdentical(gates), "false alarms");
}

// --- identical arms -----------------------------------------------------------------------------

TEST(SelftestJudgeTest, NoFalseAlarmFitsAndSaysHowManyThereMayStillBe) {
  const SelftestFinding finding = alarmsOf(gatesOf(40));
  EXPECT_TRUE(finding.fits);
  EXPECT_THAT(finding.statement, AllOf(HasSubstr("0 of 40 gates"), HasSubstr("at most 7.2 %")));
}

TEST(SelftestJudgeTest, FiveFalseAlarmsOfFortyDoNotFit) {
  const SelftestFinding finding = alarmsOf(gatesOf(40, 5));
  EXPECT_FALSE(finding.fits);
  EXPECT_THAT(finding.statement, HasSubstr("5 of 40 gates"));
}

TEST(SelftestJudgeTest, OneFalseAlarmOfFortyIsChance) {
  EXPECT_TRUE(alarmsOf(gatesOf(40, 1)).fits);
}

TEST(SelftestJudgeTest, GatesThatCameToNoVerdictAreNoTrials) {
  std::vector<TriedGate> gates = gatesOf(40);
  for (std::size_t i = 0; i < 10; ++i) gates[i].exit_code = 130;
  gates[10].exit_code = 4;
  EXPECT_THAT(alarmsOf(gates).statement, HasSubstr("0 of 30 gates"));
  const SelftestFinding none =
      findingOf(judgeIdentical({gateOf(130), gateOf(77)}), "no gate came to a verdict");
  EXPECT_FALSE(none.fits);
}

TEST(SelftestJudgeTest, LostMessagesAndACrashAreFalseAlarmsAndNeverChance) {
  for (const int exit_code : {3, 7}) {
    std::vector<TriedGate> gates = gatesOf(40);
    gates[5].exit_code = exit_code;
    EXPECT_THAT(alarmsOf(gates).statement, HasSubstr("1 of 40 gates")) << exit_code;
    EXPECT_FALSE(findingOf(judgeIdentical(gates), "1 alarm by lost messages").fits) << exit_code;
  }
}

TEST(SelftestJudgeTest, OfNoGatesThereIsNothingToSay) {
  EXPECT_THAT(judgeIdentical({}), IsEmpty());
  EXPECT_THAT(judgePower({}), IsEmpty());
  EXPECT_THAT(judgeLayout({}, 4), IsEmpty());
}

TEST(SelftestJudgeTest, SignsThatLeanToOneSideInOneCellDoNotFit) {
  std::vector<TriedGate> gates = gatesOf(20);
  for (TriedGate& gate : gates) gate.metrics[1] = metricOf("c2", 9, 3);
  const SelftestFinding finding = findingOf(judgeIdentical(gates), "sign balance");
  EXPECT_FALSE(finding.fits);
  EXPECT_THAT(finding.statement, AllOf(HasSubstr("1 lean"), HasSubstr("c2 rtt_ns_p50_clean is "
                                                                      "180 up and 60 down")));
}

TEST(SelftestJudgeTest, SignsThatAreBalancedFit) {
  std::vector<TriedGate> gates = gatesOf(20);
  for (std::size_t i = 0; i < gates.size(); ++i) {
    const std::uint32_t above = i % 2 == 0 ? 8 : 4;
    gates[i].metrics[0] = metricOf("c1", above, 12 - above);
  }
  EXPECT_TRUE(findingOf(judgeIdentical(gates), "sign balance").fits);
}

TEST(SelftestJudgeTest, TooManySmallPOfStageOneDoNotFit) {
  std::vector<TriedGate> gates = gatesOf(50);
  EXPECT_TRUE(findingOf(judgeIdentical(gates), "stage one").fits);
  for (std::size_t i = 0; i < gates.size(); i += 2) gates[i].metrics[0].p_without_margin = 0.01;
  const SelftestFinding finding = findingOf(judgeIdentical(gates), "stage one");
  EXPECT_FALSE(finding.fits);
  EXPECT_THAT(finding.statement, HasSubstr("25 of 100 cells"));
}

TEST(SelftestJudgeTest, OnlyOneMetricOfACellIsATrialOfStageOne) {
  TriedGate gate = gateOf();
  gate.metrics.push_back(metricOf("c1"));
  gate.metrics.back().metric = "rtt_ns_p99_clean";
  gate.metrics.push_back(metricOf("c3"));
  gate.metrics.back().gates = false;
  EXPECT_THAT(findingOf(judgeIdentical({gate}), "stage one").statement, HasSubstr("0 of 2 cells"));
}

TEST(SelftestJudgeTest, MetricsThatDoNotPassThoughNothingChangedDoNotFit) {
  std::vector<TriedGate> gates = gatesOf(10);
  EXPECT_TRUE(findingOf(judgeIdentical(gates), "verdicts of").fits);
  for (std::size_t i = 0; i < 3; ++i) gates[i].metrics[0].verdict = "inconclusive";
  const SelftestFinding finding = findingOf(judgeIdentical(gates), "verdicts of");
  EXPECT_FALSE(finding.fits);
  EXPECT_THAT(finding.statement, AllOf(HasSubstr("85.0 % pass"), HasSubstr("15.0 % inconclusive")));
}

// --- injected delays ----------------------------------------------------------------------------

std::vector<TriedGate> injectedGates(std::size_t count, std::size_t found, double power) {
  std::vector<TriedGate> gates(count, gateOf());
  for (std::size_t i = 0; i < count; ++i) {
    gates[i].kind = "power";
    gates[i].injection = TriedInjection{.what = "+5 % of each round trip",
                                        .cell = "c1",
                                        .metric = "rtt_ns_p50_clean",
                                        .true_ns = 10,
                                        .effect = std::log1p(0.05),
                                        .power = power,
                                        .found = i < found};
    gates[i].metrics[0].lower = 0.03;
    gates[i].metrics[0].upper = i % 4 == 0 ? 0.04 : 0.07;
  }
  return gates;
}

TEST(SelftestJudgeTest, WhatIsFoundAsOftenAsPredictedFits) {
  const auto findings = judgePower(injectedGates(20, 19, 0.95));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].fits);
  EXPECT_THAT(findings[0].statement,
              AllOf(HasSubstr("+5 % of each round trip on rtt_ns_p50_clean (expected +5.0 %)"),
                    HasSubstr("found in 19 of 20"), HasSubstr("predicted 95 %"),
                    HasSubstr("holds the expected size in 15 of 20, to a fifth in 20")));
}

TEST(SelftestJudgeTest, WhatIsFoundMuchLessOftenThanPredictedDoesNotFit) {
  EXPECT_FALSE(judgePower(injectedGates(20, 12, 0.95)).at(0).fits);
}

TEST(SelftestJudgeTest, IntervalsThatDoNotHoldWhatWasPutInDoNotFit) {
  std::vector<TriedGate> gates = injectedGates(20, 20, 0.95);
  for (std::size_t i = 0; i < 10; ++i) gates[i].metrics[0].upper = 0.035;
  EXPECT_FALSE(judgePower(gates).at(0).fits);
}

TEST(SelftestJudgeTest, GatesWithoutAVerdictFindNothingAndAreNotCounted) {
  std::vector<TriedGate> gates = injectedGates(20, 20, 0.95);
  gates[0].exit_code = 7;
  EXPECT_THAT(judgePower(gates).at(0).statement, HasSubstr("19 of 19"));
  for (TriedGate& gate : gates) gate.exit_code = 7;
  const SelftestFinding finding = judgePower(gates).at(0);
  EXPECT_FALSE(finding.fits);
  EXPECT_THAT(finding.statement, HasSubstr("no gate came to a verdict"));
}

TEST(SelftestJudgeTest, WhatIsFoundMoreOftenThanPredictedFits) {
  EXPECT_TRUE(judgePower(injectedGates(20, 20, 0.5)).at(0).fits);
}

TEST(SelftestJudgeTest, EachKindOfDelayIsJudgedByItself) {
  std::vector<TriedGate> gates = injectedGates(20, 20, 0.95);
  for (std::size_t i = 0; i < 10; ++i) {
    gates[i].injection->what = "a stall";
    gates[i].injection->effect = 0;
    gates[i].injection->found = false;
  }
  const auto findings = judgePower(gates);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_FALSE(findingOf(findings, "a stall").fits);
  EXPECT_TRUE(findingOf(findings, "+5 %").fits);
}

// --- layout -------------------------------------------------------------------------------------

TriedGate layoutGate(double sigma) {
  TriedGate gate = gateOf();
  gate.kind = "layout";
  gate.metrics.clear();
  gate.layout = {{.cell = "c1", .metric = "rtt_ns_p50_clean", .links = 8, .sigma = sigma / 4},
                 {.cell = "c2", .metric = "rtt_ns_p50_clean", .links = 8, .sigma = sigma}};
  return gate;
}

TEST(SelftestJudgeTest, LinksThatLieCloserThanTheMarginFit) {
  const auto findings = judgeLayout({layoutGate(0.002)}, 1);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_TRUE(findings[0].fits);
  EXPECT_THAT(findings[0].statement, AllOf(HasSubstr("at most 0.20 % (c2)"), HasSubstr("1 links")));
}

TEST(SelftestJudgeTest, LinksThatLieFurtherApartThanTheMarginDoNotFit) {
  EXPECT_FALSE(judgeLayout({layoutGate(0.004)}, 1).at(0).fits);
}

TEST(SelftestJudgeTest, RotatingLinksMakesWhatTheyDifferInSmaller) {
  EXPECT_TRUE(judgeLayout({layoutGate(0.004)}, 4).at(0).fits);
}

// --- the table ----------------------------------------------------------------------------------

TEST(SelftestJudgeTest, TheTableHasAPartForEachMachineWithDatesAndNumbers) {
  std::vector<TriedGate> gates = gatesOf(3);
  gates[1].date = "2026-11-25T09:00:00Z";
  gates.push_back(gateOf());
  gates.back().machine = "m2";
  gates.back().cpu = "another CPU";
  const std::string table = selftestTable(gates);
  EXPECT_THAT(table, AllOf(HasSubstr("## a CPU, fingerprint m1"),
                           HasSubstr("## another CPU, fingerprint m2"),
                           HasSubstr("2026-11-22 to 2026-11-25, 3 gates of suite `gate`"),
                           HasSubstr("| false alarms: 0 of 3 gates")));
}

TEST(SelftestJudgeTest, TheTableSaysThatTheProgramChangedWhileItTried) {
  std::vector<TriedGate> gates = gatesOf(3);
  EXPECT_THAT(selftestTable(gates), Not(HasSubstr("builds of the program")));
  gates[0].program = "an older one";
  EXPECT_THAT(selftestTable(gates),
              HasSubstr("of suite `gate` by 2 builds of the program, the last of which tried 2, "));
}

TEST(SelftestJudgeTest, WhatDoesNotFitStandsOutInTheTable) {
  EXPECT_THAT(selftestTable(gatesOf(40, 5)), HasSubstr("| **no** |"));
}

// --- lines --------------------------------------------------------------------------------------

TEST(SelftestRecordTest, WhatIsAppendedIsReadAgain) {
  const ScratchFile file(".jsonl", "");
  TriedGate injected = injectedGates(1, 1, 0.9).at(0);
  injected.seed = ~0ULL;
  injected.seconds = 61.5;
  injected.blocks = 62;
  injected.loaded_blocks = 3;
  injected.exit_code = 1;
  appendTried(file.path(), injected);
  appendTried(file.path(), layoutGate(0.004));
  const std::vector<TriedGate> read = readTried(file.path());
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].seed, ~0ULL);
  EXPECT_EQ(read[0].seconds, 61.5);
  EXPECT_EQ(read[0].blocks, 62U);
  EXPECT_EQ(read[0].loaded_blocks, 3U);
  EXPECT_EQ(read[0].exit_code, 1);
  ASSERT_TRUE(read[0].injection);
  EXPECT_EQ(read[0].injection->what, injected.injection->what);
  EXPECT_EQ(read[0].injection->effect, injected.injection->effect);
  EXPECT_TRUE(read[0].injection->found);
  ASSERT_EQ(read[0].metrics.size(), 2U);
  EXPECT_EQ(read[0].metrics[0].upper, injected.metrics[0].upper);
  EXPECT_EQ(read[0].metrics[0].above, 6U);
  EXPECT_FALSE(read[1].injection);
  ASSERT_EQ(read[1].layout.size(), 2U);
  EXPECT_EQ(read[1].layout[1].sigma, 0.004);
}

TEST(SelftestRecordTest, WhereThereIsNoFileThereAreNoGates) {
  EXPECT_THAT(readTried("no/such/file.jsonl"), IsEmpty());
}

TEST(SelftestRecordTest, ALineThatIsNoneIsRefusedWithItsNumber) {
  const ScratchFile file(".jsonl", "");
  appendTried(file.path(), gateOf());
  std::ofstream(file.path(), std::ios::app) << "{\"kind\": \"aa\"}\n";
  try {
    readTried(file.path());
    FAIL() << "read";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr(file.path() + ":2: "), HasSubstr("--record")));
  }
}

TEST(SelftestRecordTest, AFileThatCannotBeWrittenSaysWhy) {
  try {
    appendTried("/proc/selftest.jsonl", gateOf());
    FAIL() << "written";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/proc/selftest.jsonl"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("Bad file descriptor")));
  }
}

}  // namespace
}  // namespace ringside::harness
