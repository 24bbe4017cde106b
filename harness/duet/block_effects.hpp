// What a block shows: of each metric one number, how much worse the second arm is than the first,
// and whether the block counts. Which slots count is settled without a look at what they measured.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "harness/duet/block.hpp"

namespace ringside::harness {

/// A pair of slots counts where both canaries are as near as this: ln of their ratio.
inline constexpr double kCanariesAgree = 0.30;
/// And where both slots have so many undisturbed messages, or batches.
inline constexpr std::uint64_t kLeastMessages = 500;
inline constexpr std::uint64_t kLeastBatches = 50;
/// A block counts with so many pairs that do, or with half of them where it has fewer than 12.
inline constexpr std::uint32_t kLeastPairs = 6;

/// Added to the part of disturbed messages, which may be none: one in a thousand. Less than that is
/// some gaps a slot, and their number is chance (gate.md 3.4 has a tenth of it: there the block
/// noise was 40 % and more where the machine is calm, seen here).
inline constexpr double kLeastFraction = 1e-3;

struct BlockEffects {
  std::uint32_t pairs = 0;
  std::uint32_t admitted = 0;
  std::array<std::uint32_t, 2> rejected_by = {};  ///< by the one arm alone: it had too few messages
  std::array<std::uint32_t, 2> saturated = {};    ///< slots of each arm
  /// By metric: ln of the ratio of second to first, positive where the second is worse.
  std::map<std::string, double> effects;
  std::map<std::string, std::array<double, 2>> values;  ///< medians over the admitted slots
  std::array<double, 2> canary_ns = {};                 ///< the same
  double run_delay = 0;
  std::optional<std::size_t> stuck;  ///< the arm that did not come to the end of a slot
  std::string why_invalid;           ///< empty: it counts
};

/// What canaries of a pair are held against.
enum class Canaries {
  Alike,  ///< each other: both arms have the same CPUs in the same state
  OfArm   ///< each the median of its own arm, for what sets the arms apart may move it
};

/// Of a block with two arms that both came to their end.
BlockEffects effectsOf(const BlockReading& block, Canaries canaries = Canaries::Alike);

/// Of a block with one arm: the values alone, in the first place of each.
BlockEffects valuesOf(const BlockReading& block);

}  // namespace ringside::harness
