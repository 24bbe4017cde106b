// Queues whose times are known, for tests only. A delaying queue shows each message a programmed
// time after its push, and not before; its delay depends on the message's number alone. A slow one
// works in the call of its consumer, or sleeps there.
#pragma once

#include <cstdint>

namespace ringside::harness {

/// One producer, one consumer. No message may come before the one ahead of it is due: `kFixedNs`,
/// `kLongestUniformNs`, or after a rare one `kRareNs`, and a little more keep them apart.
inline constexpr const char* kDelayFixed = "delay_fixed";
inline constexpr const char* kDelayUniform = "delay_uniform";
inline constexpr const char* kDelayTwoPoint = "delay_two_point";

inline constexpr std::uint64_t kFixedNs = 5'000;
inline constexpr std::uint64_t kShortestUniformNs = 1'000;
inline constexpr std::uint64_t kLongestUniformNs = 21'000;
inline constexpr std::uint64_t kOftenNs = 1'000;     ///< 98 of 100
inline constexpr std::uint64_t kRareNs = 1'000'000;  ///< 2 of 100: message 0, 50, 100 and so on
inline constexpr std::uint64_t kRareOneOf = 50;

/// What message number `i` is delayed by: always kFixedNs; anything from kShortestUniformNs to
/// kLongestUniformNs, inclusive; kRareNs for the first of each fifty, else kOftenNs.
std::uint64_t fixedDelay(std::uint64_t i);
std::uint64_t uniformDelay(std::uint64_t i);
std::uint64_t twoPointDelay(std::uint64_t i);

/// Every 20th pop takes 2 ms of work, or of sleep, in the call: more than a busy machine takes away
/// at a time.
inline constexpr const char* kSlowPop = "slow_pop";
inline constexpr const char* kSleepyPop = "sleepy_pop";
/// The same work between pushes and pops, with none of it: what the others are compared with.
inline constexpr const char* kPromptPop = "prompt_pop";

/// For what proves something about times: this process and its children before all others, where
/// that is allowed. Without it a busy machine shows mostly itself.
void goBeforeOthers();

}  // namespace ringside::harness
