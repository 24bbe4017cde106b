#include "results/statistics/sign_flip.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "results/statistics/order_statistics.hpp"
#include "results/statistics/rank_distributions.hpp"

namespace ringside::results {
namespace {

constexpr double kScorePerScale = 4;
constexpr double kFarthest = 1.5;  ///< in scales; what lies beyond scores as much

int scoreOf(double distance, double scale) {
  if (!(scale > 0)) return 1;
  const double scales = std::min(distance / scale, kFarthest);
  return std::max(1, static_cast<int>(std::lround(kScorePerScale * scales)));
}

double scaleOf(std::vector<double> distances) {
  const double median = medianOf(distances);
  if (median > 0) return median;
  double smallest = 0;
  for (const double distance : distances) {
    if (distance > 0 && (smallest == 0 || distance < smallest)) smallest = distance;
  }
  return smallest;
}

/// All but the p.
SignFlip scored(std::span<const double> effects, double margin) {
  SignFlip found;
  if (effects.empty()) return found;
  std::vector<double> distances;
  distances.reserve(effects.size());
  for (const double effect : effects) distances.push_back(std::abs(effect - margin));
  found.scale = scaleOf(distances);
  found.scores.reserve(effects.size());
  for (std::size_t i = 0; i < effects.size(); ++i) {
    found.scores.push_back(scoreOf(distances[i], found.scale));
    if (effects[i] > margin) found.sum += found.scores.back();
  }
  return found;
}

}  // namespace

SignFlip signFlip(std::span<const double> effects, double margin) {
  SignFlip found = scored(effects, margin);
  found.p = coinSumAtLeast(found.scores, found.sum);
  return found;
}

double signFlipP(std::span<const double> effects, double margin) {
  return signFlip(effects, margin).p;
}

bool signFlipReaches(std::span<const double> effects, double margin, double limit) {
  assert(limit < 0.5);
  const SignFlip found = scored(effects, margin);
  const int largest = std::accumulate(found.scores.begin(), found.scores.end(), 0);
  const bool is_below_middle = 2 * found.sum <= largest;  // so that p is at least 0.5
  return !is_below_middle && coinSumAtLeast(found.scores, found.sum) <= limit;
}

}  // namespace ringside::results
