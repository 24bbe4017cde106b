// Trials: one queue, some processes, one kind of fault, and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/history/check.hpp"
#include "harness/verify/parts.hpp"

namespace ringside::harness {

/// How a queue bears a fault, from good to bad.
enum class ProgressClass : std::uint8_t {
  Survives,  ///< goes on, and delivers all
  Stalls,    ///< survivors wait for the dead
  Loses,     ///< elements are gone, or places for them
  Corrupts   ///< elements come twice, torn, out of order or out of nowhere; or survivors crash
};
std::string_view toString(ProgressClass progress) noexcept;
std::optional<ProgressClass> parseProgressClass(std::string_view text) noexcept;

/// What one trial showed.
struct TrialOutcome {
  ProgressClass progress = ProgressClass::Survives;
  std::string evidence;           ///< a sentence; empty when all went well
  std::string fault_point;        ///< where the victim was struck: "push, instruction 17"
  Counts counts;                  ///< of the history
  std::uint64_t faults = 0;       ///< how many were dealt
  std::int64_t leaked_slots = 0;  ///< places for elements that are gone
  std::uint64_t stale_segments = 0;
  std::optional<double> detection_ms;  ///< from the kill until the kernel had the victim buried
  std::optional<double> recovery_ms;   ///< from the kill until survivors pushed and popped again
  std::optional<History> history;      ///< kept when something was wrong
};

/// A call that is stepped through.
struct SteppedTrial {
  Call call = Call::Push;
  Filling filling;
  StepTo step_to = StepTo::NextInstruction;
  /// Of the call, that are done when the fault comes.
  long steps = 0;
};

/// The victim is killed there. nullopt when the call has fewer steps.
std::optional<TrialOutcome> killAtStep(Stage& stage, const SteppedTrial& trial);
/// It stands still there while others go on, then goes on itself.
std::optional<TrialOutcome> stopAtStep(Stage& stage, const SteppedTrial& trial);
/// It stands still there while a producer and a consumer go past it, each a process of its own, for
/// several laps of the queue, then goes on itself: is it let in out of its turn?
std::optional<TrialOutcome> overtakeAtStep(Stage& stage, const SteppedTrial& trial);
/// As stopAtStep, and one other process waits asleep for what it brings, or wakes it.
std::optional<TrialOutcome> wakeAtStep(Stage& stage, const SteppedTrial& trial);
/// How many steps the call takes, with the one that ends it; before it sleeps, for one that does. 0
/// when the processes here may not be traced, or when the queue could not even be filled.
struct CallLength {
  long steps = 0;
  bool sleeps = false;
  std::optional<TrialOutcome> unfilled;  ///< what kept it from being filled
  /// How many steps were done each time when the shared memory had changed, ascending: a
  /// fault beside one of these tells more than one between them.
  std::vector<long> changes;
};
CallLength lengthOf(Stage& stage, const SteppedTrial& trial);

/// Several producers and consumers, of which some are killed and replaced, some stopped for a
/// while. In a storm at kill points they stay there by themselves, and one of them, or another
/// meanwhile, is killed.
struct Storm {
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint32_t kills = 8;
  std::uint32_t stops = 4;
  bool batches = false;
  bool at_kill_points = false;
  std::uint64_t seed = 1;
};
TrialOutcome runStorm(Stage& stage, const Storm& storm);

/// The same between threads of one process, for a queue that works only so: without faults, for who
/// strikes one strikes all.
TrialOutcome runThreads(Stage& stage, const Storm& storm);

}  // namespace ringside::harness
