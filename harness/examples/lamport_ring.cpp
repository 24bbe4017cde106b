// Measures lamport_ring.hpp: all that it takes to measure a header-only queue from outside. The
// queue's element and capacity are template parameters, so the adapter is a template, too, over the
// size in bytes and the capacity, and is entered for some of both.
#include "lamport_ring.hpp"

#include <cstring>
#include <new>

#include "harness/measurable_queue.hpp"

namespace {

using namespace ringside::harness;

template <std::uint64_t kBytes, std::uint64_t kCapacity>
struct LamportAdapter {
  using Element = ElementOf<kBytes>;
  using Ring = example::LamportRing<Element, kCapacity>;

  static QueueLimits limits() { return {}; }  // one producer, one consumer, exact capacity
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Ring); }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Ring; }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : ring_(std::launder(reinterpret_cast<Ring*>(place.memory.data()))) {}
    bool tryPush(const void* from) noexcept {
      std::memcpy(&element_, from, kBytes);
      return ring_->offer(element_);
    }
    bool tryPop(void* to) noexcept {
      if (!ring_->poll(element_)) return false;
      std::memcpy(to, &element_, kBytes);
      return true;
    }

   private:
    Ring* ring_;
    Element element_;
  };
  using Producer = Side;
  using Consumer = Side;
};

// The sizes in bytes, and the capacities. Without any it is built for those of the suite peers.
RINGSIDE_SIZED_QUEUE(lamport_ring, LamportAdapter, "Lamport's ring, of a header of its own",
                     Numbers<64, 1472>, Numbers<144>);

}  // namespace
