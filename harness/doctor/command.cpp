#include "harness/doctor/command.hpp"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "harness/console.hpp"
#include "results/descriptor.hpp"

namespace ringside::harness {
namespace {

constexpr int kNotStarted = 127;  // as shells have it
constexpr int kSignalled = 128;

::sigset_t heldSet() {
  ::sigset_t held;
  ::sigemptyset(&held);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&held, signal);
  return held;
}

/// Signals as a fresh program expects them; the child stays in our group, so a Ctrl-C reaches it.
::pid_t spawn(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::sigset_t none;
  ::sigemptyset(&none);
  ::sigset_t ignored_here;
  ::sigemptyset(&ignored_here);
  ::sigaddset(&ignored_here, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored_here);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  ::pid_t child = -1;
  const int failure =
      ::posix_spawnp(&child, command[0].c_str(), nullptr, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (failure == 0) return child;
  say("ringside: {} cannot be started ({}); is it on PATH?\n", command[0], std::strerror(failure));
  return -1;
}

void passOn(int signals, ::pid_t child) {
  ::signalfd_siginfo info;
  while (::read(signals, &info, sizeof info) == sizeof info) {
    const bool from_terminal = info.ssi_code == SI_KERNEL;  // which sent it to the child as well
    if (!from_terminal) ::kill(child, static_cast<int>(info.ssi_signo));
  }
}

}  // namespace

HeldSignals::HeldSignals() {
  const ::sigset_t held = heldSet();
  ::sigprocmask(SIG_BLOCK, &held, nullptr);
  descriptor_ = ::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::system_category(), "no descriptor for signals");
  }
}

HeldSignals::~HeldSignals() {
  ::signalfd_siginfo info;
  while (::read(descriptor_, &info, sizeof info) ==
         sizeof info) {  // all is put back: taken note of
  }
  ::close(descriptor_);
  const ::sigset_t held = heldSet();
  ::sigprocmask(SIG_UNBLOCK, &held, nullptr);
}

int runCommand(const std::vector<std::string>& command, const HeldSignals& signals) {
  const ::pid_t child = spawn(command);
  if (child < 0) return kNotStarted;
  const results::Descriptor end(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  int status = 0;
  while (::waitpid(child, &status, end.number() < 0 ? 0 : WNOHANG) == 0) {
    ::pollfd polled[] = {{end.number(), POLLIN, 0}, {signals.descriptor(), POLLIN, 0}};
    ::poll(polled, 2, -1);
    passOn(signals.descriptor(), child);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

}  // namespace ringside::harness
