// From logs and words to a class: each test writes down what the processes of a trial would have.
#include "harness/verify/judge.hpp"

#include <gmock/gmock.h>

#include "harness/tests/stage_test.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;

class JudgeTest : public StageTest {
 protected:
  static constexpr std::uint64_t kCapacity = 4;

  void push(std::uint64_t first, std::uint32_t count = 1) {
    producer_.beginPush(first, count);
    producer_.endPush(count, count);
  }
  void pop(const ActorLog::Popped& what) {
    consumer_.beginPop();
    consumer_.endPop(&what, 1);
  }
  void pop(std::uint64_t value) { pop({value, false, false}); }

  TrialOutcome judged(Ending ending = Ending::Complete, const std::string& ended_by = "") {
    stage_.words().capacity_before = capacity_before_;
    stage_.words().capacity_after = capacity_after_;
    TrialOutcome outcome;
    outcome.fault_point = "push, instruction 17";
    judge(stage_, ending, ended_by, outcome);
    return outcome;
  }

  std::uint64_t capacity_before_ = kCapacity;
  std::uint64_t capacity_after_ = kCapacity;
  Stage stage_{*findQueue("mpmc"), shapeFor(kCapacity), session_};
  ActorLog producer_ = logOf(stage_);
  ActorLog consumer_ = logOf(stage_);
};

TEST_F(JudgeTest, SurvivesWhereAllThatWasPushedCameOnceInOrder) {
  push(1, 2);
  pop(1);
  pop(2);
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Survives);
  EXPECT_EQ(outcome.evidence, "");
  EXPECT_FALSE(outcome.history.has_value());
  EXPECT_EQ(outcome.counts.pushed, 2U);
  EXPECT_EQ(outcome.counts.popped, 2U);
}

TEST_F(JudgeTest, LosesWhatWasPushedAndNeverCame) {
  push(1, 2);
  pop(1);
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Loses);
  EXPECT_EQ(outcome.counts.lost, 1U);
  EXPECT_THAT(outcome.evidence, HasSubstr("value 2"));
}

TEST_F(JudgeTest, DoesNotCallLostWhatADeadConsumerMayHaveTaken) {
  push(1, 2);
  pop(1);
  consumer_.beginPop();
  EXPECT_EQ(judged().progress, ProgressClass::Survives);
}

TEST_F(JudgeTest, TakesTheQueuesWordForWhatItGaveUp) {
  push(1, 2);
  pop(1);
  stage_.words().drops = 1;
  EXPECT_EQ(judged().progress, ProgressClass::Survives);
}

TEST_F(JudgeTest, CorruptsWhatComesTwice) {
  push(1);
  pop(1);
  pop(1);
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_EQ(outcome.counts.duplicated, 1U);
}

TEST_F(JudgeTest, CorruptsWhatIsTorn) {
  push(1);
  pop({0, true, false});
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_EQ(outcome.counts.torn, 1U);
}

TEST_F(JudgeTest, CorruptsWhatComesOutOfOrder) {
  push(1, 2);
  pop(2);
  pop(1);
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_EQ(outcome.counts.reordered, 1U);
}

TEST_F(JudgeTest, CorruptsWhatNobodyPushed) {
  pop(9);
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_EQ(outcome.counts.invented, 1U);
}

TEST_F(JudgeTest, StallsWhereSurvivorsComeNoFurther) {
  push(1);
  const TrialOutcome outcome = judged(Ending::Standstill, "nothing moved for a survivor");
  EXPECT_EQ(outcome.progress, ProgressClass::Stalls);
  EXPECT_EQ(outcome.evidence, "nothing moved for a survivor");
  EXPECT_EQ(outcome.counts.lost, 0U) << "it may still lie in the queue";
}

TEST_F(JudgeTest, CorruptsWhereASurvivorCrashes) {
  const TrialOutcome outcome = judged(Ending::Crash, "a survivor killed by SIGSEGV");
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_EQ(outcome.evidence, "a survivor killed by SIGSEGV");
}

TEST_F(JudgeTest, TheGraverOfTwoDecides) {
  push(1);
  pop(1);
  pop(1);
  const TrialOutcome outcome = judged(Ending::Standstill, "nothing moved for a survivor");
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_THAT(outcome.evidence, HasSubstr("value 1"));
}

TEST_F(JudgeTest, LosesAPlaceThatIsGone) {
  capacity_after_ = kCapacity - 1;
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Loses);
  EXPECT_EQ(outcome.leaked_slots, 1);
  EXPECT_THAT(outcome.evidence, HasSubstr("held 4 elements before the fault and holds 3"));
}

TEST_F(JudgeTest, CorruptsWhereItHoldsOtherThanItWasMadeFor) {
  capacity_before_ = capacity_after_ = kCapacity + 1;
  const TrialOutcome outcome = judged();
  EXPECT_EQ(outcome.progress, ProgressClass::Corrupts);
  EXPECT_EQ(outcome.leaked_slots, 0);
  EXPECT_THAT(outcome.evidence, HasSubstr("holds 5 elements, and was made for 4"));
}

TEST_F(JudgeTest, SaysNothingOfPlacesWhereTheTrialDidNotComeToItsEnd) {
  capacity_after_ = 0;
  EXPECT_EQ(judged(Ending::Standstill, "x").leaked_slots, 0);
}

TEST_F(JudgeTest, AnInexactQueueMayHoldOtherThanItWasMadeFor) {
  Stage stage(*findQueue("pipe"), shapeFor(kCapacity), session_);
  stage.words().capacity_before = stage.words().capacity_after = 30;
  TrialOutcome outcome;
  judge(stage, Ending::Complete, "", outcome);
  EXPECT_EQ(outcome.progress, ProgressClass::Survives) << outcome.evidence;
}

TEST_F(JudgeTest, ASecondDeliveryThatIsFlaggedIsFineWhereThatWasAskedFor) {
  const auto outcomeOf = [&](const char* queue) {
    Stage stage(*findQueue(queue), shapeFor(kCapacity), session_);
    ActorLog producer = logOf(stage);
    producer.beginPush(1);
    producer.endPush(1, 1);
    logOf(stage).beginPop();  // by one that died, and may have taken it
    ActorLog consumer = logOf(stage);
    for (const bool redelivered : {false, true}) {
      const ActorLog::Popped popped = {1, false, redelivered};
      consumer.beginPop();
      consumer.endPop(&popped, 1);
    }
    stage.words().capacity_before = stage.words().capacity_after = kCapacity;
    TrialOutcome outcome;
    judge(stage, Ending::Complete, "", outcome);
    return outcome;
  };
  EXPECT_EQ(outcomeOf("mpmc_at_least_once").progress, ProgressClass::Survives);
  EXPECT_EQ(outcomeOf("mpmc_at_least_once").counts.redelivered, 1U);
  EXPECT_EQ(outcomeOf("mpmc").progress, ProgressClass::Corrupts);
}

TEST_F(JudgeTest, KeepsTheHistoryOfWhatIsWrongWithWhereAndWhy) {
  push(1, 2);
  pop(2);
  pop(1);
  const TrialOutcome outcome = judged();
  ASSERT_TRUE(outcome.history.has_value());
  EXPECT_EQ(outcome.history->operations.size(), 4U);
  EXPECT_TRUE(outcome.history->drained);
  EXPECT_EQ(outcome.history->capacity, kCapacity);
  EXPECT_EQ(outcome.history->notes.at("fault_point"), "push, instruction 17");
  EXPECT_EQ(outcome.history->notes.at("evidence"), outcome.evidence);
}

TEST(ProgressClassTest, IsReadBackFromItsName) {
  for (const ProgressClass progress : {ProgressClass::Survives, ProgressClass::Stalls,
                                       ProgressClass::Loses, ProgressClass::Corrupts}) {
    EXPECT_EQ(parseProgressClass(toString(progress)), progress);
  }
  EXPECT_EQ(parseProgressClass("Survives"), std::nullopt);
  EXPECT_EQ(parseProgressClass(""), std::nullopt);
}

}  // namespace
}  // namespace ringside::harness
