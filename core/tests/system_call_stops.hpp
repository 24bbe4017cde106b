// Children that stand still before and after each system call, to be killed or overtaken there: the
// only moments at which another process can see a difference in what they make.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

#include "forked.hpp"
#include "stepped_child.hpp"

namespace ringside {

/// Keeps this process and its children on one processor: a stop is a switch to the parent and back,
/// several times faster without a second one.
class OnOneCpu {
 public:
  OnOneCpu() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    ::cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  OnOneCpu(const OnOneCpu&) = delete;
  OnOneCpu& operator=(const OnOneCpu&) = delete;
  ~OnOneCpu() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  ::cpu_set_t before_ = {};
};

class CallStoppedChild {
 public:
  /// A child that stands still before `work`.
  explicit CallStoppedChild(const std::function<int()>& work) {
    child_ = inChild([&]() noexcept {
      if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1) return 1;
      ::raise(SIGSTOP);
      const int result = work();
      done_->store(true);
      return result;
    });
    int status = 0;
    ::waitpid(child_, &status, 0);
    alive_ = WIFSTOPPED(status);
    traced_ = alive_;
    if (traced_) ::ptrace(PTRACE_SETOPTIONS, child_, nullptr, PTRACE_O_TRACESYSGOOD);
  }
  CallStoppedChild(const CallStoppedChild&) = delete;
  CallStoppedChild& operator=(const CallStoppedChild&) = delete;
  ~CallStoppedChild() {
    if (alive_) killAndWait(child_);
  }

  /// False where processes may not be traced: nothing else works then.
  bool traced() const { return traced_; }
  /// On to the next stop. False when the work is done.
  bool advance() {
    int status = 0;
    ::ptrace(PTRACE_SYSCALL, child_, nullptr, nullptr);
    ::waitpid(child_, &status, 0);
    if (WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80)) return !done_->load();
    throw std::runtime_error("the stopped child ended or got a signal: " + std::to_string(status));
  }
  /// Goes on by itself, to its end: returns the exit code.
  int finish() {
    ::ptrace(PTRACE_DETACH, child_, nullptr, nullptr);
    alive_ = false;
    return resultOf(child_);
  }

 private:
  Shared<std::atomic<bool>> done_{false};
  ::pid_t child_ = 0;
  bool alive_ = false;
  bool traced_ = false;
};

/// Stops a child before and after each system call of `work`, calls `while_stopped(child)`, kills
/// it, and calls `afterwards()`; then the next. How many stops that were; 0 where processes may not
/// be traced.
template <class WhileStopped, class Afterwards>
int atSystemCallsOf(const std::function<int()>& work, WhileStopped&& while_stopped,
                    Afterwards&& afterwards) {
  constexpr int kMostStops = 2000;
  const OnOneCpu here;
  for (int stop = 0; stop < kMostStops; ++stop) {
    bool done = false;
    {
      CallStoppedChild child(work);
      if (!child.traced()) return 0;
      for (int i = 0; i < stop && !done; ++i) done = !child.advance();
      while_stopped(child);
    }
    afterwards();
    if (done) return stop;
  }
  throw std::runtime_error("the work makes too many system calls");
}

/// Kills a child before and after each system call of `work`, and calls `check()` after each death.
template <class Check>
int killAtSystemCallsOf(const std::function<int()>& work, Check&& check) {
  return atSystemCallsOf(
      work, [](CallStoppedChild&) {}, check);
}

}  // namespace ringside
