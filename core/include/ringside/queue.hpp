// The typed queue: LocalMem::Spsc::Queue<T> between threads, ShmMem::Mpmc::Queue<T> between
// processes as well. Threads share one object, as many at once as the policy has producers and
// consumers.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <type_traits>

#include "ringside/shared.hpp"
#include "ringside/thread_number.hpp"

namespace ringside {

/// One side of a queue, attached at its first use: a process that only pops never takes the
/// producer's role. Each on cache lines of its own.
template <class Side>
class alignas(kCacheLineBytes) LateSide {
 public:
  /// The side, or nullptr with lastError when the role can't be had.
  Side* get(RingSegment& segment, std::mutex& attaching, Role role, Wait wait) noexcept {
    if (ready_.load(std::memory_order_acquire) && mark_->isHere()) [[likely]]
      return &*side_;  // SYNC: below
    try {
      const std::lock_guard lock(attaching);
      if (!ready_.load(std::memory_order_relaxed) || !mark_->isHere()) {  // the mutex orders it
        const Attachment attachment = segment.attach(role);
        side_.emplace(segment.view(), attachment, wait);
        mark_ = segment.memory().mark();
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
  std::optional<ProcessMark> mark_;  ///< of who attached it
  std::optional<Side> side_;
};

/// All sides of a queue for one role. Where the policy has one, threads may hand it on to each
/// other; where it has several, each thread has its own, for a claim is announced by one at a time.
template <class Side, bool kOneForAll>
class LateSides {
 public:
  Side* get(RingSegment& segment, std::mutex& attaching, Role role, Wait wait) noexcept {
    const int number = threadNumber();
    if (number < 0) [[unlikely]] {
      fail(Errc::OutOfMemory);
      return nullptr;
    }
    std::unique_ptr<LateSide<Side>>& own = sides_[static_cast<std::size_t>(number)];
    if (own == nullptr) [[unlikely]] {
      own.reset(new (std::nothrow) LateSide<Side>);
      if (own == nullptr) {
        fail(Errc::OutOfMemory);
        return nullptr;
      }
    }
    return own->get(segment, attaching, role, wait);
  }

 private:
  std::array<std::unique_ptr<LateSide<Side>>, kMaxThreadNumbers> sides_;
};
template <class Side>
class LateSides<Side, true> : public LateSide<Side> {};

/// A queue of T, whatever memory it is in. Calls return 0, or -1 with lastError: TemporaryError
/// when full or empty, TimedOut at the deadline, InUse when the policy gives the role to one
/// process and another has it, or while this thread has a claim out. Not movable: threads hold on
/// to it. A queue that was made before a fork may be used on both sides of it; a role of which
/// there is one stays with who used it first. Up to kMaxThreadNumbers threads of a process use
/// queues at a time, and in shared memory kMaxParticipants of all processes use one.
template <class T, class Policy>
class TypedQueue : public PushCalls<TypedQueue<T, Policy>,
                                    PushSide<typename Policy::Writer, FixedSize<sizeof(T)>>, T>,
                   public PopCalls<TypedQueue<T, Policy>,
                                   PopSide<typename Policy::Reader, FixedSize<sizeof(T)>>, T> {
  static_assert(std::is_trivially_copyable_v<T>,
                "another process sees the bytes of T, never its pointers or its destructor");

 public:
  TypedQueue(const TypedQueue&) = delete;
  TypedQueue& operator=(const TypedQueue&) = delete;

  int tryPush(const T& element) noexcept { return this->tryPushAt(&element); }
  /// How many of `count` elements fitted; 0 of more than 0 sets lastError.
  std::size_t tryPush(const T* elements, std::size_t count) noexcept {
    return this->tryPushMany(elements, count);
  }
  int push(const T& element) noexcept { return this->pushUntil(&element, std::nullopt); }
  int timedPush(const T& element, Timeout timeout) noexcept {
    return this->pushWithin(&element, timeout);
  }

  int tryPop(T& element) noexcept { return this->tryPopAt(&element); }
  /// How many elements, at most `count`, were taken; 0 of more than 0 sets lastError.
  std::size_t tryPop(T* elements, std::size_t count) noexcept {
    return this->tryPopMany(elements, count);
  }
  int pop(T& element) noexcept { return this->popUntil(&element, std::nullopt); }
  int timedPop(T& element, Timeout timeout) noexcept { return this->popWithin(&element, timeout); }

  std::uint64_t available() const noexcept { return segment_.view().available(); }
  /// Filled slots, 0..capacity; aborted ones count until they are stepped over.
  std::uint64_t pending() const noexcept { return segment_.view().pending(); }
  bool full() const noexcept { return available() == 0; }
  bool empty() const noexcept { return pending() == 0; }
  std::uint64_t capacity() const noexcept { return segment_.view().geometry.capacity; }
  const Mapping& memory() const noexcept { return segment_.memory(); }
  /// What was repaired in this ring since it was made.
  RepairCounts repairCounts() const noexcept { return segment_.view().repairCounts(); }
  /// Why every call is OperationFailed; empty when the ring is not damaged.
  std::string describeDamage() const { return segment_.view().describeDamage(); }

 protected:
  TypedQueue(RingSegment segment, Wait wait) : segment_(std::move(segment)), wait_(wait) {}
  ~TypedQueue() = default;

  static Geometry geometryFor(std::uint64_t capacity, const RingOptions& options) {
    return makeGeometry(Policy::kKind, sizeof(T), capacity, options.delivery, options.tuning);
  }

 private:
  using Push = PushSide<typename Policy::Writer, FixedSize<sizeof(T)>>;
  using Pop = PopSide<typename Policy::Reader, FixedSize<sizeof(T)>>;
  friend PushCalls<TypedQueue, Push, T>;
  friend PopCalls<TypedQueue, Pop, T>;

  Push* pushSide() noexcept { return push_side_.get(segment_, attaching_, Role::Producer, wait_); }
  Pop* popSide() noexcept { return pop_side_.get(segment_, attaching_, Role::Consumer, wait_); }

  RingSegment segment_;
  Wait wait_;
  std::mutex attaching_;
  LateSides<Push, Policy::Writer::kExclusive> push_side_;
  LateSides<Pop, Policy::Reader::kExclusive> pop_side_;
};

/// Memory::Place where there is one: a name, a path, a key or a descriptor.
template <class Memory>
concept HasPlace = requires {
  typename Memory::Place;
};

/// A queue in one kind of memory. Constructors throw std::system_error.
template <class T, class Memory, class Policy>
class BasicQueue : public TypedQueue<T, Policy> {
 public:
  /// In new memory without a name: for the threads of this process and, but for LocalMem, for the
  /// children that it forks. `capacity` elements exactly, at least 1.
  explicit BasicQueue(std::uint64_t capacity, const RingOptions& options = {})
      : BasicQueue::TypedQueue(
            RingSegment::in<Memory>(BasicQueue::geometryFor(capacity, options), options.memory),
            options.wait) {}

  /// In memory of this name, path, key or descriptor, which is created or opened (a descriptor:
  /// opened).
  template <HasPlace M = Memory>
  BasicQueue(std::uint64_t capacity, const typename M::Place& place,
             const RingOptions& options = {})
      : BasicQueue::TypedQueue(
            RingSegment::in<M>(BasicQueue::geometryFor(capacity, options), options.memory, place),
            options.wait) {}
};

/// What LocalMem::Spsc and its like are: the rings of one policy in one kind of memory.
template <class Memory, class Policy>
struct RingsIn {
  template <class T>
  using Queue = BasicQueue<T, Memory, Policy>;
};

}  // namespace ringside
