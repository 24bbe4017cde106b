// atomic_queue: a slot is taken by its number, and filled and emptied by its own state. That state
// knows no laps: who is late with a slot by a whole lap fills it out of turn.
#include <atomic_queue/atomic_queue.h>

#include <new>
#include <type_traits>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

enum class AtomicSides : bool { OneEach, Many };

/// Elements of a word are their own state: 0 is an empty slot, and never the word of a stamp.
constexpr std::uint64_t kEmptySlot = 0;
static_assert(kEmptySlot == kTornWord, "an element would be an empty slot");

template <AtomicSides kSides, std::uint64_t kBytes, std::uint64_t kCapacity>
struct AtomicQueueOf {
  // Of its four kinds the fastest: for many, elements beside each other lie on different lines; for
  // one on each side that brings nothing, and rounds the capacity up.
  static constexpr bool kOneEach = kSides == AtomicSides::OneEach;
  static constexpr bool kIsWord = kBytes == sizeof(std::uint64_t);
  static constexpr bool kMinimizeContention = !kOneEach;
  static constexpr bool kMaximizeThroughput = true;
  static constexpr bool kTotalOrder = false;
  using Element = std::conditional_t<kIsWord, std::uint64_t, ElementOf<kBytes>>;
  using WordQueue =
      atomic_queue::AtomicQueue<std::uint64_t, kCapacity, kEmptySlot, kMinimizeContention,
                                kMaximizeThroughput, kTotalOrder, kOneEach>;
  using LargeQueue = atomic_queue::AtomicQueue2<ElementOf<kBytes>, kCapacity, kMinimizeContention,
                                                kMaximizeThroughput, kTotalOrder, kOneEach>;
  using Queue = std::conditional_t<kIsWord, WordQueue, LargeQueue>;

  static QueueLimits limits() {
    if constexpr (kOneEach) {
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
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Queue); }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Queue; }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : queue_(*std::launder(reinterpret_cast<Queue*>(place.memory.data()))) {}
    bool tryPush(const void* element) noexcept {
      if constexpr (kIsWord) {
        std::uint64_t word = 0;
        std::memcpy(&word, element, sizeof word);
        return queue_.try_push(word);
      } else {
        return queue_.try_push(*static_cast<const Element*>(element));
      }
    }
    bool tryPop(void* element) noexcept {
      if constexpr (kIsWord) {
        std::uint64_t word = 0;
        const bool popped = queue_.try_pop(word);
        if (popped) std::memcpy(element, &word, sizeof word);
        return popped;
      } else {
        return queue_.try_pop(*static_cast<Element*>(element));
      }
    }

   private:
    Queue& queue_;
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
