// What many write for themselves: a ring with two positions, and an eventfd on either side to sleep
// on. Nobody is woken who does not sleep, so that the call costs only when it must be made. A
// descriptor has no name: workers inherit both, and the memory with them.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "harness/measurable_queue.hpp"
#include "ringside/wait.hpp"

namespace ringside::harness {
namespace {

using std::chrono::nanoseconds;

struct Positions {
  alignas(64) std::atomic<std::uint64_t> written;  ///< by the producer; only grows
  alignas(64) std::atomic<std::uint64_t> read;     ///< by the consumer; only grows
  alignas(64) std::atomic<bool> producer_sleeps;
  alignas(64) std::atomic<bool> consumer_sleeps;
};

/// Where one side sleeps until the other one wakes it.
class SleepingPlace {
 public:
  SleepingPlace() : descriptor_(::eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  }
  SleepingPlace(const SleepingPlace&) = delete;
  SleepingPlace& operator=(const SleepingPlace&) = delete;
  ~SleepingPlace() { ::close(descriptor_); }

  /// The event that is taken may be an old one; who wakes looks again.
  void sleep(nanoseconds time) const noexcept {
    ::pollfd polled = {descriptor_, POLLIN, 0};
    const ::timespec limit = {time.count() / 1'000'000'000, time.count() % 1'000'000'000};
    std::uint64_t event = 0;
    if (::ppoll(&polled, 1, &limit, nullptr) <= 0) return;
    [[maybe_unused]] const auto taken = ::read(descriptor_, &event, sizeof event);
  }
  void wake() const noexcept {
    const std::uint64_t event = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_, &event, sizeof event);
  }

 private:
  int descriptor_;
};

struct MadeRing {
  MadeRing(std::uint64_t bytes, const MemoryOptions& options) : memory(AnonMem(bytes, options)) {}
  Mapping memory;
  SleepingPlace for_producer;
  SleepingPlace for_consumer;
};

/// Tries until it succeeds or the time is over, asleep in between.
template <class Try>
bool tryUntil(std::atomic<bool>& sleeps, const SleepingPlace& place, nanoseconds timeout,
              Try&& attempt) noexcept {
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (attempt()) return true;
    sleeps.store(true, std::memory_order_seq_cst);  // SYNC: wakeIfAsleep()
    const nanoseconds left = end - std::chrono::steady_clock::now();
    const bool done = attempt();
    if (!done && left > nanoseconds(0)) place.sleep(left);
    sleeps.store(false, std::memory_order_relaxed);  // at worst it is woken once too often
    if (done || left <= nanoseconds(0)) return done;
  }
}

/// After the other side's own position was stored, seq_cst: either it sees this, or this is seen.
inline void wakeIfAsleep(std::atomic<bool>& sleeps, const SleepingPlace& place) noexcept {
  if (!sleeps.load(std::memory_order_seq_cst)) return;  // SYNC: tryUntil()
  // relaxed: who is woken goes by the positions.
  if (sleeps.exchange(false, std::memory_order_relaxed)) place.wake();
}

struct EventfdRing {
  static QueueLimits limits() {
    return {.inherited_only = true, .provision = Provision::Queue, .takes_memory_options = true};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Positions) + shape.capacity * shape.element_size_bytes;
  }
  static void create(const Place&, const QueueShape&) {}  // by hold()
  static HeldQueue hold(const Place&, const QueueShape& shape) {
    auto ring = std::make_shared<MadeRing>(bytesNeeded(shape), shape.memory);
    auto* const begin = static_cast<std::byte*>(ring->memory.get());
    return {.object = ring, .memory = {begin, ring->memory.size()}};
  }

  /// What both sides know of the ring.
  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : made_(std::static_pointer_cast<MadeRing>(place.held)),
          positions_(*reinterpret_cast<Positions*>(place.memory.data())),
          slots_(place.memory.data() + sizeof(Positions)),
          size_bytes_(shape.element_size_bytes),
          capacity_(shape.capacity) {}

   protected:
    std::byte* slot(std::uint64_t number) const noexcept { return slots_ + number * size_bytes_; }

    std::shared_ptr<MadeRing> made_;
    Positions& positions_;
    std::byte* slots_;
    std::uint64_t size_bytes_;
    std::uint64_t capacity_;
  };

  class Producer : Side {
   public:
    Producer(const Place& place, const QueueShape& shape)
        : Side(place, shape),
          written_(positions_.written.load(std::memory_order_relaxed)),  // its own
          slot_(written_ % capacity_) {}
    void* tryClaim() noexcept {
      if (written_ - read_seen_ == capacity_) {
        read_seen_ = positions_.read.load(std::memory_order_acquire);  // SYNC: Consumer::release
        if (written_ - read_seen_ == capacity_) return nullptr;
      }
      return slot(slot_);
    }
    void commit() noexcept {
      slot_ = slot_ + 1 == capacity_ ? 0 : slot_ + 1;
      positions_.written.store(++written_, std::memory_order_seq_cst);  // SYNC: Consumer::tryTake
      wakeIfAsleep(positions_.consumer_sleeps, made_->for_consumer);
    }
    bool tryPush(const void* element) noexcept {
      void* const place = tryClaim();
      if (place == nullptr) return false;
      std::memcpy(place, element, size_bytes_);
      commit();
      return true;
    }
    bool pushFor(const void* element, nanoseconds timeout) noexcept {
      return tryUntil(positions_.producer_sleeps, made_->for_producer, timeout,
                      [&] { return tryPush(element); });
    }

   private:
    std::uint64_t written_;
    std::uint64_t slot_;  ///< that the next element goes to
    std::uint64_t read_seen_ = positions_.read.load(std::memory_order_acquire);
  };

  class Consumer : Side {
   public:
    Consumer(const Place& place, const QueueShape& shape)
        : Side(place, shape),
          read_(positions_.read.load(std::memory_order_relaxed)),  // its own
          slot_(read_ % capacity_) {}
    const void* tryTake() noexcept {
      if (read_ == written_seen_) {
        written_seen_ = positions_.written.load(std::memory_order_acquire);  // SYNC: commit
        if (read_ == written_seen_) return nullptr;
      }
      return slot(slot_);
    }
    void release() noexcept {
      slot_ = slot_ + 1 == capacity_ ? 0 : slot_ + 1;
      positions_.read.store(++read_, std::memory_order_seq_cst);  // SYNC: Producer::tryClaim
      wakeIfAsleep(positions_.producer_sleeps, made_->for_producer);
    }
    bool tryPop(void* element) noexcept {
      const void* const place = tryTake();
      if (place == nullptr) return false;
      std::memcpy(element, place, size_bytes_);
      release();
      return true;
    }
    bool popFor(void* element, nanoseconds timeout) noexcept {
      return tryUntil(positions_.consumer_sleeps, made_->for_consumer, timeout,
                      [&] { return tryPop(element); });
    }

   private:
    std::uint64_t read_;
    std::uint64_t slot_;  ///< that the next element comes from
    std::uint64_t written_seen_ = positions_.written.load(std::memory_order_acquire);
  };
};

RINGSIDE_QUEUE(eventfd_ring, EventfdRing, "a plain ring whose sides sleep on an eventfd");

}  // namespace
}  // namespace ringside::harness
