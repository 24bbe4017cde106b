// Trials of a snapshot: one writer, some readers. A value that is read is whole, no older than the
// last write that had ended before, and no newer than the last that has begun; its version never
// goes back; and nobody waits for a process that is dead or stands still.
#pragma once

#include "harness/verify/snapshot.hpp"
#include "harness/verify/trial.hpp"

namespace ringside::harness {

enum class SnapshotCall : std::uint8_t { Read, Write };

/// A call that is stepped through.
struct SteppedSnapshotCall {
  SnapshotCall call = SnapshotCall::Read;
  StepTo step_to = StepTo::NextInstruction;
};

/// How many steps the call takes, with the one that ends it; 0 when the processes here may not be
/// traced.
long lengthOf(Stage& stage, const SnapshotEntry& snapshot, const SteppedSnapshotCall& call);

/// The one in the call is killed or stopped after so many steps, others write and read meanwhile: a
/// reader is overtaken by several writes. One that was stopped goes on. nullopt when the call has
/// fewer.
std::optional<TrialOutcome> strikeSnapshot(Stage& stage, const SnapshotEntry& snapshot,
                                           const SteppedSnapshotCall& call, bool kills, long steps);

/// A writer and some readers as fast as they can, of whom `kills` are killed and replaced.
TrialOutcome stormSnapshot(Stage& stage, const SnapshotEntry& snapshot, std::uint32_t kills,
                           std::uint64_t seed);

}  // namespace ringside::harness
