// Is a history one of a queue? Decided in O(n log n), by the patterns that are in every history
// that is not: Bouajjani, Emmi, Enea, Hamza, "On Reducing Linearizability to State Reachability",
// ICALP 2015 (first found by Henzinger, Sezgin, Vafeiadis, CONCUR 2013). It rests on no two pushes
// sharing a value. There, and here:
//
//   VFresh  popped, but never pushed, or popped wholly before its push       Invented
//   VRepet  popped twice                                                     Duplicated
//   VOrd    a pushed wholly before b, and b popped wholly before a           Overtaken
//           …or b popped, and a never                                        Lost
//   VWit    found empty, though throughout it surely held something          FalselyEmpty
//
// A push that never returned may have happened or not; so may each of the values that a pop that
// never returned can have taken. Each never-popped value may be taken once, by a pop that began in
// time; the rules ask whether these can be shared out so that nothing is broken. Their answer is
// exact, also then: it is that of a search through all orders (tests/history_search_test.cpp).
//
// Where delivery is at least once, a second delivery need only come after its push began: order and
// repetition do not apply to it. A value of which only second deliveries are known counts as
// delivered, and says nothing about order and emptiness, for its first delivery may have been at
// any time.
//
// Beyond the patterns: torn content; the order of one producer at one consumer (Reordered), which
// holds inside a batch, where times say nothing; what is missing after a queue was drained; and
// more values at once than the capacity, where the rule finds only what was surely held at one
// instant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/history/history.hpp"

namespace ringside::harness {

/// In the order in which firstViolation looks for them.
enum class ViolationKind : std::uint8_t {
  Torn,
  Invented,
  Duplicated,
  Reordered,  ///< order of one producer, at one consumer
  Overtaken,  ///< order of all values
  Lost,
  FalselyEmpty,
  Overfull,
};
std::string_view toString(ViolationKind kind);

struct Violation {
  ViolationKind kind = ViolationKind::Torn;
  std::vector<std::uint64_t> values;    ///< those involved, the one it is about first
  std::vector<std::size_t> operations;  ///< positions in History::operations, ascending
  std::string sentence;                 ///< for people: values, processes, times
};

/// The first of the gravest kind, or nothing: then there is an order of all operations, each within
/// its time, in which a queue without a bound does just that. The same history gives the same
/// answer.
/// Throws std::invalid_argument when two pushes have the same value.
std::optional<Violation> firstViolation(const History& history);

/// Each kind counted by itself.
struct Counts {
  std::uint64_t pushed = 0;       ///< pushes that returned
  std::uint64_t popped = 0;       ///< pops that returned with a value, second deliveries too
  std::uint64_t unreturned = 0;   ///< operations that never returned
  std::uint64_t redelivered = 0;  ///< pops that the queue flagged
  std::uint64_t lost = 0;  ///< the fewest values that are gone whatever unreturned pops have taken
  std::uint64_t duplicated = 0;     ///< pops beyond the first of a value
  std::uint64_t reordered = 0;      ///< came to a consumer after a later one of the same producer
  std::uint64_t torn = 0;           ///< pops
  std::uint64_t invented = 0;       ///< pops of what was not pushed, or not yet
  std::uint64_t overtaken = 0;      ///< values popped wholly before one pushed wholly before them
  std::uint64_t overfull = 0;       ///< pushes after which more than the capacity was surely held
  std::uint64_t falsely_empty = 0;  ///< answers
  friend bool operator==(const Counts&, const Counts&) = default;
};

/// Throws std::invalid_argument when two pushes have the same value.
Counts countAll(const History& history);

}  // namespace ringside::harness
