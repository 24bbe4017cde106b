#include "harness/sparkline.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace ringside::harness {
namespace {

using results::Histogram;
using results::Outline;

/// So many values of each time.
Outline outlineOf(std::initializer_list<std::pair<std::uint64_t, int>> times) {
  const auto histogram = std::make_unique<Histogram>();
  for (const auto& [ns, count] : times) {
    for (int i = 0; i < count; ++i) histogram->record(ns);
  }
  Outline outline;
  outline.add(*histogram);
  return outline;
}

TEST(OutlineTest, CountsByEighthsOfOctaves) {
  const Outline outline = outlineOf({{1, 3}, {1024, 2}, {2047, 1}});
  ASSERT_EQ(outline.counts().size(), 88U);
  EXPECT_EQ(outline.counts()[0], 3U);
  EXPECT_EQ(outline.counts()[80], 2U);
  EXPECT_EQ(outline.counts()[87], 1U);
  EXPECT_DOUBLE_EQ(Outline::lowestOf(80), 1024);
}

TEST(SparklineTest, HasOneCharacterForEachPartOfTheScale) {
  const Outline outline = outlineOf({{128, 4}, {256, 8}, {512, 1}});
  const auto scale = scaleOf({&outline});
  ASSERT_TRUE(scale.has_value());
  EXPECT_EQ(scale->begin, 56U);
  EXPECT_EQ(scale->end, 73U);
  EXPECT_EQ(sparkline(outline, {56, 80}, 3), "▄█▁");
}

TEST(SparklineTest, LeavesBlankWhereNothingLies) {
  const Outline outline = outlineOf({{128, 4}, {512, 4}});
  EXPECT_EQ(sparkline(outline, {56, 80}, 3), "█ █");
}

TEST(SparklineTest, HasOneScaleForSeveralRows) {
  const Outline fast = outlineOf({{100, 1}});
  const Outline slow = outlineOf({{6400, 1}});
  const auto scale = scaleOf({&fast, &slow});
  ASSERT_TRUE(scale.has_value());
  EXPECT_EQ(sparkline(fast, *scale, 4), "█   ");
  EXPECT_EQ(sparkline(slow, *scale, 4), "   █");
}

TEST(SparklineTest, GathersWhatIsBeyondP999AtItsEnd) {
  const Outline outline = outlineOf({{128, 100'000}, {256, 100'000}, {1'000'000'000, 1}});
  const auto scale = scaleOf({&outline});
  ASSERT_TRUE(scale.has_value());
  EXPECT_EQ(scale->end, 65U);
  EXPECT_EQ(sparkline(outline, *scale, 2), "██");
}

TEST(SparklineTest, HasNoScaleWithoutValues) {
  const Outline nothing;
  EXPECT_FALSE(scaleOf({&nothing}).has_value());
  EXPECT_FALSE(scaleOf({}).has_value());
}

}  // namespace
}  // namespace ringside::harness
