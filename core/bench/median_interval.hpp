// The median of a sample and how far it can be trusted, whatever the distribution.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ringside::bench {

/// From here on 95 % can be had (2 * 2^-n <= 0.05), and up to here no probability underflows.
constexpr std::size_t kFewestSamples = 6;
constexpr std::size_t kMostSamples = 1000;

struct MedianInterval {
  double median;
  double low;   ///< of an interval that covers the true median with a probability
  double high;  ///< of at least 95 %
};

/// The rank r of 1 … n/2 such that the r-th smallest and the r-th largest of n values are the
/// interval: the largest with P(B(n, 1/2) <= r - 1) <= 0.025. H. A. David, H. N. Nagaraja, Order
/// Statistics, 3rd edition (2003), section 7.1. n of [kFewestSamples, kMostSamples].
inline std::size_t rankOfLowerBound(std::size_t n) {
  double probability = 1;  // of exactly `rank` of n
  for (std::size_t i = 0; i < n; ++i) probability /= 2;
  double at_most = probability;
  std::size_t rank = 0;
  while (at_most <= 0.025) {
    ++rank;
    probability *= static_cast<double>(n - rank + 1) / static_cast<double>(rank);
    at_most += probability;
  }
  return rank;
}

inline double medianOf(std::vector<double> values) {
  const std::size_t half = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Of kFewestSamples to kMostSamples values.
inline MedianInterval medianInterval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t rank = rankOfLowerBound(values.size());
  return {medianOf(values), values[rank - 1], values[values.size() - rank]};
}

}  // namespace ringside::bench
