#include "results/statistics/binomial.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cassert>

namespace ringside::results {
namespace {

using Binomial = boost::math::binomial_distribution<double>;

}  // namespace

double clopperPearsonLower(const Tally& tally, double alpha) {
  assert(tally.trials >= 1 && tally.hits <= tally.trials);
  return Binomial::find_lower_bound_on_p(static_cast<double>(tally.trials),
                                         static_cast<double>(tally.hits), alpha);
}

double clopperPearsonUpper(const Tally& tally, double alpha) {
  assert(tally.trials >= 1 && tally.hits <= tally.trials);
  return Binomial::find_upper_bound_on_p(static_cast<double>(tally.trials),
                                         static_cast<double>(tally.hits), alpha);
}

double binomialAtLeast(const Tally& tally, double probability) {
  if (tally.hits == 0) return 1;
  const Binomial distribution(static_cast<double>(tally.trials), probability);
  return boost::math::cdf(complement(distribution, static_cast<double>(tally.hits - 1)));
}

double binomialAtMost(const Tally& tally, double probability) {
  const Binomial distribution(static_cast<double>(tally.trials), probability);
  return boost::math::cdf(distribution, static_cast<double>(tally.hits));
}

double signTestP(std::uint64_t above, std::uint64_t below) {
  const std::uint64_t trials = above + below;
  if (trials == 0) return 1;
  return std::min(1.0, 2 * binomialAtLeast({std::max(above, below), trials}, 0.5));
}

}  // namespace ringside::results
