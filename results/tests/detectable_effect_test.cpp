#include "results/statistics/detectable_effect.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "results/statistics/binomial.hpp"
#include "results/tests/synthetic_gate.hpp"

namespace ringside::results {
namespace {

std::vector<double> syntheticBlocks(const MeasuredNoise& noise, std::uint64_t seed, int count) {
  SyntheticCell cell(seed);
  std::vector<double> blocks;
  for (int block = 0; block < count; ++block) {
    cell.nextBlock();
    blocks.push_back(cell.effectOf(noise));
  }
  return blocks;
}

TEST(DetectableEffectTest, IsFoundInNineGatesOfTenAndASmallerOneLessOften) {
  const std::vector<double> blocks = syntheticBlocks(kMeasuredNoise[0], 3, 36);
  const std::optional<double> effect = detectableEffect(blocks, {});
  ASSERT_TRUE(effect);
  EXPECT_GE(predictedPower(blocks, {}, *effect), 0.9);
  EXPECT_LT(predictedPower(blocks, {}, 0.98 * *effect), 0.91);
  EXPECT_LT(predictedPower(blocks, {}, 0.8 * *effect), 0.8);
}

TEST(DetectableEffectTest, IsTheSameEachTime) {
  const std::vector<double> blocks = syntheticBlocks(kMeasuredNoise[2], 4, 12);
  EXPECT_EQ(detectableEffect(blocks, {}), detectableEffect(blocks, {}));
}

TEST(DetectableEffectTest, DoesNotDependOnHowLargeTheEffectOfTheBlocksIs) {
  std::vector<double> blocks = syntheticBlocks(kMeasuredNoise[0], 5, 24);
  const double before = predictedPower(blocks, {}, 0.04);
  for (double& block : blocks) block += 0.25;
  EXPECT_NEAR(predictedPower(blocks, {}, 0.04), before, 0.002);
}

TEST(DetectableEffectTest, PredictsHowOftenAGateFindsItWhoseBlocksAreIndependent) {
  constexpr double kEffect = 0.032;
  constexpr std::uint64_t kGates = 500;
  RandomNumbers seeds(6);
  const auto freshBlock = [&] { return syntheticBlocks(kMeasuredNoise[0], seeds.next(), 1)[0]; };
  std::vector<double> blocks(2000);
  for (double& block : blocks) block = freshBlock();
  // The one metric that is suspicious has the whole false discovery rate.
  const double power =
      predictedPower(blocks, {.second_p = GateTerms{}.false_discovery_rate}, kEffect);
  std::uint64_t found = 0;
  for (std::uint64_t gate = 0; gate < kGates; ++gate) {
    GateCourse course({}, {{.cell = "a", .name = "x"}});
    play(course, [&](std::size_t) { return kEffect + freshBlock(); });
    const MetricVerdict verdict = course.verdicts(GateCourse::Detectable::Skip)[0];
    found += verdict.verdict == GateVerdict::Regressed ? 1 : 0;
  }
  EXPECT_GT(clopperPearsonUpper({.hits = found, .trials = kGates}, 0.005), power);
  EXPECT_LT(clopperPearsonLower({.hits = found, .trials = kGates}, 0.005), power);
}

TEST(DetectableEffectTest, OfBlocksWithoutNoiseIsTheMargin) {
  const std::optional<double> effect = detectableEffect(std::vector<double>(12, 0.002), {});
  ASSERT_TRUE(effect);
  EXPECT_NEAR(*effect, 0.01, 1e-3);
}

TEST(DetectableEffectTest, OfFewBlocksIsUnknown) {
  EXPECT_FALSE(detectableEffect(std::vector<double>(5, 0.0), {}));
}

TEST(DetectableEffectTest, IsNoneWhereNoPValueCouldBeSmallEnough) {
  const TwoStageRule rule{.second_blocks = 7, .second_p = 0.005};
  EXPECT_FALSE(detectableEffect(syntheticBlocks(kMeasuredNoise[1], 7, 12), rule));
}

}  // namespace
}  // namespace ringside::results
