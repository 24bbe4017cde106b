#include "results/judged_metrics.hpp"

#include <cassert>
#include <cmath>

namespace ringside::results {
namespace {

std::optional<double> ifFinite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

JudgedMetric judgedMetric(const MetricVerdict& verdict) {
  JudgedMetric judged = {.cell = verdict.metric.cell,
                         .metric = verdict.metric.name,
                         .verdict = std::string(toString(verdict.verdict)),
                         .reason = verdict.reason,
                         .gates = verdict.metric.gates,
                         .tested = verdict.tested};
  if (verdict.first.empty() && verdict.second.empty()) return judged;
  judged.estimate = ifFinite(verdict.estimate);
  judged.lower = ifFinite(verdict.lower);
  judged.upper = ifFinite(verdict.upper);
  if (verdict.detectable) judged.detectable = ifFinite(*verdict.detectable);
  return judged;
}

}  // namespace

std::vector<JudgedMetric> judgedMetrics(std::span<const MetricVerdict> verdicts,
                                        std::span<const ArmMedians> medians) {
  assert(medians.empty() || medians.size() == verdicts.size());
  std::vector<JudgedMetric> all;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    all.push_back(judgedMetric(verdicts[i]));
    if (medians.empty()) continue;
    all.back().baseline_median = medians[i].baseline;
    all.back().candidate_median = medians[i].candidate;
  }
  return all;
}

}  // namespace ringside::results
