// The simple comparison: a circular array under one process-shared robust mutex, in memory that the
// harness provides.
#include "harness/measurable_queue.hpp"
#include "ringside/mutex_ring.hpp"

namespace ringside::harness {
namespace {

struct RobustMutexQueue {
  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .gives_up = "a try waits for whoever stopped in the middle of a call"};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return MutexRing::bytesNeeded(shape.element_size_bytes, shape.capacity);
  }
  static void create(const Place& place, const QueueShape& shape) {
    MutexRing::create(place.memory.data(), place.memory.size(), shape.element_size_bytes,
                      shape.capacity);
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape&) : ring_(place.memory.data(), place.memory.size()) {}
    bool tryPush(const void* element) noexcept { return ring_.tryPush(element) == 0; }
    bool tryPop(void* element) noexcept { return ring_.tryPop(element) == 0; }
    bool pushFor(const void* element, std::chrono::nanoseconds timeout) noexcept {
      return ring_.timedPush(element, timeout) == 0;
    }
    bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept {
      return ring_.timedPop(element, timeout) == 0;
    }

   private:
    MutexRing ring_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(robust_mutex, RobustMutexQueue, "circular array under a robust mutex");

}  // namespace
}  // namespace ringside::harness
