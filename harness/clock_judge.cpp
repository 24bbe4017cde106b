#include "harness/clock_judge.hpp"

#include <fmt/format.h>

#include <cmath>

#include "harness/format_numbers.hpp"

namespace ringside::harness {

std::string whyNoOneWayTimes(const ClockOffset& offset) {
  if (std::abs(offset.offset_ns) <= kMaxOffsetNs) return {};
  return fmt::format(
      "the clocks of two CPUs differ by {}: no time from one to the other can be "
      "told; round trips of ping_pong can",
      formatNs(std::abs(offset.offset_ns)));
}

std::string whyClocksMoved(const ClockOffset& before, const ClockOffset& after) {
  const double moved_ns = std::abs(after.offset_ns - before.offset_ns);
  if (moved_ns <= (before.round_trip_ns + after.round_trip_ns) / 2) return {};
  return fmt::format(
      "the clocks of two CPUs moved by {} against each other meanwhile: no time from one to the "
      "other can be told; was the machine moved, or its clock changed?",
      formatNs(moved_ns));
}

}  // namespace ringside::harness
