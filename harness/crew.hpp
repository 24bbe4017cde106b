// The workers of one repetition, each a process, or all of them threads of one where the queue
// works only so: forked, watched through pidfds, killed when they hang.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "harness/worker.hpp"

namespace ringside::harness {

/// Why a repetition did not end as it should.
struct Trouble {
  enum class Kind {
    WorkerDied,    ///< by a signal, or it gave up
    WorkerHung,    ///< it did not end in time and was killed
    Unobtainable,  ///< what was asked for is not to be had here
    Interrupted,   ///< the user wants to stop
  } kind = Kind::WorkerDied;
  std::string reason;
};

class Crew {
 public:
  Crew(const Job& job, InterruptWatch& interrupts) : job_(job), interrupts_(interrupts) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  /// Kills and reaps who is still there.
  ~Crew();

  /// Lets a process of its own make the queues: what an adapter does there harms only the cell.
  std::optional<Trouble> makeQueues();
  /// Forks one process per producer and consumer, or one for all where they must be threads. Throws
  /// std::system_error when that fails.
  void start();
  /// Until every worker has attached and stands at the start line.
  std::optional<Trouble> waitAtStartLine();
  /// Sets the phase and lets time pass; returns early when a worker ends in trouble.
  std::optional<Trouble> runPhase(Phase phase, std::chrono::milliseconds duration);
  /// Stops the workers and waits for their end.
  std::optional<Trouble> join();

  /// Process ids, in the order of the numbers.
  std::vector<int> pids(WorkerRole role) const;

 private:
  /// A process, and which workers it is: one, or all as its threads.
  struct Process {
    std::vector<WorkerId> ids;
    ::pid_t pid = -1;
    int pidfd = -1;
    bool ended = false;
  };

  void forkProcess(const std::vector<WorkerId>& ids);
  /// Waits for the end of a worker, an interrupt, or the timeout.
  std::optional<Trouble> watch(std::chrono::nanoseconds timeout);
  std::optional<Trouble> reap(Process& process);
  Trouble hung(std::chrono::milliseconds limit) const;
  std::optional<Trouble> waitForEnd(std::chrono::milliseconds patience);
  bool allEnded() const;
  bool allReady() const;
  bool worksAsThreads() const noexcept { return job_.cell->queue->limits.threads_only; }
  bool isReady(const WorkerId& id) const;
  std::string doing(const WorkerId& id) const;
  void killAll();

  Job job_;
  InterruptWatch& interrupts_;
  std::vector<Process> processes_;
};

}  // namespace ringside::harness
