// Ringside's own rings: one adapter for all three policies. `ringside gate` compiles it with older
// cores, too: where those lack a call, it makes the one that they had instead.
#include "harness/measurable_queue.hpp"
#include "harness/queues/core_tuning.hpp"
#include "ringside/shared.hpp"

namespace ringside::harness {
namespace {

template <class G>
concept TunedGeometry = requires(G geometry) {
  geometry.tuning = decltype(geometry.tuning)::RoundTrip;
};

template <class G>
G makeGeometryFor(PolicyKind policy, const QueueShape& shape, Delivery delivery) {
  if constexpr (TunedGeometry<G>) {
    return makeGeometry(policy, shape.element_size_bytes, shape.capacity, delivery,
                        coreTuning<decltype(G::tuning)>(shape.tuning));
  } else {
    return makeGeometry(policy, shape.element_size_bytes, shape.capacity, delivery);
  }
}

template <class Policy, Delivery kDelivery = Delivery::AtMostOnce>
struct CoreRing {
  static QueueLimits limits() {
    QueueLimits limits{.max_element_size_bytes = kMaxElementSizeBytes,
                       .max_capacity = kMaxCapacity,
                       .provision = Provision::Queue,
                       .takes_memory_options = true,
                       .takes_tuning = Policy::kKind == PolicyKind::Spsc && TunedGeometry<Geometry>,
                       .at_least_once = kDelivery == Delivery::AtLeastOnce,
                       .refuses_seconds = true};
    if (Policy::kKind != PolicyKind::Spsc) limits.max_producers = kMaxWorkersPerRole;
    if (Policy::kKind == PolicyKind::Mpmc) limits.max_consumers = kMaxWorkersPerRole;
    return limits;
  }

  static Geometry geometry(const QueueShape& shape) {
    return makeGeometryFor<Geometry>(Policy::kKind, shape, kDelivery);
  }
  static RingSegment open(const Place& place, const QueueShape& shape) {
    if (place.backing == Backing::File) {
      return RingSegment::in<FileMem>(geometry(shape), shape.memory, place.path);
    }
    if (place.backing == Backing::Memfd) {
      return RingSegment::in<MemfdMem>(geometry(shape), shape.memory, place.descriptor);
    }
    return RingSegment::in<ShmMem>(geometry(shape), shape.memory, place.name);
  }
  static RingSegment makeUnnamed(Backing backing, const QueueShape& shape) {
    if (backing == Backing::Memfd) {
      return RingSegment::in<MemfdMem>(geometry(shape), shape.memory);
    }
    if (backing == Backing::Sysv) return RingSegment::in<SysvMem>(geometry(shape), shape.memory);
    return RingSegment::in<AnonMem>(geometry(shape), shape.memory);
  }
  static HeldQueue hold(const Place& place, const QueueShape& shape) {
    const auto ring = std::make_shared<RingSegment>(makeUnnamed(place.backing, shape));
    const Mapping& memory = ring->memory();
    auto* const begin = static_cast<std::byte*>(const_cast<void*>(memory.get()));
    return {.object = ring, .memory = {begin, memory.size()}, .descriptor = memory.descriptor()};
  }
  /// What is inherited as a mapping is attached to where it is, by a process of its own.
  static std::shared_ptr<RingSegment> segmentOf(const Place& place, const QueueShape& shape) {
    const bool is_mapped = place.held != nullptr && place.backing != Backing::Memfd;
    if (is_mapped) return std::static_pointer_cast<RingSegment>(place.held);
    return std::make_shared<RingSegment>(open(place, shape));
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) { return geometry(shape).total_bytes; }
  static void create(const Place& place, const QueueShape& shape) { open(place, shape); }

  class Producer {
   public:
    Producer(const Place& place, const QueueShape& shape)
        : segment_(segmentOf(place, shape)),
          side_(segment_->view(), segment_->attach(Role::Producer), Wait::Block) {}
    bool tryPush(const void* element) noexcept { return side_.tryPush(element); }
    std::size_t tryPush(const void* elements, std::size_t count) noexcept {
      return side_.tryPush(elements, count);
    }
    bool pushFor(const void* element, std::chrono::nanoseconds timeout) noexcept {
      if constexpr (requires { side_.pushWithin(element, timeout); }) {
        return side_.pushWithin(element, timeout);
      } else {
        return side_.pushUntil(element, deadlineAfter(timeout));
      }
    }
    void* tryClaim() noexcept {
      claim_ = side_.tryClaim(1);
      return claim_.count == 0 ? nullptr : side_.slot(claim_, 0);
    }
    void commit() noexcept { side_.commit(claim_, 1); }

   private:
    std::shared_ptr<RingSegment> segment_;
    PushSide<typename Policy::Writer> side_;
    Claim claim_;
  };

  class Consumer {
   public:
    Consumer(const Place& place, const QueueShape& shape)
        : segment_(segmentOf(place, shape)),
          side_(segment_->view(), segment_->attach(Role::Consumer), Wait::Block) {}
    bool tryPop(void* element) noexcept { return side_.tryPop(element); }
    std::size_t tryPop(void* elements, std::size_t count) noexcept {
      return side_.tryPop(elements, count);
    }
    bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept {
      if constexpr (requires { side_.popWithin(element, timeout); }) {
        return side_.popWithin(element, timeout);
      } else {
        return side_.popUntil(element, deadlineAfter(timeout));
      }
    }
    const void* tryTake() noexcept {
      claim_ = side_.tryTake(1);
      return claim_.count == 0 ? nullptr : side_.slot(claim_, 0);
    }
    void release() noexcept { side_.release(claim_); }
    /// What a dead consumer had taken may still come where that is asked for.
    bool empty() const noexcept requires(kDelivery == Delivery::AtMostOnce) {
      return segment_->view().pending() == 0;
    }
    bool redelivered() const noexcept { return side_.redelivered(); }
    std::uint64_t drops() const noexcept { return segment_->view().repairCounts().drops; }

   private:
    std::shared_ptr<RingSegment> segment_;
    PopSide<typename Policy::Reader> side_;
    Claim claim_;
  };
};

RINGSIDE_QUEUE(spsc, CoreRing<Spsc>, "Ringside's ring, one producer and one consumer");
RINGSIDE_QUEUE(mpsc, CoreRing<Mpsc>, "Ringside's ring, many producers and one consumer");
RINGSIDE_QUEUE(mpmc, CoreRing<Mpmc>, "Ringside's ring, many producers and many consumers");
using RedeliveringRing = CoreRing<Mpmc, Delivery::AtLeastOnce>;
RINGSIDE_QUEUE(mpmc_at_least_once, RedeliveringRing,
               "the same, and what a dead consumer had taken is delivered again");

}  // namespace
}  // namespace ringside::harness
