// boost::lockfree::spsc_queue and queue, with the capacity at compile time: only so do they hold
// what they hold by index, and not by addresses of one process.
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

namespace blf = boost::lockfree;

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct BoostSpscQueue {
  using Element = ElementOf<kBytes>;
  using Queue = blf::spsc_queue<Element, blf::capacity<kCapacity>>;

  static QueueLimits limits() { return {}; }
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Queue); }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Queue; }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : queue_(*std::launder(reinterpret_cast<Queue*>(place.memory.data()))) {}
    bool tryPush(const void* element) noexcept {
      return queue_.push(*static_cast<const Element*>(element));
    }
    std::size_t tryPush(const void* elements, std::size_t count) noexcept {
      return queue_.push(static_cast<const Element*>(elements), count);
    }
    bool tryPop(void* element) noexcept { return queue_.pop(*static_cast<Element*>(element)); }
    std::size_t tryPop(void* elements, std::size_t count) noexcept {
      return queue_.pop(static_cast<Element*>(elements), count);
    }

   private:
    Queue& queue_;
  };
  using Producer = Side;
  using Consumer = Side;
};

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct BoostQueue {
  using Element = ElementOf<kBytes>;
  using Queue = blf::queue<Element, blf::capacity<kCapacity>>;

  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole, .max_consumers = kMaxWorkersPerRole};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Queue); }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Queue; }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : queue_(*std::launder(reinterpret_cast<Queue*>(place.memory.data()))) {}
    bool tryPush(const void* element) noexcept {
      return queue_.bounded_push(*static_cast<const Element*>(element));
    }
    bool tryPop(void* element) noexcept { return queue_.pop(*static_cast<Element*>(element)); }

   private:
    Queue& queue_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_SIZED_QUEUE(boost_spsc, BoostSpscQueue, "boost::lockfree::spsc_queue");
RINGSIDE_SIZED_QUEUE(boost_queue, BoostQueue, "boost::lockfree::queue, many on both sides");

}  // namespace
}  // namespace ringside::harness
