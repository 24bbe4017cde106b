// The interval that protection_bench gives with its medians.
#include "median_interval.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace ringside::bench {
namespace {

/// The ranks that tables of the sign test give for 95 %.
TEST(MedianIntervalTest, HasTheRanksOfTheTables) {
  EXPECT_EQ(rankOfLowerBound(6), 1U);
  EXPECT_EQ(rankOfLowerBound(10), 2U);
  EXPECT_EQ(rankOfLowerBound(20), 6U);
  EXPECT_EQ(rankOfLowerBound(50), 18U);
  EXPECT_EQ(rankOfLowerBound(100), 40U);
  EXPECT_EQ(rankOfLowerBound(kMostSamples), 469U);
}

TEST(MedianIntervalTest, IsAsFarFromBothEnds) {
  std::vector<double> values(100);
  std::iota(values.rbegin(), values.rend(), 1);
  const MedianInterval interval = medianInterval(values);
  EXPECT_EQ(interval.median, 50.5);
  EXPECT_EQ(interval.low, 40);
  EXPECT_EQ(interval.high, 61);
}

}  // namespace
}  // namespace ringside::bench
