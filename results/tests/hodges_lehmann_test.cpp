#include "results/statistics/hodges_lehmann.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "results/statistics/random_numbers.hpp"
#include "results/tests/oracle_table.hpp"

namespace ringside::results {
namespace {

void expectShift(const ShiftEstimate& found, const OracleRow& row) {
  EXPECT_NEAR(found.estimate, row.number("estimate"), 1e-13) << row.line();
  const std::vector<double> bounds = row.list("bounds");
  ASSERT_EQ(found.lower.has_value(), !bounds.empty()) << row.line();
  ASSERT_EQ(found.upper.has_value(), !bounds.empty()) << row.line();
  if (bounds.empty()) {
    EXPECT_LT(found.coverage, 1 - row.number("alpha"));
    return;
  }
  EXPECT_GE(found.coverage, 1 - row.number("alpha"));
  EXPECT_NEAR(*found.lower, bounds[0], 1e-13) << row.line();
  EXPECT_NEAR(*found.upper, bounds[1], 1e-13) << row.line();
}

/// Student's t with two degrees of freedom: a mean, but no variance.
double heavyTailed(RandomNumbers& random) {
  const double u = random.uniform() + 0x1p-54;
  return (2 * u - 1) / std::sqrt(2 * u * (1 - u));
}

std::vector<double> heavyTailed(RandomNumbers& random, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) value = heavyTailed(random);
  return values;
}

TEST(HodgesLehmannTest, HasTheBoundsThatTheSignedRankTestDoesNotReject) {
  for (const OracleRow& row : oracleRows("one_sample")) {
    expectShift(hodgesLehmann(row.list("effects"), row.number("alpha")), row);
  }
}

TEST(HodgesLehmannTest, HasTheShiftsBetweenTwoSamplesThatTheMannWhitneyTestDoesNotReject) {
  for (const OracleRow& row : oracleRows("two_samples")) {
    expectShift(hodgesLehmannShift(row.list("values"), row.list("reference"), row.number("alpha")),
                row);
  }
}

TEST(HodgesLehmannTest, OfOneEffectIsThatEffectWithoutBounds) {
  const ShiftEstimate found = hodgesLehmann(std::vector<double>{0.3}, 0.05);
  EXPECT_EQ(found.estimate, 0.3);
  EXPECT_FALSE(found.lower);
  EXPECT_EQ(found.coverage, 0.5);
}

TEST(HodgesLehmannTest, OfTwoAndTwoValuesSaysWhatTheirWidestBoundsWouldCover) {
  const std::vector<double> values = {1, 2};
  const ShiftEstimate found = hodgesLehmannShift(values, values, 0.05);
  EXPECT_FALSE(found.upper);
  EXPECT_NEAR(found.coverage, 1 - 1.0 / 6, 1e-15);
}

TEST(HodgesLehmannTest, OfAHundredAndAHundredValuesHasBounds) {
  RandomNumbers random(10);
  std::vector<double> values = heavyTailed(random, 100);
  const std::vector<double> reference = heavyTailed(random, 100);
  for (double& value : values) value += 1;
  const ShiftEstimate found = hodgesLehmannShift(values, reference, 0.01);
  EXPECT_GT(*found.lower, 0);
  EXPECT_LT(*found.upper, 2);
}

TEST(HodgesLehmannTest, BoundsOfHeavyTailedNoiseHoldAsOftenAsTheySay) {
  RandomNumbers random(9);
  constexpr int kTrials = 2000;
  int below = 0;
  int above = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const ShiftEstimate found = hodgesLehmann(heavyTailed(random, 12), 0.05);
    below += *found.lower <= 0 ? 1 : 0;
    above += *found.upper >= 0 ? 1 : 0;
    EXPECT_NEAR(found.coverage, 0.954, 0.001);
  }
  for (const int holds : {below, above}) {
    EXPECT_GE(holds, kTrials * 0.935);
    EXPECT_LE(holds, kTrials * 0.970);
  }
}

}  // namespace
}  // namespace ringside::results
