// The bounded MPMC queue of D. Vyukov as it is published, over memory that processes share: nobody
// announces what he claims and nobody repairs. Not part of the program: ci/mutants links it, to
// show what verify says of a ring that the death of a process stops.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <new>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

/// The two positions, each on a line of its own, before the cells.
struct Positions {
  alignas(64) std::atomic<std::uint64_t> write_position;
  alignas(64) std::atomic<std::uint64_t> read_position;
};

/// What stands before each element: the position that the cell is free for, or one more: full.
using Sequence = std::atomic<std::uint64_t>;

class VyukovRing {
 public:
  VyukovRing(const Place& place, const QueueShape& shape)
      : memory_(place.memory.data()),
        element_size_bytes_(shape.element_size_bytes),
        cells_(cellsOf(shape)),
        stride_(strideOf(shape)) {}

  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .exact_capacity = false,
            .capacity_note = "the next power of two, at least 2"};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Positions) + cellsOf(shape) * strideOf(shape);
  }
  static void create(const Place& place, const QueueShape& shape) {
    const VyukovRing ring(place, shape);
    new (ring.memory_) Positions{};
    for (std::uint64_t i = 0; i < ring.cells_; ++i) new (&ring.sequence(i)) Sequence(i);
  }

  bool tryPush(const void* element) noexcept {
    const std::uint64_t position = claim(positions().write_position, 0);
    if (position == kNone) return false;
    std::memcpy(payload(position), element, element_size_bytes_);
    sequence(position).store(position + 1, std::memory_order_release);  // SYNC: claim()
    return true;
  }
  bool tryPop(void* element) noexcept {
    const std::uint64_t position = claim(positions().read_position, 1);
    if (position == kNone) return false;
    std::memcpy(element, payload(position), element_size_bytes_);
    sequence(position).store(position + cells_, std::memory_order_release);  // SYNC: claim()
    return true;
  }

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  static std::uint64_t cellsOf(const QueueShape& shape) {
    return std::bit_ceil(std::max<std::uint64_t>(shape.capacity, 2));
  }
  static std::uint64_t strideOf(const QueueShape& shape) {
    return (sizeof(Sequence) + shape.element_size_bytes + 63) / 64 * 64;
  }

  /// The next position, once its cell's sequence is `ahead` of it; kNone when full or empty.
  std::uint64_t claim(std::atomic<std::uint64_t>& shared, std::uint64_t ahead) noexcept {
    std::uint64_t position = shared.load(std::memory_order_relaxed);
    for (;;) {
      // SYNC: the release stores of tryPush() and tryPop().
      const std::uint64_t found = sequence(position).load(std::memory_order_acquire);
      const auto distance = static_cast<std::int64_t>(found - position - ahead);
      if (distance < 0) return kNone;
      if (distance > 0) {
        position = shared.load(std::memory_order_relaxed);
      } else if (shared.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) {
        return position;  // relaxed: the sequence is what is handed over
      }
    }
  }
  Positions& positions() const noexcept { return *reinterpret_cast<Positions*>(memory_); }
  std::byte* cell(std::uint64_t position) const noexcept {
    return memory_ + sizeof(Positions) + position % cells_ * stride_;
  }
  Sequence& sequence(std::uint64_t position) const noexcept {
    return *reinterpret_cast<Sequence*>(cell(position));
  }
  std::byte* payload(std::uint64_t position) const noexcept {
    return cell(position) + sizeof(Sequence);
  }

  std::byte* memory_;
  std::uint64_t element_size_bytes_;
  std::uint64_t cells_;
  std::uint64_t stride_;
};

struct VyukovQueue {
  static QueueLimits limits() { return VyukovRing::limits(); }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return VyukovRing::bytesNeeded(shape);
  }
  static void create(const Place& place, const QueueShape& shape) {
    VyukovRing::create(place, shape);
  }
  using Producer = VyukovRing;
  using Consumer = VyukovRing;
};

RINGSIDE_QUEUE(vyukov, VyukovQueue, "D. Vyukov's bounded MPMC queue, as it is");

}  // namespace
}  // namespace ringside::harness
