#include "results/gate/any_time_course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "results/gate/gate_judgement.hpp"
#include "results/statistics/detectable_effect.hpp"
#include "results/statistics/hodges_lehmann.hpp"

namespace ringside::results {

AnyTimeCourse::AnyTimeCourse(GateTerms terms, std::vector<GateMetric> metrics)
    : terms_(terms), metrics_(std::move(metrics)) {
  std::vector<std::string> cells;
  for (const GateMetric& metric : metrics_) {
    if (!(metric.pass_bound > metric.margin)) {
      throw std::invalid_argument(metric.name + ": its pass bound is not above its margin");
    }
    auto cell = std::find(cells.begin(), cells.end(), metric.cell);
    if (cell == cells.end()) cell = cells.insert(cells.end(), metric.cell);
    progress_.push_back({.cell = static_cast<std::size_t>(cell - cells.begin()),
                         .evidence = AnyTimeMetric(metric.margin, metric.pass_bound)});
  }
  cell_count_ = cells.size();
}

bool AnyTimeCourse::isDecided(std::size_t metric) const {
  const Progress& one = progress_[metric];
  return one.is_settled || one.has_regressed || one.evidence.hasPassed();
}

std::vector<BlocksWanted> AnyTimeCourse::wanted() const {
  std::vector<BlocksWanted> wanted;
  for (std::size_t cell = 0; cell < cell_count_; ++cell) {
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      if (progress_[i].cell != cell || !metrics_[i].gates || isDecided(i)) continue;
      wanted.push_back({.cell = cell, .stage = GateStage::AnyTime, .blocks = 1});
      break;
    }
  }
  return wanted;
}

void AnyTimeCourse::add(std::size_t metric, double effect) {
  if (!std::isfinite(effect)) throw std::invalid_argument("an effect is not finite");
  progress_[metric].effects.push_back(effect);
  progress_[metric].evidence.add(effect);
}

void AnyTimeCourse::spoil(std::size_t metric, std::string reason) {
  settle(metric, GateVerdict::Inconclusive, std::move(reason));
}

void AnyTimeCourse::settle(std::size_t metric, GateVerdict verdict, std::string reason) {
  Progress& one = progress_[metric];
  if (one.is_settled || one.has_regressed) return;
  one.is_settled = true;
  one.verdict = verdict;
  one.reason = std::move(reason);
}

/// All gating metrics are one family, decided or not; a regression once shown stays one.
void AnyTimeCourse::advance() {
  std::vector<double> evidence;
  std::vector<std::size_t> gating;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if (!metrics_[i].gates) continue;
    gating.push_back(i);
    evidence.push_back(progress_[i].is_settled ? 0 : progress_[i].evidence.evidenceOfRegression());
  }
  const std::vector<bool> rejected = rejectByEvidence(evidence, terms_.false_discovery_rate);
  for (std::size_t i = 0; i < gating.size(); ++i) {
    if (rejected[i]) progress_[gating[i]].has_regressed = true;
  }
}

MetricVerdict AnyTimeCourse::verdictOf(std::size_t metric) const {
  const Progress& one = progress_[metric];
  MetricVerdict verdict{.metric = metrics_[metric]};
  verdict.tested = !one.is_settled || one.verdict != GateVerdict::Inconclusive;
  verdict.first = one.effects;
  const double evidence = one.evidence.evidenceOfRegression();
  verdict.first_p = std::min(1.0, 1 / std::max(evidence, std::numeric_limits<double>::min()));
  estimate(verdict, terms_, false);
  const std::string size = fmt::format("{} by the estimate of {} blocks",
                                       percentOf(verdict.estimate), one.effects.size());
  if (one.is_settled) {
    verdict.verdict = one.verdict;
    verdict.reason = one.reason;
  } else if (one.has_regressed) {
    verdict.verdict = GateVerdict::Regressed;
    verdict.reason = fmt::format("worse: {}; evidence {:.3g} to 1", size, evidence);
  } else if (one.evidence.hasPassed()) {
    verdict.verdict = GateVerdict::Pass;
    verdict.reason = fmt::format("shown to be worse by less than {} at most; {}",
                                 percentOf(metrics_[metric].pass_bound), size);
  } else {
    verdict.reason =
        fmt::format("the time was gone: {}, evidence of a regression {:.3g} to 1", size, evidence);
  }
  return verdict;
}

std::vector<MetricVerdict> AnyTimeCourse::verdicts(Detectable find_detectable) const {
  std::vector<MetricVerdict> all;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    MetricVerdict verdict = verdictOf(i);
    if (find_detectable == Detectable::Find && !verdict.first.empty()) {
      // That of a gate of two stages with such blocks: the mode itself has no fixed size.
      verdict.detectable =
          detectableEffect(verdict.first, ruleOf(terms_, verdict.metric.margin, 1));
      const Progress& one = progress_[i];
      if (!one.is_settled && !one.has_regressed) cannotGate(verdict, terms_);
    }
    all.push_back(std::move(verdict));
  }
  return all;
}

}  // namespace ringside::results
