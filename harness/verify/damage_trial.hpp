// Trials in which not a process is struck but the memory that the queue lies in.
#pragma once

#include "harness/verify/campaign.hpp"

namespace ringside::harness {

struct DamageOutcome {
  TrialOutcome trial;
  std::string skipped;  ///< why it could not be tried here; empty otherwise
};

/// Overwritten, Truncated: users may lose or be refused anything, but they neither crash nor hang.
/// Unlinked: who has it open goes on as if nothing had happened. FullMemory: making it is an error,
/// not a signal, and nothing is left behind.
DamageOutcome runDamage(Stage& stage, FaultKind kind, std::uint64_t seed);

}  // namespace ringside::harness
