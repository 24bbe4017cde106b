#include "results/histogram.hpp"

#include <cassert>
#include <cmath>
#include <limits>

namespace ringside::results {
namespace {

/// ceil(percentile / 100 * count) for a percentile above 0 and a count of at least 1. The product
/// is lowered by a few ulp first: in double 99.9 / 100 * 1000 may come out above 999, and the
/// ceiling would then be one too high.
std::uint64_t rankOf(double percentile, std::uint64_t count) noexcept {
  if (percentile >= 100.0) return count;
  constexpr double kLowered = 1.0 - 4.0 * std::numeric_limits<double>::epsilon();
  const double rank = std::ceil(percentile / 100.0 * static_cast<double>(count) * kLowered);
  return std::clamp(static_cast<std::uint64_t>(rank), std::uint64_t{1}, count);
}

double middleOf(const Bucket& bucket) noexcept {
  const std::uint64_t width = bucket.highest - bucket.lowest + 1;
  const std::uint64_t middle = bucket.lowest + width / 2;
  return static_cast<double>(middle);
}

}  // namespace

void Histogram::addAt(std::size_t index, std::uint64_t count) noexcept {
  assert(index < kCounts);
  if (count == 0) return;
  counts_[index] += count;
  count_ += count;
  highest_ = std::max(highest_, highestAt(index));
  inverted_lowest_ = std::max(inverted_lowest_, ~lowestAt(index));
}

void Histogram::merge(const Histogram& other) noexcept {
  const std::size_t end = other.endIndex();
  for (std::size_t index = 0; index < end; ++index) counts_[index] += other.counts_[index];
  count_ += other.count_;
  clamped_ += other.clamped_;
  highest_ = std::max(highest_, other.highest_);
  inverted_lowest_ = std::max(inverted_lowest_, other.inverted_lowest_);
}

std::uint64_t Histogram::valueAtPercentile(double percentile) const noexcept {
  if (empty() || !(percentile > 0.0)) return min();
  const std::uint64_t rank = rankOf(percentile, count_);
  std::uint64_t seen = 0;
  const std::size_t end = endIndex();
  for (std::size_t index = 0; index < end; ++index) {
    seen += counts_[index];
    if (seen >= rank) return highestAt(index);
  }
  return max();
}

double Histogram::mean() const noexcept {
  if (empty()) return 0.0;
  double sum = 0.0;
  forEachBucket(
      [&](const Bucket& bucket) { sum += middleOf(bucket) * static_cast<double>(bucket.count); });
  return sum / static_cast<double>(count_);
}

double Histogram::standardDeviation() const noexcept {
  if (empty()) return 0.0;
  const double centre = mean();
  double squares = 0.0;
  forEachBucket([&](const Bucket& bucket) {
    const double distance = middleOf(bucket) - centre;
    squares += distance * distance * static_cast<double>(bucket.count);
  });
  return std::sqrt(squares / static_cast<double>(count_));
}

}  // namespace ringside::results
