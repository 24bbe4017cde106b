// Exact distributions of rank statistics under the hypothesis that nothing differs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ringside::results {

/// P(sum of the scores that a fair coin picks >= at_least), each coin independent of the others.
/// Scores are at least 1. Exact but for rounding: the relative error is below 1e-12.
double coinSumAtLeast(std::span<const int> scores, int at_least);

/// P(T+ >= at_least) of Wilcoxon's signed-rank statistic of n values without ties and zeros.
double signedRankAtLeast(std::size_t n, std::int64_t at_least);

/// P(U >= at_least) of the Mann-Whitney statistic of samples of m and n values without ties; both
/// at least 1. Takes m·m·n steps, m being the smaller.
double mannWhitneyAtLeast(std::size_t m, std::size_t n, std::int64_t at_least);

/// A critical value of one of these statistics.
struct CriticalValue {
  std::int64_t value = 0;
  double p = 1;  ///< of the statistic reaching it
};

/// The smallest value that is reached with a probability of at most alpha; nullopt where even the
/// largest one is reached more often, for the values are so few.
std::optional<CriticalValue> signedRankCritical(std::size_t n, double alpha);
std::optional<CriticalValue> mannWhitneyCritical(std::size_t m, std::size_t n, double alpha);

}  // namespace ringside::results
