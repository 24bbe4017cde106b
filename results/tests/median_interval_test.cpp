#include "results/median_interval.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace ringside::results {
namespace {

std::vector<double> upTo(int n) {
  std::vector<double> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

TEST(MedianIntervalTest, TakesTheOrderStatisticsOfTheTables) {
  struct Row {
    int n;
    double low;
    double high;
    double coverage;
  };
  // David and Nagaraja, Order Statistics, table 7.1: the ranks for 95 %.
  for (const Row& row : {Row{6, 1, 6, 0.96875}, Row{7, 1, 7, 0.984375}, Row{8, 1, 8, 0.9921875},
                         Row{9, 2, 8, 0.9609375}, Row{12, 3, 10, 0.9614257812},
                         Row{20, 6, 15, 0.9586105347}, Row{25, 8, 18, 0.9567147493}}) {
    const MedianInterval interval = medianInterval(upTo(row.n));
    EXPECT_EQ(interval.low, row.low) << row.n;
    EXPECT_EQ(interval.high, row.high) << row.n;
    EXPECT_NEAR(interval.coverage, row.coverage, 1e-9) << row.n;
  }
}

TEST(MedianIntervalTest, OfFewerThanSixValuesIsFromTheSmallestToTheLargestAndSaysWhatThatCovers) {
  const MedianInterval five = medianInterval({5, 1, 4, 2, 3});
  EXPECT_EQ(five.low, 1);
  EXPECT_EQ(five.median, 3);
  EXPECT_EQ(five.high, 5);
  EXPECT_DOUBLE_EQ(five.coverage, 0.9375);
  const MedianInterval one = medianInterval({7});
  EXPECT_EQ(one.low, 7);
  EXPECT_EQ(one.median, 7);
  EXPECT_EQ(one.high, 7);
  EXPECT_EQ(one.coverage, 0);
}

TEST(MedianIntervalTest, OfAnEvenNumberHasTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(medianInterval({4, 1, 2, 100}).median, 3);
}

TEST(MedianIntervalTest, OfVeryManyValuesStaysWithinThem) {
  const MedianInterval interval = medianInterval(upTo(5000));
  EXPECT_LE(interval.low, interval.median);
  EXPECT_GE(interval.high, interval.median);
}

}  // namespace
}  // namespace ringside::results
