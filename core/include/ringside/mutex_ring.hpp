// The simple comparison: a circular array of fixed-size elements under one robust mutex, for any
// number of producers and consumers, in memory that somebody else provides. An element counts only
// once a position has moved, so there is nothing to repair when an owner of the mutex dies: the
// next one goes on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ringside/robust_mutex.hpp"
#include "ringside/shared_condition.hpp"
#include "ringside/wait.hpp"

namespace ringside {

/// What lies at the beginning of a MutexRing's memory; the slots follow.
struct MutexRingHeader;

/// One process's access to such a ring, for any number of its threads. The memory must stay mapped,
/// for writing, as long as it is used. Calls return 0, or -1 with lastError, which a success leaves
/// alone. A try waits for the mutex, which others hold for the length of a copy, and never for the
/// ring. -1 with OperationFailed when the positions in the memory are impossible.
class MutexRing {
 public:
  /// Element size 1 to kMaxElementSizeBytes, capacity 1 to kMaxCapacity, kMaxSegmentBytes in all;
  /// else throws std::system_error with InvalidParam that says what is allowed.
  static std::uint64_t bytesNeeded(std::uint64_t element_size_bytes, std::uint64_t capacity);

  /// How much memory a ring with this beginning takes; nothing when there is none.
  static std::optional<std::uint64_t> bytesOf(std::span<const std::byte> beginning);

  /// Makes an empty ring that holds exactly `capacity` elements, whatever was in `memory`, which
  /// must begin on a cache line and have bytesNeeded(). Throws std::system_error: InvalidParam as
  /// above, or what the system says where it has no robust mutex.
  static void create(void* memory, std::uint64_t memory_bytes, std::uint64_t element_size_bytes,
                     std::uint64_t capacity);

  /// Attaches to a ring that create() made, in this process or another. Throws std::system_error
  /// with InvalidParam that names the field when there is none, or not all of it in memory_bytes.
  MutexRing(void* memory, std::uint64_t memory_bytes);

  /// -1 with TemporaryError when full, InvalidParam for nullptr.
  int tryPush(const void* element) noexcept;
  /// Waits without bound.
  int push(const void* element) noexcept { return pushUntil(element, std::nullopt); }
  /// -1 with TimedOut when it stayed full for `timeout`.
  int timedPush(const void* element, Timeout timeout) noexcept {
    return pushUntil(element, deadlineAfter(timeout));
  }

  /// -1 with TemporaryError when empty, InvalidParam for nullptr.
  int tryPop(void* element) noexcept;
  /// Waits without bound.
  int pop(void* element) noexcept { return popUntil(element, std::nullopt); }
  /// -1 with TimedOut when it stayed empty for `timeout`.
  int timedPop(void* element, Timeout timeout) noexcept {
    return popUntil(element, deadlineAfter(timeout));
  }

  /// Filled slots at one instant, 0..capacity; exact only while nobody else acts.
  std::uint64_t pending() const noexcept;
  /// Free slots at one instant, 0..capacity; exact only while nobody else acts.
  std::uint64_t available() const noexcept { return capacity_ - pending(); }
  bool full() const noexcept { return available() == 0; }
  bool empty() const noexcept { return pending() == 0; }

  std::uint64_t capacity() const noexcept { return capacity_; }

 private:
  int pushUntil(const void* element, const Deadline& deadline) noexcept;
  int popUntil(void* element, const Deadline& deadline) noexcept;
  int pushUnder(RobustLock& lock, std::uint64_t filled_slots, const void* element) noexcept;
  int popUnder(RobustLock& lock, std::uint64_t filled_slots, void* element) noexcept;
  std::uint64_t filled() const noexcept;
  std::byte* slot(std::uint64_t position) const noexcept;

  MutexRingHeader* header_;
  std::byte* slots_;
  // Checked once, and never read from the memory again.
  std::uint64_t element_size_bytes_;
  std::uint64_t slot_stride_;
  std::uint64_t capacity_;
};

}  // namespace ringside
