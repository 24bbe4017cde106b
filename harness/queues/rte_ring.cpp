// DPDK's rte_ring with elements of any size, in memory of ours and without the environment
// abstraction layer: only the ring's own functions are called.
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>

#include <algorithm>
#include <bit>
#include <system_error>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

/// What all its forms have in common. It has a power of two of slots, of which one stays empty.
template <std::uint64_t kBytes, unsigned kFlags>
struct RteRing {
  static QueueLimits limits() {
    return {.max_capacity = 1ULL << 24,
            .exact_capacity = false,
            .capacity_note =
                "rte_ring has a power of two of slots and leaves one empty: 255 elements "
                "for a capacity of 144, 1023 for 1024"};
  }
  static unsigned slots(const QueueShape& shape) {
    return static_cast<unsigned>(std::bit_ceil(std::max<std::uint64_t>(shape.capacity, 2)));
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(::rte_ring) + slots(shape) * kBytes;
  }
  static void create(const Place& place, const QueueShape& shape) {
    const int result = ::rte_ring_init(ringAt(place), "ringside", slots(shape), kFlags);
    if (result != 0) throw std::system_error(-result, std::system_category(), "rte_ring_init");
  }
  static ::rte_ring* ringAt(const Place& place) {
    return reinterpret_cast<::rte_ring*>(place.memory.data());
  }
};

/// One producer, one consumer; elements can be written and read in place.
template <std::uint64_t kBytes>
struct RteSpsc : RteRing<kBytes, RING_F_SP_ENQ | RING_F_SC_DEQ> {
  class Producer {
   public:
    Producer(const Place& place, const QueueShape&) : ring_(RteSpsc::ringAt(place)) {}
    bool tryPush(const void* element) noexcept {
      return ::rte_ring_sp_enqueue_elem(ring_, const_cast<void*>(element), kBytes) == 0;
    }
    std::size_t tryPush(const void* elements, std::size_t count) noexcept {
      return ::rte_ring_sp_enqueue_burst_elem(ring_, elements, kBytes, static_cast<unsigned>(count),
                                              nullptr);
    }
    void* tryClaim() noexcept {
      ::rte_ring_zc_data slots = {};
      const unsigned claimed =
          ::rte_ring_enqueue_zc_burst_elem_start(ring_, kBytes, 1, &slots, nullptr);
      return claimed == 0 ? nullptr : slots.ptr1;
    }
    void commit() noexcept { ::rte_ring_enqueue_zc_elem_finish(ring_, 1); }

   private:
    ::rte_ring* ring_;
  };

  class Consumer {
   public:
    Consumer(const Place& place, const QueueShape&) : ring_(RteSpsc::ringAt(place)) {}
    bool tryPop(void* element) noexcept {
      return ::rte_ring_sc_dequeue_elem(ring_, element, kBytes) == 0;
    }
    std::size_t tryPop(void* elements, std::size_t count) noexcept {
      return ::rte_ring_sc_dequeue_burst_elem(ring_, elements, kBytes, static_cast<unsigned>(count),
                                              nullptr);
    }
    const void* tryTake() noexcept {
      ::rte_ring_zc_data slots = {};
      const unsigned taken =
          ::rte_ring_dequeue_zc_burst_elem_start(ring_, kBytes, 1, &slots, nullptr);
      return taken == 0 ? nullptr : slots.ptr1;
    }
    void release() noexcept { ::rte_ring_dequeue_zc_elem_finish(ring_, 1); }

   private:
    ::rte_ring* ring_;
  };
};

/// Many of both. Who has taken slots makes them visible in the order in which they were taken.
template <std::uint64_t kBytes>
struct RteMpmc : RteRing<kBytes, 0> {
  static QueueLimits limits() {
    QueueLimits limits = RteRing<kBytes, 0>::limits();
    limits.max_producers = kMaxWorkersPerRole;
    limits.max_consumers = kMaxWorkersPerRole;
    limits.gives_up = "a try waits for whoever stopped in the middle of an earlier one";
    return limits;
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape&) : ring_(RteMpmc::ringAt(place)) {}
    bool tryPush(const void* element) noexcept {
      return ::rte_ring_mp_enqueue_elem(ring_, const_cast<void*>(element), kBytes) == 0;
    }
    std::size_t tryPush(const void* elements, std::size_t count) noexcept {
      return ::rte_ring_mp_enqueue_burst_elem(ring_, elements, kBytes, static_cast<unsigned>(count),
                                              nullptr);
    }
    bool tryPop(void* element) noexcept {
      return ::rte_ring_mc_dequeue_elem(ring_, element, kBytes) == 0;
    }
    std::size_t tryPop(void* elements, std::size_t count) noexcept {
      return ::rte_ring_mc_dequeue_burst_elem(ring_, elements, kBytes, static_cast<unsigned>(count),
                                              nullptr);
    }

   private:
    ::rte_ring* ring_;
  };
  using Producer = Side;
  using Consumer = Side;
};

/// The usual ones, and what one writes and reads in place.
using SizesOfSpsc = Numbers<8, 64, 256, 1472, 4096, 1048576, 12582912>;

RINGSIDE_SIZED_QUEUE(rte_spsc, RteSpsc, "DPDK's rte_ring, one producer and one consumer",
                     SizesOfSpsc);
RINGSIDE_SIZED_QUEUE(rte_mpmc, RteMpmc, "DPDK's rte_ring, many on both sides");

}  // namespace
}  // namespace ringside::harness
