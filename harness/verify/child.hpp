// A forked process that dies with its parent, or with this object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace ringside::harness {

class Child {
 public:
  /// Runs `work` in a new process and ends it with what that returns, or with kActorThrew when it
  /// throws. Throws std::system_error when there is no process to be had.
  explicit Child(const std::function<int()>& work);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }

  ::pid_t pid() const noexcept { return pid_; }
  /// Its wait status once it has ended, nullopt when it has not within `patience`.
  std::optional<int> waitFor(std::chrono::nanoseconds patience);
  std::optional<int> status() const noexcept { return status_; }
  bool ended() const noexcept { return status_.has_value(); }
  void signal(int number) const noexcept;
  /// SIGKILL; returns when the kernel has taken everything from it.
  void kill();

 private:
  void end() noexcept;

  ::pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> status_;
};

constexpr int kActorThrew = 125;

/// "killed by SIGSEGV", "ended with 3".
std::string describeStatus(int wait_status);

}  // namespace ringside::harness
