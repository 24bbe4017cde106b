#include "delaying_queues.hpp"

#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <cstring>
#include <new>

#include "harness/clock.hpp"
#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

/// Spreads a number over 64 bits (the finaliser of splitmix64), so that no period shows.
std::uint64_t scattered(std::uint64_t i) {
  std::uint64_t x = i + 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// A circular array for one producer and one consumer, each message with the time when it may be
/// seen, which is also what publishes it: a message that fits beside it travels in one cache line,
/// and the way takes less than any delay.
class DelayLine {
 public:
  DelayLine(const Place& place, const QueueShape& shape)
      : shared_(reinterpret_cast<Shared*>(place.memory.data())),
        size_(shape.element_size_bytes),
        capacity_(shape.capacity) {}

  static QueueLimits limits() { return {}; }
  static std::uint64_t stride(const QueueShape& shape) {
    return (sizeof(std::uint64_t) + shape.element_size_bytes + 63) / 64 * 64;
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Shared) + shape.capacity * stride(shape);
  }
  static void create(const Place& place, const QueueShape&) {
    (new (place.memory.data()) Shared)->clock = calibrateClock();
  }

 protected:
  struct Shared {
    alignas(64) Clock clock;
    alignas(64) std::byte slots[64];
  };
  struct Slot {
    std::atomic<std::uint64_t> visible_at;  ///< ticks; 0 while there is no message
    std::byte element[1];
  };
  /// Nearer than this the consumer waits in the call, so that the end is not missed by a poll. Less
  /// than a quarter of what counts as a gap: what calls usually take is none.
  static constexpr std::uint64_t kNearNs = 150;

  std::uint64_t now() const noexcept { return shared_->clock.now(); }
  std::uint64_t ticks(std::uint64_t ns) const noexcept {
    return static_cast<std::uint64_t>(static_cast<double>(ns) / shared_->clock.ns_per_tick);
  }

  bool push(const void* element, std::uint64_t visible_at) noexcept {
    Slot& slot = slotAt(calls_);
    if (slot.visible_at.load(std::memory_order_acquire) != 0) return false;  // SYNC: pop()
    std::memcpy(slot.element, element, size_);
    slot.visible_at.store(visible_at, std::memory_order_release);  // SYNC: pop()
    ++calls_;
    return true;
  }
  bool pop(void* element) noexcept {
    Slot& slot = slotAt(calls_);
    const std::uint64_t visible_at = slot.visible_at.load(std::memory_order_acquire);
    if (visible_at == 0) return false;  // SYNC: push()
    const std::uint64_t seen = now();
    if (seen < visible_at && visible_at - seen > ticks(kNearNs)) return false;
    std::memcpy(element, slot.element, size_);
    while (now() < visible_at) {
    }
    slot.visible_at.store(0, std::memory_order_release);  // SYNC: push()
    ++calls_;
    return true;
  }

 private:
  Slot& slotAt(std::uint64_t position) const noexcept {
    const std::uint64_t each = (sizeof(std::uint64_t) + size_ + 63) / 64 * 64;
    return *reinterpret_cast<Slot*>(shared_->slots + position % capacity_ * each);
  }

  Shared* shared_;
  std::uint64_t size_;
  std::uint64_t capacity_;
  std::uint64_t calls_ = 0;  ///< of this side that moved a message
};

/// The queue as the harness wants it, with a delay of its own for each message.
template <std::uint64_t (*kDelay)(std::uint64_t)>
struct DelayingQueue : DelayLine {
  class Side : DelayLine {
   public:
    using DelayLine::DelayLine;
    bool tryPush(const void* element) noexcept {
      const std::uint64_t visible_at = now() + ticks(kDelay(pushed_));
      if (!push(element, visible_at)) return false;
      ++pushed_;
      return true;
    }
    bool tryPop(void* element) noexcept { return pop(element); }

   private:
    std::uint64_t pushed_ = 0;
  };
  using Producer = Side;
  using Consumer = Side;
};

enum class SlowPath { None, Work, Sleep };

/// No delay, but now and then a call of the consumer that takes long.
template <SlowPath kSlowPath>
struct SlowQueue : DelayLine {
  class Side : DelayLine {
   public:
    using DelayLine::DelayLine;
    bool tryPush(const void* element) noexcept { return push(element, 1); }
    bool tryPop(void* element) noexcept {
      if (!pop(element)) return false;
      if (++popped_ % kEvery == 0) slowPath();
      return true;
    }

   private:
    static constexpr std::uint64_t kEvery = 20;
    static constexpr long kSlowNs = 2'000'000;

    void slowPath() noexcept {
      if (kSlowPath == SlowPath::Sleep) {
        const ::timespec duration{.tv_sec = 0, .tv_nsec = kSlowNs};
        ::nanosleep(&duration, nullptr);
      }
      if (kSlowPath != SlowPath::Work) return;
      const std::uint64_t end = now() + ticks(kSlowNs);
      while (now() < end) {
      }
    }

    std::uint64_t popped_ = 0;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(delay_fixed, DelayingQueue<fixedDelay>, "test only");
RINGSIDE_QUEUE(delay_uniform, DelayingQueue<uniformDelay>, "test only");
RINGSIDE_QUEUE(delay_two_point, DelayingQueue<twoPointDelay>, "test only");
RINGSIDE_QUEUE(prompt_pop, SlowQueue<SlowPath::None>, "test only");
RINGSIDE_QUEUE(slow_pop, SlowQueue<SlowPath::Work>, "test only");
RINGSIDE_QUEUE(sleepy_pop, SlowQueue<SlowPath::Sleep>, "test only");

}  // namespace

void goBeforeOthers() {
  constexpr int kFirst = -20;
  // Refused without the right to it; then things go as they may, and the tries decide.
  [[maybe_unused]] const int refused = ::setpriority(PRIO_PROCESS, 0, kFirst);
}

std::uint64_t fixedDelay(std::uint64_t) { return kFixedNs; }

std::uint64_t uniformDelay(std::uint64_t i) {
  return kShortestUniformNs + scattered(i) % (kLongestUniformNs - kShortestUniformNs + 1);
}

std::uint64_t twoPointDelay(std::uint64_t i) { return i % kRareOneOf == 0 ? kRareNs : kOftenNs; }

}  // namespace ringside::harness
