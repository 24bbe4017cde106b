// Operations of histories, written on one line each in tests.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/history/history.hpp"

namespace ringside::harness {

/// When an operation began and ended.
struct Times {
  std::int64_t began_ns;
  std::int64_t ended_ns = kNeverReturned;
};

inline Operation pushed(std::uint32_t process, std::uint64_t value, Times times) {
  return {.process = process,
          .action = Action::Push,
          .value = value,
          .began_ns = times.began_ns,
          .ended_ns = times.ended_ns};
}

inline Operation popped(std::uint32_t process, std::uint64_t value, Times times) {
  Operation operation = pushed(process, value, times);
  operation.action = Action::Pop;
  return operation;
}

inline Operation redelivered(std::uint32_t process, std::uint64_t value, Times times) {
  Operation operation = popped(process, value, times);
  operation.redelivered = true;
  return operation;
}

inline Operation torn(std::uint32_t process, std::uint64_t value, Times times) {
  Operation operation = popped(process, value, times);
  operation.torn = true;
  return operation;
}

/// A pop that never returned, of up to `claimed` values.
inline Operation neverPopped(std::uint32_t process, std::int64_t began_ns,
                             std::uint32_t claimed = 1) {
  Operation operation = popped(process, 0, {began_ns});
  operation.claimed = claimed;
  return operation;
}

inline Operation sawEmpty(std::uint32_t process, Times times) {
  Operation operation = pushed(process, 0, times);
  operation.action = Action::SawEmpty;
  return operation;
}

inline History historyOf(std::vector<Operation> operations) {
  return {.queue = "mpmc", .operations = std::move(operations)};
}

inline History drainedHistoryOf(std::vector<Operation> operations) {
  History history = historyOf(std::move(operations));
  history.drained = true;
  return history;
}

}  // namespace ringside::harness
