#include "results/statistics/multiplicity.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace ringside::results {
namespace {

/// Places of the p-values, the smallest p first.
std::vector<std::size_t> ascending(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  return order;
}

Rejections nothingRejected(std::size_t count) {
  return {.rejected = std::vector<bool>(count, false), .adjusted = std::vector<double>(count, 1.0)};
}

}  // namespace

Rejections benjaminiHochberg(std::span<const double> p_values, double rate) {
  Rejections found = nothingRejected(p_values.size());
  const std::vector<std::size_t> order = ascending(p_values);
  const auto count = static_cast<double>(order.size());
  bool is_rejected = false;  // as all below the largest that is
  double adjusted = 1;
  for (std::size_t rank = order.size(); rank >= 1; --rank) {
    const std::size_t place = order[rank - 1];
    const double p = p_values[place];
    is_rejected = is_rejected || p <= rate * static_cast<double>(rank) / count;
    adjusted = std::min(adjusted, p * count / static_cast<double>(rank));
    found.rejected[place] = is_rejected;
    found.adjusted[place] = adjusted;
  }
  return found;
}

Rejections holm(std::span<const double> p_values, double rate) {
  Rejections found = nothingRejected(p_values.size());
  const std::vector<std::size_t> order = ascending(p_values);
  bool is_rejected = true;  // until the first that is not
  double adjusted = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double p = p_values[order[i]];
    const auto left = static_cast<double>(order.size() - i);
    is_rejected = is_rejected && p <= rate / left;
    adjusted = std::min(1.0, std::max(adjusted, p * left));
    found.rejected[order[i]] = is_rejected;
    found.adjusted[order[i]] = adjusted;
  }
  return found;
}

}  // namespace ringside::results
