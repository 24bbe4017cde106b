// A queue over a core of its own, which the test has changed: one function of it in an archive, one
// in a header, of the names that the program's core has, too. What they say here becomes the note
// of each record.
#include <string>

#include "harness/measurable_queue.hpp"
#include "ringside/mutex_ring.hpp"
#include "ringside/wait.hpp"

namespace {

using namespace ringside::harness;

struct OwnCoreQueue {
  static std::string_view whatTheCoreSays() {
    using Expired = bool (*)(const ringside::Deadline&);
    const volatile Expired expired = &ringside::expired;  // not inlined
    static const std::string text =
        "tries between sleeps: " + std::to_string(ringside::sleepTuning().tries_between_sleeps) +
        ", no deadline has passed: " + (expired(std::nullopt) ? "yes" : "no");
    return text;
  }
  static QueueLimits limits() {
    return {.exact_capacity = false, .capacity_note = whatTheCoreSays()};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return ringside::MutexRing::bytesNeeded(shape.element_size_bytes, shape.capacity);
  }
  static void create(const Place& place, const QueueShape& shape) {
    ringside::MutexRing::create(place.memory.data(), place.memory.size(), shape.element_size_bytes,
                                shape.capacity);
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape&) : ring_(place.memory.data(), place.memory.size()) {}
    bool tryPush(const void* element) noexcept { return ring_.tryPush(element) == 0; }
    bool tryPop(void* element) noexcept { return ring_.tryPop(element) == 0; }

   private:
    ringside::MutexRing ring_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(own_core, OwnCoreQueue, "test only");

}  // namespace
