// What a block shows, from readings made by hand.
#include "harness/duet/block_effects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kTime = "rtt_ns_p50_clean";
constexpr const char* kRate = "messages_per_s_robust";
constexpr const char* kDisturbed = "disturbed_fraction";
constexpr double kNever = std::numeric_limits<double>::infinity();

SlotReading slotOf(const char* metric, double value) {
  return {.canary_ns = 100,
          .messages = 1000,
          .counted = 1000,
          .saturated = false,
          .metrics = {{metric, value}}};
}

/// So many pairs of slots, all alike.
BlockReading blockOf(const char* metric, double first, double second, std::size_t pairs = 12) {
  BlockReading block;
  block.arms.resize(2);
  block.arms[0].slots.assign(pairs, slotOf(metric, first));
  block.arms[1].slots.assign(pairs, slotOf(metric, second));
  return block;
}

double effectOf(const BlockReading& block, const std::string& metric) {
  const BlockEffects effects = effectsOf(block);
  EXPECT_EQ(effects.why_invalid, "");
  return effects.effects.contains(metric) ? effects.effects.at(metric) : std::nan("");
}

// --- the sign -----------------------------------------------------------------------------------

TEST(BlockEffectsTest, MoreTimeIsWorse) {
  EXPECT_DOUBLE_EQ(effectOf(blockOf(kTime, 100, 110), kTime), std::log(1.1));
}

TEST(BlockEffectsTest, LessThroughputIsWorse) {
  EXPECT_DOUBLE_EQ(effectOf(blockOf(kRate, 100, 80), kRate), std::log(100.0 / 80));
}

TEST(BlockEffectsTest, ArmsThatAreSwappedChangeTheSignAlone) {
  EXPECT_DOUBLE_EQ(effectOf(blockOf(kTime, 110, 100), kTime), -std::log(1.1));
  EXPECT_DOUBLE_EQ(effectOf(blockOf(kRate, 80, 100), kRate), -std::log(100.0 / 80));
}

TEST(BlockEffectsTest, ArmsThatAreEqualShowNothing) {
  EXPECT_EQ(effectOf(blockOf(kTime, 100, 100), kTime), 0);
}

TEST(BlockEffectsTest, SlotsAreComparedPairByPairSoThatADriftOfBothIsNone) {
  BlockReading block = blockOf(kTime, 0, 0);
  for (std::size_t i = 0; i < 12; ++i) {
    const double drifting = 100 * std::pow(1.5, static_cast<double>(i));
    block.arms[0].slots[i].metrics[kTime] = drifting;
    block.arms[1].slots[i].metrics[kTime] = 1.05 * drifting;
  }
  EXPECT_NEAR(effectOf(block, kTime), std::log(1.05), 1e-12);
}

TEST(BlockEffectsTest, AFewWildPairsMoveItLittle) {
  BlockReading block = blockOf(kTime, 100, 102);
  for (const std::size_t wild : {2U, 7U}) block.arms[1].slots[wild].metrics[kTime] = 1e6;
  EXPECT_DOUBLE_EQ(effectOf(block, kTime), std::log(1.02));
}

TEST(BlockEffectsTest, ValuesAreTheMediansOfEachArm) {
  const BlockEffects effects = effectsOf(blockOf(kTime, 100, 110));
  EXPECT_THAT(effects.values.at(kTime), ElementsAre(100, 110));
  EXPECT_THAT(effects.canary_ns, ElementsAre(100, 100));
}

TEST(BlockEffectsTest, AMetricThatOneArmLacksHasNoEffect) {
  BlockReading block = blockOf(kTime, 100, 110);
  for (SlotReading& slot : block.arms[0].slots) slot.metrics["rtt_ns_p99"] = 500;
  EXPECT_FALSE(effectsOf(block).effects.contains("rtt_ns_p99"));
}

// --- admission ----------------------------------------------------------------------------------

TEST(BlockEffectsTest, APairWhoseCanariesDisagreeIsLeftOut) {
  BlockReading block = blockOf(kTime, 100, 110);
  for (std::size_t i = 0; i < 4; ++i) {
    block.arms[1].slots[i].canary_ns = 100 * std::exp(kCanariesAgree + 0.01);
    block.arms[1].slots[i].metrics[kTime] = 5000;
  }
  const BlockEffects effects = effectsOf(block);
  EXPECT_EQ(effects.pairs, 12U);
  EXPECT_EQ(effects.admitted, 8U);
  EXPECT_DOUBLE_EQ(effects.effects.at(kTime), std::log(1.1));
  EXPECT_THAT(effects.rejected_by, ElementsAre(0, 0)) << "it is nobody's own doing";
}

TEST(BlockEffectsTest, CanariesThatTheArmsThemselvesSetApartAreHeldAgainstTheirOwn) {
  BlockReading block = blockOf(kTime, 100, 110);
  for (SlotReading& slot : block.arms[1].slots) slot.canary_ns = 200;
  EXPECT_EQ(effectsOf(block).admitted, 0U);
  EXPECT_EQ(effectsOf(block, Canaries::OfArm).admitted, 12U);
  block.arms[0].slots[3].canary_ns = 200;  // the CPUs were moved
  EXPECT_EQ(effectsOf(block, Canaries::OfArm).admitted, 11U);
}

TEST(BlockEffectsTest, CanariesAgreeBothWaysUpToTheBound) {
  BlockReading block = blockOf(kTime, 100, 110);
  block.arms[0].slots[0].canary_ns = 100 * std::exp(kCanariesAgree - 0.01);
  block.arms[0].slots[1].canary_ns = 100 * std::exp(0.01 - kCanariesAgree);
  block.arms[0].slots[2].canary_ns = 100 * std::exp(-0.01 - kCanariesAgree);
  EXPECT_EQ(effectsOf(block).admitted, 11U);
}

TEST(BlockEffectsTest, ACanaryThatWasNotMeasuredRejectsNothing) {
  BlockReading block = blockOf(kTime, 100, 110);
  for (SlotReading& slot : block.arms[0].slots) slot.canary_ns = 0;
  EXPECT_EQ(effectsOf(block).admitted, 12U);
}

TEST(BlockEffectsTest, TooFewMessagesInOneArmCountAgainstThatArm) {
  BlockReading block = blockOf(kTime, 100, 110);
  block.arms[0].slots[0].counted = kLeastMessages - 1;
  block.arms[1].slots[1].counted = kLeastMessages - 1;
  block.arms[1].slots[2].counted = 0;
  block.arms[1].slots[3].counted = kLeastMessages;
  const BlockEffects effects = effectsOf(block);
  EXPECT_EQ(effects.admitted, 9U);
  EXPECT_THAT(effects.rejected_by, ElementsAre(1, 2));
}

TEST(BlockEffectsTest, TooFewMessagesInBothArmsCountAgainstNeither) {
  BlockReading block = blockOf(kTime, 100, 110);
  for (ArmReading& arm : block.arms) arm.slots[5].counted = 3;
  const BlockEffects effects = effectsOf(block);
  EXPECT_EQ(effects.admitted, 11U);
  EXPECT_THAT(effects.rejected_by, ElementsAre(0, 0));
}

TEST(BlockEffectsTest, OfThroughputBatchesAreCounted) {
  BlockReading block = blockOf(kRate, 100, 100);
  for (ArmReading& arm : block.arms) {
    for (SlotReading& slot : arm.slots) slot.counted = kLeastBatches;
  }
  block.arms[1].slots[0].counted = kLeastBatches - 1;
  EXPECT_EQ(effectsOf(block).admitted, 11U);
}

TEST(BlockEffectsTest, WhatWasMeasuredNeverRejectsAPair) {
  BlockReading block = blockOf(kTime, 100, 100);
  double value = 1e-3;
  for (SlotReading& slot : block.arms[1].slots) slot.metrics[kTime] = value *= 10;
  EXPECT_EQ(effectsOf(block).admitted, 12U);
}

TEST(BlockEffectsTest, ABlockCountsWithSixPairsAndNotWithFive) {
  BlockReading block = blockOf(kTime, 100, 110);
  for (std::size_t i = 0; i < 6; ++i) block.arms[0].slots[i].counted = 0;
  EXPECT_EQ(effectsOf(block).why_invalid, "");
  block.arms[0].slots[6].counted = 0;
  const BlockEffects effects = effectsOf(block);
  EXPECT_THAT(effects.why_invalid, HasSubstr("of 12 pairs of slots 5 count"));
  EXPECT_THAT(effects.effects, IsEmpty());
  EXPECT_THAT(effects.rejected_by, ElementsAre(7, 0)) << "what was rejected is kept all the same";
}

TEST(BlockEffectsTest, AShortBlockCountsWithHalfOfItsPairs) {
  BlockReading block = blockOf(kTime, 100, 110, 3);
  block.arms[1].slots[0].counted = 0;
  EXPECT_EQ(effectsOf(block).why_invalid, "");
  block.arms[1].slots[1].counted = 0;
  EXPECT_THAT(effectsOf(block).why_invalid, Not(IsEmpty()));
}

TEST(BlockEffectsTest, ABlockWithoutSlotsDoesNotCount) {
  EXPECT_THAT(effectsOf(blockOf(kTime, 1, 1, 0)).why_invalid, Not(IsEmpty()));
}

TEST(BlockEffectsTest, WhatOneArmMissesAtTheEndIsNoPair) {
  BlockReading block = blockOf(kTime, 100, 110);
  block.arms[1].slots.resize(9);
  EXPECT_EQ(effectsOf(block).pairs, 9U);
}

TEST(BlockEffectsTest, ABlockWhoseFiguresSayNothingDoesNotCount) {
  for (const std::size_t arm : {0U, 1U}) {
    BlockReading block = blockOf(kTime, 100, 110);
    block.arms[arm].invalid = "a worker was pinned to CPU 1 and ran on CPU 0";
    const BlockEffects effects = effectsOf(block);
    EXPECT_EQ(effects.why_invalid, block.arms[arm].invalid);
    EXPECT_THAT(effects.effects, IsEmpty());
  }
}

TEST(BlockEffectsTest, TheTroubleOfAnArmIsWhyItDoesNotCount) {
  BlockReading block = blockOf(kTime, 100, 110);
  block.arms[1].trouble = "producer 0 was killed by SIGSEGV";
  const BlockEffects effects = effectsOf(block);
  EXPECT_EQ(effects.why_invalid, "producer 0 was killed by SIGSEGV");
  EXPECT_THAT(effects.effects, IsEmpty());
}

// --- what is no ratio ---------------------------------------------------------------------------

TEST(BlockEffectsTest, WhatNeverCameIsMuchWorseThanWhatDid) {
  const double worse = effectOf(blockOf(kTime, 100, kNever), kTime);
  EXPECT_GT(worse, std::log(100.0));
  EXPECT_TRUE(std::isfinite(worse)) << "a gate takes only finite effects";
  EXPECT_DOUBLE_EQ(effectOf(blockOf(kTime, kNever, 100), kTime), -worse);
}

TEST(BlockEffectsTest, WhatNeverCameInEitherArmIsNoDifference) {
  EXPECT_EQ(effectOf(blockOf(kTime, kNever, kNever), kTime), 0);
}

TEST(BlockEffectsTest, NothingIsSaidWhereAnArmShowsNothing) {
  EXPECT_FALSE(effectsOf(blockOf(kRate, 100, 0)).effects.contains(kRate));
}

// --- what needs all slots of a block ------------------------------------------------------------

BlockReading disturbedBlock(double first, double second) {
  BlockReading block = blockOf(kTime, 100, 100);
  block.arms[0].block_metrics[kDisturbed] = first;
  block.arms[1].block_metrics[kDisturbed] = second;
  return block;
}

TEST(BlockEffectsTest, ALittleIsAddedToThePartThatIsDisturbed) {
  EXPECT_DOUBLE_EQ(effectOf(disturbedBlock(kLeastFraction, 3 * kLeastFraction), kDisturbed),
                   std::log(2.0));
  EXPECT_DOUBLE_EQ(effectOf(disturbedBlock(0, kLeastFraction), kDisturbed), std::log(2.0));
  EXPECT_EQ(effectOf(disturbedBlock(0, 0), kDisturbed), 0);
}

TEST(BlockEffectsTest, ThePartThatIsDisturbedIsThatOfTheBlockAndNotOfItsPairs) {
  BlockReading block = disturbedBlock(0.01, 0.02);
  for (SlotReading& slot : block.arms[1].slots) slot.metrics[kDisturbed] = 0.5;
  for (SlotReading& slot : block.arms[0].slots) slot.metrics[kDisturbed] = 0.5;
  EXPECT_DOUBLE_EQ(effectOf(block, kDisturbed),
                   std::log((0.02 + kLeastFraction) / (0.01 + kLeastFraction)));
  EXPECT_THAT(effectsOf(block).values.at(kDisturbed), ElementsAre(0.01, 0.02));
}

TEST(BlockEffectsTest, AMetricOfTheBlockThatOneArmLacksHasNoEffect) {
  BlockReading block = blockOf(kTime, 100, 100);
  block.arms[1].block_metrics["rtt_ns_p999_clean"] = 900;
  EXPECT_FALSE(effectsOf(block).effects.contains("rtt_ns_p999_clean"));
}

TEST(BlockEffectsTest, SaturatedSlotsAreCountedForEachArm) {
  BlockReading block = blockOf(kTime, 100, 100);
  block.arms[0].slots[3].saturated = true;
  for (const std::size_t i : {1U, 2U, 3U}) block.arms[1].slots[i].saturated = true;
  EXPECT_THAT(effectsOf(block).saturated, ElementsAre(1, 3));
}

TEST(BlockEffectsTest, TheRunDelayIsThatOfTheWorseArm) {
  BlockReading block = blockOf(kTime, 100, 100);
  block.arms[0].run_delay = 0.2;
  block.arms[1].run_delay = 0.1;
  EXPECT_EQ(effectsOf(block).run_delay, 0.2);
}

// --- one arm ------------------------------------------------------------------------------------

TEST(BlockEffectsTest, OfOneArmThereAreTheValuesAlone) {
  BlockReading block = blockOf(kTime, 100, 0);
  block.arms.pop_back();
  block.arms[0].slots[0].counted = 1;
  block.arms[0].slots[0].metrics[kTime] = 1e9;
  block.arms[0].block_metrics[kDisturbed] = 0.25;
  const BlockEffects alone = valuesOf(block);
  EXPECT_EQ(alone.why_invalid, "");
  EXPECT_EQ(alone.admitted, 11U);
  EXPECT_EQ(alone.values.at(kTime)[0], 100);
  EXPECT_EQ(alone.values.at(kDisturbed)[0], 0.25);
  EXPECT_THAT(alone.effects, IsEmpty());
}

TEST(BlockEffectsTest, OneArmWithoutMessagesHasNoValues) {
  BlockReading block = blockOf(kTime, 100, 0);
  block.arms.pop_back();
  for (SlotReading& slot : block.arms[0].slots) slot.counted = 0;
  EXPECT_THAT(valuesOf(block).why_invalid, Not(IsEmpty()));
}

}  // namespace
}  // namespace ringside::harness
