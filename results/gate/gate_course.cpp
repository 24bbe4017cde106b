#include "results/gate/gate_course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

#include "results/gate/gate_judgement.hpp"
#include "results/statistics/multiplicity.hpp"
#include "results/statistics/sign_flip.hpp"

namespace ringside::results {
namespace {

double smallestP(std::uint32_t blocks) { return std::exp2(-static_cast<double>(blocks)); }

std::vector<double> negated(std::span<const double> effects) {
  std::vector<double> others(effects.begin(), effects.end());
  for (double& effect : others) effect = -effect;
  return others;
}

void refuseBoundsOf(const GateMetric& metric) {
  if (metric.margin >= 0 && metric.pass_bound > metric.margin) return;
  throw std::invalid_argument(
      fmt::format("{}, {}: pass_bound is {} and margin {}; the margin must be at least 0 and the "
                  "bound above it",
                  metric.cell, metric.name, metric.pass_bound, metric.margin));
}

/// Of a probability that is none, or that would make every test meaningless.
std::string whyOutOfRange(const GateTerms& terms) {
  struct Rate {
    std::string_view name;
    double value;
  };
  for (const Rate& rate : {Rate{"flag_p", terms.flag_p}, Rate{"pass_alpha", terms.pass_alpha},
                           Rate{"false_discovery_rate", terms.false_discovery_rate},
                           Rate{"improved_rate", terms.improved_rate}}) {
    if (rate.value > 0 && rate.value < 0.5) continue;
    return fmt::format("{} is {}; it must be above 0 and below 0.5", rate.name, rate.value);
  }
  return {};
}

}  // namespace

std::string whyUnreachable(const GateTerms& terms, std::size_t gating_metrics) {
  if (std::string reason = whyOutOfRange(terms); !reason.empty()) return reason;
  const auto metrics = static_cast<double>(std::max<std::size_t>(gating_metrics, 1));
  const double needed_p = terms.false_discovery_rate / metrics;
  if (smallestP(terms.first_blocks) > terms.flag_p) {
    return fmt::format(
        "{} blocks in stage one cannot reach p {:.1e}, so nothing could be suspicious",
        terms.first_blocks, terms.flag_p);
  }
  if (smallestP(terms.second_blocks) > needed_p) {
    return fmt::format(
        "{} blocks in stage two cannot reach p {:.1e}, which {} metrics at a rate of {} need, so "
        "nothing could be a regression: take at least {}",
        terms.second_blocks, needed_p, gating_metrics, terms.false_discovery_rate,
        std::ceil(-std::log2(needed_p)));
  }
  if (smallestP(std::min(terms.first_blocks, terms.second_blocks)) > terms.pass_alpha) {
    return fmt::format("{} blocks have no bound of {} %, so nothing could pass",
                       std::min(terms.first_blocks, terms.second_blocks),
                       100 * (1 - terms.pass_alpha));
  }
  if (terms.first_blocks < kLeastBlocksForDetectable) {
    return fmt::format(
        "{} blocks in stage one do not say what change would be found, so nothing could be too "
        "noisy to gate: take at least {}",
        terms.first_blocks, kLeastBlocksForDetectable);
  }
  return {};
}

TwoStageRule ruleOf(const GateTerms& terms, double margin, std::size_t flagged_metrics) {
  const auto tests = static_cast<double>(std::max<std::size_t>(flagged_metrics, 2));
  return {.first_blocks = terms.first_blocks,
          .flag_p = terms.flag_p,
          .second_blocks = terms.second_blocks,
          .second_p = terms.false_discovery_rate / tests,
          .margin = margin};
}

std::string_view toString(GateStage stage) noexcept {
  switch (stage) {
    case GateStage::First:
      return "first";
    case GateStage::Second:
      return "second";
    case GateStage::TopUp:
      return "top-up";
    case GateStage::AnyTime:
      return "any time";
  }
  return "unknown";
}

std::string_view toString(GateVerdict verdict) noexcept {
  switch (verdict) {
    case GateVerdict::Pass:
      return "pass";
    case GateVerdict::Regressed:
      return "regressed";
    case GateVerdict::Improved:
      return "improved";
    case GateVerdict::Inconclusive:
      return "inconclusive";
  }
  return "unknown";
}

GateCourse::GateCourse(GateTerms terms, std::vector<GateMetric> metrics)
    : terms_(terms), metrics_(std::move(metrics)) {
  std::map<std::string_view, std::size_t> cells;
  std::size_t gating = 0;
  for (const GateMetric& metric : metrics_) {
    refuseBoundsOf(metric);
    const std::size_t cell = cells.try_emplace(metric.cell, cells.size()).first->second;
    progress_.push_back({.cell = cell});
    found_.push_back({.metric = metric, .reason = {}, .first = {}, .second = {}});
    gating += metric.gates ? 1 : 0;
  }
  if (const std::string reason = whyUnreachable(terms_, gating); !reason.empty()) {
    throw std::invalid_argument(reason);
  }
  cell_count_ = cells.size();
  begin(GateStage::First, terms_.first_blocks, std::vector<bool>(cell_count_, true));
  is_over_ = wanted_.empty();
}

std::vector<BlocksWanted> GateCourse::wanted() const { return wanted_; }

void GateCourse::add(std::size_t metric, double effect) {
  if (!std::isfinite(effect)) {
    throw std::invalid_argument(fmt::format("{}, {}: an effect of {}; leave the block out",
                                            metrics_.at(metric).cell, metrics_[metric].name,
                                            effect));
  }
  if (progress_[metric].added >= blocksWantedOf(cellOf(metric))) {
    throw std::logic_error(fmt::format("{}, {}: a block of stage {} that was not wanted",
                                       metrics_[metric].cell, metrics_[metric].name,
                                       toString(stage_)));
  }
  MetricVerdict& found = found_[metric];
  const bool is_second = stage_ == GateStage::Second || !found.second.empty();
  if (is_second && found.second.empty()) found.topped_up = 0;  // of what decides from now on
  (is_second ? found.second : found.first).push_back(effect);
  found.topped_up += stage_ == GateStage::TopUp ? 1 : 0;
  ++progress_[metric].added;
}

void GateCourse::spoil(std::size_t metric, std::string reason) {
  settle(metric, GateVerdict::Inconclusive, std::move(reason));
}

void GateCourse::settle(std::size_t metric, GateVerdict verdict, std::string reason) {
  if (progress_.at(metric).is_decided || progress_[metric].is_rejected) return;
  progress_[metric].is_decided = true;
  found_[metric].verdict = verdict;
  found_[metric].reason = std::move(reason);
  found_[metric].tested = verdict != GateVerdict::Inconclusive;
}

void GateCourse::advance() {
  if (is_over_) return;
  if (stage_ == GateStage::First) {
    spoilWhatIsShort();
    endFirst();
    flag();
    begin(GateStage::TopUp, terms_.top_up_blocks, unclearCells());
    if (!wanted_.empty()) return;
  }
  if (stage_ == GateStage::TopUp && !had_second_) {
    had_second_ = true;
    flag();
    begin(GateStage::Second, terms_.second_blocks, suspiciousCells());
    if (!wanted_.empty()) return;
  }
  if (stage_ == GateStage::Second) {
    spoilWhatIsShort();
    endSecond();
    begin(GateStage::TopUp, terms_.top_up_blocks, undecidedCells());
    if (!wanted_.empty()) return;
  }
  wanted_.clear();
  is_over_ = true;
}

GateStage GateCourse::stage() const noexcept { return stage_; }
bool GateCourse::isOver() const noexcept { return is_over_; }
const std::vector<GateMetric>& GateCourse::metrics() const noexcept { return metrics_; }
std::size_t GateCourse::cellCount() const noexcept { return cell_count_; }
std::size_t GateCourse::cellOf(std::size_t metric) const { return progress_.at(metric).cell; }

std::uint32_t GateCourse::blocksWantedOf(std::size_t cell) const noexcept {
  for (const BlocksWanted& wanted : wanted_) {
    if (wanted.cell == cell) return wanted.blocks;
  }
  return 0;
}

void GateCourse::begin(GateStage stage, std::uint32_t blocks, const std::vector<bool>& cells) {
  stage_ = stage;
  wanted_.clear();
  for (Progress& metric : progress_) metric.added = 0;
  if (blocks == 0) return;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (cells[cell]) wanted_.push_back({.cell = cell, .stage = stage, .blocks = blocks});
  }
}

void GateCourse::spoilWhatIsShort() {
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const std::uint32_t wanted = blocksWantedOf(progress_[i].cell);
    const std::uint32_t added = progress_[i].added;
    if (2 * added >= wanted) continue;
    spoil(i, fmt::format("only {} of {} blocks of the {} stage", added, wanted, toString(stage_)));
  }
}

void GateCourse::endFirst() {
  std::vector<double> improved;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if (progress_[i].is_decided) continue;
    MetricVerdict& found = found_[i];
    found.improved_p = signFlipP(negated(found.first), metrics_[i].margin);
    improved.push_back(found.improved_p);
    open.push_back(i);
  }
  const Rejections rejections = benjaminiHochberg(improved, terms_.improved_rate);
  for (std::size_t i = 0; i < open.size(); ++i) {
    progress_[open[i]].has_improved = rejections.rejected[i];
  }
}

/// What is suspicious by all blocks so far. Chosen however it may be: only fresh blocks decide.
void GateCourse::flag() {
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    MetricVerdict& found = found_[i];
    if (progress_[i].is_decided || found.first.empty()) continue;
    found.first_p = signFlipP(found.first, metrics_[i].margin);
    progress_[i].was_flagged = found.first_p <= terms_.flag_p;
  }
}

/// Neither suspicious after stage one nor shown to pass: more blocks make it the one or the other.
/// A suspicious cell gets more for all its metrics as it is.
std::vector<bool> GateCourse::unclearCells() const {
  std::vector<bool> cells = undecidedCells();
  const std::vector<bool> suspicious = suspiciousCells();
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    if (suspicious[cell]) cells[cell] = false;
  }
  return cells;
}

std::vector<bool> GateCourse::suspiciousCells() const {
  std::vector<bool> cells(cell_count_, false);
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const bool asks = metrics_[i].gates && !progress_[i].is_decided && progress_[i].was_flagged;
    if (asks) cells[progress_[i].cell] = true;
  }
  return cells;
}

void GateCourse::endSecond() {
  rejectAmong(true);
  rejectAmong(false);
}

/// Metrics that do not gate are a family of their own: they may not cost those that do any power.
void GateCourse::rejectAmong(bool gating) {
  std::vector<double> p_values;
  std::vector<std::size_t> family;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if (metrics_[i].gates != gating || !progress_[i].was_flagged) continue;
    MetricVerdict& found = found_[i];
    const bool can_tell = !progress_[i].is_decided && !found.second.empty();
    if (can_tell) found.second_p = signFlipP(found.second, metrics_[i].margin);
    p_values.push_back(found.second_p.value_or(1));  // once flagged, it counts among the tests
    family.push_back(i);
  }
  const double rate = terms_.false_discovery_rate;
  const Rejections rejections =
      terms_.family_wise ? holm(p_values, rate) : benjaminiHochberg(p_values, rate);
  for (std::size_t i = 0; i < family.size(); ++i) {
    progress_[family[i]].is_rejected = rejections.rejected[i];
  }
}

std::vector<bool> GateCourse::undecidedCells() const {
  std::vector<bool> cells(cell_count_, false);
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const Progress& progress = progress_[i];
    if (!metrics_[i].gates || progress.is_decided || progress.is_rejected) continue;
    if (found_[i].topped_up > 0) continue;  // once
    if (!holdsPassBound(found_[i], terms_)) cells[progress.cell] = true;
  }
  return cells;
}

std::size_t GateCourse::flaggedCount() const noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    count += metrics_[i].gates && progress_[i].was_flagged ? 1 : 0;
  }
  return count;
}

std::vector<MetricVerdict> GateCourse::verdicts(Detectable find_detectable) const {
  std::vector<MetricVerdict> all = found_;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Progress& progress = progress_[i];
    estimate(all[i], terms_, progress.is_rejected);
    if (progress.is_decided) continue;
    if (!is_over_) {
      all[i].reason = "the gate did not come to its end";
      continue;
    }
    if (find_detectable == Detectable::Find) all[i].detectable = detectableOf(i);
    judge(all[i], terms_,
          {.is_rejected = progress.is_rejected, .has_improved = progress.has_improved});
  }
  return all;
}

/// By all blocks of the metric, of whatever stage: what counts is how they scatter.
std::optional<double> GateCourse::detectableOf(std::size_t metric) const {
  const MetricVerdict& found = found_[metric];
  std::vector<double> blocks = found.first;
  blocks.insert(blocks.end(), found.second.begin(), found.second.end());
  return detectableEffect(blocks, ruleOf(terms_, metrics_[metric].margin, flaggedCount()));
}

GateOutcome outcomeOf(const std::vector<MetricVerdict>& verdicts) noexcept {
  bool is_conclusive = true;
  for (const MetricVerdict& found : verdicts) {
    if (!found.metric.gates) continue;
    if (found.verdict == GateVerdict::Regressed) return GateOutcome::Regressed;
    const bool is_open = found.verdict == GateVerdict::Inconclusive && found.metric.required;
    is_conclusive = is_conclusive && !is_open;
  }
  return is_conclusive ? GateOutcome::Pass : GateOutcome::Inconclusive;
}

}  // namespace ringside::results
