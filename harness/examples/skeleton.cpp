// An adapter to begin with: a copy of this file, with your queue in the place of SkeletonQueue. It
// runs as it is, over the simplest ring that can be; tests build it, run it and verify it.
//
//   cmake:      find_package(ringside), ringside_add_queue(skeleton skeleton.cpp)
//   to run it:  ringside run quick --plugin ./skeleton.so -a queue=skeleton -a producers=1
#include <atomic>
#include <cstring>
#include <new>

#include "harness/measurable_queue.hpp"

namespace {

using namespace ringside::harness;  // QueueLimits, QueueShape, Place

/// Your queue: what is shared, in memory that the harness maps into every process. Positions only
/// grow; no pointers, for the memory lies at another address in each process.
struct SkeletonQueue {
  alignas(64) std::atomic<std::uint64_t> write_position{0};
  alignas(64) std::atomic<std::uint64_t> read_position{0};

  /// Elements begin right behind it.
  std::byte* slot(std::uint64_t position, const QueueShape& shape) {
    auto* const slots = reinterpret_cast<std::byte*>(this + 1);
    return slots + position % shape.capacity * shape.element_size_bytes;
  }
};

struct SkeletonAdapter {
  /// What it can do at all. The defaults are: one producer, one consumer, any size, any capacity,
  /// exactly that capacity, in memory that the harness provides.
  static QueueLimits limits() { return {.max_producers = 1, .max_consumers = 1}; }

  /// Of everything that is shared.
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(SkeletonQueue) + shape.capacity * shape.element_size_bytes;
  }

  /// Once, before anybody attaches; the memory is zeroed.
  static void create(const Place& place, const QueueShape&) {
    new (place.memory.data()) SkeletonQueue;
  }

  /// Made in the process that pushes. An exception from here is the reason of a failed cell.
  class Producer {
   public:
    Producer(const Place& place, const QueueShape& shape)
        : queue_(std::launder(reinterpret_cast<SkeletonQueue*>(place.memory.data()))),
          shape_(shape) {}

    /// One element in; false when it is full. Never waits.
    bool tryPush(const void* element) noexcept {
      // relaxed: only this process writes it.
      const std::uint64_t position = queue_->write_position.load(std::memory_order_relaxed);
      // SYNC: the release in tryPop(): the consumer is done with the slot.
      const std::uint64_t read = queue_->read_position.load(std::memory_order_acquire);
      if (position - read == shape_.capacity) return false;
      std::memcpy(queue_->slot(position, shape_), element, shape_.element_size_bytes);
      // SYNC: the acquire in tryPop(): the element is in its slot.
      queue_->write_position.store(position + 1, std::memory_order_release);
      return true;
    }

    // Optional, both or neither with those of Consumer; see measurable_queue.hpp:
    //   std::size_t tryPush(const void* elements, std::size_t count) noexcept;
    //   bool pushFor(const void* element, std::chrono::nanoseconds timeout) noexcept;
    //   void* tryClaim() noexcept;  void commit() noexcept;

   private:
    SkeletonQueue* queue_;
    QueueShape shape_;
  };

  /// Made in the process that pops.
  class Consumer {
   public:
    Consumer(const Place& place, const QueueShape& shape)
        : queue_(std::launder(reinterpret_cast<SkeletonQueue*>(place.memory.data()))),
          shape_(shape) {}

    /// One element out; false when it is empty. Never waits.
    bool tryPop(void* element) noexcept {
      // relaxed: only this process writes it.
      const std::uint64_t position = queue_->read_position.load(std::memory_order_relaxed);
      // SYNC: the release in tryPush().
      if (queue_->write_position.load(std::memory_order_acquire) == position) return false;
      std::memcpy(element, queue_->slot(position, shape_), shape_.element_size_bytes);
      // SYNC: the acquire in tryPush().
      queue_->read_position.store(position + 1, std::memory_order_release);
      return true;
    }

    // Optional:
    //   std::size_t tryPop(void* elements, std::size_t count) noexcept;
    //   bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept;
    //   const void* tryTake() noexcept;  void release() noexcept;
    //   bool empty() noexcept;  bool redelivered() noexcept;  std::uint64_t drops() noexcept;

   private:
    SkeletonQueue* queue_;
    QueueShape shape_;
  };

  // Optional, for a queue that makes its own memory:
  //   static HeldQueue hold(const Place&, const QueueShape&);
};

RINGSIDE_QUEUE(skeleton, SkeletonAdapter, "the adapter to begin with");

}  // namespace
