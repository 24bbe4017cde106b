// So many of so many: how far a share can be trusted, and whether chance explains it.
#pragma once

#include <cstdint>

namespace ringside::results {

struct Tally {
  std::uint64_t hits = 0;    ///< at most `trials`
  std::uint64_t trials = 0;  ///< at least 1, independent and alike
};

/// One-sided bounds of the true share, exact: it lies beyond each with a probability of at most
/// alpha, 0..1. C. J. Clopper, E. S. Pearson, Biometrika 26 (1934). Of both together the confidence
/// is 1 - 2 alpha.
double clopperPearsonLower(const Tally& tally, double alpha);
double clopperPearsonUpper(const Tally& tally, double alpha);

/// P(that many hits or more), and P(that many or fewer), each trial a hit with this probability.
double binomialAtLeast(const Tally& tally, double probability);
double binomialAtMost(const Tally& tally, double probability);

/// Two-sided p of the sign test: that above and below are equally likely. Ties are left out; 1
/// where there is nothing else.
double signTestP(std::uint64_t above, std::uint64_t below);

}  // namespace ringside::results
