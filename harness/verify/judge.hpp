// From what the processes of a trial left behind to what it says of the queue.
#pragma once

#include "harness/verify/trial.hpp"

namespace ringside::harness {

/// Whether the last act was played to its end.
enum class Ending { Complete, Standstill, Crash };

/// Fills in everything but what the director of the trial alone knows: evidence, class, counts,
/// leaked slots. `ended_by` says what happened when the ending is not Complete.
void judge(const Stage& stage, Ending ending, const std::string& ended_by, TrialOutcome& outcome);

}  // namespace ringside::harness
