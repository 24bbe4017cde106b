#include "results/merging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "results/record.hpp"

namespace ringside::results {
namespace {

using testing::HasSubstr;
using Samples = std::vector<std::uint64_t>;

Record recordOf(std::uint32_t repetition, const Samples& samples = {}) {
  Record record;
  record.suite = "made";
  record.cell = "made/cell";
  record.repetition = repetition;
  record.axes.workload = "ping_pong";
  record.axes.queue = "spsc";
  record.axes.element_size_bytes = 64;
  record.axes.capacity = 144;
  record.axes.placement = "same_l3";
  record.metrics["messages_per_s"] = 1.0 / 3;
  auto histogram = std::make_shared<Histogram>();
  for (const std::uint64_t sample : samples) histogram->record(sample);
  record.histograms["rtt_ns"] = std::move(histogram);
  return record;
}

/// Of a distribution with a long tail.
Samples drawn(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> distribution(6, 2);
  Samples samples(20'000);
  for (std::uint64_t& sample : samples) sample = static_cast<std::uint64_t>(distribution(random));
  return samples;
}

std::vector<std::uint64_t> bucketsOf(const Histogram& histogram) {
  std::vector<std::uint64_t> buckets;
  histogram.forEachBucket([&](const Bucket& bucket) {
    buckets.insert(buckets.end(), {bucket.lowest, bucket.highest, bucket.count});
  });
  return buckets;
}

TEST(MergingTest, CountsRepetitionsOfACellAnewAndSaysWhereTheyComeFrom) {
  LineMerger merger;
  Record other = recordOf(0);
  other.cell = "made/other";
  EXPECT_EQ(fromJson(merger.merged(toJson(recordOf(0)), "monday")).repetition, 0U);
  EXPECT_EQ(fromJson(merger.merged(toJson(recordOf(3)), "monday")).repetition, 1U);
  EXPECT_EQ(fromJson(merger.merged(toJson(other), "tuesday")).repetition, 0U);
  const auto last = nlohmann::json::parse(merger.merged(toJson(recordOf(0)), "tuesday"));
  EXPECT_EQ(last.at("repetition"), 2);
  EXPECT_EQ(last.at("origin"), nlohmann::json({{"bundle", "tuesday"}, {"repetition", 0}}));
}

TEST(MergingTest, KeepsEverythingElseAsItIs) {
  auto line = nlohmann::ordered_json::parse(toJson(recordOf(0, {1, 100, 1000})));
  line["unknown_to_schema_1"] = {{"deep", 0.1}};
  auto merged = nlohmann::ordered_json::parse(LineMerger().merged(line.dump(), "monday"));
  merged.erase("origin");
  EXPECT_EQ(merged, line);
}

TEST(MergingTest, WhatWasMergedBeforeKeepsItsOrigin) {
  LineMerger first;
  first.merged(toJson(recordOf(0)), "monday");
  const std::string twice = first.merged(toJson(recordOf(0)), "tuesday");
  const auto again = nlohmann::json::parse(LineMerger().merged(twice, "week"));
  EXPECT_EQ(again.at("origin").at("bundle"), "tuesday");
  EXPECT_EQ(again.at("repetition"), 0);
}

TEST(MergingTest, RefusesARecordThatIsThereTwice) {
  LineMerger merger;
  const std::string merged = merger.merged(toJson(recordOf(4)), "monday");
  try {
    merger.merged(merged, "week");
    FAIL() << "taken twice";
  } catch (const RecordError& error) {
    EXPECT_THAT(error.what(), HasSubstr("repetition 4 of made/cell in monday is there twice"));
  }
}

TEST(MergingTest, HistogramsAddUpToThatOfAllSamplesBucketByBucket) {
  LineMerger merger;
  Histogram sum;
  Histogram all;
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    const Samples samples = drawn(seed);
    for (const std::uint64_t sample : samples) all.record(sample);
    const Record merged =
        fromJson(merger.merged(toJson(recordOf(0, samples)), "bundle " + std::to_string(seed)));
    sum.merge(*merged.histograms.at("rtt_ns"));
  }
  EXPECT_EQ(sum.count(), 60'000U);
  EXPECT_EQ(bucketsOf(sum), bucketsOf(all));
}

}  // namespace
}  // namespace ringside::results
