// Calls of an adapter that the program itself must make, before anybody is forked: what a queue is
// able to do, how many bytes it needs, memory that workers inherit. The code of a plug-in may crash
// there, and take a whole suite with it: so it makes each such call in a process of its own first.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include "harness/registry.hpp"

namespace ringside::harness {

/// What became of a call in a process of its own.
struct Rehearsal {
  enum class Outcome : std::uint8_t {
    Returned,  ///< with `value`
    Threw,     ///< `reason` is what it threw
    Died       ///< `reason` is how: "was killed by SIGSEGV", "ended its process with 3", …
  };
  Outcome outcome = Outcome::Returned;
  std::uint64_t value = 0;
  std::string reason = {};

  /// What follows the name of the call: "threw: no room", "was killed by SIGSEGV".
  std::string sentence() const;
};

inline constexpr std::chrono::milliseconds kRehearsalPatience{10'000};

/// Forks and calls there; a call that takes longer than `patience` is killed. Nothing that it does
/// is seen here. Throws std::system_error when there is no process to be had.
Rehearsal rehearse(const std::function<std::uint64_t()>& call,
                   std::chrono::milliseconds patience = kRehearsalPatience);

/// A plug-in's queue cannot be used, for its adapter crashed or threw where it must not: the cell
/// fails, and nothing else does.
class AdapterFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What `bytesNeeded` of the queue says, wherever the program asks it. Of a plug-in's it is
/// rehearsed, once for each shape. Throws AdapterFailed; of a queue of the program what that
/// throws.
std::uint64_t bytesNeededBy(const QueueEntry& queue, const QueueShape& shape);

/// What `hold` of the queue returns. Of a plug-in's it is rehearsed: throws AdapterFailed when that
/// crashed, and what the adapter throws.
HeldQueue holdBy(const QueueEntry& queue, const Place& place, const QueueShape& shape);

}  // namespace ringside::harness
