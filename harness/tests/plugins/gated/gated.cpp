// Two queues that behave as a word in this file's code says: "sound", "delays", "loses", "crashes".
// test_gate.py writes another word into a copy, and has two arms that differ in nothing else.
#include <signal.h>

#include <atomic>
#include <cstring>
#include <new>

#include "harness/measurable_queue.hpp"

namespace {

using namespace ringside::harness;

// Volatile, for the compiler knows only the first of the words.
[[gnu::used]] volatile char behaviour[] = "gated behaves: sound  ";
constexpr std::size_t kWordAt = 15;

struct Shared {
  alignas(64) std::atomic<std::uint64_t> written{0};
  alignas(64) std::atomic<std::uint64_t> read{0};

  std::byte* slot(std::uint64_t position, const QueueShape& shape) {
    return reinterpret_cast<std::byte*>(this + 1) +
           position % shape.capacity * shape.element_size_bytes;
  }
};

struct Gated {
  static QueueLimits limits() { return {}; }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Shared) + shape.capacity * shape.element_size_bytes;
  }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Shared; }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(std::launder(reinterpret_cast<Shared*>(place.memory.data()))), shape_(shape) {}

    bool tryPush(const void* element) {
      const std::uint64_t position = shared_->written.load(std::memory_order_relaxed);  // ours
      if (position - shared_->read.load(std::memory_order_acquire) == shape_.capacity) return false;
      std::memcpy(shared_->slot(position, shape_), element, shape_.element_size_bytes);
      const bool nth = ++pushes_ % kNth == 0;
      if (behaviour_ == 'd') delay(position);
      if (behaviour_ == 'l' && nth) return true;
      if (behaviour_ == 'c' && nth) ::raise(SIGSEGV);
      shared_->written.store(position + 1, std::memory_order_release);  // SYNC: tryPop()
      return true;
    }
    bool tryPop(void* element) {
      const std::uint64_t position = shared_->read.load(std::memory_order_relaxed);  // ours
      if (shared_->written.load(std::memory_order_acquire) == position) return false;
      std::memcpy(element, shared_->slot(position, shape_), shape_.element_size_bytes);
      shared_->read.store(position + 1, std::memory_order_release);  // SYNC: tryPush()
      return true;
    }

   private:
    static constexpr std::uint64_t kNth = 1000;
    static constexpr int kSteps = 600;

    /// Some hundred nanoseconds of multiplications, each of which needs the one before.
    static void delay(std::uint64_t word) {
      for (int i = 0; i < kSteps; ++i) {
        word = word * 0x9e3779b97f4a7c15ULL + 1;
        asm volatile("" : "+r"(word));
      }
    }

    Shared* shared_;
    QueueShape shape_;
    std::uint64_t pushes_ = 0;
    char behaviour_ = behaviour[kWordAt];  ///< its first letter says which
  };
  using Producer = Side;
  using Consumer = Side;
};

struct GatedToo : Gated {};

RINGSIDE_QUEUE(gated, Gated, "test only");
RINGSIDE_QUEUE(gated_too, GatedToo, "test only");

}  // namespace
