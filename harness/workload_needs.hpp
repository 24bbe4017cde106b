// What a workload needs of a cell: loops for its queue, a shape, a number of queues, and what the
// workers share with the parent. One place to look at when a workload is added.
#pragma once

#include <cstdint>
#include <string>

#include "harness/control.hpp"
#include "harness/plan.hpp"

namespace ringside::harness {

/// Why this cell runs on no machine: the queue has no loops for the workload, or does not take the
/// shape. Empty when it can run. Asks nothing of the machine, so that shards are the same on all.
std::string reasonAgainst(const Cell& cell);

/// How many queues the parent names: one, one for the replies to each producer, or two directions.
/// What carries both directions by itself is one.
std::size_t queueCount(const Cell& cell);

/// Of all its queues.
std::uint64_t bytesOfQueues(const Cell& cell);

ControlShape controlShape(const Cell& cell);

}  // namespace ringside::harness
