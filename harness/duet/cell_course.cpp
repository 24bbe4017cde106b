#include "harness/duet/cell_course.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/duet/slot_reading.hpp"
#include "results/statistics/binomial.hpp"

namespace ringside::harness {
namespace {

/// A worker that waits for its CPU for more of the time shows a loaded machine (gate.md 3.3).
constexpr double kLoaded = 0.05;
/// Slots that were rejected for one arm alone: from this p on that is no chance.
constexpr double kAsymmetric = 0.001;
/// A cell cannot be measured at a rate that both arms miss in so many of its blocks.
constexpr double kMostSaturated = 0.5;
constexpr const char* kArms[] = {"baseline", "candidate"};

std::string integrityOf(const ArmReading& arm, const char* name) {
  if (!arm.validation || arm.validation->clean()) return {};
  const results::Validation& v = *arm.validation;
  return fmt::format("integrity: the {} has {} lost, {} duplicated, {} reordered, {} torn of {}",
                     name, v.lost, v.duplicated, v.reordered, v.torn, v.sent);
}

bool mostlySaturated(const BlockEffects& effects, std::size_t arm) {
  return 2 * effects.saturated[arm] > effects.pairs;
}

}  // namespace

CellCourse::CellCourse(const Cell& cell, results::MetricCourse& course)
    : cell_(&cell), course_(&course) {
  facts_.cell = cell.name;
  facts_.axes = cell.axes;
}

void CellCourse::beginStage(std::uint32_t blocks) {
  wanted_ = blocks;
  counted_ = 0;
  invalid_ = 0;
}

bool CellCourse::wantsBlock() const {
  return !failed_ && !skipped_ && !violates_integrity_ && counted_ < wanted_ &&
         counted_ + invalid_ < 2 * wanted_;
}

void CellCourse::take(const KeptBlock& block) {
  ++so_far_;
  for (std::size_t arm = 0; arm < block.arms.size(); ++arm) {
    const std::string wrong = integrityOf(block.arms[arm], kArms[arm]);
    if (!wrong.empty()) {
      violates_integrity_ = true;
      return spoil(wrong);
    }
    if (block.arms[arm].trouble.empty()) continue;
    return fail(fmt::format("the {}: {}", kArms[arm], block.arms[arm].trouble),
                block.arms[arm].unobtainable);
  }
  const BlockEffects& effects = block.effects;
  facts_.pairs += effects.pairs;
  facts_.admitted_pairs += effects.admitted;
  facts_.loaded_blocks += effects.run_delay > kLoaded ? 1 : 0;
  for (std::size_t arm = 0; arm < 2; ++arm) rejected_by_[arm] += effects.rejected_by[arm];
  if (!effects.why_invalid.empty()) {
    ++facts_.invalid_blocks;
    ++invalid_;
    last_invalid_ = effects.why_invalid;
    return;
  }
  ++facts_.blocks;
  ++counted_;
  const bool first = mostlySaturated(effects, 0);
  const bool second = mostlySaturated(effects, 1);
  if (first && second) ++saturated_both_;
  if (first != second) ++saturated_alone_[second ? 1 : 0];
  for (const std::size_t metric : metrics_) {
    const auto effect = effects.effects.find(course_->metrics()[metric].name);
    if (effect != effects.effects.end()) course_->add(metric, effect->second);
  }
  noteValues(effects);
}

void CellCourse::noteValues(const BlockEffects& effects) {
  for (const auto& [name, both] : effects.values) {
    for (std::size_t arm = 0; arm < 2; ++arm) {
      std::vector<double>& values = values_[name][arm];
      values.push_back(both[arm]);
      std::vector<double> copy = values;
      facts_.values[name][arm] = orderStatistic(copy, 0.5);
    }
  }
}

void CellCourse::endStage(const results::GateTerms& terms) {
  if (failed_ || skipped_ || violates_integrity_ || wanted_ == 0) return;
  // A top-up only adds to what is there, and any time takes what comes.
  const bool is_whole_stage = course_->stage() == results::GateStage::First ||
                              course_->stage() == results::GateStage::Second;
  if (is_whole_stage && 2 * counted_ < wanted_) {
    spoil(fmt::format("environment: of {} blocks {} did not count ({})", counted_ + invalid_,
                      invalid_, last_invalid_));
  }
  judgeSaturation(terms);  // first: who cannot keep a rate has few messages, too
  judgeAdmission();
  wanted_ = 0;
}

void CellCourse::judgeAdmission() {
  if (results::signTestP(rejected_by_[0], rejected_by_[1]) >= kAsymmetric) return;
  spoil(
      fmt::format("asymmetric admission: {} slots were left out for the baseline alone and {} "
                  "for the candidate",
                  rejected_by_[0], rejected_by_[1]));
}

void CellCourse::judgeSaturation(const results::GateTerms& terms) {
  const std::uint32_t blocks = facts_.blocks;
  if (cell_->workload != Workload::Paced || blocks == 0) return;
  if (saturated_both_ > kMostSaturated * blocks) {
    return spoil(
        fmt::format("saturated: neither arm can keep this rate in {} of {} blocks; use a "
                    "lower rate_per_s",
                    saturated_both_, blocks));
  }
  if (saturated_alone_[1] <= kMostSaturated * blocks) return;
  const std::uint32_t alone = saturated_alone_[0] + saturated_alone_[1];
  const double p = results::binomialAtLeast({saturated_alone_[1], alone}, 0.5);
  // Asked of each cell, and again after a second stage: as one of so many metrics.
  if (p > terms.false_discovery_rate / static_cast<double>(course_->metrics().size())) return;
  for (const std::size_t metric : metrics_) {
    if (!course_->metrics()[metric].gates) continue;
    course_->settle(metric, results::GateVerdict::Regressed,
                    fmt::format("saturated: in {} of {} blocks the candidate alone could not keep "
                                "the rate, p {:.1e}",
                                saturated_alone_[1], blocks, p));
  }
}

void CellCourse::spoil(const std::string& reason) {
  if (reason_.empty()) reason_ = reason;
  for (const std::size_t metric : metrics_) course_->spoil(metric, reason);
}

void CellCourse::fail(const std::string& reason, bool skips) {
  failed_ = !skips;
  skipped_ = skips;
  spoil(reason);
}

}  // namespace ringside::harness
