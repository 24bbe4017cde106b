#include "faulty_queues.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <new>
#include <stdexcept>
#include <vector>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

enum class Fault {
  None,
  Lose,
  Duplicate,
  Reorder,
  Tear,
  Invent,
  Scramble,
  Blank,
  StuckMaker,
  Quit,
  Crash,
  Hang,
  Throw,
  Unobtainable,
  Deaf
};

constexpr std::uint64_t kEvery = 100;  ///< operations between two faults

/// One producer, one consumer, a position each.
template <Fault kFault>
struct FaultyRing {
  struct Shared {
    alignas(64) std::atomic<std::uint64_t> written;
    alignas(64) std::atomic<std::uint64_t> read;
    alignas(64) std::byte elements[64];
  };

  static QueueLimits limits() { return {}; }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Shared) + shape.capacity * shape.element_size_bytes;
  }
  static void create(const Place& place, const QueueShape&) {
    new (place.memory.data()) Shared;
    while (kFault == Fault::StuckMaker) ::pause();
    if (kFault == Fault::Throw) throw std::runtime_error("this queue cannot be made");
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(reinterpret_cast<Shared*>(place.memory.data())),
          size_(shape.element_size_bytes),
          capacity_(shape.capacity),
          held_back_(size_) {
      if (kFault == Fault::Unobtainable) {
        throw std::system_error(ENOMEM, std::system_category(), "no such memory here");
      }
    }

    bool tryPush(const void* element) noexcept {
      if (kFault == Fault::Deaf) return false;
      const bool faulty = ++operations_ % kEvery == 0;
      if (kFault == Fault::Quit && operations_ == 10 * kEvery) ::_exit(0);
      if (kFault == Fault::Crash && operations_ == 10 * kEvery) ::raise(SIGABRT);
      if (kFault == Fault::Lose && faulty) return true;
      if (kFault == Fault::Reorder && holding_) return pushSwapped(element);
      if (kFault == Fault::Reorder && faulty) {
        std::memcpy(held_back_.data(), element, size_);
        return holding_ = true;
      }
      if (!store(element)) {
        --operations_;
        return false;
      }
      return true;
    }

    bool tryPop(void* element) noexcept {
      const std::uint64_t read = shared_->read.load(std::memory_order_relaxed);
      if (read == shared_->written.load(std::memory_order_acquire)) return false;
      std::memcpy(element, slot(read), size_);
      const bool faulty = ++operations_ % kEvery == 0;
      if (kFault == Fault::Tear && faulty) std::memset(element, 0x5a, size_ / 2);
      if (kFault == Fault::Scramble && faulty)
        std::memset(static_cast<std::byte*>(element) + 8, 1, 48);
      if (kFault == Fault::Blank && operations_ == 1) std::memset(element, 0, size_);
      if (kFault == Fault::Invent && faulty) invent(element);
      while (kFault == Fault::Hang && operations_ >= kEvery) ::pause();
      if (kFault == Fault::Duplicate && faulty) return true;
      shared_->read.store(read + 1, std::memory_order_release);
      return true;
    }

   private:
    /// A whole element with a number that its producer has not come to.
    void invent(void* element) noexcept {
      ElementBytes invented(size_);
      invented.write({0, operations_ * 1000});
      std::memcpy(element, invented.data(), size_);
    }
    bool store(const void* element) noexcept {
      const std::uint64_t written = shared_->written.load(std::memory_order_relaxed);
      if (written - shared_->read.load(std::memory_order_acquire) == capacity_) return false;
      std::memcpy(slot(written), element, size_);
      shared_->written.store(written + 1, std::memory_order_release);
      return true;
    }
    /// The later one first, then the one that was held back.
    bool pushSwapped(const void* element) noexcept {
      const std::uint64_t used = shared_->written.load() - shared_->read.load();
      if (used + 2 > capacity_) return false;
      holding_ = false;
      return store(element) && store(held_back_.data());
    }
    std::byte* slot(std::uint64_t position) noexcept {
      return shared_->elements + position % capacity_ * size_;
    }

    Shared* shared_;
    std::uint64_t size_;
    std::uint64_t capacity_;
    std::uint64_t operations_ = 0;
    bool holding_ = false;
    std::vector<std::byte> held_back_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(faulty_losing, FaultyRing<Fault::Lose>, "test only");
RINGSIDE_QUEUE(faulty_duplicating, FaultyRing<Fault::Duplicate>, "test only");
RINGSIDE_QUEUE(faulty_reordering, FaultyRing<Fault::Reorder>, "test only");
RINGSIDE_QUEUE(faulty_tearing, FaultyRing<Fault::Tear>, "test only");
RINGSIDE_QUEUE(faulty_inventing, FaultyRing<Fault::Invent>, "test only");
RINGSIDE_QUEUE(faulty_scrambling, FaultyRing<Fault::Scramble>, "test only");
RINGSIDE_QUEUE(faulty_blank, FaultyRing<Fault::Blank>, "test only");
RINGSIDE_QUEUE(faulty_stuck_maker, FaultyRing<Fault::StuckMaker>, "test only");
RINGSIDE_QUEUE(faulty_quitting, FaultyRing<Fault::Quit>, "test only");
RINGSIDE_QUEUE(faulty_crashing, FaultyRing<Fault::Crash>, "test only");
RINGSIDE_QUEUE(faulty_hanging, FaultyRing<Fault::Hang>, "test only");
RINGSIDE_QUEUE(faulty_throwing, FaultyRing<Fault::Throw>, "test only");
RINGSIDE_QUEUE(faulty_unobtainable, FaultyRing<Fault::Unobtainable>, "test only");
RINGSIDE_QUEUE(faulty_deaf, FaultyRing<Fault::Deaf>, "test only");
RINGSIDE_QUEUE(faulty_not, FaultyRing<Fault::None>, "test only");

}  // namespace
}  // namespace ringside::harness
