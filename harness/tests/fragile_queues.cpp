#include "fragile_queues.hpp"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <new>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

enum class Weakness { None, Wedge, Empty, Repeat, Halve, Shrink, Infect, Forget, LetIn };

/// One producer, one consumer, a position each, and a word that says that a push is under way.
template <Weakness kWeakness>
struct FragileRing {
  struct Shared {
    alignas(64) std::atomic<std::uint64_t> written;
    std::atomic<std::uint32_t> pushes;  ///< what a consumer sleeps on
    std::atomic<std::uint32_t> pushing;
    std::atomic<std::uint64_t> places_gone;
    alignas(64) std::atomic<std::uint64_t> read;
    alignas(64) std::byte elements[64];
  };

  static QueueLimits limits() { return {.refuses_seconds = kWeakness == Weakness::LetIn}; }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Shared) + shape.capacity * shape.element_size_bytes;
  }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Shared; }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(reinterpret_cast<Shared*>(place.memory.data())),
          size_(shape.element_size_bytes),
          capacity_(shape.capacity) {}

    /// Byte by byte, so that there are many places to die at.
    void copy(std::byte* to, const std::byte* from) const noexcept {
      volatile std::byte* const target = to;
      for (std::uint64_t i = 0; i < size_; ++i) target[i] = from[i];
    }
    std::byte* slot(std::uint64_t position) const noexcept {
      return shared_->elements + position % capacity_ * size_;
    }

    Shared* shared_;
    std::uint64_t size_;
    std::uint64_t capacity_;
  };

  class Producer : Side {
   public:
    Producer(const Place& place, const QueueShape& shape) : Side(place, shape) {
      if (kWeakness == Weakness::Wedge || shared_->pushing.load() == 0) return;
      if (kWeakness == Weakness::Empty) shared_->read.store(shared_->written.load());
      if (kWeakness == Weakness::Repeat) shared_->read.fetch_sub(1);
      if (kWeakness == Weakness::Shrink) shared_->places_gone.fetch_add(1);
      if (kWeakness == Weakness::Infect) ::raise(SIGSEGV);
      shared_->pushing.store(0);
    }

    bool tryPush(const void* element) noexcept {
      const std::uint64_t written = shared_->written.load(std::memory_order_relaxed);
      const std::uint64_t places = capacity_ - shared_->places_gone.load();
      if (written - shared_->read.load() >= places || shared_->pushing.exchange(1) != 0) {
        return false;
      }
      if (kWeakness == Weakness::Halve) shared_->written.store(written + 1);
      copy(slot(written), static_cast<const std::byte*>(element));
      if (kWeakness != Weakness::Halve) shared_->written.store(written + 1);
      shared_->pushing.store(0);
      shared_->pushes.fetch_add(1);
      if (kWeakness != Weakness::Forget) {
        ::syscall(SYS_futex, &shared_->pushes, FUTEX_WAKE, 1, nullptr, nullptr, 0);
      }
      return true;
    }
    bool pushFor(const void* element, std::chrono::nanoseconds) noexcept {
      return tryPush(element);  // nobody waits for room here
    }

   private:
    using Side::capacity_;
    using Side::copy;
    using Side::shared_;
    using Side::slot;
  };

  class Consumer : Side {
   public:
    Consumer(const Place& place, const QueueShape& shape) : Side(place, shape) {}

    bool tryPop(void* element) noexcept {
      const std::uint64_t read = shared_->read.load(std::memory_order_relaxed);
      if (read == shared_->written.load()) return false;
      copy(static_cast<std::byte*>(element), slot(read));
      shared_->read.store(read + 1);
      return true;
    }
    bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept {
      const ::timespec limit = {timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
      const std::uint32_t before = shared_->pushes.load();
      if (tryPop(element)) return true;
      ::syscall(SYS_futex, &shared_->pushes, FUTEX_WAIT, before, &limit, nullptr, 0);
      return tryPop(element);
    }

   private:
    using Side::copy;
    using Side::shared_;
    using Side::slot;
  };
};

RINGSIDE_QUEUE(fragile_wedging, FragileRing<Weakness::Wedge>, "test only");
RINGSIDE_QUEUE(fragile_emptying, FragileRing<Weakness::Empty>, "test only");
RINGSIDE_QUEUE(fragile_repeating, FragileRing<Weakness::Repeat>, "test only");
RINGSIDE_QUEUE(fragile_half_written, FragileRing<Weakness::Halve>, "test only");
RINGSIDE_QUEUE(fragile_shrinking, FragileRing<Weakness::Shrink>, "test only");
RINGSIDE_QUEUE(fragile_infectious, FragileRing<Weakness::Infect>, "test only");
RINGSIDE_QUEUE(fragile_forgetful, FragileRing<Weakness::Forget>, "test only");
RINGSIDE_QUEUE(fragile_open_to_all, FragileRing<Weakness::LetIn>, "test only");
RINGSIDE_QUEUE(fragile_not, FragileRing<Weakness::None>, "test only");

}  // namespace
}  // namespace ringside::harness
