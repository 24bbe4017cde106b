#include "results/gate/gate_judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "results/statistics/hodges_lehmann.hpp"

namespace ringside::results {
namespace {

std::string withUnit(double percent) {
  const int digits = std::abs(percent) < 1 ? 2 : 1;
  const std::string text = fmt::format("{:.{}f} %", percent, digits);
  return text == "-0.00 %" ? "0.00 %" : text;
}

double percent(double effect) { return 100 * std::expm1(effect); }

/// "worse by 5.9 % [4.3 %, 7.1 %]", "better by 1.2 % [-0.40 %, 2.8 %]": whatever it is called, an
/// interval that holds no change has bounds of two signs.
std::string sizeOf(const MetricVerdict& metric) {
  if (metric.estimate >= 0) {
    return fmt::format("worse by {} [{}, {}]", percentOf(metric.estimate), percentOf(metric.lower),
                       percentOf(metric.upper));
  }
  return fmt::format("better by {} [{}, {}]", withUnit(-percent(metric.estimate)),
                     withUnit(-percent(metric.upper)), withUnit(-percent(metric.lower)));
}

std::string whyRegressed(const MetricVerdict& metric) {
  return fmt::format("{}, p {:.1e} after stage two", sizeOf(metric), metric.second_p.value_or(1));
}

std::string whyPassed(const MetricVerdict& metric) {
  return fmt::format("worse by less than {}, and up to {} is a pass (estimate {})",
                     percentOf(metric.upper), percentOf(metric.metric.pass_bound),
                     percentOf(metric.estimate));
}

std::string whyImproved(const MetricVerdict& metric) {
  return fmt::format("{}, p {:.1e} in stage one", sizeOf(metric), metric.improved_p);
}

std::string whyUndecided(const MetricVerdict& metric) {
  const std::size_t blocks = decidingEffects(metric, false).size();
  const std::string bound = percentOf(metric.metric.pass_bound);
  if (!std::isfinite(metric.upper)) {
    return fmt::format("{} blocks are too few to show that it is worse by less than {}", blocks,
                       bound);
  }
  return fmt::format("{} after {} blocks: not shown to be worse, nor to be so by less than {}",
                     sizeOf(metric), blocks, bound);
}

/// A guard with a wide pass bound need find no less than that.
double largestDetectable(const MetricVerdict& metric, const GateTerms& terms) {
  return std::max(terms.largest_detectable, metric.metric.pass_bound);
}

std::string whyItCannotGate(const MetricVerdict& metric, const GateTerms& terms) {
  return fmt::format(
      "cannot gate: to be found in nine gates of ten a change must be {}, and more "
      "than {} is too coarse",
      percentOf(*metric.detectable), percentOf(largestDetectable(metric, terms)));
}

}  // namespace

std::string percentOf(double effect) { return withUnit(percent(effect)); }

std::span<const double> decidingEffects(const MetricVerdict& metric, bool is_rejected) noexcept {
  const bool has_second = !metric.second.empty();
  const std::span<const double> effects = has_second ? metric.second : metric.first;
  return is_rejected ? effects.first(effects.size() - metric.topped_up) : effects;
}

void estimate(MetricVerdict& metric, const GateTerms& terms, bool is_rejected) {
  const std::span<const double> effects = decidingEffects(metric, is_rejected);
  ShiftEstimate found;
  if (!effects.empty()) found = hodgesLehmann(effects, terms.pass_alpha);
  constexpr double kUnbounded = std::numeric_limits<double>::infinity();
  metric.estimate = found.estimate;
  metric.lower = found.lower.value_or(-kUnbounded);
  metric.upper = found.upper.value_or(kUnbounded);
}

bool holdsPassBound(const MetricVerdict& metric, const GateTerms& terms) {
  const auto upper = hodgesLehmann(decidingEffects(metric, false), terms.pass_alpha).upper;
  return upper && *upper < metric.metric.pass_bound;
}

bool cannotGate(MetricVerdict& metric, const GateTerms& terms) {
  if (!metric.detectable || *metric.detectable <= largestDetectable(metric, terms)) return false;
  metric.tested = false;
  metric.verdict = GateVerdict::Inconclusive;
  metric.reason = whyItCannotGate(metric, terms);
  return true;
}

void judge(MetricVerdict& metric, const GateTerms& terms, const TestedMetric& tested) {
  metric.tested = true;
  if (tested.is_rejected) {
    metric.verdict = GateVerdict::Regressed;
    metric.reason = whyRegressed(metric);
  } else if (cannotGate(metric, terms)) {
    return;
  } else if (!(metric.upper < metric.metric.pass_bound)) {
    metric.verdict = GateVerdict::Inconclusive;
    metric.reason = whyUndecided(metric);
  } else if (tested.has_improved) {
    metric.verdict = GateVerdict::Improved;
    metric.reason = whyImproved(metric);
  } else {
    metric.verdict = GateVerdict::Pass;
    metric.reason = whyPassed(metric);
  }
}

}  // namespace ringside::results
