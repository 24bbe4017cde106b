#include "harness/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace ringside::harness {
namespace {

constexpr unsigned kUsualColumns = 80;

bool isSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

Colour colourOfStdout() {
  const char* term = std::getenv("TERM");
  const bool can = term != nullptr && std::string_view(term) != "dumb";
  const bool may = !isSet("NO_COLOR") && !isSet("CI");
  return can && may && ::isatty(STDOUT_FILENO) == 1 ? Colour::Yes : Colour::No;
}

unsigned columnsOfStdout() {
  ::winsize size = {};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= kUsualColumns;
  return known ? size.ws_col : kUsualColumns;
}

}  // namespace ringside::harness
