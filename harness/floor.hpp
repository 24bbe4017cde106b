// The floor under a run: what the cache-line hand-off costs between the CPUs that its cells use.
#pragma once

#include "harness/handoff.hpp"
#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// Measures one pair for each relation that a runnable cell of the plan has between its first
/// producer and its first consumer; milliseconds each. Workers that are not pinned, or share a CPU,
/// have no floor. Where it cannot be
/// measured it says so on stderr, and there is none.
Floors measureFloors(const Plan& plan, const Topology& topology, const Clock& clock);

/// Stores the floor of the cell's placement as the metric floor_ns, from which the multiples
/// of it follow (rtt_over_floor, one_way_over_floor, response_over_floor); nothing where there is
/// none. Call it once the other metrics are stored.
void noteFloor(const Cell& cell, const Session& session, results::Record& record);

}  // namespace ringside::harness
