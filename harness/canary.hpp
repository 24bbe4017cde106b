// The canary of a repetition: what it costs to hand a cache line from one CPU to the other, just
// before and just after. A hypervisor may move virtual CPUs between siblings of a core, cores of a
// cache and caches of a machine, and that changes a figure by more than any queue does; from inside
// nothing but this shows it. Never while anything is timed.
#pragma once

#include <atomic>
#include <cstdint>

#include "harness/clock.hpp"
#include "ringside/wait.hpp"

namespace ringside::harness {

/// What the two share; all zero is a valid one, for one measurement.
struct CanaryLine {
  alignas(128) std::atomic<std::uint64_t> turn;  ///< odd: for who follows; even: for who leads
  alignas(128) WaitPoint arrival;
  std::atomic<std::uint32_t> arrived;  ///< of the two
  /// Not 0: who leads hands over no more. Who follows and answers at the moment in which the other
  /// one gives up writes its answer over the word that says so in `turn`.
  std::atomic<std::uint32_t> over;
};
static_assert(sizeof(CanaryLine) == 256,
              "a neighbour on the line that is handed over would be part of the measurement");

enum class CanaryRole : std::uint8_t {
  None,    ///< not one of the two
  Leads,   ///< counts the time
  Follows  ///< answers
};

/// How long it may take.
enum class CanaryEffort : std::uint8_t {
  Usual,  ///< about a millisecond: some thousand hand-offs
  Brief   ///< some 50 microseconds: 400 there and back
};

/// Waits for the other one, who is on another CPU, hands the line over many times, and
/// says to who leads how long that takes one way, in ns: the lowest tenth of the means of short
/// chunks, so that who lost the CPU for a while does not count. 0 to
/// who follows and to who is not one of the two, when the other one did not come for
/// kCanaryPatience, and when the two were hardly ever on their CPUs at the same time, for 20 ms.
double measureCanary(CanaryLine& line, CanaryRole role, const Clock& clock,
                     CanaryEffort effort = CanaryEffort::Usual) noexcept;
constexpr std::chrono::seconds kCanaryPatience{20};

}  // namespace ringside::harness
