#include "results/statistics/any_time.hpp"

#include <gtest/gtest.h>

#include "results/tests/synthetic_gate.hpp"

namespace ringside::results {
namespace {

constexpr int kBlocks = 40;

TEST(AnyTimeTest, BeginsWithNoEvidence) { EXPECT_EQ(EvidenceProcess(0.01).evidence(), 1); }

TEST(AnyTimeTest, EffectsOnTheMarginSayNothing) {
  EvidenceProcess process(0.01);
  for (int block = 0; block < 10; ++block) process.add(0.01);
  EXPECT_EQ(process.evidence(), 1);
}

TEST(AnyTimeTest, OfTheFirstThreeEffectsOnlyTheSignCounts) {
  EvidenceProcess near(0);
  EvidenceProcess far(0);
  for (const double effect : {0.3, -0.2, 0.1}) {
    near.add(effect);
    far.add(1000 * effect * effect * effect);
  }
  EXPECT_DOUBLE_EQ(near.evidence(), far.evidence());
}

TEST(AnyTimeTest, OneWildEffectIsWorthNoMoreThanTwiceTheEvidence) {
  EvidenceProcess process(0);
  for (const double effect : {0.1, 0.2, -0.1, 0.1, 0.2}) process.add(effect);
  const double before = process.evidence();
  process.add(1e6);
  EXPECT_LE(process.evidence(), 2 * before);
  EXPECT_GT(process.evidence(), before);
}

TEST(AnyTimeTest, EverReachesTwentyInAtMostOneRunOfTwentyWhenNothingDiffers) {
  constexpr int kRuns = 1000;
  int reached = 0;
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    SyntheticCell cell(seed);
    EvidenceProcess process(0);
    double most = 0;
    for (int block = 0; block < kBlocks; ++block) {
      cell.nextBlock();
      process.add(cell.effectOf(kMeasuredNoise[0]));
      most = std::max(most, process.evidence());
    }
    reached += most >= 20 ? 1 : 0;
  }
  EXPECT_LE(reached, kRuns / 20);
}

struct Runs {
  int regressed = 0;
  int passed = 0;
};

/// Of one metric with this effect: what was found at some time, as one of a hundred metrics.
Runs runsWith(double effect, int runs) {
  Runs found;
  for (int run = 0; run < runs; ++run) {
    SyntheticCell cell(static_cast<std::uint64_t>(run));
    AnyTimeMetric metric(0.01, 0.05);
    std::vector<double> evidence(100, 0.0);
    bool is_regressed = false;
    for (int block = 0; block < kBlocks; ++block) {
      cell.nextBlock();
      metric.add(effect + cell.effectOf(kMeasuredNoise[0]));
      evidence[0] = metric.evidenceOfRegression();
      is_regressed = is_regressed || rejectByEvidence(evidence, 0.01)[0];
    }
    found.regressed += is_regressed ? 1 : 0;
    found.passed += metric.hasPassed() ? 1 : 0;
  }
  return found;
}

TEST(AnyTimeTest, FindsALargeChangeAmongAHundredMetrics) {
  const Runs found = runsWith(0.08, 100);
  EXPECT_GE(found.regressed, 90);
  EXPECT_LE(found.passed, 5);
}

TEST(AnyTimeTest, PassesWhatDidNotChange) {
  const Runs found = runsWith(0, 100);
  EXPECT_EQ(found.regressed, 0);
  EXPECT_GE(found.passed, 90);
}

}  // namespace
}  // namespace ringside::results
