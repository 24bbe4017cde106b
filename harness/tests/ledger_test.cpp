#include "harness/ledger.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <vector>

#include "harness/control.hpp"

namespace ringside::harness {
namespace {

/// Ledgers of some consumers for two producers, in memory as a run has it.
class LedgerTest : public ::testing::Test {
 protected:
  results::Validation settled(std::initializer_list<std::vector<std::uint64_t>> by_consumer,
                              std::uint64_t sent) {
    const Control control(
        {.producers = 1, .consumers = static_cast<std::uint32_t>(by_consumer.size())});
    std::vector<Ledger> ledgers;
    for (const auto& received : by_consumer) {
      ledgers.push_back(control.ledger(static_cast<std::uint32_t>(ledgers.size())));
      for (const std::uint64_t sequence : received) ledgers.back().enter(0, sequence);
    }
    const std::uint64_t sent_by_producer[] = {sent};
    return settle(ledgers, sent_by_producer);
  }
};

TEST_F(LedgerTest, AllInTurnIsClean) {
  const results::Validation v = settled({{0, 1, 2, 3}}, 4);
  EXPECT_TRUE(v.clean());
  EXPECT_EQ(v.sent, 4U);
}

TEST_F(LedgerTest, CountsWhatNeverCame) {
  EXPECT_EQ(settled({{0, 2, 5}}, 8).lost, 5U);
  EXPECT_EQ(settled({{}}, 3).lost, 3U);
}

TEST_F(LedgerTest, CountsWhatCameTwice) {
  const results::Validation v = settled({{0, 1, 1, 2, 0}}, 3);
  EXPECT_EQ(v.duplicated, 2U);
  EXPECT_EQ(v.lost, 0U);
}

TEST_F(LedgerTest, CountsWhatCameLateAsReorderedAndNotAsLost) {
  const results::Validation v = settled({{0, 3, 1, 2, 4}}, 5);
  EXPECT_EQ(v.reordered, 2U);
  EXPECT_EQ(v.lost, 0U);
  EXPECT_EQ(v.duplicated, 0U);
}

TEST_F(LedgerTest, GapsOfOneConsumerAreFilledByAnother) {
  EXPECT_TRUE(settled({{0, 3, 4}, {1, 2, 5}}, 6).clean());
}

TEST_F(LedgerTest, WhatTwoConsumersReceivedIsADuplicate) {
  const results::Validation v = settled({{0, 1, 2}, {2, 3}}, 5);
  EXPECT_EQ(v.duplicated, 1U);
  EXPECT_EQ(v.lost, 1U);
}

TEST_F(LedgerTest, OneLostAndOneTwiceAreBothSeen) {
  const results::Validation v = settled({{0, 1, 1, 3}}, 4);
  EXPECT_EQ(v.lost, 1U);
  EXPECT_EQ(v.duplicated, 1U);
}

TEST_F(LedgerTest, WhatWasNeverSentCountsAndMakesUpForNoLoss) {
  const results::Validation v = settled({{0, 1, 3, 9}}, 4);
  EXPECT_EQ(v.lost, 1U);
  EXPECT_EQ(v.duplicated, 1U);
  EXPECT_FALSE(settled({{0, 1, 2}}, 2).clean());
}

TEST_F(LedgerTest, RefusesANumberAbsurdlyFarAhead) {
  const Control control({.producers = 1, .consumers = 1});
  Ledger ledger = control.ledger(0);
  EXPECT_TRUE(ledger.enter(0, 1000));
  EXPECT_FALSE(ledger.enter(0, 1001 + kMaxGap));
  EXPECT_FALSE(ledger.enter(1, 0));
  EXPECT_EQ(ledger.page(0).next, 1001U);
}

TEST_F(LedgerTest, WorksAcrossWordBoundaries) {
  std::vector<std::uint64_t> even;
  std::vector<std::uint64_t> odd;
  for (std::uint64_t i = 0; i < 300; ++i) (i % 2 == 0 ? even : odd).push_back(i);
  EXPECT_TRUE(settled({even, odd}, 300).clean());
  EXPECT_EQ(settled({even}, 300).lost, 150U);
}

}  // namespace
}  // namespace ringside::harness
