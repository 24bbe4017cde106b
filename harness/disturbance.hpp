// Which messages the machine has disturbed, and which the queue was slow with by itself.
//
// A gap (gaps.hpp) [a, b] troubles the time [a, b + (b - a) / 8 + 500 ns]: what had piled up has to
// be worked off. It disturbs the messages that begin or end in that time, and those that were under
// way in troubled times for at least half of their own. One that waits a millisecond in the queue
// while its receiver stands still for a few microseconds is none the later for it; were it called
// disturbed, the slow messages would be the first to leave the clean histograms.
//
// A slow path in the queue's own call makes a gap as well, and that must count for the queue. So a
// gap is the machine's when
//
// - it lies between two calls: the harness does nothing there that takes a microsecond; or
// - the kernel gave the CPU to others for at least half of it (run delay); or
// - gaps as long as it are not much more frequent in calls than between them, for the time spent in
//   either: interrupts and a hypervisor strike wherever a worker happens to be.
//
// All other gaps are the queue's: those in which its call went to sleep, when there are more than
// four of them in one worker (a signal may stop it, too); and those in its calls of a length that
// is too frequent there. That is decided for each worker and each length from 4^k to 4^(k+1) µs by
// itself, for the many short gaps of a machine must not hide the few long ones of a queue. Of the
// gaps that neither sleep nor the kernel explains, e = (b + 1)·t/u are expected in calls, where b
// are between calls, and t and u the times spent in and between them. More than 2·e + 4·sqrt(2·e) +
// 4 are the queue's doing. (Twice: a hypervisor was seen to strike up to 1.3 times as often in
// calls as the time spent there says.)
#pragma once

#include <array>
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
    return {log.logged(), log.ticks_between_calls, log.ticks_in_calls, log.full_since};
  }
};

/// By length: under 4 µs, under 16 µs, ... and all that is longer.
constexpr std::size_t kGapLengths = 8;

/// What the queue's calls do that makes gaps.
struct SlowPaths {
  std::array<bool, kGapLengths> works{};  ///< the gaps in calls are too many to be chance
  bool sleeps = false;                    ///< it sleeps in its calls
};
SlowPaths slowPathsIn(const WorkerGaps& worker, const Clock& clock);

/// Whose gaps disturb.
enum class Blame : std::uint8_t {
  Machine,  ///< those that the queue did not make itself
  Anybody   ///< all: where their part of the messages is a metric of its own
};

class Disturbance {
 public:
  /// Of all workers of a cell, whoever of them had the gap: who stands still holds up others.
  Disturbance(std::span<const WorkerGaps> workers, const Clock& clock,
              Blame blame = Blame::Machine);

  /// Whether a message that was under way in begin..end (ticks, both inclusive) was disturbed.
  bool disturbs(std::uint64_t begin, std::uint64_t end) const;

  /// What part of begin..end was troubled, 0 to 1. `end` must be after `begin`.
  double partOf(std::uint64_t begin, std::uint64_t end) const;

  std::uint64_t machineGaps() const { return machine_gaps_; }
  std::uint64_t queueGaps() const { return queue_gaps_; }
  /// A worker had more gaps than it could log: from there on everything counts as disturbed.
  bool overflowed() const { return overflowed_; }

 private:
  struct Interval {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t troubled_before = 0;  ///< ticks, in all earlier ones
  };
  void addWorker(const WorkerGaps& worker, const Clock& clock, Blame blame);
  void sortAndMerge();
  std::uint64_t troubledUntil(std::uint64_t at) const;
  bool isTroubled(std::uint64_t at) const;
  std::vector<Interval>::const_iterator firstAfter(std::uint64_t at) const;

  std::vector<Interval> intervals_;  ///< ascending, apart from each other
  std::uint64_t machine_gaps_ = 0;
  std::uint64_t queue_gaps_ = 0;
  bool overflowed_ = false;
};

}  // namespace ringside::harness
