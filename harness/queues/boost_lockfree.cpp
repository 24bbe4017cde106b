// boost::lockfree::spsc_queue and queue, with the capacity at compile time: only so do they hold
// what they hold by index, and not by addresses of one process.
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include "harness/queues/queue_in_memory.hpp"

namespace ringside::harness {
namespace {

namespace blf = boost::lockfree;

template <std::uint64_t kBytes, std::uint64_t kCapacity>
using SpscQueueOf = blf::spsc_queue<ElementOf<kBytes>, blf::capacity<kCapacity>>;

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct BoostSpscQueue : InMemory<SpscQueueOf<kBytes, kCapacity>> {
  using Element = ElementOf<kBytes>;
  using Queue = SpscQueueOf<kBytes, kCapacity>;

  static QueueLimits limits() { return {}; }

  class Side : public InMemory<Queue>::Side {
   public:
    using InMemory<Queue>::Side::Side;
    bool tryPush(const void* element) noexcept {
      return this->queue_.push(*static_cast<const Element*>(element));
    }
    std::size_t tryPush(const void* elements, std::size_t count) noexcept {
      return this->queue_.push(static_cast<const Element*>(elements), count);
    }
    bool tryPop(void* element) noexcept {
      return this->queue_.pop(*static_cast<Element*>(element));
    }
    std::size_t tryPop(void* elements, std::size_t count) noexcept {
      return this->queue_.pop(static_cast<Element*>(elements), count);
    }
  };
  using Producer = Side;
  using Consumer = Side;
};

template <std::uint64_t kBytes, std::uint64_t kCapacity>
using QueueOf = blf::queue<ElementOf<kBytes>, blf::capacity<kCapacity>>;

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct BoostQueue : InMemory<QueueOf<kBytes, kCapacity>> {
  using Element = ElementOf<kBytes>;
  using Queue = QueueOf<kBytes, kCapacity>;

  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole, .max_consumers = kMaxWorkersPerRole};
  }

  class Side : public InMemory<Queue>::Side {
   public:
    using InMemory<Queue>::Side::Side;
    bool tryPush(const void* element) noexcept {
      return this->queue_.bounded_push(*static_cast<const Element*>(element));
    }
    bool tryPop(void* element) noexcept {
      return this->queue_.pop(*static_cast<Element*>(element));
    }
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_SIZED_QUEUE(boost_spsc, BoostSpscQueue, "boost::lockfree::spsc_queue");
RINGSIDE_SIZED_QUEUE(boost_queue, BoostQueue, "boost::lockfree::queue, many on both sides");

}  // namespace
}  // namespace ringside::harness
