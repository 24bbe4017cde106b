// Many tests at once: which of them say something, when some will by chance.
#pragma once

#include <span>
#include <vector>

namespace ringside::results {

struct Rejections {
  std::vector<bool> rejected;    ///< in the order of the p-values
  std::vector<double> adjusted;  ///< the smallest rate at which each would be rejected; at most 1
};

/// Among the rejected, the expected share of those that should not be is at most `rate`, of tests
/// that are independent or positively dependent. Y. Benjamini, Y. Hochberg, Controlling the false
/// discovery rate, J. R. Statist. Soc. B 57 (1995).
Rejections benjaminiHochberg(std::span<const double> p_values, double rate);

/// The probability that any is rejected that should not be is at most `rate`, however the tests
/// depend on each other. S. Holm, A simple sequentially rejective multiple test procedure, Scand.
/// J. Statist. 6 (1979).
Rejections holm(std::span<const double> p_values, double rate);

}  // namespace ringside::results
