// What lasts for a whole run: the machine, the clock, the name under which everything in /dev/shm
// is made, and the ear for Ctrl-C.
#pragma once

#include <signal.h>

#include <chrono>
#include <string>

#include "harness/clock.hpp"
#include "harness/clock_survey.hpp"
#include "harness/handoff.hpp"
#include "harness/janitor.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

/// Turns SIGINT and SIGTERM into something that can be polled, as long as it lives.
class InterruptWatch {
 public:
  InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  ~InterruptWatch();

  /// Readable once an interrupt has come.
  int descriptor() const { return descriptor_; }
  /// True from the first interrupt on.
  bool interrupted();

 private:
  ::sigset_t former_mask_ = {};
  int descriptor_ = -1;
  bool interrupted_ = false;
};

/// How long the parent waits for its workers before it believes that they hang.
struct Patience {
  std::chrono::milliseconds until_attached{20'000};
  std::chrono::milliseconds until_ended{20'000};  ///< after the stop
};

class Session {
 public:
  explicit Session(Topology topology, const Patience& patience = {});
  /// With a clock that was calibrated elsewhere on this machine.
  Session(Topology topology, const Patience& patience, const Clock& clock);

  const Topology& topology() const { return topology_; }
  const Clock& clock() const { return clock_; }
  const Patience& patience() const { return patience_; }
  /// What the hand-off of a cache line costs here; empty until measured.
  const Floors& floors() const { return floors_; }
  void setFloors(Floors floors) { floors_ = std::move(floors); }
  /// Measures what it is asked for, for some milliseconds, when it is first asked.
  ClockSurvey& clockSurvey() const { return clock_survey_; }
  InterruptWatch& interrupts() { return interrupts_; }
  /// A name for shared memory that nobody has had, and that the janitor knows.
  /// None is the beginning of another.
  std::string freshName() { return prefix_ + std::to_string(next_name_++) + "q"; }

 private:
  Topology topology_;
  Patience patience_;
  Clock clock_;
  Floors floors_;
  mutable ClockSurvey clock_survey_{clock_, topology_};
  std::string prefix_;
  std::uint64_t next_name_ = 0;
  InterruptWatch interrupts_;
  Janitor janitor_;
};

}  // namespace ringside::harness
