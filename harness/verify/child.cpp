#include "harness/verify/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace ringside::harness {
namespace {

/// A new process tells its parent through it that it is tied to the parent's life.
struct Tie {
  Tie() {
    if (::pipe2(ends, O_CLOEXEC) != 0) {
      throw std::system_error(errno, std::system_category(), "no pipe to a new process");
    }
  }
  int ends[2] = {-1, -1};
};

[[noreturn]] void runInChild(const std::function<int()>& work, ::pid_t parent, const Tie& tie) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kActorThrew);  // it died before the line above
  ::close(tie.ends[0]);
  if (::write(tie.ends[1], "t", 1) != 1) ::_exit(kActorThrew);
  ::close(tie.ends[1]);
  int result = kActorThrew;
  try {
    result = work();
  } catch (const std::exception&) {  // the code says it; Stage::enact keeps the reason
  }
  ::_exit(result);
}

}  // namespace

Child::Child(const std::function<int()>& work) {
  const ::pid_t parent = ::getpid();
  const Tie tie;
  pid_ = ::fork();
  if (pid_ == 0) runInChild(work, parent, tie);
  const int fork_error = errno;
  ::close(tie.ends[1]);
  // One that is stopped before it is tied would outlive a parent that is killed then.
  char byte = 0;
  while (pid_ > 0 && ::read(tie.ends[0], &byte, 1) < 0 && errno == EINTR) {
  }
  ::close(tie.ends[0]);
  if (pid_ < 0) throw std::system_error(fork_error, std::system_category(), "cannot fork");
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ >= 0) return;
  const int cause = errno;
  end();
  throw std::system_error(cause, std::system_category(), "no pidfd");
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      status_(other.status_) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::exchange(other.pidfd_, -1);
    status_ = other.status_;
  }
  return *this;
}

std::optional<int> Child::waitFor(std::chrono::nanoseconds patience) {
  if (status_) return status_;
  ::pollfd ended = {pidfd_, POLLIN, 0};
  const ::timespec limit = {patience.count() / 1'000'000'000, patience.count() % 1'000'000'000};
  if (::ppoll(&ended, 1, &limit, nullptr) <= 0) return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, __WALL) == pid_) status_ = status;
  return status_;
}

void Child::signal(int number) const noexcept {
  if (!status_) ::kill(pid_, number);
}

void Child::kill() {
  signal(SIGKILL);
  while (!status_) {
    int status = 0;
    // A traced one may have a stop to report first.
    const ::pid_t waited = ::waitpid(pid_, &status, __WALL);
    if (waited < 0 && errno != EINTR) status = 0;
    if (waited != pid_ && errno == EINTR) continue;
    if (waited < 0 || WIFEXITED(status) || WIFSIGNALED(status)) status_ = status;
  }
}

void Child::end() noexcept {
  if (pid_ > 0) kill();
  if (pidfd_ >= 0) ::close(pidfd_);
  pid_ = pidfd_ = -1;
}

std::string describeStatus(int wait_status) {
  if (WIFEXITED(wait_status)) return fmt::format("ended with {}", WEXITSTATUS(wait_status));
  const char* name = ::sigabbrev_np(WTERMSIG(wait_status));
  return name != nullptr ? fmt::format("killed by SIG{}", name)
                         : fmt::format("killed by signal {}", WTERMSIG(wait_status));
}

}  // namespace ringside::harness
