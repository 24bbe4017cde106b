// A history: what every process asked of one queue, when, and what it was told. Recorded around
// each operation on one clock, so that what surely came before what is known, and nothing more. It
// holds facts only; check.hpp judges them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/segment.hpp"

namespace ringside::harness {

/// A pop that was told "nothing now" is not recorded: a queue may answer that when it is busy.
/// SawEmpty is recorded only of a queue that answers "empty" for certain.
enum class Action : std::uint8_t { Push, Pop, SawEmpty };
std::string_view toString(Action action);

std::string_view toString(Delivery delivery);

/// The end of an operation whose process was killed, or stopped for good, inside it.
inline constexpr std::int64_t kNeverReturned = std::numeric_limits<std::int64_t>::max();

struct Operation {
  std::uint32_t process = 0;  ///< who: one number for each thread of each start of a process
  Action action = Action::Push;
  bool redelivered = false;   ///< a pop that the queue flagged as a second delivery
  bool torn = false;          ///< a pop whose content does not match its stamp
  std::uint32_t claimed = 1;  ///< of a pop that never returned: the most values it may have taken
  std::uint64_t value = 0;    ///< of a push and of a pop that returned; no two pushes share one
  std::int64_t began_ns = 0;  ///< CLOCK_MONOTONIC, read before the call; not negative
  std::int64_t ended_ns = 0;  ///< read after the call, not before began_ns; or kNeverReturned

  bool returned() const noexcept { return ended_ns != kNeverReturned; }
  friend bool operator==(const Operation&, const Operation&) = default;
};

/// Whether `first` surely came before `second`. At equal times nobody knows.
inline bool wholeBefore(const Operation& first, const Operation& second) noexcept {
  return first.ended_ns < second.began_ns;
}

struct History {
  std::string queue = {};
  std::uint64_t capacity = 0;  ///< most values that it may hold at once; 0: not known, not judged
  Delivery delivery = Delivery::AtMostOnce;
  /// The queue was emptied at the end: what was pushed and not popped is gone.
  bool drained = false;
  /// Values that the queue itself says it gave up. They are taken to be among those that pops that
  /// never returned had claimed, as far as these suffice, so nothing is excused twice.
  std::uint64_t declared_drops = 0;
  /// For people: suite, fault, seed, kill point …
  std::map<std::string, std::string> notes = {};
  /// In any order, but those of one process in the order in which it did them. A batch is as many
  /// operations with the same times, in the order of the batch.
  std::vector<Operation> operations = {};

  friend bool operator==(const History&, const History&) = default;
};

/// "pushed by process 2, 10..20 ns", "pop of process 3 that never returned, from 30 ns".
std::string describe(const Operation& operation);

}  // namespace ringside::harness
