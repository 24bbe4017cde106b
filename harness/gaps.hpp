// Gaps: the times in which a worker did not get from one look at its clock to the next, because the
// machine did something else or because the queue took so long. Each worker logs its own, in shared
// memory; the parent reads them afterwards (disturbance.hpp).
//
// The worker looks before and after each call of the queue, so that of every gap it is known
// whether the worker was in the queue's code or in the harness's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "harness/clock.hpp"

namespace ringside::harness {

/// What takes longer between two looks is a gap.
constexpr std::uint64_t kShortestGapNs = 1000;

enum class GapSite : std::uint8_t {
  BetweenCalls,  ///< in the harness's own few instructions
  InCall         ///< in a call of the queue
};

/// In ticks of the clock; the worker was seen at `begin` and not again before `end`.
struct Gap {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  GapSite site = GapSite::BetweenCalls;
  /// The kernel let others run on this CPU for at least half of it.
  bool taken_away = false;
  /// The worker itself had the kernel put it to sleep, or was stopped by a signal.
  bool slept = false;
};

/// What one worker leaves, with room for its gaps right behind. One writer; read when that has
/// ended.
struct alignas(64) GapLog {
  static constexpr std::size_t bytesFor(std::uint64_t capacity) {
    return sizeof(GapLog) + capacity * sizeof(Gap);
  }
  Gap* gaps() noexcept { return reinterpret_cast<Gap*>(this + 1); }
  std::span<const Gap> logged() const noexcept {
    return {reinterpret_cast<const Gap*>(this + 1), count};
  }

  std::uint64_t capacity = 0;
  std::uint64_t count = 0;
  std::uint64_t full_since = 0;  ///< begin of the first gap that found no room; 0: all did
  /// Time without the gaps, by where it was spent.
  std::uint64_t ticks_between_calls = 0;
  std::uint64_t ticks_in_calls = 0;
};

/// What the kernel did in a gap: gave the CPU to others, as run delay in /proc/self/schedstat tells
/// or, where that cannot be read, involuntary context switches; or put the thread to sleep, as
/// voluntary ones tell. For the calling thread.
class KernelWitness {
 public:
  KernelWitness();
  KernelWitness(const KernelWitness&) = delete;
  KernelWitness& operator=(const KernelWitness&) = delete;
  ~KernelWitness();

  struct Statement {
    bool taken_away = false;
    bool slept = false;
  };
  /// Of the time since the last question, `gap_ns` long. One system call, and another only where
  /// this thread was not on its CPU all the time: asking is part of the gap.
  Statement about(std::uint64_t gap_ns) noexcept;

 private:
  std::uint64_t runDelayNs() const noexcept;

  int schedstat_ = -1;
  std::uint64_t last_delay_ns_ = 0;
  std::uint64_t last_preemptions_ = 0;
  std::uint64_t last_sleeps_ = 0;
};

/// The worker's looks at its clock. Allocates nothing; makes a system call only after a gap, and
/// none any more once the log is full.
class GapWatch {
 public:
  GapWatch(const Clock& clock, GapLog& log) noexcept;
  GapWatch(const GapWatch&) = delete;
  GapWatch& operator=(const GapWatch&) = delete;
  ~GapWatch();  ///< leaves the times in the log

  /// Begins here: what was before is no gap.
  void start() noexcept;

  /// Before a call of the queue, and wherever the worker waits. The time, in ticks.
  std::uint64_t betweenCalls() noexcept {
    const std::uint64_t now = clock_.now();
    return look(now, shortest_gap_, GapSite::BetweenCalls, between_calls_);
  }
  /// After a call that moved no message.
  std::uint64_t afterTry() noexcept {
    return look(clock_.now(), longest_call_, GapSite::InCall, in_calls_);
  }
  /// After a call that moved one, and after what it has loaded. What such calls usually take is
  /// learnt, for that is no gap: a system call in each of them is what this queue costs.
  std::uint64_t afterMove() noexcept {
    const std::uint64_t now = clock_.nowAfterLoads();
    learn(now > last_ ? now - last_ : 0);
    return look(now, longest_call_, GapSite::InCall, in_calls_);
  }

 private:
  std::uint64_t look(std::uint64_t now, std::uint64_t longest, GapSite site,
                     std::uint64_t& spent) noexcept {
    // Less than 0 where an unpinned worker came to a CPU whose counter is behind.
    const std::uint64_t passed = now > last_ ? now - last_ : 0;
    if (passed > longest) [[unlikely]] {
      note(now, site);
      return now;
    }
    spent += passed;
    last_ = now;
    return now;
  }
  /// Follows the median: steps up as often as down, by the 16th part, however far off a value is.
  void learn(std::uint64_t ticks) noexcept {
    const std::uint64_t step = usual_call_ / 16 + 1;
    usual_call_ = ticks > usual_call_ ? usual_call_ + step
                                      : usual_call_ - (usual_call_ > step ? step : usual_call_);
    longest_call_ =
        usual_call_ * kUsualCalls > shortest_gap_ ? usual_call_ * kUsualCalls : shortest_gap_;
  }
  void note(std::uint64_t now, GapSite site) noexcept;

  /// A call takes a gap when it takes longer than so many usual ones.
  static constexpr std::uint64_t kUsualCalls = 4;

  Clock clock_;
  GapLog& log_;
  KernelWitness witness_;
  std::uint64_t shortest_gap_;  ///< in ticks, as all that follows
  std::uint64_t longest_call_;
  std::uint64_t usual_call_ = 1;
  std::uint64_t last_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t between_calls_ = 0;
  std::uint64_t in_calls_ = 0;
};

/// Of a call that is tried until it succeeds: when it was first begun, and when it had moved a
/// message. In ticks; 0 while it has not.
struct CallTimes {
  std::uint64_t begun = 0;
  std::uint64_t moved = 0;
};

/// One call of the queue with the looks around it; true when it moved a message.
template <class Call>
bool watched(GapWatch& watch, CallTimes& times, Call&& call) noexcept {
  const std::uint64_t now = watch.betweenCalls();
  if (times.begun == 0) times.begun = now;
  if (!call()) {
    watch.afterTry();
    return false;
  }
  times.moved = watch.afterMove();
  return true;
}

}  // namespace ringside::harness
