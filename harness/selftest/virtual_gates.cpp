#include "harness/selftest/virtual_gates.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "results/gate/played_gate.hpp"
#include "results/statistics/random_numbers.hpp"

namespace ringside::harness {
namespace {

using results::GateCourse;
using results::GateMetric;

/// The effects of a cell's blocks in one gate, by metric. All have the same blocks.
using CellBlocks = std::map<std::string, const std::vector<double>*>;

std::size_t blocksIn(const CellBlocks& cell) {
  std::size_t blocks = std::numeric_limits<std::size_t>::max();
  for (const auto& [name, effects] : cell) blocks = std::min(blocks, effects->size());
  return cell.empty() ? 0 : blocks;
}

/// What the blocks of the gates are, by cell, gate by gate.
using Pool = std::map<std::string, std::vector<CellBlocks>>;

Pool poolOf(const std::vector<TriedGate>& gates) {
  Pool pool;
  for (const TriedGate& gate : gates) {
    std::map<std::string, CellBlocks> cells;
    for (const TriedMetric& metric : gate.metrics) {
      if (metric.gates && !metric.effects.empty())
        cells[metric.cell][metric.metric] = &metric.effects;
    }
    for (const auto& [name, blocks] : cells) pool[name].push_back(blocks);
  }
  return pool;
}

std::vector<GateMetric> metricsOf(const TriedGate& gate, bool with_margins) {
  std::vector<GateMetric> metrics;
  for (const TriedMetric& metric : gate.metrics) {
    if (!metric.gates || metric.effects.empty()) continue;
    metrics.push_back({.cell = metric.cell,
                       .name = metric.metric,
                       .margin = with_margins ? metric.margin : 0,
                       .pass_bound = metric.pass_bound});
  }
  return metrics;
}

/// Draws the blocks of one cell, one after the other.
class Draw {
 public:
  void begin(const std::vector<CellBlocks>& gates, results::RandomNumbers& chance) {
    cell_ = &gates[chance.below(gates.size())];
  }
  void nextBlock(results::RandomNumbers& chance) {
    block_ = chance.below(blocksIn(*cell_));
    sign_ = chance.below(2) == 1 ? 1 : -1;
  }
  /// 0 where the gate drawn had no such metric.
  double effectOf(const std::string& metric) const {
    const auto found = cell_->find(metric);
    return found == cell_->end() ? 0 : sign_ * (*found->second)[block_];
  }

 private:
  const CellBlocks* cell_ = nullptr;
  std::size_t block_ = 0;
  double sign_ = 1;
};

bool isRed(const Pool& pool, const std::vector<GateMetric>& metrics,
           results::RandomNumbers& chance) {
  std::map<std::string, Draw> draws;
  std::vector<Draw*> draw_of;
  std::vector<bool> begins_block;
  for (const GateMetric& metric : metrics) {
    const auto [draw, is_new] = draws.try_emplace(metric.cell);
    if (is_new) draw->second.begin(pool.at(metric.cell), chance);
    draw_of.push_back(&draw->second);
    begins_block.push_back(is_new);
  }
  GateCourse course({}, metrics);
  results::play(course, [&](std::size_t metric) {
    if (begins_block[metric]) draw_of[metric]->nextBlock(chance);
    return draw_of[metric]->effectOf(metrics[metric].name);
  });
  return results::outcomeOf(course.verdicts(GateCourse::Detectable::Skip)) ==
         results::GateOutcome::Regressed;
}

}  // namespace

results::Tally playVirtualGates(const std::vector<TriedGate>& identical, std::uint32_t gates,
                                bool with_margins, std::uint64_t seed) {
  const Pool pool = poolOf(identical);
  std::vector<std::vector<GateMetric>> plans;
  for (const TriedGate& gate : identical) {
    auto metrics = metricsOf(gate, with_margins);
    if (!metrics.empty()) plans.push_back(std::move(metrics));
  }
  results::Tally red;
  if (plans.empty()) return red;
  results::RandomNumbers chance(seed);
  for (; red.trials < gates; ++red.trials) {
    red.hits += isRed(pool, plans[chance.below(plans.size())], chance) ? 1 : 0;
  }
  return red;
}

}  // namespace ringside::harness
