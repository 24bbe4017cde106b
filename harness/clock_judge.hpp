// Whether times between the clocks of two CPUs can be told, by what an exchange of readings shows.
#pragma once

#include <string>

#include "harness/clock_survey.hpp"

namespace ringside::harness {

/// Why no time from the one CPU to the other is worth anything; empty where it is.
std::string whyNoOneWayTimes(const ClockOffset& offset);

/// The same of two exchanges between the same CPUs, with what was measured between them: the clocks
/// moved against each other by more than both exchanges together can be wrong.
std::string whyClocksMoved(const ClockOffset& before, const ClockOffset& after);

}  // namespace ringside::harness
