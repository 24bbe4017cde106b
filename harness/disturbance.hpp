// Which messages the machine has disturbed, and which the queue was slow with by itself.
//
// A gap (gaps.hpp) [a, b] disturbs all messages that were under way in [a, b + (b - a) / 8 + 500
// ns]: what had piled up has to be worked off. But a slow path in the queue's own call makes a gap
// as well, and that must count for the queue. So a gap is the machine's when
//
// - it lies between two calls: the harness does nothing there that takes a microsecond; or
// - the kernel gave the CPU to others for at least half of it (run delay); or
// - gaps in calls are not more frequent than between calls, for the time spent in either:
// interrupts
//   and a hypervisor strike wherever a worker happens to be.
//
// All other gaps are the queue's: those in which its call went to sleep, when there are more than
// four of them in one worker (a signal may stop it, too); and all others in its calls when there
// are too many of those. That is decided for all of a worker at once: of n gaps that neither sleep
// nor the kernel explains, p·n are expected in calls, p being the part of the time spent there.
// More than p·n + 4·sqrt(n·p·(1 - p)) + 4 are the queue's doing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/gaps.hpp"

namespace ringside::harness {

/// What one worker logged.
struct WorkerGaps {
  std::span<const Gap> gaps;  ///< in the order of time
  std::uint64_t ticks_between_calls = 0;
  std::uint64_t ticks_in_calls = 0;
  std::uint64_t full_since = 0;  ///< as in GapLog

  static WorkerGaps of(const GapLog& log) {
    return {{log.gaps, log.count}, log.ticks_between_calls, log.ticks_in_calls, log.full_since};
  }
};

/// What the queue's calls do that makes gaps.
struct SlowPaths {
  bool works = false;   ///< the gaps in calls are too many to be chance
  bool sleeps = false;  ///< it sleeps in its calls
};
SlowPaths slowPathsIn(const WorkerGaps& worker);

class Disturbance {
 public:
  /// Of all workers of a cell, whoever of them had the gap: who stands still holds up others.
  Disturbance(std::span<const WorkerGaps> workers, const Clock& clock);

  /// Whether anything of begin..end (ticks, both inclusive) was disturbed.
  bool meets(std::uint64_t begin, std::uint64_t end) const;

  /// What part of begin..end was disturbed, 0 to 1. `end` must be after `begin`.
  double partOf(std::uint64_t begin, std::uint64_t end) const;

  std::uint64_t machineGaps() const { return machine_gaps_; }
  std::uint64_t queueGaps() const { return queue_gaps_; }
  /// A worker had more gaps than it could log: from there on everything counts as disturbed.
  bool overflowed() const { return overflowed_; }

 private:
  struct Interval {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  void addWorker(const WorkerGaps& worker, const Clock& clock);
  void sortAndMerge();

  std::vector<Interval> intervals_;  ///< ascending, apart from each other
  std::uint64_t machine_gaps_ = 0;
  std::uint64_t queue_gaps_ = 0;
  bool overflowed_ = false;
};

}  // namespace ringside::harness
