#include "harness/live_line.hpp"

#include <unistd.h>

#include "harness/console.hpp"
#include "harness/terminal.hpp"

namespace ringside::harness {
namespace {

/// Columns that a line may take without being wrapped; one that wraps cannot be redrawn.
std::size_t lineWidth() {
  const unsigned columns = columnsOf(STDERR_FILENO);
  return columns > 1 ? columns - 1U : 79U;
}

/// Whole characters, of which each has a column.
std::string cutTo(std::size_t columns, const std::string& line) {
  std::size_t bytes = 0;
  for (std::size_t taken = 0; bytes < line.size(); ++bytes) {
    const bool begins = (static_cast<unsigned char>(line[bytes]) & 0xc0) != 0x80;
    if (begins && taken++ == columns) break;
  }
  return line.substr(0, bytes);
}

}  // namespace

bool canRedraw() { return canDraw(STDERR_FILENO); }

void redraw(const std::string& line) {
  say("\r\x1b[K{}", cutTo(lineWidth(), line));
  std::fflush(stderr);
}

}  // namespace ringside::harness
