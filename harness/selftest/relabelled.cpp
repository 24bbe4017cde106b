#include "harness/selftest/relabelled.hpp"

#include <algorithm>
#include <utility>

#include "results/statistics/sign_flip.hpp"

namespace ringside::harness {

BlockReading relabelledOf(const KeptBlock& block, results::RandomNumbers& chance) {
  BlockReading reading{.arms = block.arms, .second_first = block.second_first};
  if (reading.arms.size() < 2) return reading;
  ArmReading& first = reading.arms[0];
  ArmReading& second = reading.arms[1];
  for (std::size_t i = 0; i < std::min(first.slots.size(), second.slots.size()); ++i) {
    if (chance.below(2) == 1) std::swap(first.slots[i], second.slots[i]);
  }
  if (chance.below(2) == 1) std::swap(first.block_metrics, second.block_metrics);
  return reading;
}

void Relabelled::take(const KeptBlock& block) {
  if (!block.effects.why_invalid.empty()) return;
  for (const auto& [name, effect] : effectsOf(relabelledOf(block, chance_)).effects) {
    std::vector<double>& effects = effects_[{block.cell, name}];
    if (effects.size() < blocks_) effects.push_back(effect);
  }
}

std::optional<double> Relabelled::pOf(const std::string& cell, const std::string& metric) const {
  const auto found = effects_.find({cell, metric});
  if (found == effects_.end() || found->second.empty()) return std::nullopt;
  return results::signFlipP(found->second, 0);
}

}  // namespace ringside::harness
