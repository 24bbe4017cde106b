#include "harness/live_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "harness/console.hpp"

namespace ringside::harness {
namespace {

/// Columns that a line may take without being wrapped; one that wraps cannot be redrawn.
std::size_t lineWidth() {
  ::winsize size = {};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col - 1U : 79U;
}

}  // namespace

bool canRedraw() {
  const char* ci = std::getenv("CI");
  const char* term = std::getenv("TERM");
  const bool in_ci = ci != nullptr && *ci != '\0';
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  return !in_ci && !dumb && ::isatty(STDERR_FILENO) == 1;
}

void redraw(std::string line) {
  line.resize(std::min(line.size(), lineWidth()));
  say("\r\x1b[K{}", line);
  std::fflush(stderr);
}

}  // namespace ringside::harness
