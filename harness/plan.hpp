// Every combination of a suite on this machine: runnable, or skipped with a reason.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/placement.hpp"
#include "harness/registry.hpp"
#include "harness/scenario.hpp"
#include "harness/send_plan.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

struct Cell {
  std::string name;  ///< "quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3"
  std::string scenario;
  Workload workload = Workload::Throughput;
  Timing timing;
  results::Axes axes;  ///< as it will run: placement and wait are resolved
  const QueueEntry* queue = nullptr;
  QueueShape shape;
  Wait wait = Wait::Spin;
  Backing backing = Backing::PosixShm;
  Validate validate = Validate::Full;
  Placing placing;
  Arrivals arrivals;               ///< of the workloads paced and slo
  std::uint64_t bytes_needed = 0;  ///< in /dev/shm, all queues of the cell together
  std::vector<std::string> notes;  ///< what is not as one might expect, known beforehand
  std::optional<std::string> skip_reason;
  bool unfit = false;  ///< skipped for what the queue cannot do, on any machine
  /// Why it fails before it runs: its adapter crashed when it was asked what the queue needs.
  std::optional<std::string> fail_reason = std::nullopt;
  std::size_t combination = 0;  ///< its number among all of the suite: the same on any machine
  std::vector<std::size_t> value_numbers;  ///< which value of each of its scenario's sweeps
};

/// A combination that nobody has asked for by name: one of `queue = "all"` that the queue is not
/// for.
struct LeftOut {
  std::string cell;
  std::string reason;
};

struct Plan {
  std::string suite;
  std::vector<Cell> cells;
  /// What each combination of the suite would take, on any machine; also of those that came to a
  /// cell that was there already.
  std::vector<std::chrono::milliseconds> combination_times = {};
  /// Which of them must stay together in one shard, because they are compared: a number a
  /// combination.
  std::vector<std::size_t> combination_groups = {};
  std::vector<std::string> remarks = {};  ///< for the user: what part of the suite this is
  std::vector<LeftOut> left_out = {};
  bool compares_queues = false;  ///< cells that differ in the queue alone belong side by side

  std::uint64_t runnable() const;
  /// Warm-up, measuring and starting of all repetitions of all runnable cells.
  std::chrono::milliseconds estimate() const;
};

/// The memory that a plan may use.
struct MemoryLimits {
  std::uint64_t total_bytes = 0;     ///< of the machine
  std::uint64_t shm_free_bytes = 0;  ///< in /dev/shm
};
MemoryLimits memoryLimitsOfThisMachine();

/// Throws UsageError for what can be had on no machine or was named wrongly: a queue that takes
/// none of the shapes, more memory than there is, a CPU outside of the mask.
Plan makePlan(const Suite& suite, const Topology& topology, const MemoryLimits& limits);

}  // namespace ringside::harness
