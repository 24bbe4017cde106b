#include "harness/duet/block_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/duet/slot_reading.hpp"
#include "results/metrics.hpp"
#include "results/statistics/hodges_lehmann.hpp"

namespace ringside::harness {
namespace {

constexpr std::string_view kDisturbed = "disturbed_fraction";
/// What never came, against what did: an effect that nobody takes for small.
constexpr double kNeverCame = 6.9;  // ln(1000)

/// ln of the ratio, positive where `second` is worse; nullopt where there is none.
std::optional<double> effectOf(const std::string& name, double first, double second) {
  const results::Metric* const metric = results::findMetric(name);
  const double sign = metric != nullptr && metric->better == results::Better::Higher ? -1.0 : 1.0;
  if (name == kDisturbed) {
    first += kLeastFraction;
    second += kLeastFraction;
  }
  if (!(first > 0) || !(second > 0)) return std::nullopt;
  if (std::isinf(first) && std::isinf(second)) return 0.0;
  if (std::isinf(first)) return -kNeverCame;
  if (std::isinf(second)) return kNeverCame;
  return sign * std::log(second / first);
}

bool isThroughput(const SlotReading& slot) {
  return slot.metrics.contains("messages_per_s_robust");
}

bool hasEnough(const SlotReading& slot) {
  return slot.counted >= (isThroughput(slot) ? kLeastBatches : kLeastMessages);
}

/// `usual`: of the first by the second.
bool canariesAgree(const SlotReading& first, const SlotReading& second, double usual) {
  if (first.canary_ns <= 0 || second.canary_ns <= 0) return true;  // not measured here
  return std::abs(std::log(first.canary_ns / second.canary_ns / usual)) < kCanariesAgree;
}

double medianOf(std::vector<double> values) {
  return values.empty() ? 0 : orderStatistic(values, 0.5);
}

std::vector<double> valuesIn(const ArmReading& arm, const std::vector<std::size_t>& slots,
                             const std::string& name) {
  std::vector<double> values;
  for (const std::size_t slot : slots) {
    const auto found = arm.slots[slot].metrics.find(name);
    if (found != arm.slots[slot].metrics.end()) values.push_back(found->second);
  }
  return values;
}

std::vector<double> canariesIn(const ArmReading& arm, const std::vector<std::size_t>& slots) {
  std::vector<double> values;
  for (const std::size_t slot : slots) values.push_back(arm.slots[slot].canary_ns);
  return values;
}

double medianCanary(const ArmReading& arm) {
  std::vector<double> values;
  for (const SlotReading& slot : arm.slots) {
    if (slot.canary_ns > 0) values.push_back(slot.canary_ns);
  }
  return medianOf(values);
}

double usualCanaries(const BlockReading& block, Canaries canaries) {
  const double first = medianCanary(block.arms[0]);
  const double second = medianCanary(block.arms[1]);
  return canaries == Canaries::Alike || first <= 0 || second <= 0 ? 1 : first / second;
}

std::vector<std::size_t> admittedPairs(const BlockReading& block, Canaries canaries,
                                       BlockEffects& effects) {
  const auto& [first, second] = std::tie(block.arms[0].slots, block.arms[1].slots);
  std::vector<std::size_t> admitted;
  const double usual = usualCanaries(block, canaries);
  effects.pairs = static_cast<std::uint32_t>(std::min(first.size(), second.size()));
  for (std::size_t i = 0; i < effects.pairs; ++i) {
    effects.saturated[0] += first[i].saturated ? 1 : 0;
    effects.saturated[1] += second[i].saturated ? 1 : 0;
    const bool first_has = hasEnough(first[i]);
    const bool second_has = hasEnough(second[i]);
    if (first_has != second_has) ++effects.rejected_by[first_has ? 1 : 0];
    if (first_has && second_has && canariesAgree(first[i], second[i], usual)) admitted.push_back(i);
  }
  effects.admitted = static_cast<std::uint32_t>(admitted.size());
  return admitted;
}

/// The metrics that each slot has: the Hodges-Lehmann estimate over the pairs.
void putSlotEffects(const BlockReading& block, const std::vector<std::size_t>& admitted,
                    BlockEffects& effects) {
  std::map<std::string, std::vector<double>> by_name;
  for (const std::size_t pair : admitted) {
    for (const auto& [name, first] : block.arms[0].slots[pair].metrics) {
      const auto second = block.arms[1].slots[pair].metrics.find(name);
      if (name == kDisturbed || second == block.arms[1].slots[pair].metrics.end()) continue;
      if (const auto effect = effectOf(name, first, second->second)) {
        by_name[name].push_back(*effect);
      }
    }
  }
  for (const auto& [name, pairs] : by_name) {
    effects.effects[name] = results::hodgesLehmannEstimate(pairs);
    for (std::size_t arm = 0; arm < 2; ++arm) {
      effects.values[name][arm] = medianOf(valuesIn(block.arms[arm], admitted, name));
    }
  }
}

void putBlockEffects(const BlockReading& block, BlockEffects& effects) {
  for (const auto& [name, first] : block.arms[0].block_metrics) {
    const auto second = block.arms[1].block_metrics.find(name);
    if (second == block.arms[1].block_metrics.end()) continue;
    if (const auto effect = effectOf(name, first, second->second)) {
      effects.effects[name] = *effect;
      effects.values[name] = {first, second->second};
    }
  }
}

/// Slots that were not run say something of the machine, or of an arm that stood still: those that
/// were before are not taken for all.
std::string whyNoFigures(const BlockReading& block) {
  const std::string trouble = block.trouble();
  if (!trouble.empty()) return trouble;
  if (block.stuck) return "a slot did not come to its end in time";
  const auto invalid = std::find_if(block.arms.begin(), block.arms.end(),
                                    [](const ArmReading& arm) { return !arm.invalid.empty(); });
  return invalid == block.arms.end() ? "" : invalid->invalid;
}

}  // namespace

BlockEffects effectsOf(const BlockReading& block, Canaries canaries) {
  BlockEffects effects;
  effects.stuck = block.stuck;
  effects.why_invalid = whyNoFigures(block);
  if (block.arms.size() < 2 || !effects.why_invalid.empty()) return effects;
  const std::vector<std::size_t> admitted = admittedPairs(block, canaries, effects);
  effects.run_delay = std::max(block.arms[0].run_delay, block.arms[1].run_delay);
  if (effects.admitted < std::min(kLeastPairs, (effects.pairs + 1) / 2) || admitted.empty()) {
    effects.why_invalid =
        fmt::format("of {} pairs of slots {} count: the CPUs were moved, or too few messages came",
                    effects.pairs, effects.admitted);
    return effects;
  }
  putSlotEffects(block, admitted, effects);
  putBlockEffects(block, effects);
  for (std::size_t arm = 0; arm < 2; ++arm) {
    effects.canary_ns[arm] = medianOf(canariesIn(block.arms[arm], admitted));
  }
  return effects;
}

BlockEffects valuesOf(const BlockReading& block) {
  BlockEffects effects;
  effects.stuck = block.stuck;
  effects.why_invalid = whyNoFigures(block);
  if (block.arms.empty() || !effects.why_invalid.empty()) return effects;
  const ArmReading& arm = block.arms[0];
  std::vector<std::size_t> admitted;
  effects.pairs = static_cast<std::uint32_t>(arm.slots.size());
  for (std::size_t i = 0; i < arm.slots.size(); ++i) {
    effects.saturated[0] += arm.slots[i].saturated ? 1 : 0;
    if (hasEnough(arm.slots[i])) admitted.push_back(i);
  }
  effects.admitted = static_cast<std::uint32_t>(admitted.size());
  if (admitted.empty()) {
    effects.why_invalid = "in no slot came enough messages";
    return effects;
  }
  for (const auto& [name, value] : arm.slots[admitted.front()].metrics) {
    effects.values[name][0] = medianOf(valuesIn(arm, admitted, name));
  }
  for (const auto& [name, value] : arm.block_metrics) effects.values[name][0] = value;
  effects.canary_ns[0] = medianOf(canariesIn(arm, admitted));
  effects.run_delay = arm.run_delay;
  return effects;
}

}  // namespace ringside::harness
