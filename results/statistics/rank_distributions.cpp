#include "results/statistics/rank_distributions.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>
#include <vector>

namespace ringside::results {
namespace {

/// Probabilities of 0, 1, … `last` for the sum of the scores that fair coins pick.
std::vector<double> coinSums(std::span<const int> scores, std::size_t last) {
  std::vector<double> sums(last + 1, 0.0);
  sums[0] = 1;
  std::size_t reached = 0;
  for (const int score : scores) {
    assert(score >= 1);
    const auto step = static_cast<std::size_t>(score);
    reached = std::min(last, reached + step);
    for (std::size_t sum = reached; sum >= step; --sum)
      sums[sum] = (sums[sum] + sums[sum - step]) / 2;
    for (std::size_t sum = std::min(step, last + 1); sum-- > 0;) sums[sum] /= 2;
  }
  return sums;
}

std::vector<int> ranksUpTo(std::size_t n) {
  std::vector<int> ranks(n);
  std::iota(ranks.begin(), ranks.end(), 1);
  return ranks;
}

/// Probabilities of 0, 1, … mn/2 for the Mann-Whitney statistic: the coefficients of the Gaussian
/// binomial (m+n over m), which is the product of (1 - q^(n+i)) / (1 - q^i) for i = 1..m, over
/// their sum. Only up to the middle, where the coefficients rise, so that no difference cancels
/// much.
std::vector<double> mannWhitneyLowerHalf(std::size_t m, std::size_t n) {
  if (m > n) std::swap(m, n);
  const std::size_t last = m * n / 2;
  std::vector<double> counts(last + 1, 0.0);
  counts[0] = 1;
  double arrangements = 1;
  for (std::size_t i = 1; i <= m; ++i) {
    for (std::size_t u = last; u >= n + i; --u) counts[u] -= counts[u - n - i];
    for (std::size_t u = i; u <= last; ++u) counts[u] += counts[u - i];
    arrangements *= static_cast<double>(n + i) / static_cast<double>(i);
  }
  for (double& count : counts) count /= arrangements;
  return counts;
}

/// Of a statistic that is symmetric about the middle of 0..largest: P(it >= largest - i) is what
/// the first i + 1 probabilities come to.
std::optional<CriticalValue> criticalOf(std::span<const double> lower_half, std::int64_t largest,
                                        double alpha) {
  std::optional<CriticalValue> critical;
  double p = 0;
  for (std::size_t i = 0; i < lower_half.size(); ++i) {
    p += lower_half[i];
    if (p > alpha) break;
    critical = CriticalValue{.value = largest - static_cast<std::int64_t>(i), .p = p};
  }
  return critical;
}

/// P(statistic >= at_least) of one that is symmetric about the middle of 0..largest, by the
/// probabilities of its lower half: from the side on which the sum is short.
double atLeast(std::span<const double> lower_half, std::int64_t largest, std::int64_t at_least) {
  if (at_least <= 0) return 1;
  if (at_least > largest) return 0;
  const auto sumUpTo = [&](std::int64_t last) {
    return std::accumulate(lower_half.begin(), lower_half.begin() + last + 1, 0.0);
  };
  const std::int64_t mirrored = largest - at_least;
  if (mirrored < static_cast<std::int64_t>(lower_half.size())) return sumUpTo(mirrored);
  return 1 - sumUpTo(at_least - 1);
}

std::int64_t largestSignedRank(std::size_t n) { return static_cast<std::int64_t>(n * (n + 1) / 2); }

std::vector<double> signedRankLowerHalf(std::size_t n) {
  return coinSums(ranksUpTo(n), n * (n + 1) / 4);
}

}  // namespace

double coinSumAtLeast(std::span<const int> scores, int at_least) {
  const int largest = std::accumulate(scores.begin(), scores.end(), 0);
  if (at_least <= 0) return 1;
  if (at_least > largest) return 0;
  // Heads and tails are alike: the sum is as often at least this as it is at most the rest.
  const std::vector<double> sums = coinSums(scores, static_cast<std::size_t>(largest - at_least));
  return std::min(1.0, std::accumulate(sums.begin(), sums.end(), 0.0));
}

double signedRankAtLeast(std::size_t n, std::int64_t at_least) {
  return atLeast(signedRankLowerHalf(n), largestSignedRank(n), at_least);
}

double mannWhitneyAtLeast(std::size_t m, std::size_t n, std::int64_t at_least) {
  assert(m >= 1 && n >= 1);
  return atLeast(mannWhitneyLowerHalf(m, n), static_cast<std::int64_t>(m * n), at_least);
}

std::optional<CriticalValue> signedRankCritical(std::size_t n, double alpha) {
  assert(alpha < 0.5);
  return criticalOf(signedRankLowerHalf(n), largestSignedRank(n), alpha);
}

std::optional<CriticalValue> mannWhitneyCritical(std::size_t m, std::size_t n, double alpha) {
  assert(m >= 1 && n >= 1 && alpha < 0.5);
  return criticalOf(mannWhitneyLowerHalf(m, n), static_cast<std::int64_t>(m * n), alpha);
}

}  // namespace ringside::results
