// Concurrency Kit's ck_ring, its elements in the ring itself and not behind pointers. A ring of a
// power of two of slots, of which one stays empty.
#include <algorithm>
#include <bit>
#include <new>

#include "harness/measurable_queue.hpp"

// Inline functions of C: one of them returns `false` for a pointer, which C++ does not take.
#include <ck_cc.h>
#include <ck_md.h>
#include <ck_pr.h>
#include <ck_stdbool.h>
#include <ck_string.h>
#define false 0
#include <ck_ring.h>
#undef false

namespace ringside::harness {
namespace {

/// CK_RING_PROTOTYPE makes functions of a name; these are the same, of a type.
enum class CkKind : std::uint8_t { Spsc, Mpsc, Mpmc };

template <CkKind kKind, std::uint64_t kBytes>
struct CkRing {
  static QueueLimits limits() {
    constexpr bool kManyPush = kKind != CkKind::Spsc;
    return {.max_producers = kManyPush ? kMaxWorkersPerRole : 1,
            .max_consumers = kKind == CkKind::Mpmc ? kMaxWorkersPerRole : 1,
            .max_capacity = 1ULL << 24,
            .gives_up =
                kManyPush ? "a push waits for whoever stopped in the middle of an earlier one" : "",
            .exact_capacity = false,
            .capacity_note =
                "ck_ring has a power of two of slots and leaves one empty: 255 elements "
                "for a capacity of 144, 1023 for 1024"};
  }

  static unsigned slots(const QueueShape& shape) {
    return static_cast<unsigned>(std::bit_ceil(std::max<std::uint64_t>(shape.capacity, 2)));
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return kSlotsAt + slots(shape) * kBytes;
  }
  static void create(const Place& place, const QueueShape& shape) {
    ::ck_ring_init(new (place.memory.data())::ck_ring_t, slots(shape));
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : ring_(std::launder(reinterpret_cast<::ck_ring_t*>(place.memory.data()))),
          slots_(place.memory.data() + kSlotsAt) {}
    bool tryPush(const void* element) noexcept {
      if constexpr (kKind == CkKind::Spsc) {
        return ::_ck_ring_enqueue_sp(ring_, slots_, element, kBytes, nullptr);
      } else {
        return ::_ck_ring_enqueue_mp(ring_, slots_, element, kBytes, nullptr);
      }
    }
    bool tryPop(void* element) noexcept {
      if constexpr (kKind == CkKind::Mpmc) {
        return ::_ck_ring_dequeue_mc(ring_, slots_, element, kBytes);
      } else {
        return ::_ck_ring_dequeue_sc(ring_, slots_, element, kBytes);
      }
    }

   private:
    ::ck_ring_t* ring_;
    std::byte* slots_;
  };
  using Producer = Side;
  using Consumer = Side;

 private:
  static constexpr std::uint64_t kSlotsAt = 256;  ///< behind the ring's own words, on a line
  static_assert(sizeof(::ck_ring_t) <= kSlotsAt, "the slots would lie over the positions");
};

template <std::uint64_t kBytes>
using CkSpsc = CkRing<CkKind::Spsc, kBytes>;
template <std::uint64_t kBytes>
using CkMpsc = CkRing<CkKind::Mpsc, kBytes>;
template <std::uint64_t kBytes>
using CkMpmc = CkRing<CkKind::Mpmc, kBytes>;

RINGSIDE_SIZED_QUEUE(ck_spsc, CkSpsc, "Concurrency Kit's ck_ring, one producer and one consumer");
RINGSIDE_SIZED_QUEUE(ck_mpsc, CkMpsc, "Concurrency Kit's ck_ring, many producers");
RINGSIDE_SIZED_QUEUE(ck_mpmc, CkMpmc, "Concurrency Kit's ck_ring, many on both sides");

}  // namespace
}  // namespace ringside::harness
