// atomic_queue: a slot is taken by its number, and filled and emptied by its own state. That state
// knows no laps: who is late with a slot by a whole lap fills it out of turn.
#include <atomic_queue/atomic_queue.h>

#include <type_traits>

#include "harness/queues/queue_in_memory.hpp"

namespace ringside::harness {
namespace {

enum class AtomicSides : bool { OneEach, Many };

/// Elements of a word are their own state: 0 is an empty slot, and never the word of a stamp.
constexpr std::uint64_t kEmptySlot = 0;
static_assert(kEmptySlot == kTornWord, "an element would be an empty slot");

/// Of its four kinds the fastest: for many, elements beside each other lie on different lines; for
/// one on each side that brings nothing, and rounds the capacity up.
template <AtomicSides kSides, std::uint64_t kBytes, std::uint64_t kCapacity>
struct AtomicKind {
  static constexpr bool kOneEach = kSides == AtomicSides::OneEach;
  static constexpr bool kIsWord = kBytes == sizeof(std::uint64_t);
  static constexpr bool kMinimizeContention = !kOneEach;
  static constexpr bool kMaximizeThroughput = true;
  static constexpr bool kTotalOrder = false;
  using WordQueue =
      atomic_queue::AtomicQueue<std::uint64_t, kCapacity, kEmptySlot, kMinimizeContention,
                                kMaximizeThroughput, kTotalOrder, kOneEach>;
  using LargeQueue = atomic_queue::AtomicQueue2<ElementOf<kBytes>, kCapacity, kMinimizeContention,
                                                kMaximizeThroughput, kTotalOrder, kOneEach>;
  using Queue = std::conditional_t<kIsWord, WordQueue, LargeQueue>;
};

template <AtomicSides kSides, std::uint64_t kBytes, std::uint64_t kCapacity>
struct AtomicQueueOf : InMemory<typename AtomicKind<kSides, kBytes, kCapacity>::Queue> {
  using Kind = AtomicKind<kSides, kBytes, kCapacity>;
  using Element = ElementOf<kBytes>;

  static QueueLimits limits() {
    if constexpr (Kind::kOneEach) {
      return {.gives_up = "a try waits for whoever stopped in the middle of one on the other side"};
    } else {
      return {
          .max_producers = kMaxWorkersPerRole,
          .max_consumers = kMaxWorkersPerRole,
          .gives_up =
              "the order of a producer, where somebody stands still in the middle of a "
              "call for a lap; and a try waits for whoever does",
          .exact_capacity = false,
          .capacity_note = "atomic_queue rounds its capacity up to a power of two: 256 for 144"};
    }
  }

  class Side : public InMemory<typename Kind::Queue>::Side {
   public:
    using InMemory<typename Kind::Queue>::Side::Side;
    bool tryPush(const void* element) noexcept {
      if constexpr (Kind::kIsWord) {
        std::uint64_t word = 0;
        std::memcpy(&word, element, sizeof word);
        return this->queue_.try_push(word);
      } else {
        return this->queue_.try_push(*static_cast<const Element*>(element));
      }
    }
    bool tryPop(void* element) noexcept {
      if constexpr (Kind::kIsWord) {
        std::uint64_t word = 0;
        const bool popped = this->queue_.try_pop(word);
        if (popped) std::memcpy(element, &word, sizeof word);
        return popped;
      } else {
        return this->queue_.try_pop(*static_cast<Element*>(element));
      }
    }
  };
  using Producer = Side;
  using Consumer = Side;
};

template <std::uint64_t kBytes, std::uint64_t kCapacity>
using AtomicSpsc = AtomicQueueOf<AtomicSides::OneEach, kBytes, kCapacity>;
template <std::uint64_t kBytes, std::uint64_t kCapacity>
using AtomicMpmc = AtomicQueueOf<AtomicSides::Many, kBytes, kCapacity>;

RINGSIDE_SIZED_QUEUE(atomic_queue_spsc, AtomicSpsc, "atomic_queue for one producer and consumer");
RINGSIDE_SIZED_QUEUE(atomic_queue, AtomicMpmc, "atomic_queue, many on both sides");

}  // namespace
}  // namespace ringside::harness
