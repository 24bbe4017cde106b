// A history as a file, in JSON Lines: a header with the facts, then one operation a line.
//
//   {"ringside_history": 1, "queue": "mpmc", "capacity": 8, "delivery": "at_most_once",
//    "drained": true, "declared_drops": 0, "operations": 3, "notes": {"seed": "7"}}
//   {"process": 1, "action": "push", "value": 17, "began_ns": 10, "ended_ns": 20}
//   {"process": 2, "action": "pop", "value": 17, "began_ns": 15, "ended_ns": 30}
//   {"process": 2, "action": "pop", "claimed": 4, "began_ns": 40, "ended_ns": null}
//
// (the header on one line). ended_ns is null where the operation never returned; such a pop has no
// value, but "claimed", the most values it may have taken (1 when left out). Actions are push, pop
// and saw_empty; "redelivered": true and "torn": true stand at pops only. Numbers are whole,
// 0..2^63-2 for times and 0..2^64-1 for values. The lines of one process stand in the order in
// which it began them. No other keys are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "harness/history/history.hpp"

namespace ringside::harness {

inline constexpr int kHistoryVersion = 1;
inline constexpr std::size_t kMaxHistoryOperations = 50'000'000;  ///< about 2 GB in memory
inline constexpr std::size_t kMaxHistoryLineBytes = 1 << 16;
inline constexpr std::uint32_t kMaxClaimed = 1 << 20;  ///< of one pop

/// Throws UsageError with file:line, key, value and what to do: for what is not as above, for more
/// than the limits, for a header that announces other than what follows (a file that was cut off),
/// for a value pushed twice, and for a file that is not there or holds records of a run.
History readHistory(const std::filesystem::path& file);

/// Writes a file beside it first and gives it its name when it is whole, so that under this name
/// there never stands a part. Throws UsageError when the name is taken, and std::runtime_error when
/// it cannot be written, or when the history is one that readHistory would refuse for its size.
void writeHistory(const History& history, const std::filesystem::path& file);

}  // namespace ringside::harness
