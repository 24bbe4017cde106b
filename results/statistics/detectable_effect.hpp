// How small a change a gate can find, given how the blocks of a metric scatter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ringside::results {

/// What makes a regression of one metric, in a gate of two stages.
struct TwoStageRule {
  std::uint32_t first_blocks = 12;
  double flag_p = 0.10;  ///< what stage one must reach, so that there is a stage two
  std::uint32_t second_blocks = 36;
  double second_p = 0.005;  ///< what stage two must reach
  double margin = 0.01;     ///< above which the effect has to lie
};

/// The probability that a gate finds an effect of this size: the share of 2000 virtual gates, made
/// of the blocks given, moved to a centre of 0, drawn with replacement and with random signs. The
/// same blocks give the same answer each time. At least one block; few say little. Holds of gates
/// whose blocks are independent: where the machine stays noisy for a whole gate and calm for
/// another, fewer find an effect that just so is detectable.
double predictedPower(std::span<const double> blocks, const TwoStageRule& rule, double effect);

/// The smallest effect that is found with this power, to 1 % of itself; never below the margin.
/// nullopt of fewer than kLeastBlocksForDetectable blocks, and where no effect would be found.
std::optional<double> detectableEffect(std::span<const double> blocks, const TwoStageRule& rule,
                                       double power = 0.9);
constexpr std::size_t kLeastBlocksForDetectable = 6;

}  // namespace ringside::results
