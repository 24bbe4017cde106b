#include "harness/duet/cell_course.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/duet/arm_fault.hpp"
#include "harness/duet/slot_reading.hpp"
#include "results/statistics/binomial.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

/// A worker that waits for its CPU for more of the time shows a loaded machine (gate.md 3.3).
constexpr double kLoaded = 0.05;
/// Slots that were rejected for one arm alone: from this p on that is no chance.
constexpr double kAsymmetric = 0.001;
/// A cell cannot be measured at a rate that both arms miss in so many of its blocks; and in so many
/// of them one arm alone must fail for that to be a verdict.
constexpr double kMostBlocks = 0.5;
/// So many blocks that one arm alone does not end are no pause of the machine.
constexpr std::uint32_t kStuck = 2;

/// More than half of its pairs of slots.
bool mostOf(const BlockEffects& effects, std::uint32_t pairs) { return 2 * pairs > effects.pairs; }

/// Counts the block for the arm that it befell alone; true when it befell both.
bool count(bool first, bool second, std::array<std::uint32_t, 2>& alone) {
  if (first != second) ++alone[second ? 1 : 0];
  return first && second;
}

}  // namespace

CellCourse::CellCourse(const Cell& cell, results::MetricCourse& course, const GateSides& sides)
    : cell_(&cell), course_(&course), sides_(&sides) {
  facts_.cell = cell.name;
  facts_.axes = cell.axes;
}

void CellCourse::beginStage(std::uint32_t blocks) {
  wanted_ = blocks;
  counted_ = 0;
  invalid_ = 0;
}

bool CellCourse::wantsBlock() const {
  return !hasEnded() && counted_ < wanted_ && counted_ + invalid_ < 2 * wanted_;
}

/// False when one ended the cell.
bool CellCourse::takeFaults(const KeptBlock& block) {
  for (std::size_t arm = 0; arm < block.arms.size(); ++arm) {
    const auto fault = faultOf(block.arms[arm], called(arm));
    if (!fault) continue;
    // What the baseline has had on this machine, the candidate can have, if it is the same cell.
    const bool is_same = (*sides_)[arm].cells.empty();
    const bool is_own = fault->code == ExitCode::EverythingSkipped && arm == 1 && is_same;
    end(is_own ? ExitCode::WorkerFailed : fault->code, fault->reason);
    return false;
  }
  if (block.effects.stuck) ++stuck_[*block.effects.stuck];
  for (std::size_t arm = 0; arm < 2; ++arm) {
    if (stuck_[arm] < kStuck || stuck_[1 - arm] != 0) continue;
    end(ExitCode::WorkerFailed,
        fmt::format("{}: in {} blocks a slot did not come to its end: a push or a pop of it "
                    "waits for ever",
                    called(arm), stuck_[arm]));
    return false;
  }
  return true;
}

void CellCourse::take(const KeptBlock& block) {
  ++so_far_;
  if (!takeFaults(block)) return;
  for (std::size_t arm = 0; arm < block.arms.size(); ++arm) {
    facts_.memory[arm] = block.arms[arm].memory;
  }
  const BlockEffects& effects = block.effects;
  facts_.pairs += effects.pairs;
  facts_.admitted_pairs += effects.admitted;
  facts_.loaded_blocks += effects.run_delay > kLoaded ? 1 : 0;
  for (std::size_t arm = 0; arm < 2; ++arm) rejected_by_[arm] += effects.rejected_by[arm];
  count(mostOf(effects, effects.rejected_by[0]), mostOf(effects, effects.rejected_by[1]), starved_);
  if (!effects.why_invalid.empty()) {
    ++facts_.invalid_blocks;
    ++invalid_;
    last_invalid_ = effects.why_invalid;
    return;
  }
  ++facts_.blocks;
  ++counted_;
  const auto& [first, second] = effects.saturated;
  saturated_both_ += count(mostOf(effects, first), mostOf(effects, second), saturated_) ? 1 : 0;
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
  if (hasEnded() || wanted_ == 0) return;
  judgeSaturation(terms);  // first: who cannot keep a rate has few messages, too
  judgeAdmission(terms);
  // A top-up only adds to what is there, and any time takes what comes.
  const bool is_whole_stage = course_->stage() == results::GateStage::First ||
                              course_->stage() == results::GateStage::Second;
  if (is_whole_stage && 2 * counted_ < wanted_) {
    spoil(fmt::format("environment: of {} blocks {} did not count ({})", counted_ + invalid_,
                      invalid_, last_invalid_));
  }
  wanted_ = 0;
}

/// Slots are as long as the baseline needs them: who has too few messages in most of them is slower
/// than any figure could tell.
void CellCourse::judgeAdmission(const results::GateTerms& terms) {
  settleIfCandidates(starved_, facts_.blocks + facts_.invalid_blocks, terms,
                     "far slower: in {} of {} blocks {} alone had too few messages in "
                     "most slots, p {:.1e}");
  if (results::signTestP(rejected_by_[0], rejected_by_[1]) >= kAsymmetric) return;
  spoil(fmt::format("asymmetric admission: {} slots were left out for {} alone and {} for {}",
                    rejected_by_[0], called(0), rejected_by_[1], called(1)));
}

void CellCourse::judgeSaturation(const results::GateTerms& terms) {
  const std::uint32_t blocks = facts_.blocks;
  if (cell_->workload != Workload::Paced || blocks == 0) return;
  if (saturated_both_ > kMostBlocks * blocks) {
    return spoil(
        fmt::format("saturated: neither arm can keep this rate in {} of {} blocks; use a "
                    "lower rate_per_s",
                    saturated_both_, blocks));
  }
  settleIfCandidates(saturated_, blocks, terms,
                     "saturated: in {} of {} blocks {} alone could not keep the rate, p {:.1e}");
}

/// A regression by what befell the candidate in most blocks and the baseline in few. `what` has
/// places for both numbers, who it is and p.
void CellCourse::settleIfCandidates(const Alone& alone, std::uint32_t blocks,
                                    const results::GateTerms& terms, const char* what) {
  if (alone[1] <= kMostBlocks * blocks) return;
  const double p = results::binomialAtLeast({alone[1], alone[0] + alone[1]}, 0.5);
  // Asked of each cell, and again after a second stage: as one of so many metrics.
  if (p > terms.false_discovery_rate / static_cast<double>(course_->metrics().size())) return;
  for (const std::size_t metric : metrics_) {
    if (!course_->metrics()[metric].gates) continue;
    course_->settle(metric, results::GateVerdict::Regressed,
                    fmt::format(fmt::runtime(what), alone[1], blocks, called(1), p));
  }
}

void CellCourse::spoil(const std::string& reason) {
  if (reason_.empty()) reason_ = reason;
  for (const std::size_t metric : metrics_) course_->spoil(metric, reason);
}

void CellCourse::end(ExitCode fault, const std::string& reason) {
  facts_.fault = fault;
  spoil(reason);
}

}  // namespace ringside::harness
