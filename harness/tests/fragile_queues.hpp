// Queues that work well until a process dies inside of a push, entered by the names below: verify
// must say of each what becomes of it then.
#pragma once

namespace ringside::harness {

constexpr const char* kWedging = "fragile_wedging";           ///< its survivors wait for the dead
constexpr const char* kEmptying = "fragile_emptying";         ///< who comes next throws all away
constexpr const char* kRepeating = "fragile_repeating";       ///< delivers the last one again
constexpr const char* kHalfWritten = "fragile_half_written";  ///< announces first, writes then
constexpr const char* kShrinking = "fragile_shrinking";       ///< has a place less from then on
constexpr const char* kInfectious = "fragile_infectious";     ///< who comes next crashes
constexpr const char* kForgetful = "fragile_forgetful";  ///< wakes nobody; that without a death
constexpr const char* kOpenToAll =
    "fragile_open_to_all";                      ///< says it takes one of each, and lets in more
constexpr const char* kSturdy = "fragile_not";  ///< the same code without a weakness

}  // namespace ringside::harness
