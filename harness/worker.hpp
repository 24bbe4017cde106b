// What a worker does: pin itself, open the queues by name, run its loop, leave its findings. A
// worker is a process, but for a queue that works only between threads of one.
#pragma once

#include <span>
#include <vector>

#include "harness/control.hpp"
#include "harness/plan.hpp"
#include "harness/session.hpp"

namespace ringside::harness {

/// The maker creates the queues; then it is gone, and with it whatever a queue does when it is
/// made.
enum class WorkerRole { Maker, Producer, Consumer };

struct WorkerId {
  WorkerRole role = WorkerRole::Producer;
  std::uint32_t number = 0;  ///< within its role, from 0
};

/// "producer 0".
std::string toString(const WorkerId& id);

/// What all workers of one repetition are given.
struct Job {
  const Cell* cell = nullptr;
  const Session* session = nullptr;
  const Control* control = nullptr;
  std::vector<Place> places;  ///< of the queues, as preparePlaces() made them
  const Traffic* traffic = nullptr;
  const SlotTable* slots = nullptr;  ///< of a gate: its loops run instead of the workload's
  Injection injection = {};
};

/// Where a worker leaves what it found.
WorkerFindings& findingsOf(const Job& job, const WorkerId& id);

/// Runs in the child; never returns. What goes wrong is left in the findings, and the exit code is
/// kWorkerGaveUp.
constexpr int kWorkerGaveUp = 3;
[[noreturn]] void runWorker(const Job& job, const WorkerId& id, ::pid_t parent);
/// The same for all of them, as threads of this one process, which makes the queues first. When one
/// gives up all end.
[[noreturn]] void runWorkersAsThreads(const Job& job, std::span<const WorkerId> ids,
                                      ::pid_t parent);

}  // namespace ringside::harness
