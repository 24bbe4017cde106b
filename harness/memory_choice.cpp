#include "harness/memory_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/plugin/rehearsal.hpp"

namespace ringside::harness {
namespace {

/// What a worker may hold of elements outside of the queue.
constexpr std::uint64_t kMaxBatchBytes = 256ULL << 20;

/// The nodes of the CPUs that may be used, ascending.
std::vector<int> nodesOf(const Topology& topology) {
  std::set<int> nodes;
  for (const CpuPlace& place : topology.cpus()) {
    if (place.node >= 0) nodes.insert(place.node);
  }
  return {nodes.begin(), nodes.end()};
}

int nodeOf(const Topology& topology, int cpu) {
  for (const CpuPlace& place : topology.cpus()) {
    if (place.cpu == cpu) return place.node;
  }
  return -1;
}

std::string bindTo(Cell& cell, int node) {
  cell.axes.numa_node = node;
  cell.shape.memory.numa_nodes = {node};
  cell.shape.memory.numa_policy = NumaPolicy::Bind;
  return {};
}

std::string bindToWorker(Cell& cell, const Topology& topology, const std::vector<int>& cpus) {
  if (cpus.empty()) {
    return fmt::format("the {} is pinned to no CPU, so it has no NUMA node", cell.axes.numa_policy);
  }
  const int node = nodeOf(topology, cpus.front());
  if (node >= 0) return bindTo(cell, node);
  return fmt::format("CPU {} belongs to no NUMA node", cpus.front());
}

std::string interleave(Cell& cell, const std::vector<int>& nodes) {
  if (nodes.size() < 2) return "interleaving needs two NUMA nodes, and here is one";
  cell.shape.memory.numa_nodes = nodes;
  cell.shape.memory.numa_policy = NumaPolicy::Interleave;
  return {};
}

/// Of a queue without a name. What it lies in is not to be chosen: the reason, when it `is_asked`.
std::string inheritMemory(Cell& cell, bool is_asked, bool is_of_kernel) {
  cell.backing = Backing::Anon;
  const bool is_of_process = cell.queue->limits.threads_only;
  if (is_asked) {
    return fmt::format("{} has no name: it lies in {}, and in nothing else", cell.queue->name,
                       is_of_kernel    ? "memory of the kernel"
                       : is_of_process ? "the memory of one process"
                                       : "anon memory, which workers inherit");
  }
  cell.axes.memory = is_of_kernel ? "kernel" : is_of_process ? "process" : "anon";
  return {};
}

}  // namespace

std::string chooseBacking(Cell& cell) {
  const QueueEntry& queue = *cell.queue;
  cell.backing = *parseBacking(cell.axes.memory);  // a word of the axis
  const bool is_of_kernel = bytesNeededBy(queue, someShapeOf(queue.limits)) == 0;
  if (queue.limits.inherited_only || queue.limits.threads_only) {
    const bool is_asked = cell.backing != Backing::PosixShm && cell.backing != Backing::Anon;
    return inheritMemory(cell, is_asked, is_of_kernel);
  }
  if (cell.backing == Backing::PosixShm) {
    if (is_of_kernel) cell.axes.memory = "kernel";
    return {};
  }
  if (is_of_kernel) {
    return fmt::format("{} lies in memory of the kernel, which is of one kind", queue.name);
  }
  if (queue.limits.provision == Provision::Queue && queue.hold == nullptr) {
    return fmt::format("{} makes its own memory, in posix_shm", queue.name);
  }
  if (cell.backing == Backing::File) {
    cell.notes.push_back(fmt::format("its file lies in {}", fileFolder()));
  }
  return {};
}

std::string chooseNodes(Cell& cell, const Topology& topology) {
  const std::string& asked = cell.axes.numa_policy;
  const QueueLimits& limits = cell.queue->limits;
  if (asked == "any") return {};
  if (limits.provision == Provision::Queue && !limits.takes_memory_options) {
    return fmt::format("{} makes its own memory: it cannot be put on a NUMA node",
                       cell.queue->name);
  }
  if (asked == "producer") return bindToWorker(cell, topology, cell.placing.producer_cpus);
  if (asked == "consumer") return bindToWorker(cell, topology, cell.placing.consumer_cpus);
  const std::vector<int> nodes = nodesOf(topology);
  if (asked == "interleave") return interleave(cell, nodes);
  const auto wanted = std::find_if(nodes.begin(), nodes.end(),
                                   [&](int node) { return std::to_string(node) == asked; });
  if (wanted != nodes.end()) return bindTo(cell, *wanted);
  return fmt::format("there is no NUMA node {} with a CPU that may be used; there is {}", asked,
                     fmt::join(nodes, ", "));
}

std::string reasonByCalls(const Cell& cell) {
  const Abilities& abilities = cell.queue->any.abilities;
  const results::Axes& axes = cell.axes;
  if (axes.wait == "block" && !abilities.blocking) {
    return fmt::format("{} has no calls that block", cell.queue->name);
  }
  if (axes.tuning != "adaptive" && !cell.queue->limits.takes_tuning) {
    return fmt::format("{} has no tunings", cell.queue->name);
  }
  if (axes.batch == 1) return {};
  if (!abilities.batch) {
    return fmt::format("{} has no calls for several elements at once", cell.queue->name);
  }
  if (axes.batch * axes.element_size_bytes > kMaxBatchBytes) {
    return fmt::format("a batch of {} elements of {} bytes is over 256 MiB", axes.batch,
                       axes.element_size_bytes);
  }
  return {};
}

std::string complaintAboutNodes(const MemoryOptions& asked,
                                const std::map<int, std::uint64_t>& node_pages) {
  if (asked.numa_nodes.empty()) return {};
  std::uint64_t pages = 0;
  for (const auto& [node, count] : node_pages) {
    pages += count;
    if (std::find(asked.numa_nodes.begin(), asked.numa_nodes.end(), node) !=
        asked.numa_nodes.end()) {
      continue;
    }
    return fmt::format("NUMA node {} was asked for, and {} pages lie on node {}",
                       fmt::join(asked.numa_nodes, ", "), count, node);
  }
  const bool spread = asked.numa_policy == NumaPolicy::Interleave;
  if (spread && pages >= asked.numa_nodes.size() && node_pages.size() < asked.numa_nodes.size()) {
    return fmt::format("the ring was to be spread over NUMA nodes {}, and lies on node {} alone",
                       fmt::join(asked.numa_nodes, ", "), node_pages.begin()->first);
  }
  return {};
}

}  // namespace ringside::harness
