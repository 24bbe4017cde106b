// The process of one arm in one block: it makes the cell's queue and workers, lets them run the
// slots that it is told to, and leaves what it read. Fresh for each block, started from fresh
// copies of the arm's files.
#pragma once

#include "harness/duet/slot_job.hpp"

namespace ringside::harness {

/// The verb by which the program is started as an arm, and which nobody else calls.
inline constexpr const char* kArmVerb = "gate-arm";

/// Does what the job says, and leaves the reading in its file. Dies with the process that started
/// it. Whatever goes wrong stands in the reading.
void runArm(const SlotJob& job);

}  // namespace ringside::harness
