// Children that are moved forward one machine instruction at a time, to be killed or overtaken at
// each of them, and single objects that children share with the test.
#pragma once

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "forked.hpp"

namespace ringside {

enum class SystemCalls { None, Some, Unknown };

/// Whether `work` makes a system call, run in a child. Unknown where the kernel cannot tell.
inline SystemCalls systemCallsOf(const std::function<void()>& work) {
  constexpr int kUnknown = 1;
  const int result = resultOf(inChild([&] {
    // From here on only read, write and SYS_exit are left, all else is SIGKILL.
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == -1) return kUnknown;
    work();
    return static_cast<int>(::syscall(SYS_exit, 0));
  }));
  if (result == kUnknown) return SystemCalls::Unknown;
  return result == 0 ? SystemCalls::None : SystemCalls::Some;
}

template <class Condition>
void waitFor(Condition&& holds) {
  while (!holds()) ::sched_yield();
}

/// One T in memory that forked children share. It is never destroyed, as in the life of a segment.
template <class T>
class Shared {
 public:
  template <class... Arguments>
  explicit Shared(Arguments&&... arguments)
      : memory_(sizeof(T)),
        object_(new (memory_.begin()) T(std::forward<Arguments>(arguments)...)) {}
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  SharedArray<std::byte> memory_;
  T* object_;
};

constexpr const char* kNoSeccomp = "seccomp is not to be had here";
constexpr const char* kNoTracing = "processes may not be traced here";

/// What a stepped child does: first what it needs, by itself, then the work, step by step.
struct SteppedWork {
  template <std::invocable Work>
  SteppedWork(Work&& all) : work(std::forward<Work>(all)) {}  // converts on purpose
  SteppedWork(std::function<void()> first, std::function<int()> then)
      : prepare(std::move(first)), work(std::move(then)) {}

  std::function<void()> prepare = [] {};
  std::function<int()> work;
};

/// A child that stands still before the work, and moves when it is told to.
class SteppedChild {
 public:
  explicit SteppedChild(const SteppedWork& stepped) {
    stayOnOneCpu();
    child_ = inChild([&] {
      stepped.prepare();
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1) return 1;
      ::raise(SIGSTOP);
      progress_->store(kBegun);
      const int result = stepped.work();
      progress_->store(kDone);
      return result;
    });
    int status = 0;
    ::waitpid(child_, &status, 0);
    alive_ = WIFSTOPPED(status);
    traced_ = alive_;
    while (traced_ && progress_->load() != kBegun) step();
  }
  SteppedChild(const SteppedChild&) = delete;
  SteppedChild& operator=(const SteppedChild&) = delete;
  ~SteppedChild() {
    if (alive_) killAndWait(child_);
    ::sched_setaffinity(0, sizeof cpus_before_, &cpus_before_);
  }

  /// False where processes may not be traced: nothing else works then.
  bool traced() const { return traced_; }
  ::pid_t pid() const { return child_; }
  /// One instruction. False when the work is done.
  bool step() {
    int status = 0;
    if (::ptrace(PTRACE_SINGLESTEP, child_, nullptr, nullptr) == 0) {
      ::waitpid(child_, &status, 0);
    }
    if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) return progress_->load() != kDone;
    throw std::runtime_error("the stepped child ended or got a signal: " + std::to_string(status));
  }
  /// Goes on by itself, to its end: returns the exit code.
  int finish() {
    ::ptrace(PTRACE_DETACH, child_, nullptr, nullptr);
    alive_ = false;
    return resultOf(child_);
  }

 private:
  static constexpr int kNotYet = 0;
  static constexpr int kBegun = 1;
  static constexpr int kDone = 2;

  /// A step is a switch to the child and back: several times faster without a second processor.
  void stayOnOneCpu() {
    ::sched_getaffinity(0, sizeof cpus_before_, &cpus_before_);
    ::cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }

  Shared<std::atomic<int>> progress_{kNotYet};
  ::cpu_set_t cpus_before_ = {};
  ::pid_t child_ = 0;
  bool alive_ = false;
  bool traced_ = false;
};

/// How many instructions `work` takes in a child; 0 where processes may not be traced.
inline long instructionsOf(const SteppedWork& work) {
  SteppedChild child(work);
  if (!child.traced()) return 0;
  long steps = 1;
  while (child.step()) ++steps;
  return steps;
}

/// So many instructions, or to the end of the work.
inline void stepTo(SteppedChild& child, long instruction) {
  for (long i = 0; i < instruction && child.step(); ++i) continue;
}

/// Steps that one test takes at most, or nearly: a second where a step takes 20 µs, in a virtual
/// machine. 300 instructions are all stopped at, of 3000 every 100th.
constexpr long kMostSteps = 45'000;

/// Stops a child at instructions spread evenly over `work`, calls `while_stopped(child)`, kills it,
/// and calls `afterwards()`; then the next. False where processes may not be traced.
template <class WhileStopped, class Afterwards>
bool atInstructionsOf(const std::function<int()>& work, WhileStopped&& while_stopped,
                      Afterwards&& afterwards) {
  const long steps = instructionsOf(work);
  if (steps == 0) return false;
  const long points = std::min(steps, 2 * kMostSteps / steps);
  for (long point = 0; point < points; ++point) {
    {
      SteppedChild child(work);
      stepTo(child, steps * point / points);
      while_stopped(child);
    }
    afterwards();
  }
  return true;
}

/// Kills a child at instructions spread evenly over `work`, and calls `check()` after each death.
template <class Check>
bool killAtInstructionsOf(const std::function<int()>& work, Check&& check) {
  return atInstructionsOf(
      work, [](SteppedChild&) {}, check);
}

}  // namespace ringside
