#include "harness/session.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "harness/run_name.hpp"

namespace ringside::harness {
InterruptWatch::InterruptWatch() {
  ::sigset_t interrupts;
  ::sigemptyset(&interrupts);
  ::sigaddset(&interrupts, SIGINT);
  ::sigaddset(&interrupts, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &interrupts, &former_mask_);
  descriptor_ = ::signalfd(-1, &interrupts, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor_ < 0) {
    const int cause = errno;
    ::sigprocmask(SIG_SETMASK, &former_mask_, nullptr);
    throw std::system_error(cause, std::system_category(), "no descriptor for signals");
  }
}

InterruptWatch::~InterruptWatch() {
  interrupted();  // takes what is pending, so that it does not strike now
  ::close(descriptor_);
  ::sigprocmask(SIG_SETMASK, &former_mask_, nullptr);
}

bool InterruptWatch::interrupted() {
  ::signalfd_siginfo info;
  while (::read(descriptor_, &info, sizeof info) == sizeof info) interrupted_ = true;
  return interrupted_;
}

Session::Session(Topology topology, const Patience& patience)
    : Session(std::move(topology), patience, calibrateClock()) {}

Session::Session(Topology topology, const Patience& patience, const Clock& clock)
    : topology_(std::move(topology)),
      patience_(patience),
      clock_(clock),
      prefix_(prefixOfNewRun()),
      janitor_(prefix_) {}

}  // namespace ringside::harness
