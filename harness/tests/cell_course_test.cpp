// One cell on its way through a gate, with blocks made by hand.
#include "harness/duet/cell_course.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringside::harness {
namespace {

using results::ExitCode;
using results::GateCourse;
using results::GateMetric;
using results::GateVerdict;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kTime = "response_ns_p50_clean";
constexpr const char* kShown = "response_ns_p99";
constexpr std::uint32_t kBlocks = 12;

class CellCourseTest : public ::testing::Test {
 protected:
  CellCourseTest() {
    course_cell_.addMetric(0);
    course_cell_.addMetric(1);
  }

  static Cell pacedCell() {
    Cell cell;
    cell.name = "c";
    cell.workload = Workload::Paced;
    return cell;
  }
  static KeptBlock block(double effect = 0) {
    KeptBlock kept;
    kept.cell = "c";
    kept.effects.pairs = kept.effects.admitted = 12;
    kept.effects.effects = {{kTime, effect}, {kShown, effect}};
    kept.effects.values = {{kTime, {100, 110}}};
    kept.arms.resize(2);
    for (ArmReading& arm : kept.arms) {
      arm.validation = results::Validation{.sent = 1000, .received = 1000};
    }
    return kept;
  }
  static KeptBlock invalidBlock() {
    KeptBlock kept = block();
    kept.effects.effects.clear();
    kept.effects.values.clear();
    kept.effects.admitted = 2;
    kept.effects.why_invalid = "of 12 pairs of slots 2 count";
    return kept;
  }
  /// So many of the slots of each arm.
  static KeptBlock saturatedBlock(std::uint32_t baseline, std::uint32_t candidate) {
    KeptBlock kept = block();
    kept.effects.saturated = {baseline, candidate};
    return kept;
  }
  void take(std::uint32_t blocks, const KeptBlock& kept) {
    for (std::uint32_t i = 0; i < blocks; ++i) course_cell_.take(kept);
  }
  void endStage() {
    course_cell_.endStage({});
    course_.advance();
  }
  results::MetricVerdict verdict(std::size_t metric = 0) const {
    return course_.verdicts(GateCourse::Detectable::Skip).at(metric);
  }

  Cell cell_ = pacedCell();
  GateCourse course_{{},
                     {{.cell = "c", .name = kTime}, {.cell = "c", .name = kShown, .gates = false}}};
  GateSides sides_ = GateOrder{}.sides;
  CellCourse course_cell_{cell_, course_, sides_};
};

TEST_F(CellCourseTest, WantsSoManyBlocksAsTheStageHas) {
  EXPECT_FALSE(course_cell_.wantsBlock()) << "before any stage";
  course_cell_.beginStage(kBlocks);
  take(kBlocks - 1, block());
  EXPECT_TRUE(course_cell_.wantsBlock());
  take(1, block());
  EXPECT_FALSE(course_cell_.wantsBlock());
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
  EXPECT_EQ(course_cell_.facts().blocks, kBlocks);
  EXPECT_EQ(course_cell_.facts().admitted_pairs, 12 * kBlocks);
}

TEST_F(CellCourseTest, AnInvalidBlockIsMadeUpFor) {
  course_cell_.beginStage(kBlocks);
  take(4, invalidBlock());
  take(kBlocks - 1, block());
  EXPECT_TRUE(course_cell_.wantsBlock());
  take(1, block());
  EXPECT_FALSE(course_cell_.wantsBlock());
  EXPECT_EQ(course_cell_.facts().invalid_blocks, 4U);
  EXPECT_EQ(course_cell_.blocksSoFar(), kBlocks + 4);
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
}

TEST_F(CellCourseTest, InvalidBlocksAreRepeatedAtMostAsManyTimesAgain) {
  course_cell_.beginStage(kBlocks);
  take(2 * kBlocks - 1, invalidBlock());
  EXPECT_TRUE(course_cell_.wantsBlock());
  take(1, invalidBlock());
  EXPECT_FALSE(course_cell_.wantsBlock());
}

TEST_F(CellCourseTest, ACellWithTooFewBlocksThatCountSaysThatItWasTheEnvironment) {
  course_cell_.beginStage(kBlocks);
  take(kBlocks / 2 - 1, block());
  take(2 * kBlocks - (kBlocks / 2 - 1), invalidBlock());
  EXPECT_FALSE(course_cell_.wantsBlock());
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdict().reason, AllOf(HasSubstr("environment: of 24 blocks 19 did not count"),
                                      HasSubstr("of 12 pairs of slots 2 count")));
}

TEST_F(CellCourseTest, WithHalfOfItsBlocksACellIsStillJudged) {
  course_cell_.beginStage(kBlocks);
  take(kBlocks / 2, block());
  take(2 * kBlocks - kBlocks / 2, invalidBlock());
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
}

// --- what is wrong beside the speed -------------------------------------------------------------

TEST_F(CellCourseTest, ALostMessageSpoilsTheCellWhateverItsSpeed) {
  course_cell_.beginStage(kBlocks);
  take(3, block());
  KeptBlock losing = block();
  losing.arms[1].validation->lost = 7;
  course_cell_.take(losing);
  EXPECT_EQ(course_cell_.fault(), ExitCode::Integrity);
  EXPECT_FALSE(course_cell_.wantsBlock());
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdict().reason, HasSubstr("integrity: the candidate has 7 lost"));
  EXPECT_EQ(verdict(1).reason, verdict().reason) << "all its metrics";
}

TEST_F(CellCourseTest, TheIntegrityOfTheBaselineCountsAsWell) {
  course_cell_.beginStage(kBlocks);
  KeptBlock tearing = block();
  tearing.arms[0].validation->torn = 1;
  course_cell_.take(tearing);
  EXPECT_EQ(course_cell_.fault(), ExitCode::Integrity);
  EXPECT_THAT(verdict().reason, HasSubstr("the baseline has 0 lost"));
}

TEST_F(CellCourseTest, ABlockThatDoesNotCountStillShowsWhatIsLost) {
  course_cell_.beginStage(kBlocks);
  KeptBlock losing = invalidBlock();
  losing.arms[1].validation->lost = 1;
  course_cell_.take(losing);
  EXPECT_EQ(course_cell_.fault(), ExitCode::Integrity);
}

TEST_F(CellCourseTest, AnArmThatCrashesFailsTheCellAndIsNamed) {
  course_cell_.beginStage(kBlocks);
  KeptBlock crashed = invalidBlock();
  crashed.arms[1] = {};
  crashed.arms[1].trouble = "consumer 0 was killed by SIGSEGV";
  course_cell_.take(crashed);
  EXPECT_EQ(course_cell_.fault(), ExitCode::WorkerFailed);
  EXPECT_FALSE(course_cell_.wantsBlock());
  EXPECT_EQ(verdict().reason, "the candidate: consumer 0 was killed by SIGSEGV");
}

TEST_F(CellCourseTest, WhatThisMachineCannotDoIsSkippedAndNotFailed) {
  course_cell_.beginStage(kBlocks);
  KeptBlock without = invalidBlock();
  without.arms[0].trouble = "there are no huge pages here";
  without.arms[0].unobtainable = true;
  course_cell_.take(without);
  EXPECT_EQ(course_cell_.fault(), ExitCode::EverythingSkipped);
  EXPECT_THAT(course_cell_.reason(), HasSubstr("huge pages"));
}

TEST_F(CellCourseTest, WhatTheCandidatesOwnCellCannotHaveIsSkippedAndCalledByItsName) {
  sides_[1].called = "huge_pages=require";
  sides_[1].cells = {{"c", "c/huge=require"}};
  course_cell_.beginStage(kBlocks);
  KeptBlock without = invalidBlock();
  without.arms[1].trouble = "there are no huge pages here";
  without.arms[1].unobtainable = true;
  course_cell_.take(without);
  EXPECT_EQ(course_cell_.fault(), ExitCode::EverythingSkipped);
  EXPECT_EQ(course_cell_.reason(), "huge_pages=require: there are no huge pages here");
}

TEST_F(CellCourseTest, TheLastBlockSaysWhatMemoryWasObtained) {
  course_cell_.beginStage(kBlocks);
  KeptBlock kept = block();
  kept.arms[1].memory = {.page_size_bytes = 2097152, .locked_bytes = 65536};
  course_cell_.take(kept);
  EXPECT_EQ(course_cell_.facts().memory[0].page_size_bytes, 0U);
  EXPECT_EQ(course_cell_.facts().memory[1].page_size_bytes, 2097152U);
}

TEST_F(CellCourseTest, WhatOnlyTheCandidateCannotHaveIsItsOwnFault) {
  course_cell_.beginStage(kBlocks);
  KeptBlock without = invalidBlock();
  without.arms[1].trouble = "there is no entry left for a participant";
  without.arms[1].unobtainable = true;
  course_cell_.take(without);
  EXPECT_EQ(course_cell_.fault(), ExitCode::WorkerFailed);
}

TEST_F(CellCourseTest, AnArmThatAloneDoesNotEndItsSlotsHasFailed) {
  course_cell_.beginStage(kBlocks);
  KeptBlock stuck = invalidBlock();
  stuck.effects.stuck = 1;
  course_cell_.take(stuck);
  EXPECT_EQ(course_cell_.fault(), ExitCode::Fine) << "once may be the machine";
  take(3, block());
  course_cell_.take(stuck);
  EXPECT_EQ(course_cell_.fault(), ExitCode::WorkerFailed);
  EXPECT_THAT(verdict().reason, HasSubstr("the candidate: in 2 blocks a slot did not come"));
}

TEST_F(CellCourseTest, ASlotThatEitherArmDoesNotEndIsTheMachines) {
  course_cell_.beginStage(kBlocks);
  KeptBlock stuck = invalidBlock();
  for (const std::size_t arm : {0U, 1U, 1U, 0U}) {
    stuck.effects.stuck = arm;
    course_cell_.take(stuck);
  }
  EXPECT_EQ(course_cell_.fault(), ExitCode::Fine);
  EXPECT_TRUE(course_cell_.wantsBlock());
}

/// In most of its slots that arm alone had too few messages.
KeptBlock starved(KeptBlock block, std::size_t arm) {
  block.effects.rejected_by = {};
  block.effects.rejected_by[arm] = 12;
  return block;
}

TEST_F(CellCourseTest, ACandidateThatIsTooSlowForItsSlotsHasRegressed) {
  course_cell_.beginStage(kBlocks);
  take(2 * kBlocks, starved(invalidBlock(), 1));
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Regressed);
  EXPECT_THAT(verdict().reason, HasSubstr("far slower: in 24 of 24 blocks the candidate alone"));
  EXPECT_NE(verdict(1).verdict, GateVerdict::Regressed) << "it is only reported";
}

TEST_F(CellCourseTest, ABaselineThatIsTooSlowForItsSlotsLeavesItOpen) {
  course_cell_.beginStage(kBlocks);
  take(2 * kBlocks, starved(invalidBlock(), 0));
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdict().reason, HasSubstr("asymmetric admission: 288 slots"));
}

TEST_F(CellCourseTest, AFewBlocksOfASlowCandidateAreNoRegression) {
  course_cell_.beginStage(kBlocks);
  take(5, starved(invalidBlock(), 1));
  take(kBlocks, block());
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdict().reason, HasSubstr("asymmetric admission"));
}

TEST_F(CellCourseTest, SlotsLeftOutForOneArmAloneMakeItInconclusive) {
  course_cell_.beginStage(kBlocks);
  KeptBlock asymmetric = block();
  asymmetric.effects.admitted = 11;
  asymmetric.effects.rejected_by = {0, 1};
  take(kBlocks, asymmetric);
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdict().reason, AllOf(HasSubstr("asymmetric admission: 0 slots"),
                                      HasSubstr("baseline alone and 12 for the candidate")));
}

TEST_F(CellCourseTest, SlotsLeftOutForEitherArmAreChance) {
  course_cell_.beginStage(kBlocks);
  KeptBlock symmetric = block();
  symmetric.effects.rejected_by = {1, 1};
  take(kBlocks - 4, symmetric);
  symmetric.effects.rejected_by = {0, 1};
  take(4, symmetric);
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
}

// --- saturation ---------------------------------------------------------------------------------

TEST_F(CellCourseTest, ARateThatTheCandidateAloneCannotKeepIsARegression) {
  course_cell_.beginStage(kBlocks);
  take(kBlocks, saturatedBlock(0, 12));
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Regressed);
  EXPECT_THAT(verdict().reason,
              HasSubstr("saturated: in 12 of 12 blocks the candidate alone could not"));
  EXPECT_NE(verdict(1).verdict, GateVerdict::Regressed) << "it is only reported";
}

TEST_F(CellCourseTest, ARateThatNeitherCanKeepMakesItInconclusive) {
  course_cell_.beginStage(kBlocks);
  take(kBlocks, saturatedBlock(11, 12));
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Inconclusive);
  EXPECT_THAT(verdict().reason, HasSubstr("saturated: neither arm can keep this rate in 12 of 12"));
}

TEST_F(CellCourseTest, ARateThatTheBaselineAloneCannotKeepIsNoRegression) {
  course_cell_.beginStage(kBlocks);
  take(kBlocks, saturatedBlock(12, 0));
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
}

TEST_F(CellCourseTest, ARateThatEitherArmMissesNowAndThenSaysNothing) {
  course_cell_.beginStage(kBlocks);
  take(3, saturatedBlock(12, 0));
  take(5, saturatedBlock(0, 12));
  take(4, block());
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
}

TEST_F(CellCourseTest, AFewSaturatedSlotsMakeNoSaturatedBlock) {
  course_cell_.beginStage(kBlocks);
  take(kBlocks, saturatedBlock(0, 6));
  endStage();
  EXPECT_EQ(verdict().verdict, GateVerdict::Pass) << verdict().reason;
}

// --- what is kept -------------------------------------------------------------------------------

TEST_F(CellCourseTest, KeepsTheMedianOfEachArmOverTheBlocksThatCount) {
  course_cell_.beginStage(kBlocks);
  KeptBlock kept = block();
  for (const double value : {90.0, 100.0, 4000.0}) {
    kept.effects.values = {{kTime, {value, 2 * value}}};
    course_cell_.take(kept);
  }
  EXPECT_THAT(course_cell_.facts().values.at(kTime), ::testing::ElementsAre(100, 200));
}

TEST_F(CellCourseTest, CountsTheBlocksInWhichAWorkerWaitedForItsCpu) {
  course_cell_.beginStage(kBlocks);
  KeptBlock loaded = block();
  loaded.effects.run_delay = 0.06;
  take(3, loaded);
  loaded.effects.run_delay = 0.04;
  take(3, loaded);
  EXPECT_EQ(course_cell_.facts().loaded_blocks, 3U);
}

}  // namespace
}  // namespace ringside::harness
