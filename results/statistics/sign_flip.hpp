// An exact test of whether effects that come in pairs with a random order lie above a margin.
#pragma once

#include <span>
#include <vector>

namespace ringside::results {

/// How a p-value came about.
struct SignFlip {
  std::vector<int> scores;  ///< of each effect, 1..6: how far it lies from the margin
  int sum = 0;              ///< of the scores of those above the margin
  double p = 1;             ///< of a sum at least as large, were above and below equally likely
  double scale = 0;         ///< the distance from the margin that scores 4: the median of them all
};

/// One-sided, of finite effects and in any number of them; p is 1 for none. The hypothesis is that
/// effects are independent and each is symmetric about a value of at most `margin`, whatever the
/// spread: it holds when nothing differs and chance says which side was measured first. Then p is
/// at most alpha with a probability of at most alpha.
///
/// Scores are the distances from the margin in quarters of their median, cut at six quarters, so
/// that a wild effect counts no more than half as much again as a common one. An effect that lies
/// on the margin counts as one below it, and scores 1. The smallest p of n effects is 2^-n.
SignFlip signFlip(std::span<const double> effects, double margin);

/// The p of it alone.
double signFlipP(std::span<const double> effects, double margin);

/// Whether that p is at most `limit`, which is below 0.5; quicker where it is far from it.
bool signFlipReaches(std::span<const double> effects, double margin, double limit);

}  // namespace ringside::results
