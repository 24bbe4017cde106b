// What is made of blocks that a self-test has measured: virtual gates, and slots relabelled.
#include "harness/selftest/virtual_gates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "harness/selftest/relabelled.hpp"
#include "harness/selftest/selftest_judge.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kBlocks = 12;

/// Two metrics that have their blocks in common, in each of some cells.
TriedGate gateWithBlocks(std::uint64_t seed, double shift = 0) {
  results::RandomNumbers chance(seed);
  TriedGate gate;
  gate.kind = "aa";
  for (const char* cell : {"c1", "c2", "c3"}) {
    std::vector<double> effects;
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
      effects.push_back(shift + 0.01 * (chance.uniform() - 0.5));
    }
    for (const char* name : {"rtt_ns_p50_clean", "rtt_ns_p99_clean"}) {
      gate.metrics.push_back({.cell = cell,
                              .metric = name,
                              .verdict = "pass",
                              .p_without_margin = 0.5,
                              .margin = 0.01,
                              .pass_bound = 0.05,
                              .effects = effects,
                              .p_relabelled = 0.5});
    }
  }
  return gate;
}

std::vector<TriedGate> gatesWithBlocks(double shift = 0) {
  std::vector<TriedGate> gates;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) gates.push_back(gateWithBlocks(seed, shift));
  return gates;
}

SelftestFinding findingWith(const std::vector<SelftestFinding>& findings,
                            const std::string& words) {
  for (const SelftestFinding& finding : findings) {
    if (finding.statement.find(words) != std::string::npos) return finding;
  }
  return {"", false};
}

TEST(VirtualGatesTest, AreRedAsSeldomAsIsPromisedWhateverTheBlocksShow) {
  for (const double shift : {0.0, 0.2}) {  // of which chance takes the sign away
    const results::Tally red = playVirtualGates(gatesWithBlocks(shift), 2000, false, 3);
    EXPECT_EQ(red.trials, 2000U);
    EXPECT_GE(results::binomialAtLeast(red, kPromisedFalseAlarms), 0.01) << red.hits;
  }
}

TEST(VirtualGatesTest, OfTheSameBlocksAndSeedAreTheSame) {
  const auto gates = gatesWithBlocks(0.2);
  const results::Tally once = playVirtualGates(gates, 3000, false, 7);
  EXPECT_EQ(once.hits, playVirtualGates(gates, 3000, false, 7).hits);
}

TEST(VirtualGatesTest, AreNoneWhereNoBlocksWereKept) {
  TriedGate gate = gateWithBlocks(1);
  for (TriedMetric& metric : gate.metrics) metric.effects.clear();
  EXPECT_EQ(playVirtualGates({gate}, 10, true, 1).trials, 0U);
  EXPECT_EQ(findingWith(judgeIdentical({gate}), "virtual gates").statement, "");
}

TEST(VirtualGatesTest, AreJudgedBesideThePromiseAndSoAreSlotsRelabelled) {
  const auto findings = judgeIdentical(gatesWithBlocks());
  EXPECT_THAT(findingWith(findings, "relabelled").statement, HasSubstr("in 0 of 120 cells"));
  const SelftestFinding finding = findingWith(findings, "virtual gates");
  EXPECT_TRUE(finding.fits) << finding.statement;
  EXPECT_THAT(finding.statement, HasSubstr("of 10000 red"));
}

TEST(VirtualGatesTest, BlocksAreKeptInTheLine) {
  const ScratchFile file(".jsonl", "");
  TriedGate gate = gateWithBlocks(5);
  gate.rejected_by = {3, 4};
  gate.metrics[1].p_relabelled = std::nullopt;
  appendTried(file.path(), gate);
  const TriedGate read = readTried(file.path()).at(0);
  EXPECT_EQ(read.rejected_by, gate.rejected_by);
  EXPECT_EQ(read.metrics[0].p_relabelled, 0.5);
  EXPECT_FALSE(read.metrics[1].p_relabelled.has_value());
  EXPECT_EQ(read.metrics[2].margin, 0.01);
  EXPECT_EQ(read.metrics[2].pass_bound, 0.05);
  ASSERT_EQ(read.metrics[2].effects.size(), kBlocks);
  EXPECT_NEAR(read.metrics[2].effects[7], gate.metrics[2].effects[7], 1e-6);
}

// --- slots relabelled ---------------------------------------------------------------------------

/// A block whose second arm is twice as slow, slot by slot and as a whole.
KeptBlock slowCandidate() {
  KeptBlock block;
  block.cell = "c1";
  block.arms.resize(2);
  for (std::size_t arm = 0; arm < 2; ++arm) {
    for (int i = 0; i < 12; ++i) {
      SlotReading slot;
      slot.counted = slot.messages = 10'000;
      slot.metrics["rtt_ns_p50_clean"] = (100 + i) * (arm == 0 ? 1.0 : 2.0);
      block.arms[arm].slots.push_back(slot);
    }
    block.arms[arm].block_metrics["disturbed_fraction"] = arm == 0 ? 0.01 : 0.02;
  }
  block.effects = effectsOf({.arms = block.arms});
  return block;
}

TEST(RelabelledTest, ExchangesTheSlotsOfPairsAndNothingElse) {
  const KeptBlock block = slowCandidate();
  results::RandomNumbers chance(1);
  const BlockReading reading = relabelledOf(block, chance);
  int exchanged = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    const double first = reading.arms[0].slots[i].metrics.at("rtt_ns_p50_clean");
    const double second = reading.arms[1].slots[i].metrics.at("rtt_ns_p50_clean");
    const auto own = static_cast<double>(100 + i);
    EXPECT_EQ(std::min(first, second), own);
    EXPECT_EQ(std::max(first, second), 2 * own);
    exchanged += first > second ? 1 : 0;
  }
  EXPECT_GT(exchanged, 0);
  EXPECT_LT(exchanged, 12);
}

TEST(RelabelledTest, TakesAwayWhatTheArmsDifferBy) {
  Relabelled relabelled(1, kBlocks);
  std::vector<double> plain;
  for (std::uint32_t i = 0; i < 2 * kBlocks; ++i) {
    const KeptBlock block = slowCandidate();
    plain.push_back(block.effects.effects.at("rtt_ns_p50_clean"));
    EXPECT_GT(plain.back(), std::log(1.9));
    relabelled.take(block);
  }
  const auto p = relabelled.pOf("c1", "rtt_ns_p50_clean");
  ASSERT_TRUE(p.has_value());
  EXPECT_GT(*p, 0.01);
  EXPECT_FALSE(relabelled.pOf("c2", "rtt_ns_p50_clean").has_value());
}

TEST(RelabelledTest, BlocksThatDoNotCountAreLeftOut) {
  Relabelled relabelled(1, kBlocks);
  KeptBlock block = slowCandidate();
  block.effects.why_invalid = "too few messages came";
  relabelled.take(block);
  EXPECT_FALSE(relabelled.pOf("c1", "rtt_ns_p50_clean").has_value());
}

TEST(RelabelledTest, SmallPAndSlotsLeftOutOnOneSideDoNotFit) {
  std::vector<TriedGate> gates = gatesWithBlocks();
  EXPECT_TRUE(judgeRelabelled(gates).fits);
  gates[0].rejected_by = {40, 10};
  EXPECT_FALSE(judgeRelabelled(gates).fits);
  gates = gatesWithBlocks();
  for (TriedGate& gate : gates) gate.metrics[0].p_relabelled = 0.05;
  EXPECT_FALSE(judgeRelabelled(gates).fits);
  for (TriedGate& gate : gates) gate.metrics[0].p_relabelled = 0.99;
  EXPECT_FALSE(judgeRelabelled(gates).fits);
}

}  // namespace
}  // namespace ringside::harness
