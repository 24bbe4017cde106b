// A failing history made small enough to be read: what can go without the violation going is left
// out (delta debugging: Zeller, Hildebrandt, "Simplifying and Isolating Failure-Inducing Input",
// IEEE TSE 28(2), 2002).
#pragma once

#include "harness/history/history.hpp"

namespace ringside::harness {

/// The history with as few operations as was found, unchanged and in their order, in which
/// firstViolation still finds the same kind: of what is left no single value and no single answer
/// of empty can go. The same history gives the same answer; one without violation comes back as it
/// is.
///
/// A value goes with all its operations, so nothing is broken that was whole. What pops that never
/// returned may have taken goes only where it explains nothing, or together with as many
/// never-popped values: no loss is made by forgetting its excuse.
/// After kMaxShrinkChecks checks the smallest so far is the answer. The note "shrunk_from" says how
/// many operations there were. Throws std::invalid_argument as firstViolation does.
History shrink(const History& history);

inline constexpr int kMaxShrinkChecks = 20'000;

}  // namespace ringside::harness
