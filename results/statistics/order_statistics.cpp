#include "results/statistics/order_statistics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace ringside::results {

double orderStatistic(std::span<double> values, std::size_t rank) {
  assert(rank >= 1 && rank <= values.size());
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double medianOf(std::span<double> values) {
  assert(!values.empty());
  const std::size_t middle = values.size() / 2;
  const double upper = orderStatistic(values, middle + 1);
  if (values.size() % 2 == 1) return upper;
  const double lower =
      *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle));
  return lower + (upper - lower) / 2;
}

double robustDeviationOf(std::span<const double> values) {
  constexpr double kNormal = 1.4826;  // 1 / the third quartile of the standard normal distribution
  std::vector<double> distances(values.begin(), values.end());
  const double median = medianOf(distances);
  for (double& distance : distances) distance = std::abs(distance - median);
  return kNormal * medianOf(distances);
}

}  // namespace ringside::results
