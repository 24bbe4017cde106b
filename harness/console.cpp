#include "harness/console.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace ringside::harness {

bool flushData() {
  const bool flushed = std::fflush(stdout) == 0;
  return (flushed && std::ferror(stdout) == 0) || errno == EPIPE;
}

void prepareProcess() {
  // Files get the lowest free number: while one of the three is free, this open takes it.
  int opened = 0;
  while ((opened = ::open("/dev/null", O_RDWR)) >= 0 && opened <= STDERR_FILENO) {
  }
  if (opened > STDERR_FILENO) ::close(opened);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a parent, it would hide how workers end
}

}  // namespace ringside::harness
