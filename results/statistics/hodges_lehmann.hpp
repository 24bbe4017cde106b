// How large an effect is, and how far that can be trusted, whatever the distribution.
#pragma once

#include <optional>
#include <span>

namespace ringside::results {

/// A shift, with bounds of one side each: the true one lies below `lower` with a probability of at
/// most 1 - coverage, and above `upper` with as much.
struct ShiftEstimate {
  double estimate = 0;
  /// Absent where so few values allow no bound of the coverage asked for.
  std::optional<double> lower;
  std::optional<double> upper;
  /// What the bounds reach: at least 1 - alpha; where they are absent, the most that any could.
  double coverage = 0;
};

/// The centre of at least one effect that is symmetric about it: the median of the means of all
/// pairs, each with itself too; bounds by the exact distribution of Wilcoxon's signed-rank
/// statistic. alpha is above 0 and below 0.5. J. L. Hodges, E. L. Lehmann, Estimates of location
/// based on rank tests, Ann. Math. Statist. 34 (1963).
ShiftEstimate hodgesLehmann(std::span<const double> effects, double alpha);
double hodgesLehmannEstimate(std::span<const double> effects);

/// How much `values` lie above `reference`, neither of them empty: the median of all differences;
/// bounds by the exact distribution of the Mann-Whitney statistic, of values that are independent
/// of each other. alpha as above.
ShiftEstimate hodgesLehmannShift(std::span<const double> values, std::span<const double> reference,
                                 double alpha);

}  // namespace ringside::results
