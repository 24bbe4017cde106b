// The typed queue: LocalMem::Spsc::Queue<T> between threads, ShmMem::Mpmc::Queue<T> between
// processes as well. Threads share one object, as many at once as the policy has producers and
// consumers.
#pragma once

#include <atomic>
#include <mutex>
#include <type_traits>

#include "ringside/shared.hpp"

namespace ringside {

/// One side of a queue, attached at its first use: a process that only pops never takes the
/// producer's role. Each on cache lines of its own.
template <class Side>
class alignas(kCacheLineBytes) LateSide {
 public:
  /// The side, or nullptr with lastError when the role can't be had.
  Side* get(RingSegment& segment, std::mutex& attaching, Role role, Wait wait) noexcept {
    if (ready_.load(std::memory_order_acquire)) [[likely]]
      return &*side_;  // SYNC: below
    try {
      const std::lock_guard lock(attaching);
      if (!ready_.load(std::memory_order_relaxed)) {  // the mutex orders it
        segment.attach(role);
        side_.emplace(segment.view(), wait);
        ready_.store(true, std::memory_order_release);
      }
      return &*side_;
    } catch (const std::system_error& error) {
      fail(error.code());
    } catch (const std::bad_alloc&) {
      fail(Errc::OutOfMemory);
    }
    return nullptr;
  }

 private:
  std::atomic<bool> ready_ = false;
  std::optional<Side> side_;
};

/// A queue of T. Calls return 0, or -1 with lastError: TemporaryError when full or empty, TimedOut
/// at the deadline, InUse when the policy gives the role to one process and another has it. The
/// constructor throws std::system_error. Not movable: threads hold on to it. A queue that was made
/// before a fork may be used on both sides of it, as long as no side was used before.
template <class T, class Memory, class Policy>
class BasicQueue {
  static_assert(std::is_trivially_copyable_v<T>,
                "another process sees the bytes of T, never its pointers or its destructor");

 public:
  /// In memory of this process. `capacity` elements exactly, at least 1.
  explicit BasicQueue(std::uint64_t capacity,
                      const RingOptions& options = {}) requires std::is_same_v<Memory, LocalMem>
      : segment_(RingSegment::local(geometryFor(capacity), options.memory)), wait_(options.wait) {}

  /// In the named segment, which is created or opened.
  BasicQueue(std::uint64_t capacity, const std::string& name,
             const RingOptions& options = {}) requires std::is_same_v<Memory, ShmMem>
      : segment_(RingSegment::shared(name, geometryFor(capacity), options.memory)),
        wait_(options.wait) {}

  BasicQueue(const BasicQueue&) = delete;
  BasicQueue& operator=(const BasicQueue&) = delete;

  int tryPush(const T& element) noexcept {
    return with(pushSide(), Errc::TemporaryError,
                [&](auto& side) { return side.tryPush(&element); });
  }
  /// How many of `count` elements fitted; 0 of more than 0 sets lastError.
  std::size_t tryPush(const T* elements, std::size_t count) noexcept {
    std::size_t pushed = 0;
    if (!isBatch(elements, count)) return 0;
    with(pushSide(), Errc::TemporaryError,
         [&](auto& side) { return (pushed = side.tryPush(elements, count)) > 0; });
    return pushed;
  }
  int push(const T& element) noexcept {
    return with(pushSide(), Errc::TimedOut,
                [&](auto& side) { return side.pushUntil(&element, std::nullopt); });
  }
  int timedPush(const T& element, std::chrono::nanoseconds timeout) noexcept {
    return with(pushSide(), Errc::TimedOut,
                [&](auto& side) { return side.pushUntil(&element, deadlineIn(timeout)); });
  }

  int tryPop(T& element) noexcept {
    return with(popSide(), Errc::TemporaryError, [&](auto& side) { return side.tryPop(&element); });
  }
  /// How many elements, at most `count`, were taken; 0 of more than 0 sets lastError.
  std::size_t tryPop(T* elements, std::size_t count) noexcept {
    std::size_t popped = 0;
    if (!isBatch(elements, count)) return 0;
    with(popSide(), Errc::TemporaryError,
         [&](auto& side) { return (popped = side.tryPop(elements, count)) > 0; });
    return popped;
  }
  int pop(T& element) noexcept {
    return with(popSide(), Errc::TimedOut,
                [&](auto& side) { return side.popUntil(&element, std::nullopt); });
  }
  int timedPop(T& element, std::chrono::nanoseconds timeout) noexcept {
    return with(popSide(), Errc::TimedOut,
                [&](auto& side) { return side.popUntil(&element, deadlineIn(timeout)); });
  }

  std::uint64_t available() const noexcept { return segment_.view().available(); }
  std::uint64_t pending() const noexcept { return segment_.view().pending(); }
  bool full() const noexcept { return available() == 0; }
  bool empty() const noexcept { return pending() == 0; }
  std::uint64_t capacity() const noexcept { return segment_.view().geometry.capacity; }
  const Mapping& memory() const noexcept { return segment_.memory(); }

 private:
  static Geometry geometryFor(std::uint64_t capacity) {
    return makeGeometry(Policy::kKind, sizeof(T), capacity);
  }
  static bool isBatch(const T* elements, std::size_t count) noexcept {
    if (count > 0 && elements == nullptr) fail(Errc::InvalidParam);
    return count > 0 && elements != nullptr;
  }
  auto* pushSide() noexcept { return push_side_.get(segment_, attaching_, Role::Producer, wait_); }
  auto* popSide() noexcept { return pop_side_.get(segment_, attaching_, Role::Consumer, wait_); }

  template <class Side, class Action>
  static int with(Side* side, Errc otherwise, Action&& action) noexcept {
    if (side == nullptr) [[unlikely]]
      return -1;
    return action(*side) ? 0 : fail(otherwise);
  }

  RingSegment segment_;
  Wait wait_;
  std::mutex attaching_;
  LateSide<PushSide<typename Policy::Writer, FixedSize<sizeof(T)>>> push_side_;
  LateSide<PopSide<typename Policy::Reader, FixedSize<sizeof(T)>>> pop_side_;
};

/// What LocalMem::Spsc and its like are: the rings of one policy in one kind of memory.
template <class Memory, class Policy>
struct RingsIn {
  template <class T>
  using Queue = BasicQueue<T, Memory, Policy>;
};

}  // namespace ringside
