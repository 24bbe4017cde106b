// measureAlone(), of gate_run.hpp.
#include <algorithm>
#include <random>

#include "harness/duet/gate_progress.hpp"
#include "harness/duet/gate_run.hpp"
#include "harness/duet/slot_timing.hpp"

namespace ringside::harness {
namespace {

/// A cell without its rival.
struct LoneCell {
  const Cell* cell = nullptr;
  SlotTiming timing;
  std::uint32_t counted = 0;
  std::uint32_t so_far = 0;
  std::string trouble;
};

class AloneRunner {
 public:
  AloneRunner(const AloneOrder& order, Session& session)
      : order_(order), session_(session), files_(*order.arm), chance_(order.seed) {
    const GateableCells gateable = gateableCells(*order.suite, *order.plan);
    result_.not_measured = gateable.not_gated;
    for (const Cell* cell : gateable.cells) cells_.push_back({.cell = cell, .timing = {}});
  }

  AloneResult run() {
    chooseTimings();
    GateProgress progress(true, "measuring the candidate alone", order_.blocks * cells_.size());
    for (std::uint32_t round = 0; round < 2 * order_.blocks && !result_.interrupted; ++round) {
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < cells_.size(); ++i) {
        if (cells_[i].trouble.empty() && cells_[i].counted < order_.blocks) places.push_back(i);
      }
      std::shuffle(places.begin(), places.end(), chance_);
      for (const std::size_t place : places) {
        progress.next(cells_[place].cell->name);
        runOne(cells_[place]);
        if (result_.interrupted) break;
      }
    }
    for (const LoneCell& cell : cells_) {
      if (!cell.trouble.empty()) result_.not_measured.push_back({cell.cell->name, cell.trouble});
    }
    return std::move(result_);
  }

 private:
  BlockReading block(const LoneCell& cell, const SlotTiming& timing, std::uint64_t seed) {
    return runBlock({{.files = &files_}},
                    {.suite = order_.suite_file,
                     .cell = cell.cell->name,
                     .queue = std::string(cell.cell->queue->name),
                     .timing = timing,
                     .number = cell.so_far,
                     .seed = seed},
                    session_);
  }

  void chooseTimings() {
    for (LoneCell& cell : cells_) {
      const auto settled = order_.timings.find(cell.cell->name);
      if (settled != order_.timings.end()) {
        cell.timing = settled->second;
        continue;
      }
      const TimingChoice choice = chooseTiming(
          *cell.cell, [&](const SlotTiming& timing) { return block(cell, timing, chance_()); });
      cell.timing = choice.timing;
      cell.trouble = choice.trouble;
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
    result_.interrupted = reading.interrupted;
    if (reading.interrupted) return;
    ++cell.so_far;
    kept.effects = valuesOf(reading);
    kept.arms = std::move(reading.arms);
    cell.trouble = kept.arms.front().trouble;
    cell.counted += kept.effects.why_invalid.empty() ? 1 : 0;
    if (order_.on_block) order_.on_block(kept);
    result_.blocks.push_back(std::move(kept));
  }

  const AloneOrder& order_;
  Session& session_;
  ArmFiles files_;
  std::mt19937_64 chance_;
  std::vector<LoneCell> cells_;
  AloneResult result_;
};

}  // namespace

AloneResult measureAlone(const AloneOrder& order, Session& session) {
  return AloneRunner(order, session).run();
}

}  // namespace ringside::harness
