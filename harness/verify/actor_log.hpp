// What one process did to the queue, written around each call into memory that outlives it, so that
// its death loses nothing of what is known: each operation with when it began, and, if it came
// back, when it ended and what it brought.
#pragma once

#include <atomic>
#include <cstdint>

#include "harness/history/history.hpp"

namespace ringside::harness {

constexpr std::uint32_t kMaxLogged = 4096;  ///< operations of one process

struct LoggedOperation {
  Action action;
  bool redelivered;
  bool torn;
  std::uint32_t claimed;  ///< of a pop that did not come back: the most it may have taken
  std::uint64_t value;
  std::int64_t began_ns;
  std::int64_t ended_ns;  ///< kNeverReturned until it has come back
};

/// All zero is an empty one. Its owner writes, whoever forked it reads once the owner is dead.
struct LogPages {
  std::atomic<std::uint32_t> count;
  std::atomic<std::uint64_t> calls;  ///< also those that came to nothing: a sign of life
  LoggedOperation operations[kMaxLogged];
};

/// The owner's hand on it. Operations are begun, and ended or taken back, in that order.
class ActorLog {
 public:
  explicit ActorLog(LogPages& pages) : pages_(pages) {}

  bool hasRoomFor(std::uint32_t operations) const noexcept {
    return pages_.count.load(std::memory_order_relaxed) + operations <= kMaxLogged;
  }
  void beginPush(std::uint64_t first_value, std::uint32_t count = 1) noexcept;
  void beginPop(std::uint32_t at_most = 1) noexcept;
  /// The first `done` of the pushes that were begun came to pass, the others did not.
  void endPush(std::uint32_t begun, std::uint32_t done) noexcept;
  struct Popped {
    std::uint64_t value;
    bool torn;
    bool redelivered;
  };
  /// The one pop that was begun brought so many values.
  void endPop(const Popped* popped, std::uint32_t count) noexcept;
  /// At one instant since `began_ns` the queue was empty.
  void sawEmpty(std::int64_t began_ns) noexcept;

 private:
  void append(const LoggedOperation& operation) noexcept;

  LogPages& pages_;
};

/// CLOCK_MONOTONIC.
std::int64_t nowNs() noexcept;

}  // namespace ringside::harness
