// What an actor logs must be true whenever it dies: each test stops one before every instruction of
// a log's call, and reads what somebody would read who finds it dead there.
#include "harness/verify/actor_log.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "faulty_queues.hpp"
#include "harness/history/check.hpp"
#include "harness/tests/stage_test.hpp"
#include "harness/verify/actor.hpp"
#include "harness/verify/stepped.hpp"

namespace ringside::harness {
namespace {

class ActorLogTest : public StageTest {
 protected:
  /// Steps through `calls` on the log of a new actor; `look` after every instruction.
  void stepThrough(const std::function<void(ActorLog&)>& before,
                   const std::function<void(ActorLog&)>& calls, const std::function<void()>& look) {
    const std::uint32_t actor = stage_.castActor();
    SteppedChild child(
        [&] {
          ActorLog log(stage_.log(actor));
          CallMark mark;
          mark.setBy(stage_.words(), StepTo::NextInstruction);
          before(log);
          mark.enter();
          calls(log);
          mark.leave();
          return 0;
        },
        stage_.words(), StepTo::NextInstruction);
    if (!child.reachCall(std::chrono::seconds(60))) GTEST_SKIP() << "no tracing here";
    long instructions = 0;
    do {
      look();
      ++instructions;
    } while (child.step());
    look();
    EXPECT_GT(instructions, 20);
    EXPECT_EQ(stage_.words().victim_at.load(), CallMark::kOutOfCall);
  }

  Stage stage_{*findQueue(kSound), shapeFor(4), session_};
};

TEST_F(ActorLogTest, APushThatIsLoggedHasItsValueAtEveryInstruction) {
  std::size_t most = 0;
  const auto look = [&] {
    std::set<std::uint64_t> values;
    const History history = stage_.history();
    for (const Operation& operation : history.operations) {
      EXPECT_EQ(operation.action, Action::Push);
      EXPECT_THAT(operation.value, ::testing::AllOf(::testing::Ge(70U), ::testing::Le(72U)));
      EXPECT_TRUE(values.insert(operation.value).second) << "logged twice";
      EXPECT_GT(operation.began_ns, 0);
      EXPECT_FALSE(operation.returned() && operation.value == 72) << "it was not pushed";
    }
    most = std::max(most, history.operations.size());
  };
  stepThrough([](ActorLog&) {},
              [](ActorLog& log) {
                log.beginPush(70, 3);
                log.endPush(3, 2);
              },
              look);
  EXPECT_EQ(most, 3U);
  const History history = stage_.history();
  ASSERT_EQ(history.operations.size(), 2U);
  for (const Operation& operation : history.operations) EXPECT_TRUE(operation.returned());
}

TEST_F(ActorLogTest, WhatABatchPopTookIsNeverLostAtAnyInstruction) {
  ActorLog producer = logOf(stage_);
  producer.beginPush(70, 3);
  producer.endPush(3, 3);
  const ActorLog::Popped popped[] = {{70, false, false}, {71, false, false}, {72, false, false}};
  const auto look = [&] {
    History history = stage_.history();
    history.drained = true;
    const auto violation = firstViolation(history);
    EXPECT_FALSE(violation.has_value()) << violation->sentence;
  };
  stepThrough([](ActorLog& log) { log.beginPop(4); }, [&](ActorLog& log) { log.endPop(popped, 3); },
              look);
  const Counts counts = countAll(stage_.history());
  EXPECT_EQ(counts.popped, 3U);
  EXPECT_EQ(counts.unreturned, 0U);
}

TEST_F(ActorLogTest, NothingIsSaidOfAPopBeforeAllOfItIsWritten) {
  const ActorLog::Popped popped = {70, true, true};
  const auto look = [&] {
    const History history = stage_.history();
    ASSERT_EQ(history.operations.size(), 1U);
    const Operation& pop = history.operations[0];
    EXPECT_EQ(pop.value, pop.returned() ? 70U : 0U);
    EXPECT_EQ(pop.torn, pop.returned());
    EXPECT_EQ(pop.redelivered, pop.returned());
  };
  stepThrough([](ActorLog& log) { log.beginPop(); }, [&](ActorLog& log) { log.endPop(&popped, 1); },
              look);
}

TEST_F(ActorLogTest, AnAnswerOfEmptyIsThereWholeOrNotAtAll) {
  const std::int64_t began_ns = nowNs();
  const auto look = [&] {
    const History history = stage_.history();
    for (const Operation& operation : history.operations) {
      EXPECT_EQ(operation.action, Action::SawEmpty);
      EXPECT_TRUE(operation.returned());
    }
  };
  stepThrough([](ActorLog&) {}, [&](ActorLog& log) { log.sawEmpty(began_ns); }, look);
  EXPECT_EQ(stage_.history().operations.size(), 1U);
}

TEST_F(ActorLogTest, APopOfNothingIsTakenBack) {
  ActorLog log = logOf(stage_);
  log.beginPop(3);
  EXPECT_EQ(stage_.history().operations.size(), 1U);
  log.endPop(nullptr, 0);
  EXPECT_TRUE(stage_.history().operations.empty());
}

TEST_F(ActorLogTest, HasRoomForWhatFitsAndNoMore) {
  ActorLog log = logOf(stage_);
  EXPECT_TRUE(log.hasRoomFor(kMaxLogged));
  log.sawEmpty(nowNs());
  EXPECT_FALSE(log.hasRoomFor(kMaxLogged));
  EXPECT_TRUE(log.hasRoomFor(kMaxLogged - 1));
}

TEST_F(ActorLogTest, AStageHasALogForEveryActorAndRefusesOneMore) {
  for (std::uint32_t actor = 0; actor < kMaxActors; ++actor) stage_.castActor();
  EXPECT_FALSE(stage_.hasRoomForActors(1));
  EXPECT_THROW(stage_.castActor(), std::logic_error);
  stage_.reset();
  EXPECT_TRUE(stage_.hasRoomForActors(kMaxActors));
}

}  // namespace
}  // namespace ringside::harness
