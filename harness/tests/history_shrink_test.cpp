#include "harness/history/shrink.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "harness/history/check.hpp"
#include "harness/tests/operations.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kValues = 300;

/// Two producers, two consumers, answers of empty; what happens takes turns and is clean.
History busyHistory() {
  History history = drainedHistoryOf({});
  for (std::uint64_t value = 0; value < kValues; ++value) {
    const auto began_ns = static_cast<std::int64_t>(100 * value);
    const auto who = static_cast<std::uint32_t>(value % 2);
    history.operations.push_back(pushed(who, value, {began_ns, began_ns + 10}));
    history.operations.push_back(popped(2 + who, value, {began_ns + 20, began_ns + 30}));
    history.operations.push_back(sawEmpty(2, {began_ns + 40, began_ns + 50}));
  }
  return history;
}

/// The first kind that is found must still be found, in at most so many operations.
History expectShrinks(const History& history, ViolationKind kind, std::size_t most) {
  EXPECT_EQ(firstViolation(history)->kind, kind);
  History small = shrink(history);
  const std::optional<Violation> violation = firstViolation(small);
  EXPECT_TRUE(violation && violation->kind == kind);
  EXPECT_LE(small.operations.size(), most);
  EXPECT_EQ(small, shrink(history)) << "another time, another answer";
  const auto known = [&](const Operation& operation) {
    return std::find(history.operations.begin(), history.operations.end(), operation) !=
           history.operations.end();
  };
  EXPECT_TRUE(std::all_of(small.operations.begin(), small.operations.end(), known));
  return small;
}

/// The pop of a value in a busy history.
Operation& popOf(History& history, std::uint64_t value) {
  return history.operations[3 * value + 1];
}

TEST(HistoryShrinkTest, WhatIsCleanStaysAsItIs) {
  const History history = busyHistory();
  ASSERT_FALSE(firstViolation(history));
  EXPECT_EQ(shrink(history), history);
}

TEST(HistoryShrinkTest, KeepsTwoValuesOutOfOrder) {
  History history = historyOf({});
  for (std::uint64_t value = 0; value < kValues; ++value) {
    const auto began_ns = static_cast<std::int64_t>(10 * value);
    const auto who = static_cast<std::uint32_t>(value % 2);
    history.operations.push_back(pushed(who, value, {began_ns, began_ns + 5}));
    history.operations.push_back(popped(2 + who, value, {began_ns + 10'000, began_ns + 10'005}));
  }
  std::swap(history.operations[2 * 100 + 1].value, history.operations[2 * 110 + 1].value);
  expectShrinks(history, ViolationKind::Reordered, 4);
}

TEST(HistoryShrinkTest, KeepsAValuePoppedTwice) {
  History history = busyHistory();
  popOf(history, 100).value = 98;
  const History small = expectShrinks(history, ViolationKind::Duplicated, 3);
  EXPECT_EQ(small.operations.size(), 3U);
}

TEST(HistoryShrinkTest, KeepsOneLostValue) {
  History history = busyHistory();
  history.operations.erase(history.operations.begin() + 301);
  const History small = expectShrinks(history, ViolationKind::Lost, 1);
  EXPECT_EQ(small.operations.at(0).value, 100U);
}

TEST(HistoryShrinkTest, KeepsTheAnswerOfEmptyAndWhatWasThere) {
  History history = busyHistory();
  popOf(history, 100).began_ns += 40;
  popOf(history, 100).ended_ns += 40;
  expectShrinks(history, ViolationKind::FalselyEmpty, 3);
}

TEST(HistoryShrinkTest, KeepsAsManyValuesAsAreTooMany) {
  History history = historyOf({});
  history.capacity = 4;
  for (std::uint64_t value = 0; value < 60; ++value) {
    const auto began_ns = static_cast<std::int64_t>(10 * value);
    history.operations.push_back(pushed(1, value, {began_ns, began_ns + 5}));
  }
  expectShrinks(history, ViolationKind::Overfull, 5);
}

TEST(HistoryShrinkTest, GivesUpClaimsTogetherWithTheValuesTheyExplain) {
  History history = drainedHistoryOf({neverPopped(9, 0, 2), neverPopped(8, 0)});
  for (std::uint64_t value = 0; value < 4; ++value) {
    history.operations.push_back(pushed(1, value, {10, 20}));
  }
  EXPECT_EQ(countAll(history).lost, 1U);
  const History small = shrink(history);
  EXPECT_EQ(small.operations.size(), 1U);
  EXPECT_EQ(countAll(small).lost, 1U);
}

TEST(HistoryShrinkTest, CountsNoMoreLossesThanThereWere) {
  const History history = historyOf({pushed(1, 1, {0, 1}), neverPopped(9, 2), pushed(1, 2, {3, 4}),
                                     pushed(1, 3, {5, 6}), popped(2, 3, {7, 8}), neverPopped(8, 9),
                                     sawEmpty(3, {20, 21}), sawEmpty(3, {22, 23})});
  EXPECT_EQ(countAll(history).lost, 1U);
  const History small = shrink(history);
  EXPECT_EQ(firstViolation(small)->kind, ViolationKind::Lost);
  EXPECT_EQ(countAll(small).lost, 1U);
  EXPECT_LE(small.operations.size(), 3U);
}

TEST(HistoryShrinkTest, LeavesOutPopsThatNeverReturnedWhereTheyExplainNothing) {
  History history = busyHistory();
  popOf(history, 100).value = 98;
  for (std::uint32_t process = 20; process < 30; ++process) {
    history.operations.push_back(neverPopped(process, 5));
  }
  expectShrinks(history, ViolationKind::Duplicated, 3);
}

TEST(HistoryShrinkTest, KeepsTheFactsAndNotesHowMuchThereWas) {
  History history = busyHistory();
  popOf(history, 100).value = 98;
  history.notes.emplace("seed", "7");
  const History small = shrink(history);
  EXPECT_EQ(small.queue, history.queue);
  EXPECT_EQ(small.notes.at("seed"), "7");
  EXPECT_EQ(small.notes.at("shrunk_from"), "900 operations");
  EXPECT_EQ(shrink(small), small);
}

}  // namespace
}  // namespace ringside::harness
