// What a process does at the named points of the core's rings (ringside/kill_point.hpp), in a build
// that has them.
#pragma once

#include <cstdint>

#include "harness/verify/stage.hpp"

namespace ringside::harness {

#if defined(RINGSIDE_KILL_POINTS)
constexpr bool kHasKillPoints = true;
#else
constexpr bool kHasKillPoints = false;
#endif

/// From here on this process stops itself, by SIGSTOP, at each point, after it has said at which in
/// StageWords::point. Not any more once StageWords::nobody_stays is set; so below.
void stopAtKillPoints(StageWords& words) noexcept;

/// From here on it stays, at one of `one_in` points, until it is let go or killed: it says where in
/// StageWords::stays_at.
void stayAtSomeKillPoints(const ActorContext& context, std::uint64_t seed,
                          std::uint64_t one_in) noexcept;

/// From here on it passes them all.
void passKillPoints() noexcept;

}  // namespace ringside::harness
