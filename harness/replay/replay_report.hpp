// What a cell was and what it is now, side by side, without a verdict.
#pragma once

#include <string>

#include "harness/replay/replay_run.hpp"

namespace ringside::harness {

/// For people. Ends with a line end.
std::string renderReplay(const ReplayOutcome& outcome);

/// For programs: the record of then and those of now without histograms, the metrics that both
/// have, and the facts of the environment that differ. Ends with a line end.
std::string renderReplayJson(const ReplayOutcome& outcome);

}  // namespace ringside::harness
