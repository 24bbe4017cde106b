// What the blocks of one metric say, once they are all there: the figures, the verdict and the
// sentence that goes with it. GateCourse decides which blocks there are, and what is rejected.
#pragma once

#include <span>
#include <string>

#include "results/gate/gate_course.hpp"

namespace ringside::results {

/// What the tests over all metrics said of one.
struct TestedMetric {
  bool is_rejected = false;  ///< as no worse than the baseline
  bool has_improved = false;
};

/// The effects that its estimate and bounds are of: stage two where there is one, else stage one. A
/// top-up is part of it, but not of what a rejection rests on, which was decided before.
std::span<const double> decidingEffects(const MetricVerdict& metric, bool is_rejected) noexcept;

/// Fills in estimate, lower and upper.
void estimate(MetricVerdict& metric, const GateTerms& terms, bool is_rejected);

/// Whether the bound of the effects so far shows that the metric is no worse than it may be. At
/// least one effect.
bool holdsPassBound(const MetricVerdict& metric, const GateTerms& terms);

/// Whether only changes too coarse would be found, by `detectable`; if so, it is inconclusive and
/// not tested.
bool cannotGate(MetricVerdict& metric, const GateTerms& terms);

/// Fills in verdict, reason and tested, by what estimate() and the search for `detectable` found.
void judge(MetricVerdict& metric, const GateTerms& terms, const TestedMetric& tested);

/// "5.9 %": how much more a ratio is than 1, of its logarithm.
std::string percentOf(double effect);

}  // namespace ringside::results
