#include "results/statistics/median_bootstrap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "results/statistics/order_statistics.hpp"
#include "results/statistics/random_numbers.hpp"

namespace ringside::results {
namespace {

using Blocks = std::vector<std::vector<double>>;

constexpr double kCoverage = 0.95;

BootstrapMedian bootstrapped(const Blocks& blocks) { return MedianBootstrap(kCoverage).of(blocks); }

/// Near 1 in all, each block about a level of its own.
Blocks made(std::size_t blocks, std::size_t values, RandomNumbers& random) {
  Blocks all;
  for (std::size_t i = 0; i < blocks; ++i) {
    const double level = 1 + 0.1 * random.uniform();
    std::vector<double>& block = all.emplace_back();
    for (std::size_t k = 0; k < values; ++k) block.push_back(level + 0.1 * random.uniform());
  }
  return all;
}

/// As its definition has it, with numbers that are drawn.
std::vector<double> drawnMedians(const Blocks& blocks, RandomNumbers& random) {
  std::vector<double> drawn;
  for (int resample = 0; resample < 10'000; ++resample) {
    std::vector<double> medians;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::vector<double>& block = blocks[random.below(blocks.size())];
      std::vector<double> values;
      for (std::size_t k = 0; k < block.size(); ++k) {
        values.push_back(block[random.below(block.size())]);
      }
      medians.push_back(medianOf(values));
    }
    drawn.push_back(medianOf(medians));
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

double shareBelow(const std::vector<double>& sorted, double value) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), value);
  return static_cast<double>(found - sorted.begin()) / static_cast<double>(sorted.size());
}

double shareAtMost(const std::vector<double>& sorted, double value) {
  const auto found = std::upper_bound(sorted.begin(), sorted.end(), value);
  return static_cast<double>(found - sorted.begin()) / static_cast<double>(sorted.size());
}

TEST(MedianBootstrapTest, OfOneValueIsThatValue) {
  const BootstrapMedian found = bootstrapped({{7}});
  EXPECT_EQ(found.median, 7);
  EXPECT_EQ(found.low, 7);
  EXPECT_EQ(found.high, 7);
}

TEST(MedianBootstrapTest, OfFiveValuesReachesFromTheLeastToTheGreatest) {
  const BootstrapMedian found = bootstrapped({{5, 1, 4, 2, 3}});
  EXPECT_EQ(found.median, 3);
  EXPECT_EQ(found.low, 1);  // the median of a resample in 6 of 100
  EXPECT_EQ(found.high, 5);
}

TEST(MedianBootstrapTest, OfManyValuesLeavesTheExtremesOut) {
  std::vector<double> values;
  for (int i = 1; i <= 99; ++i) values.push_back(i);
  const BootstrapMedian found = bootstrapped({values});
  EXPECT_EQ(found.median, 50);
  EXPECT_NEAR(found.low, 40, 1);
  EXPECT_NEAR(found.high, 60, 1);
}

TEST(MedianBootstrapTest, HoldsWhatDiffersBetweenBlocks) {
  const Blocks steady = {{1, 1.01, 1.02, 1.03, 1.04}};
  const Blocks days = {steady[0], {2, 2.01, 2.02, 2.03, 2.04}, {3, 3.01, 3.02, 3.03, 3.04}};
  EXPECT_LT(bootstrapped(steady).high, 1.1);
  EXPECT_EQ(bootstrapped(days).median, 2.02);
  EXPECT_LT(bootstrapped(days).low, 1.1);
  EXPECT_GT(bootstrapped(days).high, 2.9);
}

TEST(MedianBootstrapTest, CountsABlockOnceHoweverManyValuesItHas) {
  const std::vector<double> many(50, 9);
  EXPECT_EQ(bootstrapped({{1}, many, {2}}).median, 2);
}

TEST(MedianBootstrapTest, IsWhatDrawingResamplesComesTo) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    for (const auto& [blocks, values] : {std::pair{1, 9}, {1, 21}, {5, 5}, {9, 3}, {15, 1}}) {
      RandomNumbers random(seed);
      const Blocks all =
          made(static_cast<std::size_t>(blocks), static_cast<std::size_t>(values), random);
      const std::vector<double> drawn = drawnMedians(all, random);
      const BootstrapMedian found = bootstrapped(all);
      // The bound is the first value that the percentile is reached at: less lies before it.
      EXPECT_LT(shareBelow(drawn, found.low), 0.025 + 0.008) << blocks << "x" << values;
      EXPECT_GT(shareAtMost(drawn, found.low), 0.025 - 0.008) << blocks << "x" << values;
      EXPECT_LT(shareBelow(drawn, found.high), 0.975 + 0.008) << blocks << "x" << values;
      EXPECT_GT(shareAtMost(drawn, found.high), 0.975 - 0.008) << blocks << "x" << values;
    }
  }
}

TEST(MedianBootstrapTest, OfEvenNumbersIsNoNarrowerThanDrawingResamples) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    for (const auto& [blocks, values] : {std::pair{1, 4}, {1, 10}, {4, 5}, {6, 4}, {2, 3}}) {
      RandomNumbers random(seed);
      const Blocks all =
          made(static_cast<std::size_t>(blocks), static_cast<std::size_t>(values), random);
      const std::vector<double> drawn = drawnMedians(all, random);
      const BootstrapMedian found = bootstrapped(all);
      EXPECT_LT(shareBelow(drawn, found.low), 0.025 + 0.008) << blocks << "x" << values;
      EXPECT_GT(shareAtMost(drawn, found.high), 0.975 - 0.008) << blocks << "x" << values;
    }
  }
}

TEST(MedianBootstrapTest, OfOneMedianOfManyBlocksMostlyHoldsTheTrueOne) {
  constexpr int kTries = 300;
  int held = 0;
  for (std::uint64_t seed = 1; seed <= kTries; ++seed) {
    RandomNumbers random(seed);
    const BootstrapMedian found = bootstrapped(made(11, 5, random));
    held += found.low <= 1.1 && 1.1 <= found.high ? 1 : 0;
  }
  EXPECT_GE(held, kTries * 90 / 100);
}

}  // namespace
}  // namespace ringside::results
