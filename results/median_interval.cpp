#include "results/median_interval.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace ringside::results {
namespace {

constexpr double kLeastCoverage = 0.95;

struct Ranks {
  std::size_t from_ends = 1;
  double coverage = 0;
};

/// The largest rank that still covers. Interval [r-th smallest, r-th largest] misses the median
/// when at most r-1 of n values lie on one side: 2 * P(B(n, 1/2) <= r-1).
Ranks ranksFor(std::size_t n) {
  const auto count = static_cast<double>(n);
  double probability = std::exp2(-count);  // of exactly `rank - 1` of n; 0 from about 1074 on
  double at_most = probability;
  Ranks ranks{1, 1 - 2 * at_most};
  for (std::size_t rank = 2; rank <= n / 2; ++rank) {
    const auto below = static_cast<double>(rank - 1);
    probability *= (count - below + 1) / below;
    at_most += probability;
    if (1 - 2 * at_most < kLeastCoverage) break;
    ranks = {rank, 1 - 2 * at_most};
  }
  return ranks;
}

}  // namespace

MedianInterval medianInterval(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  const Ranks ranks = ranksFor(n);
  const double median = n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
  return {.median = median,
          .low = values[ranks.from_ends - 1],
          .high = values[n - ranks.from_ends],
          .coverage = ranks.coverage};
}

}  // namespace ringside::results
