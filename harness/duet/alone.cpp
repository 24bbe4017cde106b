// measureAlone(), of gate_run.hpp.
#include <algorithm>
#include <random>

#include "harness/duet/arm_fault.hpp"
#include "harness/duet/clock_watch.hpp"
#include "harness/duet/gate_progress.hpp"
#include "harness/duet/gate_run.hpp"
#include "harness/duet/slot_timing.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

/// A cell without its rival.
struct LoneCell {
  const Cell* cell = nullptr;
  SlotTiming timing;
  std::uint32_t counted = 0;
  std::uint32_t so_far = 0;
  ArmFault fault = {};
};

class AloneRunner {
 public:
  AloneRunner(const AloneOrder& order, Session& session)
      : order_(order),
        session_(session),
        files_(*order.arm),
        chance_(order.seed),
        clocks_(session) {
    const GateableCells gateable = gateableCells(*order.suite, *order.plan);
    for (const NotGated& one : gateable.not_gated) {
      result_.not_measured.push_back({.cell = one.cell, .reason = one.reason});
    }
    for (const Cell* cell : gateable.cells) cells_.push_back({.cell = cell, .timing = {}});
  }

  AloneResult run() {
    judgeClocks(&ClockWatch::whyNoResponses);
    chooseTimings();
    GateProgress progress(true, "measuring the candidate alone", order_.blocks * cells_.size());
    for (std::uint32_t round = 0; round < 2 * order_.blocks && !interrupted_; ++round) {
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        const bool has_ended = cells_[i].fault.code != ExitCode::Fine;
        if (!has_ended && cells_[i].counted < order_.blocks) places.push_back(i);
      }
      std::shuffle(places.begin(), places.end(), chance_);
      for (const std::size_t place : places) {
        progress.next(cells_[place].cell->name);
        runOne(cells_[place]);
        if (interrupted_) break;
      }
    }
    finish();
    return std::move(result_);
  }

 private:
  /// As in a gate: before the first block and after the last.
  void judgeClocks(std::string (ClockWatch::*why)(const Cell& cell)) {
    for (LoneCell& cell : cells_) {
      if (cell.fault.code != ExitCode::Fine) continue;
      const std::string reason = (clocks_.*why)(*cell.cell);
      if (reason.empty()) continue;
      cell.fault = {ExitCode::Invalid, reason};
      std::erase_if(result_.blocks,
                    [&](const KeptBlock& block) { return block.cell == cell.cell->name; });
    }
  }

  BlockReading block(const LoneCell& cell, const SlotTiming& timing, std::uint64_t seed) {
    return runBlock({{.files = &files_}},
                    {.suite = order_.suite_file,
                     .cell = cell.cell->name,
                     .queue = std::string(cell.cell->queue->name),
                     .timing = timing,
                     .clock_bound_ns = clocks_.boundNs(*cell.cell),
                     .tries_senders = cell.so_far == 0,
                     .number = cell.so_far,
                     .seed = seed},
                    session_);
  }

  void finish() {
    if (!interrupted_) judgeClocks(&ClockWatch::whyNoResponsesAfter);
    for (const LoneCell& cell : cells_) {
      if (cell.fault.code == ExitCode::Fine) continue;
      result_.not_measured.push_back({cell.cell->name, cell.fault.reason, cell.fault.code});
    }
    if (result_.blocks.empty()) result_.exit_code = ExitCode::EverythingSkipped;
    for (const ExitCode code : {ExitCode::Invalid, ExitCode::WorkerFailed, ExitCode::Integrity}) {
      const auto has = [&](const LoneCell& cell) { return cell.fault.code == code; };
      if (std::any_of(cells_.begin(), cells_.end(), has)) result_.exit_code = code;
    }
    if (interrupted_) result_.exit_code = ExitCode::Interrupted;
  }

  void chooseTimings() {
    for (LoneCell& cell : cells_) {
      if (cell.fault.code != ExitCode::Fine) continue;
      const auto settled = order_.timings.find(cell.cell->name);
      if (settled != order_.timings.end()) {
        cell.timing = settled->second;
        continue;
      }
      const TimingChoice choice =
          chooseTiming(*cell.cell, "the candidate",
                       [&](const SlotTiming& timing) { return block(cell, timing, chance_()); });
      cell.timing = choice.timing;
      interrupted_ = session_.interrupts().interrupted();
      if (interrupted_) return;
      if (choice.fault) cell.fault = *choice.fault;
    }
  }

  void runOne(LoneCell& cell) {
    KeptBlock kept{.cell = cell.cell->name,
                   .stage = results::GateStage::First,
                   .number = cell.so_far,
                   .seed = chance_(),
                   .timing = cell.timing,
                   .effects = {},
                   .arms = {}};
    BlockReading reading = block(cell, cell.timing, kept.seed);
    interrupted_ = reading.interrupted;
    if (interrupted_) return;
    ++cell.so_far;
    kept.effects = valuesOf(reading);
    kept.arms = std::move(reading.arms);
    if (auto fault = faultOf(kept.arms.front(), "the candidate")) cell.fault = *std::move(fault);
    if (cell.fault.code == ExitCode::Invalid) return;  // its block says nothing either
    cell.counted += kept.effects.why_invalid.empty() ? 1 : 0;
    if (order_.on_block) order_.on_block(kept);
    result_.blocks.push_back(std::move(kept));
  }

  const AloneOrder& order_;
  Session& session_;
  ArmFiles files_;
  std::mt19937_64 chance_;
  ClockWatch clocks_;
  std::vector<LoneCell> cells_;
  bool interrupted_ = false;
  AloneResult result_;
};

}  // namespace

AloneResult measureAlone(const AloneOrder& order, Session& session) {
  return AloneRunner(order, session).run();
}

}  // namespace ringside::harness
