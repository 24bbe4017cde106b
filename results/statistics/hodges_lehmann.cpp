#include "results/statistics/hodges_lehmann.hpp"

#include <cassert>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "results/statistics/order_statistics.hpp"
#include "results/statistics/rank_distributions.hpp"

namespace ringside::results {
namespace {

std::vector<double> meansOfPairs(std::span<const double> effects) {
  std::vector<double> means;
  means.reserve(effects.size() * (effects.size() + 1) / 2);
  for (std::size_t i = 0; i < effects.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) means.push_back((effects[i] + effects[j]) / 2);
  }
  return means;
}

std::vector<double> differences(std::span<const double> values, std::span<const double> reference) {
  std::vector<double> all;
  all.reserve(values.size() * reference.size());
  for (const double value : values) {
    for (const double other : reference) all.push_back(value - other);
  }
  return all;
}

/// The statistic counts those of `candidates` that lie above the true shift; that it reaches the
/// critical value w is too rare to believe. So the shift is at least the value that has w - 1
/// others above it.
ShiftEstimate estimateFrom(std::vector<double> candidates,
                           const std::optional<CriticalValue>& critical) {
  ShiftEstimate found{.estimate = medianOf(candidates), .lower = {}, .upper = {}};
  if (!critical) return found;
  found.coverage = 1 - critical->p;
  const auto rank = static_cast<std::size_t>(critical->value);
  found.lower = orderStatistic(candidates, candidates.size() - rank + 1);
  found.upper = orderStatistic(candidates, rank);
  return found;
}

}  // namespace

ShiftEstimate hodgesLehmann(std::span<const double> effects, double alpha) {
  assert(!effects.empty());
  std::vector<double> means = meansOfPairs(effects);
  const std::size_t n = effects.size();
  ShiftEstimate found = estimateFrom(std::move(means), signedRankCritical(n, alpha));
  if (!found.lower) found.coverage = 1 - std::exp2(-static_cast<double>(n));
  return found;
}

double hodgesLehmannEstimate(std::span<const double> effects) {
  assert(!effects.empty());
  std::vector<double> means = meansOfPairs(effects);
  return medianOf(means);
}

ShiftEstimate hodgesLehmannShift(std::span<const double> values, std::span<const double> reference,
                                 double alpha) {
  assert(!values.empty() && !reference.empty());
  std::vector<double> all = differences(values, reference);
  const std::size_t m = values.size();
  const std::size_t n = reference.size();
  ShiftEstimate found = estimateFrom(std::move(all), mannWhitneyCritical(m, n, alpha));
  if (!found.lower) {
    found.coverage = 1 - mannWhitneyAtLeast(m, n, static_cast<std::int64_t>(m * n));
  }
  return found;
}

}  // namespace ringside::results
