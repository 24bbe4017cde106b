// What a cell asks of memory and of its queue's calls, made concrete for this machine: the backing,
// the NUMA nodes, what blocking and batches need. Each answers why the cell cannot run, or nothing.
#pragma once

#include <map>
#include <string>

#include "harness/plan.hpp"

namespace ringside::harness {

/// Sets Cell::backing, and axes.memory to "kernel" where the queue lies there.
std::string chooseBacking(Cell& cell);

/// Sets the nodes in the shape's memory options and, where it comes to one, axes.numa_node. The
/// producer's node is that of producer 0, the consumer's that of consumer 0.
std::string chooseNodes(Cell& cell, const Topology& topology);

/// What the queue's adapter does not offer, of the calls that `wait` and `batch` ask for.
std::string reasonByCalls(const Cell& cell);

/// What is wrong with pages that lie as `node_pages` says; empty when they lie as asked.
std::string complaintAboutNodes(const MemoryOptions& asked,
                                const std::map<int, std::uint64_t>& node_pages);

}  // namespace ringside::harness
