#include "harness/verify/stepped.hpp"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

namespace ringside::harness {
namespace {

/// For one instruction: far beyond what any takes that does not sleep.
constexpr std::chrono::seconds kStepPatience{4};

/// Whether this is a command of futex(2) that waits.
constexpr bool maySleep(std::uint64_t command) {
  const std::uint64_t plain = command & FUTEX_CMD_MASK;
  return plain == FUTEX_WAIT || plain == FUTEX_WAIT_BITSET || plain == FUTEX_LOCK_PI;
}

}  // namespace

SteppedChild::SteppedChild(const std::function<int()>& work, StageWords& words, StepTo step_to)
    : words_(words), step_to_(step_to), child_([&work] {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1) return kActorThrew;
        return work();
      }) {}

/// A stop by a signal other than those of stepping is passed on: else it would come again for ever.
bool SteppedChild::waitForStop() {
  // Not waitpid alone, which has no limit: an instruction may be a system call that sleeps. Who
  // yields here gives the processor to the child.
  const auto limit = std::chrono::steady_clock::now() + kStepPatience;
  int status = 0;
  ::pid_t waited = 0;
  while ((waited = ::waitpid(child_.pid(), &status, __WALL | WNOHANG)) != child_.pid()) {
    if (waited == -1 && errno != EINTR) return false;
    if (std::chrono::steady_clock::now() > limit) return false;
    ::sched_yield();
  }
  const int signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
  signal_ = signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
  return WIFSTOPPED(status);
}

bool SteppedChild::goOn(__ptrace_request how) {
  // ptrace(2) takes the signal in the place of a pointer.
  void* const signal = reinterpret_cast<void*>(static_cast<std::uintptr_t>(signal_));
  traced_ = traced_ && ::ptrace(how, child_.pid(), nullptr, signal) == 0 && waitForStop();
  return traced_;
}

bool SteppedChild::reachCall(std::chrono::milliseconds patience) {
  // It stops, by its own SIGSTOP, or ends.
  const auto limit = std::chrono::steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(child_.pid(), &status, __WALL | WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > limit) return false;
    ::sched_yield();
  }
  traced_ = WIFSTOPPED(status);
  while (traced_ && words_.victim_at.load() != CallMark::kInCall) goOn(PTRACE_SINGLESTEP);
  return traced_;
}

bool SteppedChild::step() {
  const bool by_points = step_to_ == StepTo::NextKillPoint;
  return goOn(by_points ? PTRACE_CONT : PTRACE_SINGLESTEP) &&
         words_.victim_at.load() != CallMark::kOutOfCall;
}

bool SteppedChild::isAboutToSleep() const {
  if (step_to_ == StepTo::NextKillPoint) {
    const char* const point = words_.point.load();
    return point != nullptr && std::string_view(point) == "about_to_sleep";
  }
#if defined(__x86_64__)
  ::user_regs_struct registers = {};
  if (::ptrace(PTRACE_GETREGS, child_.pid(), nullptr, &registers) != 0) return false;
  if (registers.rax != SYS_futex || !maySleep(registers.rsi)) return false;
  errno = 0;
  const long code =
      ::ptrace(PTRACE_PEEKTEXT, child_.pid(), reinterpret_cast<void*>(registers.rip), nullptr);
  constexpr long kSyscallInstruction = 0x050f;
  return errno == 0 && (code & 0xffff) == kSyscallInstruction;
#else
  return false;
#endif
}

void SteppedChild::letGo() {
  words_.nobody_stays.store(1);
  if (traced_) ::ptrace(PTRACE_DETACH, child_.pid(), nullptr, nullptr);
  traced_ = false;
}

OnOneProcessor::OnOneProcessor() {
  ::sched_getaffinity(0, sizeof before_, &before_);
  ::cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(::sched_getcpu(), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

OnOneProcessor::~OnOneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace ringside::harness
