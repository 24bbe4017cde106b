#include "harness/history/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "harness/tests/operations.hpp"

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Fails the test and gives an empty one where there is none.
Violation violationOf(const History& history) {
  const std::optional<Violation> violation = firstViolation(history);
  EXPECT_TRUE(violation.has_value());
  return violation.value_or(Violation{});
}

void expectClean(const History& history) {
  const std::optional<Violation> violation = firstViolation(history);
  EXPECT_FALSE(violation.has_value()) << violation->sentence;
}

void expectKind(const History& history, ViolationKind kind) {
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, kind) << toString(violation.kind) << ": " << violation.sentence;
}

// --- what was popped ----------------------------------------------------------------------------

TEST(HistoryCheckTest, NothingAtAllIsClean) { expectClean(drainedHistoryOf({})); }

TEST(HistoryCheckTest, OneProducerAndOneConsumerInOrderAreClean) {
  expectClean(drainedHistoryOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), popped(2, 1, {4, 5}),
                                popped(2, 2, {6, 7}), sawEmpty(2, {8, 9})}));
}

TEST(HistoryCheckTest, FindsWhatWasNeverPushed) {
  const Violation violation = violationOf(historyOf({popped(3, 17, {30, 40})}));
  EXPECT_EQ(violation.kind, ViolationKind::Invented);
  EXPECT_EQ(violation.sentence,
            "value 17 was popped by process 3, 30..40 ns, but nobody pushed it");
  EXPECT_THAT(violation.operations, ElementsAre(0));
}

TEST(HistoryCheckTest, FindsWhatWasPoppedBeforeItsPushBegan) {
  const Violation violation =
      violationOf(historyOf({popped(3, 17, {1, 4}), pushed(2, 17, {5, 9})}));
  EXPECT_EQ(violation.kind, ViolationKind::Invented);
  EXPECT_THAT(violation.sentence, HasSubstr("wholly before its push began"));
}

TEST(HistoryCheckTest, APopMayComeBackBeforeThePushDoes) {
  expectClean(historyOf({popped(3, 17, {1, 5}), pushed(2, 17, {5, 9})}));
}

TEST(HistoryCheckTest, WhatAPushThatNeverReturnedPutInMayBePopped) {
  expectClean(drainedHistoryOf({pushed(2, 17, {1}), popped(3, 17, {50, 60})}));
}

TEST(HistoryCheckTest, FindsWhatWasPoppedTwice) {
  const Violation violation =
      violationOf(historyOf({pushed(1, 7, {0, 1}), popped(2, 7, {2, 3}), popped(3, 7, {2, 9})}));
  EXPECT_EQ(violation.kind, ViolationKind::Duplicated);
  EXPECT_EQ(violation.sentence,
            "value 7 (pushed by process 1, 0..1 ns) was popped by process 2, 2..3 ns, and again "
            "popped by process 3, 2..9 ns");
  EXPECT_THAT(violation.operations, ElementsAre(0, 1, 2));
}

TEST(HistoryCheckTest, FindsTornContent) {
  const Violation violation = violationOf(historyOf({pushed(1, 7, {0, 1}), torn(2, 7, {2, 3})}));
  EXPECT_EQ(violation.kind, ViolationKind::Torn);
  EXPECT_THAT(violation.values, ElementsAre(7));
}

TEST(HistoryCheckTest, TornContentUnderAValueOfNobodyIsNotInventedToo) {
  const History history = historyOf({torn(2, 999, {2, 3})});
  expectKind(history, ViolationKind::Torn);
  EXPECT_EQ(countAll(history).torn, 1U);
  EXPECT_EQ(countAll(history).invented, 0U);
}

// --- order --------------------------------------------------------------------------------------

TEST(HistoryCheckTest, FindsTwoValuesOfTwoProducersOutOfOrder) {
  const Violation violation =
      violationOf(historyOf({pushed(1, 17, {10, 20}), pushed(2, 18, {30, 40}),
                             popped(3, 18, {50, 60}), popped(4, 17, {70, 80})}));
  EXPECT_EQ(violation.kind, ViolationKind::Overtaken);
  EXPECT_EQ(
      violation.sentence,
      "value 17 (pushed by process 1, 10..20 ns) was popped by process 4, 70..80 ns, wholly "
      "after value 18 (pushed by process 2, 30..40 ns), which was pushed wholly after it, had "
      "been popped by process 3, 50..60 ns");
  EXPECT_THAT(violation.values, ElementsAre(17, 18));
  EXPECT_THAT(violation.operations, ElementsAre(0, 1, 2, 3));
}

TEST(HistoryCheckTest, PushesThatOverlapMayComeInEitherOrder) {
  expectClean(historyOf({pushed(1, 17, {10, 30}), pushed(2, 18, {30, 40}), popped(3, 18, {50, 60}),
                         popped(4, 17, {70, 80})}));
}

TEST(HistoryCheckTest, PopsThatOverlapMayHaveHappenedInEitherOrder) {
  expectClean(historyOf({pushed(1, 17, {10, 20}), pushed(2, 18, {30, 40}), popped(3, 18, {50, 70}),
                         popped(4, 17, {70, 80})}));
}

TEST(HistoryCheckTest, FindsTheOrderOfAProducerBrokenAtAConsumer) {
  const History history = historyOf({pushed(1, 17, {10, 20}), pushed(1, 18, {30, 40}),
                                     popped(3, 18, {50, 60}), popped(3, 17, {70, 80})});
  expectKind(history, ViolationKind::Reordered);
  EXPECT_EQ(countAll(history).reordered, 1U);
}

TEST(HistoryCheckTest, ABatchHasTheOrderInWhichItIsListed) {
  const std::vector<Operation> pushes = {pushed(1, 1, {0, 9}), pushed(1, 2, {0, 9})};
  History history = historyOf(pushes);
  history.operations.insert(history.operations.end(),
                            {popped(2, 1, {20, 29}), popped(2, 2, {20, 29})});
  expectClean(history);
  std::swap(history.operations[2], history.operations[3]);
  expectKind(history, ViolationKind::Reordered);
}

TEST(HistoryCheckTest, OrderBetweenTwoConsumersIsNotThatOfTheList) {
  expectClean(historyOf(
      {pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), popped(3, 2, {4, 9}), popped(2, 1, {5, 8})}));
}

// --- what never came ----------------------------------------------------------------------------

TEST(HistoryCheckTest, WhatIsStillInTheQueueIsNotLost) {
  expectClean(historyOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), popped(2, 1, {4, 5})}));
}

TEST(HistoryCheckTest, FindsWhatIsMissingAfterDraining) {
  const History history =
      drainedHistoryOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), popped(2, 1, {4, 5})});
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, ViolationKind::Lost);
  EXPECT_EQ(
      violation.sentence,
      "value 2 (pushed by process 1, 2..3 ns) was never popped, though the queue was drained");
  EXPECT_EQ(countAll(history).lost, 1U);
}

TEST(HistoryCheckTest, WhatAPushThatNeverReturnedMayHavePutInIsNotMissed) {
  expectClean(drainedHistoryOf({pushed(1, 1, {0})}));
}

TEST(HistoryCheckTest, FindsWhatWasPassedOverBeforeDraining) {
  const History history =
      historyOf({pushed(1, 1, {0, 1}), pushed(2, 2, {2, 3}), popped(3, 2, {4, 5})});
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, ViolationKind::Lost);
  EXPECT_EQ(violation.sentence,
            "value 1 (pushed by process 1, 0..1 ns) was never popped, though value 2 (pushed by "
            "process 2, 2..3 ns), pushed wholly after it, was popped by process 3, 4..5 ns");
  EXPECT_EQ(countAll(history).lost, 1U);
}

TEST(HistoryCheckTest, APopThatNeverReturnedExplainsWhatItClaimedAndNoMore) {
  const auto lost = [](std::uint64_t values, Operation pop) {
    History history = drainedHistoryOf({pop});
    for (std::uint64_t value = 1; value <= values; ++value) {
      const auto time_ns = static_cast<std::int64_t>(10 * value);
      history.operations.push_back(pushed(1, value, {time_ns, time_ns + 1}));
    }
    EXPECT_EQ(countAll(history).lost > 0, firstViolation(history).has_value());
    return countAll(history).lost;
  };
  EXPECT_EQ(lost(3, neverPopped(2, 0, 3)), 0U);
  EXPECT_EQ(lost(5, neverPopped(2, 0, 3)), 2U);
  EXPECT_EQ(lost(1, neverPopped(2, 0, 0)), 1U);
}

TEST(HistoryCheckTest, APopThatNeverReturnedAndBeganTooLateExplainsNothing) {
  const auto passedOver = [](std::int64_t began_ns) {
    return historyOf({pushed(1, 1, {0, 1}), pushed(2, 2, {2, 3}), popped(3, 2, {4, 5}),
                      neverPopped(4, began_ns)});
  };
  expectClean(passedOver(5));
  expectKind(passedOver(6), ViolationKind::Lost);
}

TEST(HistoryCheckTest, OnePopThatNeverReturnedCannotExplainTwoLossesInTurn) {
  const History history = historyOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), neverPopped(4, 4),
                                     pushed(1, 3, {5, 6}), popped(2, 3, {7, 8})});
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, ViolationKind::Lost);
  EXPECT_THAT(violation.sentence, HasSubstr("explain 1 at most, of 2"));
  EXPECT_THAT(violation.operations, ElementsAre(0, 1, 2, 3, 4));
}

TEST(HistoryCheckTest, DeclaredDropsAreExcusedOnce) {
  History history = drainedHistoryOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3})});
  history.declared_drops = 1;
  EXPECT_EQ(countAll(history).lost, 1U);
  history.operations.push_back(neverPopped(2, 0));
  EXPECT_EQ(countAll(history).lost, 1U) << "the drop is what the dead consumer had claimed";
  history.declared_drops = 2;
  EXPECT_EQ(countAll(history).lost, 0U);
  expectClean(history);
}

// --- emptiness ----------------------------------------------------------------------------------

TEST(HistoryCheckTest, FindsAnAnswerOfEmptyWhileAValueWasThere) {
  const History history =
      historyOf({pushed(1, 1, {0, 1}), sawEmpty(2, {2, 5}), popped(3, 1, {6, 7})});
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, ViolationKind::FalselyEmpty);
  EXPECT_EQ(violation.sentence,
            "the queue was found empty by process 2, 2..5 ns, though all that time it surely held "
            "value 1 (pushed by process 1, 0..1 ns), popped by process 3, 6..7 ns");
  EXPECT_EQ(countAll(history).falsely_empty, 1U);
}

TEST(HistoryCheckTest, FindsAnAnswerOfEmptyWhileOneOfSeveralWasThere) {
  const Violation violation = violationOf(
      historyOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), sawEmpty(2, {2, 9}),
                 popped(3, 1, {4, 5}), popped(3, 2, {10, 11}), pushed(1, 3, {20, 21})}));
  EXPECT_EQ(violation.kind, ViolationKind::FalselyEmpty);
  EXPECT_THAT(violation.values, ElementsAre(1, 2));
}

TEST(HistoryCheckTest, EmptyForOneInstantIsEmpty) {
  expectClean(historyOf({pushed(1, 1, {0, 1}), sawEmpty(2, {2, 9}), popped(3, 1, {4, 5}),
                         pushed(1, 2, {3, 4}), popped(3, 2, {10, 11})}));
}

TEST(HistoryCheckTest, AValueThatNobodyPoppedIsThere) {
  expectKind(historyOf({pushed(1, 1, {0, 1}), sawEmpty(2, {2, 5})}), ViolationKind::FalselyEmpty);
}

TEST(HistoryCheckTest, APopThatNeverReturnedMayHaveEmptiedTheQueue) {
  expectClean(historyOf({pushed(1, 1, {0, 1}), sawEmpty(2, {2, 5}), neverPopped(3, 5)}));
  expectKind(historyOf({pushed(1, 1, {0, 1}), sawEmpty(2, {2, 5}), neverPopped(3, 6)}),
             ViolationKind::FalselyEmpty);
  expectKind(historyOf({pushed(1, 1, {0, 1}), pushed(1, 2, {0, 1}), sawEmpty(2, {2, 5}),
                        neverPopped(3, 5)}),
             ViolationKind::FalselyEmpty);
}

// --- capacity -----------------------------------------------------------------------------------

History threePushedBeforeOneIsPopped() {
  return historyOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), pushed(1, 3, {4, 5}),
                    popped(2, 1, {6, 7}), popped(2, 2, {8, 9}), popped(2, 3, {10, 11})});
}

TEST(HistoryCheckTest, FindsMoreValuesAtOnceThanTheCapacity) {
  History history = threePushedBeforeOneIsPopped();
  history.capacity = 3;
  expectClean(history);
  history.capacity = 2;
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, ViolationKind::Overfull);
  EXPECT_EQ(violation.sentence, "after 5 ns the queue surely held 3 values; its capacity is 2");
  EXPECT_THAT(violation.values, ElementsAre(1, 2, 3));
}

TEST(HistoryCheckTest, ACapacityThatIsNotKnownIsNotJudged) {
  expectClean(threePushedBeforeOneIsPopped());
}

TEST(HistoryCheckTest, WhatAPopThatNeverReturnedMayHaveTakenIsNotHeld) {
  History history = historyOf({pushed(1, 1, {0, 1}), neverPopped(2, 2), pushed(1, 2, {3, 4})});
  history.capacity = 1;
  expectClean(history);
  history.operations[1].claimed = 0;
  expectKind(history, ViolationKind::Overfull);
}

// --- second deliveries --------------------------------------------------------------------------

History redeliveredLate(Delivery delivery) {
  History history = drainedHistoryOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), neverPopped(4, 4),
                                      popped(3, 2, {5, 6}), redelivered(3, 1, {7, 8})});
  history.delivery = delivery;
  return history;
}

TEST(HistoryCheckTest, ASecondDeliveryMayComeOutOfOrder) {
  expectClean(redeliveredLate(Delivery::AtLeastOnce));
}

TEST(HistoryCheckTest, WhereDeliveryIsAtMostOnceTheFlagExcusesNothing) {
  expectKind(redeliveredLate(Delivery::AtMostOnce), ViolationKind::Reordered);
}

TEST(HistoryCheckTest, ASecondDeliveryIsNoDuplicateAndASecondFirstOneIs) {
  History history =
      historyOf({pushed(1, 1, {0, 1}), popped(2, 1, {2, 3}), redelivered(3, 1, {4, 5})});
  history.delivery = Delivery::AtLeastOnce;
  expectClean(history);
  EXPECT_EQ(countAll(history).redelivered, 1U);
  history.operations[2].redelivered = false;
  expectKind(history, ViolationKind::Duplicated);
}

TEST(HistoryCheckTest, ASecondDeliveryOfWhatWasNeverPushedIsInvented) {
  History history = historyOf({redelivered(3, 1, {4, 5})});
  history.delivery = Delivery::AtLeastOnce;
  expectKind(history, ViolationKind::Invented);
}

// --- all of it ----------------------------------------------------------------------------------

TEST(HistoryCheckTest, CountsEachKind) {
  History history = drainedHistoryOf(
      {pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), pushed(1, 3, {4, 5}), pushed(1, 4, {6}),
       popped(2, 2, {10, 11}), popped(2, 1, {12, 13}), popped(2, 1, {14, 15}),
       popped(2, 9, {16, 17}), torn(2, 4, {18, 19}), sawEmpty(2, {20, 21})});
  history.capacity = 1;

  EXPECT_EQ(countAll(history), (Counts{.pushed = 3,
                                       .popped = 5,
                                       .unreturned = 1,
                                       .redelivered = 0,
                                       .lost = 1,
                                       .duplicated = 1,
                                       .reordered = 2,
                                       .torn = 1,
                                       .invented = 1,
                                       .overtaken = 1,
                                       .overfull = 2,
                                       .falsely_empty = 1}));
}

TEST(HistoryCheckTest, RefusesTwoPushesOfOneValue) {
  const History history = historyOf({pushed(1, 7, {0, 1}), pushed(2, 7, {2, 3})});
  EXPECT_THROW(firstViolation(history), std::invalid_argument);
  EXPECT_THROW(countAll(history), std::invalid_argument);
}

/// What a queue between two producers and two consumers would record, each value an operation
/// later.
History longHistory(std::uint64_t values) {
  std::mt19937 random(11);
  const auto jitter_ns = [&] { return std::uniform_int_distribution<std::int64_t>(0, 30)(random); };
  History history = drainedHistoryOf({});
  for (std::uint64_t value = 0; value < values; ++value) {
    const auto pushed_ns = static_cast<std::int64_t>(100 * value + 50);
    const auto who = static_cast<std::uint32_t>(value % 2);
    history.operations.push_back(
        pushed(who, value, {pushed_ns - jitter_ns(), pushed_ns + jitter_ns()}));
    history.operations.push_back(
        popped(2 + who, value, {pushed_ns + 500 - jitter_ns(), pushed_ns + 500 + jitter_ns()}));
  }
  return history;
}

TEST(HistoryCheckTest, JudgesALongHistory) {
  History history = longHistory(100'000);
  expectClean(history);
  EXPECT_EQ(countAll(history).pushed, 100'000U);
  std::swap(history.operations[100'001].value, history.operations[100'007].value);
  const Violation violation = violationOf(history);
  EXPECT_EQ(violation.kind, ViolationKind::Overtaken);
  EXPECT_EQ(violation.operations.size(), 4U);
}

}  // namespace
}  // namespace ringside::harness
