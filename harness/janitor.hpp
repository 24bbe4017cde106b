// Leaves nothing behind: a small process that outlives the parent and every worker, however they
// end, and then removes what is in /dev/shm under the name of this run.
#pragma once

#include <sys/types.h>

#include <string>

namespace ringside::harness {

/// Removes every file in /dev/shm, and in fileFolder(), whose name begins with `prefix` (not
/// empty), and the message queues that are noted there. Returns how many files.
int removeSegments(const std::string& prefix);

/// Notes that the System V message queue `id`, which has no name of its own, goes with what is
/// called `name`: as a link in /dev/shm. Returns what that is called. Throws std::system_error.
std::string noteMessageQueue(const std::string& name, int id);

/// The janitor waits for a word on a pipe, or for the end of it once parent and workers are gone.
/// It does the same at a normal end and after SIGKILL, so the way after SIGKILL is always tried.
class Janitor {
 public:
  /// Throws std::system_error when it cannot be forked.
  explicit Janitor(const std::string& prefix);
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;
  /// Sends it to work and waits for it: when this returns, nothing of the run is left.
  ~Janitor();

 private:
  std::string prefix_;
  int pipe_end_ = -1;
  ::pid_t pid_ = -1;
};

}  // namespace ringside::harness
