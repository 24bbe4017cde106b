#include "results/statistics/detectable_effect.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "results/statistics/hodges_lehmann.hpp"
#include "results/statistics/random_numbers.hpp"
#include "results/statistics/sign_flip.hpp"

namespace ringside::results {
namespace {

constexpr std::uint32_t kGates = 2000;
constexpr std::uint64_t kSeed = 0x72696e6773696465;
constexpr double kResolution = 0.01;

std::vector<double> centred(std::span<const double> blocks) {
  const double centre = hodgesLehmannEstimate(blocks);
  std::vector<double> residuals(blocks.begin(), blocks.end());
  for (double& residual : residuals) residual -= centre;
  return residuals;
}

/// Gates that might have been. Their blocks are drawn once: two effects are judged by the same
/// noise, so that the larger one is found more often.
class VirtualGates {
 public:
  VirtualGates(std::span<const double> residuals, const TwoStageRule& rule) : rule_(rule) {
    RandomNumbers random(kSeed);
    blocks_.reserve(std::size_t{kGates} * blocksOfOne());
    while (blocks_.size() < blocks_.capacity()) {
      const double residual = residuals[random.below(residuals.size())];
      blocks_.push_back(random.next() >> 63 == 0 ? residual : -residual);
    }
  }

  std::uint32_t countFinding(double effect) const {
    std::uint32_t found = 0;
    for (std::uint32_t gate = 0; gate < kGates; ++gate) found += finds(gate, effect) ? 1 : 0;
    return found;
  }

  /// Looks at no more gates than it takes to know.
  bool findsInAtLeast(std::uint32_t enough, double effect) const {
    std::uint32_t found = 0;
    for (std::uint32_t gate = 0; gate < kGates && found < enough; ++gate) {
      const bool is_hopeless = found + (kGates - gate) < enough;
      if (is_hopeless) return false;
      found += finds(gate, effect) ? 1 : 0;
    }
    return found >= enough;
  }

 private:
  std::size_t blocksOfOne() const noexcept { return rule_.first_blocks + rule_.second_blocks; }

  bool finds(std::uint32_t gate, double effect) const {
    // That an effect is added to each block is the same as that the margin lies as much lower.
    const double margin = rule_.margin - effect;
    const std::span<const double> blocks =
        std::span(blocks_).subspan(gate * blocksOfOne(), blocksOfOne());
    return signFlipReaches(blocks.first(rule_.first_blocks), margin, rule_.flag_p) &&
           signFlipReaches(blocks.last(rule_.second_blocks), margin, rule_.second_p);
  }

  TwoStageRule rule_;
  std::vector<double> blocks_;  ///< those of one gate after those of the other
};

double largestOf(std::span<const double> residuals) {
  double largest = 0;
  for (const double residual : residuals) largest = std::max(largest, std::abs(residual));
  return largest;
}

}  // namespace

double predictedPower(std::span<const double> blocks, const TwoStageRule& rule, double effect) {
  assert(!blocks.empty());
  const VirtualGates gates(centred(blocks), rule);
  return static_cast<double>(gates.countFinding(effect)) / kGates;
}

std::optional<double> detectableEffect(std::span<const double> blocks, const TwoStageRule& rule,
                                       double power) {
  if (blocks.size() < kLeastBlocksForDetectable) return std::nullopt;
  const std::vector<double> residuals = centred(blocks);
  const VirtualGates gates(residuals, rule);
  const auto enough = static_cast<std::uint32_t>(std::ceil(power * kGates));
  const auto isFound = [&](double effect) { return gates.findsInAtLeast(enough, effect); };
  // An effect that lifts every block above the margin is found if any is.
  double low = rule.margin;
  double high = rule.margin + 1.001 * largestOf(residuals) + 1e-6;
  if (!isFound(high)) return std::nullopt;
  while (high - low > kResolution * high) {
    const double middle = low + (high - low) / 2;
    (isFound(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace ringside::results
