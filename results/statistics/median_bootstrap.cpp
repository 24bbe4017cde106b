#include "results/statistics/median_bootstrap.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "results/statistics/binomial.hpp"
#include "results/statistics/order_statistics.hpp"

namespace ringside::results {
namespace {

/// How many of `count` values must lie at or below some point for the middle one to lie there.
std::size_t majorityOf(std::size_t count, bool is_upper) {
  return is_upper ? count / 2 + 1 : (count + 1) / 2;
}

/// P(the middle one of `count` lies at or below a point), each of them with this probability.
double middleBelow(std::size_t count, bool is_upper, double probability) {
  if (probability >= 1) return 1;
  return binomialAtLeast({majorityOf(count, is_upper), count}, probability);
}

/// The probability of each at which the middle one of `count` reaches `level`.
double probabilityAt(std::size_t count, bool is_upper, double level) {
  double below = 0;
  double above = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (below + above) / 2;
    (middleBelow(count, is_upper, middle) < level ? below : above) = middle;
  }
  return above;
}

double medianOfBlocks(std::span<const std::vector<double>> blocks) {
  std::vector<double> medians;
  for (std::vector<double> values : blocks) medians.push_back(medianOf(values));
  return medianOf(medians);
}

}  // namespace

BootstrapMedian MedianBootstrap::of(std::span<const std::vector<double>> blocks) {
  assert(!blocks.empty());
  return {.median = medianOfBlocks(blocks),
          .low = quantile(blocks, low_),
          .high = quantile(blocks, high_)};
}

/// Of the median of a resample.
double MedianBootstrap::quantile(std::span<const std::vector<double>> blocks, Bound& bound) {
  std::vector<std::pair<double, double>> points;  // a value, and how likely a block comes to it
  for (std::vector<double> values : blocks) {
    std::sort(values.begin(), values.end());
    const std::vector<double>& weights = weightsOf(values.size(), bound);
    for (std::size_t i = 0; i < values.size(); ++i) points.emplace_back(values[i], weights[i]);
  }
  std::sort(points.begin(), points.end());
  constexpr double kRounding = 1e-9;
  const double threshold =
      static_cast<double>(blocks.size()) * thresholdOf(blocks.size(), bound) - kRounding;
  double sum = 0;
  for (const auto& [value, weight] : points) {
    sum += weight;
    if (sum >= threshold) return value;
  }
  return points.back().first;
}

/// How likely each of so many values, in order, is the middle one of a resample of them.
const std::vector<double>& MedianBootstrap::weightsOf(std::size_t count, Bound& bound) {
  const auto [known, is_new] = bound.weights.try_emplace(count);
  if (!is_new) return known->second;
  double before = 0;
  for (std::size_t rank = 1; rank <= count; ++rank) {
    const double probability = static_cast<double>(rank) / static_cast<double>(count);
    const double below = middleBelow(count, bound.is_upper, probability);
    known->second.push_back(below - before);
    before = below;
  }
  return known->second;
}

/// How likely a block lies at or below the percentile.
double MedianBootstrap::thresholdOf(std::size_t count, Bound& bound) {
  const auto [known, is_new] = bound.thresholds.try_emplace(count);
  if (is_new) known->second = probabilityAt(count, bound.is_upper, bound.level);
  return known->second;
}

}  // namespace ringside::results
