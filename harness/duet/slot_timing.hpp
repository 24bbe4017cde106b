// How long the slots of a cell must be, so that enough messages come in each.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "harness/duet/arm_fault.hpp"
#include "harness/duet/block.hpp"
#include "harness/plan.hpp"

namespace ringside::harness {

/// Of a block whose slots are measured for so long.
SlotTiming slotTimingOf(Workload workload, std::uint64_t slot_ns);

/// What most cells need.
SlotTiming usualTiming(Workload workload);

struct TimingChoice {
  SlotTiming timing;
  std::optional<ArmFault> fault;  ///< for which the cell cannot be gated
};

/// From what a block of one arm alone shows: `run` runs it, and `arm` is what it is called. 5 ms,
/// or as long as it takes for 2000 messages, or 100 batches where throughput is measured; 100 ms at
/// most.
TimingChoice chooseTiming(const Cell& cell, std::string_view arm,
                          const std::function<BlockReading(const SlotTiming&)>& run);

}  // namespace ringside::harness
