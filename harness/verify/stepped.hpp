// A child that is moved forward one machine instruction at a time, or one kill point, to be killed,
// left standing or let go at any of them.
#pragma once

#include <sched.h>
#include <sys/ptrace.h>

#include <atomic>
#include <functional>

#include "harness/verify/actor.hpp"
#include "harness/verify/child.hpp"

namespace ringside::harness {

class SteppedChild {
 public:
  /// `work` stops itself by SIGSTOP (CallMark::enter), and from there on it is stepped. `mark` is
  /// the word that says where it is.
  SteppedChild(const std::function<int()>& work, StageWords& words, StepTo step_to);

  /// Goes on to the call that is to be stepped. False when it ended, or may not be traced.
  bool reachCall(std::chrono::milliseconds patience);
  /// One step. False when it is out of the call, or dead, or asleep in the kernel for long.
  bool step();
  /// True when the next instruction, or what follows this kill point, is a call of futex(2) that
  /// may sleep.
  bool isAboutToSleep() const;
  /// Goes on by itself.
  void letGo();
  /// Another thread of control may now have this one's processor.
  Child& child() noexcept { return child_; }

 private:
  bool waitForStop();
  bool goOn(__ptrace_request how);

  StageWords& words_;
  StepTo step_to_;
  Child child_;
  bool traced_ = false;
  int signal_ = 0;  ///< that it stopped for, and is to get when it goes on
};

/// Keeps this process, and what it forks, on one processor as long as it lives: a step is a switch
/// to the child and back, several times faster so.
class OnOneProcessor {
 public:
  OnOneProcessor();
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;
  ~OnOneProcessor();

 private:
  ::cpu_set_t before_ = {};
};

}  // namespace ringside::harness
