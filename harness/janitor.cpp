#include "harness/janitor.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "harness/backing.hpp"
#include "ringside/backings.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kFolder = "/dev/shm";

[[noreturn]] void waitAndRemove(int read_end, const std::string& prefix) {
  ::setsid();  // a Ctrl-C goes to the process group of the parent
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "ringside-janit");
  // Whoever waits for an end of the parent's files must not wait for this process.
  ::dup2(read_end, STDIN_FILENO);
  ::syscall(SYS_close_range, STDOUT_FILENO, ~0U, 0);
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
  }
  removeSegments(prefix);
  ::_exit(0);
}

}  // namespace

namespace {

/// The memory of queues that lie in files: see Backing::File.
int removeFiles(const std::string& prefix) {
  std::error_code ignored;
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(fileFolder(), ignored)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  }
  int removed = 0;
  for (const std::filesystem::path& path : found) {
    removed += std::filesystem::remove(path, ignored);
  }
  return removed;
}

/// What the link of noteMessageQueue() points to, before the number.
constexpr std::string_view kMessageQueue = "sysv-msg:";

/// False when it is no note of a message queue.
bool isRemovedAsNote(const std::string& name) {
  std::error_code failure;
  const std::filesystem::path path = std::filesystem::path(kFolder) / name;
  const std::string target = std::filesystem::read_symlink(path, failure).string();
  if (failure || !target.starts_with(kMessageQueue)) return false;
  ::msgctl(std::atoi(target.c_str() + kMessageQueue.size()), IPC_RMID, nullptr);
  return std::filesystem::remove(path, failure);
}

}  // namespace

std::string noteMessageQueue(const std::string& name, int id) {
  const std::string note = name + ".msg";
  std::filesystem::create_symlink(std::string(kMessageQueue) + std::to_string(id),
                                  std::filesystem::path(kFolder) / note);
  return note;
}

int removeSegments(const std::string& prefix) {
  std::error_code ignored;
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) found.push_back(name);
  }
  int removed = 0;
  // Not unlink(2): the name of a segment on huge pages is a link, and the pages go with the file.
  for (const std::string& name : found) {
    removed += isRemovedAsNote(name) || ShmMem::unlink(name) == 0;
  }
  return removed + removeFiles(prefix);
}

Janitor::Janitor(const std::string& prefix) : prefix_(prefix) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::system_category(), "no pipe for the janitor");
  }
  pid_ = ::fork();
  if (pid_ < 0) {
    const int cause = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    throw std::system_error(cause, std::system_category(), "the janitor cannot be forked");
  }
  if (pid_ == 0) {
    ::close(ends[1]);
    waitAndRemove(ends[0], prefix);
  }
  ::close(ends[0]);
  pipe_end_ = ends[1];
}

Janitor::~Janitor() {
  constexpr int kTries = 5000;  // a millisecond apart
  const char word = 'd';
  const bool told = ::write(pipe_end_, &word, 1) == 1;
  ::close(pipe_end_);
  bool ended = false;
  for (int tries = 0; told && !ended && tries < kTries; ++tries) {
    ended = ::waitpid(pid_, nullptr, WNOHANG) != 0;
    if (!ended) ::usleep(1000);
  }
  if (ended) return;
  ::kill(pid_, SIGKILL);  // stopped, or gone wrong: its work is done here
  ::waitpid(pid_, nullptr, 0);
  removeSegments(prefix_);
}

}  // namespace ringside::harness
