#include "results/histogram.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace ringside::results {
namespace {

/// A million values of one distribution, always the same ones.
struct Sample {
  std::string name;
  std::vector<std::uint64_t> (*draw)();
};

template <class Draw>
std::vector<std::uint64_t> drawMillion(std::uint64_t seed, Draw draw) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> values(1'000'000);
  for (std::uint64_t& value : values) {
    value = static_cast<std::uint64_t>(std::clamp(draw(random), 0.0, 3.0e12));
  }
  return values;
}

std::vector<std::uint64_t> drawUniform() {
  return drawMillion(1, std::uniform_real_distribution<double>(0.0, 5.0e6));
}
std::vector<std::uint64_t> drawExponential() {
  return drawMillion(2, std::exponential_distribution<double>(1.0 / 4000.0));
}
std::vector<std::uint64_t> drawLognormal() {
  return drawMillion(3, std::lognormal_distribution<double>(6.0, 1.5));
}
std::vector<std::uint64_t> drawBimodal() {
  return drawMillion(4, [](std::mt19937_64& random) {
    const bool disturbed = std::bernoulli_distribution(0.02)(random);
    return disturbed ? std::normal_distribution<double>(3.0e6, 2.0e5)(random)
                     : std::normal_distribution<double>(220.0, 15.0)(random);
  });
}
std::vector<std::uint64_t> drawPareto() {
  return drawMillion(5, [](std::mt19937_64& random) {
    const double above = std::uniform_real_distribution<double>(0.0, 1.0)(random);
    return 100.0 / std::pow(1.0 - above, 1.0 / 1.1);
  });
}

class HistogramAccuracyTest : public testing::TestWithParam<Sample> {};

TEST_P(HistogramAccuracyTest, AgreesWithTheExactOrderStatisticsWithinThreeDigits) {
  std::vector<std::uint64_t> values = GetParam().draw();
  const auto histogram = std::make_unique<Histogram>();
  for (const std::uint64_t value : values) histogram->record(value);
  std::ranges::sort(values);

  // Of 10 000: whole numbers, so that the rank expected here involves no rounding.
  for (const std::uint64_t per_myriad : {5000ULL, 9000ULL, 9900ULL, 9990ULL, 9999ULL, 10000ULL}) {
    const std::uint64_t rank = (per_myriad * values.size() + 9999) / 10000;
    const std::uint64_t exact = values[rank - 1];
    const std::uint64_t found =
        histogram->valueAtPercentile(static_cast<double>(per_myriad) / 100.0);
    SCOPED_TRACE(testing::Message() << "at " << per_myriad << " of 10000: " << exact);
    if (exact < Histogram::kSubBuckets) {
      EXPECT_EQ(found, exact);
    } else {
      EXPECT_GE(found, exact);
      EXPECT_LE(static_cast<double>(found - exact), static_cast<double>(exact) / 1000.0);
    }
  }
  EXPECT_EQ(histogram->count(), values.size());
  EXPECT_EQ(histogram->exactMax(), values.back());
  EXPECT_EQ(histogram->max(), Histogram::highestEquivalent(values.back()));
  EXPECT_EQ(histogram->min(), Histogram::lowestEquivalent(values.front()));
}

INSTANTIATE_TEST_SUITE_P(Distributions, HistogramAccuracyTest,
                         testing::Values(Sample{"Uniform", drawUniform},
                                         Sample{"Exponential", drawExponential},
                                         Sample{"Lognormal", drawLognormal},
                                         Sample{"Bimodal", drawBimodal},
                                         Sample{"Pareto", drawPareto}),
                         [](const auto& sample) { return sample.param.name; });

std::unique_ptr<Histogram> makeHistogram(const std::vector<std::uint64_t>& values) {
  auto histogram = std::make_unique<Histogram>();
  for (const std::uint64_t value : values) histogram->record(value);
  return histogram;
}

void expectEqual(const Histogram& left, const Histogram& right) {
  EXPECT_EQ(left.count(), right.count());
  EXPECT_EQ(left.clamped(), right.clamped());
  EXPECT_EQ(left.min(), right.min());
  EXPECT_EQ(left.exactMax(), right.exactMax());
  for (std::size_t index = 0; index < Histogram::kCounts; ++index) {
    ASSERT_EQ(left.countAt(index), right.countAt(index)) << index;
  }
}

TEST(HistogramTest, IsEmptyInMappedMemoryThatNobodyConstructed) {
  void* const memory =
      ::mmap(nullptr, sizeof(Histogram), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const histogram = static_cast<Histogram*>(memory);
  expectEqual(*histogram, *std::make_unique<Histogram>());
  EXPECT_TRUE(histogram->empty());
  EXPECT_EQ(histogram->min(), 0U);
  histogram->record(7);
  EXPECT_EQ(histogram->min(), 7U);
  EXPECT_EQ(histogram->max(), 7U);
  ::munmap(memory, sizeof(Histogram));
}

TEST(HistogramTest, AnswersZeroToEveryQuestionWhileItIsEmpty) {
  const auto histogram = std::make_unique<Histogram>();
  for (const double percentile : {0.0, 50.0, 100.0}) {
    EXPECT_EQ(histogram->valueAtPercentile(percentile), 0U);
  }
  EXPECT_EQ(histogram->max(), 0U);
  EXPECT_EQ(histogram->exactMax(), 0U);
  EXPECT_EQ(histogram->mean(), 0.0);
  EXPECT_EQ(histogram->standardDeviation(), 0.0);
  histogram->forEachBucket([](const Bucket&) { FAIL() << "an empty histogram has no bucket"; });
}

TEST(HistogramTest, TellsARecordedZeroFromEmptiness) {
  const auto histogram = makeHistogram({0});
  EXPECT_EQ(histogram->count(), 1U);
  EXPECT_EQ(histogram->min(), 0U);
  EXPECT_EQ(histogram->max(), 0U);
  EXPECT_FALSE(histogram->empty());
}

TEST(HistogramTest, CountsEachValueInTheBucketThatHoldsIt) {
  for (std::uint64_t value = 0; value <= Histogram::kHighestNs; value += value / 997 + 1) {
    const std::size_t index = Histogram::indexOf(value);
    ASSERT_LT(index, Histogram::kCounts);
    ASSERT_LE(Histogram::lowestAt(index), value);
    ASSERT_GE(Histogram::highestAt(index), value);
  }
}

TEST(HistogramTest, HasBucketsWithoutGapsOrOverlaps) {
  for (std::size_t index = 0; index + 1 < Histogram::kCounts; ++index) {
    ASSERT_EQ(Histogram::highestAt(index) + 1, Histogram::lowestAt(index + 1)) << index;
    ASSERT_EQ(Histogram::indexOf(Histogram::lowestAt(index)), index);
    ASSERT_EQ(Histogram::indexOf(Histogram::highestAt(index)), index);
  }
}

TEST(HistogramTest, MergesToTheSameAsRecordingEverythingIntoOne) {
  const std::vector<std::uint64_t> values = drawPareto();
  const auto middle = values.begin() + 300'000;
  const auto left = makeHistogram({values.begin(), middle});
  const auto right = makeHistogram({middle, values.end()});
  left->record(Histogram::kHighestNs + 1);
  left->merge(*right);

  const auto whole = makeHistogram(values);
  whole->record(Histogram::kHighestNs + 1);
  expectEqual(*left, *whole);
}

TEST(HistogramTest, IsUnchangedByMergingAnEmptyOne) {
  const auto histogram = makeHistogram({5, 6});
  const auto before = std::make_unique<Histogram>(*histogram);
  histogram->merge(*std::make_unique<Histogram>());
  expectEqual(*histogram, *before);
}

TEST(HistogramTest, CountsWhatIsTooHighAtTheHighestAndSaysHowMany) {
  const auto histogram = makeHistogram({1, Histogram::kHighestNs, Histogram::kHighestNs + 1,
                                        std::numeric_limits<std::uint64_t>::max()});
  EXPECT_EQ(histogram->count(), 4U);
  EXPECT_EQ(histogram->clamped(), 2U);
  EXPECT_EQ(histogram->exactMax(), Histogram::kHighestNs);
  EXPECT_EQ(histogram->countAt(Histogram::indexOf(Histogram::kHighestNs)), 3U);
}

TEST(HistogramTest, TakesTheRankOfAPercentileWithoutRoundingItUp) {
  std::vector<std::uint64_t> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i + 1;
  const auto histogram = makeHistogram(values);
  for (std::uint64_t per_mille = 1; per_mille <= 1000; ++per_mille) {
    EXPECT_EQ(histogram->valueAtPercentile(static_cast<double>(per_mille) / 10.0), per_mille);
  }
  EXPECT_EQ(histogram->valueAtPercentile(50.01), 501U);
}

TEST(HistogramTest, ClampsAPercentileOutsideItsRange) {
  const auto histogram = makeHistogram({10, 20, 30});
  EXPECT_EQ(histogram->valueAtPercentile(-1.0), 10U);
  EXPECT_EQ(histogram->valueAtPercentile(0.0), 10U);
  EXPECT_EQ(histogram->valueAtPercentile(1000.0), 30U);
  EXPECT_EQ(histogram->valueAtPercentile(std::numeric_limits<double>::quiet_NaN()), 10U);
}

// The figures that HdrHistogram itself gives for these values (formats.md, section 4).
TEST(HistogramTest, GivesTheFiguresOfHdrHistogram) {
  const auto histogram = makeHistogram({1, 100, 100, 1000, 2047, 2048, 5000, 1'000'000});
  EXPECT_EQ(histogram->max(), 1'000'447U);
  EXPECT_EQ(histogram->valueAtPercentile(50.0), 1000U);
  EXPECT_EQ(histogram->valueAtPercentile(55.0), 2047U);
  EXPECT_EQ(histogram->valueAtPercentile(65.0), 2049U);
  EXPECT_EQ(histogram->valueAtPercentile(77.5), 5003U);
  EXPECT_NEAR(histogram->mean(), 126'311.375, 0.001);
  EXPECT_NEAR(histogram->standardDeviation(), 330'299.0, 1.0);
}

TEST(HistogramTest, VisitsTheBucketsThatAreNotEmptyInOrder) {
  const auto histogram = makeHistogram({2048, 1, 2049, 5000});
  std::vector<std::vector<std::uint64_t>> seen;
  histogram->forEachBucket([&](const Bucket& bucket) {
    seen.push_back({bucket.lowest, bucket.highest, bucket.count});
  });
  EXPECT_EQ(seen,
            (std::vector<std::vector<std::uint64_t>>{{1, 1, 1}, {2048, 2049, 2}, {5000, 5003, 1}}));
}

TEST(HistogramTest, KnowsOnlyTheBucketOfACountThatIsAdded) {
  const auto histogram = std::make_unique<Histogram>();
  histogram->addAt(Histogram::indexOf(5000), 3);
  EXPECT_EQ(histogram->count(), 3U);
  EXPECT_EQ(histogram->min(), 5000U);
  EXPECT_EQ(histogram->exactMax(), 5003U);
}

}  // namespace
}  // namespace ringside::results
