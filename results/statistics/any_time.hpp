// A gate that may be looked at after every block and stopped at any time, for when the time to
// measure is what is fixed. Takes longer than the two stages of GateCourse to find small changes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ringside::results {

/// Evidence that effects lie above a margin: an e-process. While they are independent of each other
/// and symmetric about the margin or something below it, its mean is at most 1 whenever it is
/// looked at, and it ever reaches 1/alpha with a probability of at most alpha. Noise of any spread
/// will do.
///
/// The mean over five bets of Π (1 + tanh(bet · x)), where x is the distance of an effect from the
/// margin in medians of the distances before it, cut at 1.5; of the first three effects only the
/// sign counts. 1 + tanh(y) is e^y / cosh(y): of y and -y it has the mean 1.
class EvidenceProcess {
 public:
  explicit EvidenceProcess(double margin);

  /// Of a finite effect.
  void add(double effect);

  std::size_t count() const noexcept { return distances_.size(); }
  /// Of what has been added so far; 1 at first, and infinite past what a double holds.
  double evidence() const;

 private:
  double standardised(double distance) const;

  double margin_;
  std::vector<double> distances_;     ///< from the margin, without sign
  std::vector<double> log_products_;  ///< of each bet
};

/// Which of many pieces of evidence say something: among those, the expected share that should not
/// be is at most `rate`, however they depend on each other and whenever the look is taken. R. Wang,
/// A. Ramdas, False discovery rate control with e-values, J. R. Statist. Soc. B 84 (2022).
std::vector<bool> rejectByEvidence(std::span<const double> evidence, double rate);

/// One metric of a gate without stages. Worse is positive.
class AnyTimeMetric {
 public:
  /// `pass_bound` is above `margin`.
  AnyTimeMetric(double margin, double pass_bound);

  void add(double effect);

  /// Of being worse by more than the margin: for rejectByEvidence() with that of all other metrics.
  double evidenceOfRegression() const { return regression_.evidence(); }
  /// Whether the effect was at any time shown to lie below the bound: then the evidence for it had
  /// reached 1/alpha = 20.
  bool hasPassed() const noexcept { return has_passed_; }

 private:
  EvidenceProcess regression_;
  EvidenceProcess pass_;
  bool has_passed_ = false;
};

}  // namespace ringside::results
