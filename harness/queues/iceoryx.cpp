// The queues that iceoryx's own transport is made of: a FIFO for one on each side, and one that is
// lock-free for many. What they pop they hand over as an optional, which is a copy more.
#include <iceoryx_hoofs/concurrent/lockfree_queue.hpp>
#include <iceoryx_hoofs/internal/concurrent/fifo.hpp>

#include "harness/queues/queue_in_memory.hpp"

namespace ringside::harness {
namespace {

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct IceoryxFifo {
  using Element = ElementOf<kBytes>;
  using Queue = iox::concurrent::FiFo<Element, kCapacity>;
  static constexpr std::uint32_t kMostPerSide = 1;
  static bool push(Queue& queue, const Element& element) noexcept { return queue.push(element); }
};

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct IceoryxLockFree {
  using Element = ElementOf<kBytes>;
  using Queue = iox::concurrent::LockFreeQueue<Element, kCapacity>;
  static constexpr std::uint32_t kMostPerSide = kMaxWorkersPerRole;
  static bool push(Queue& queue, const Element& element) noexcept { return queue.tryPush(element); }
};

template <class Kind>
struct IceoryxQueue : InMemory<typename Kind::Queue> {
  using Element = typename Kind::Element;
  using Queue = typename Kind::Queue;

  static QueueLimits limits() {
    return {.max_producers = Kind::kMostPerSide, .max_consumers = Kind::kMostPerSide};
  }

  class Side : public InMemory<Queue>::Side {
   public:
    using InMemory<Queue>::Side::Side;
    bool tryPush(const void* element) noexcept {
      return Kind::push(this->queue_, *static_cast<const Element*>(element));
    }
    bool tryPop(void* element) noexcept {
      const auto popped = this->queue_.pop();
      if (!popped.has_value()) return false;
      *static_cast<Element*>(element) = popped.value();
      return true;
    }
  };
  using Producer = Side;
  using Consumer = Side;
};

template <std::uint64_t kBytes, std::uint64_t kCapacity>
using Fifo = IceoryxQueue<IceoryxFifo<kBytes, kCapacity>>;
template <std::uint64_t kBytes, std::uint64_t kCapacity>
using LockFree = IceoryxQueue<IceoryxLockFree<kBytes, kCapacity>>;

RINGSIDE_SIZED_QUEUE(iceoryx_fifo, Fifo, "iceoryx's FiFo, one producer and one consumer");
RINGSIDE_SIZED_QUEUE(iceoryx_queue, LockFree, "iceoryx's LockFreeQueue, many on both sides");

}  // namespace
}  // namespace ringside::harness
