// moodycamel's ReaderWriterQueue: blocks in a ring, linked by addresses, so that its two sides must
// be threads of one process. It is made with room for its capacity and never asked to allocate.
#include <readerwriterqueue/readerwriterqueue.h>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

template <std::uint64_t kBytes>
struct MoodycamelReaderWriter {
  using Element = ElementOf<kBytes>;
  using Queue = moodycamel::ReaderWriterQueue<Element>;

  static QueueLimits limits() {
    return {
        .max_capacity = 1ULL << 24,
        .gives_up = "other processes: its sides are threads of one",
        .threads_only = true,
        .provision = Provision::Queue,
        .exact_capacity = false,
        .capacity_note = "ReaderWriterQueue holds at least its capacity: as much as its blocks do"};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Queue) + shape.capacity * sizeof(Element);
  }
  static void create(const Place&, const QueueShape&) {}  // by hold()
  static HeldQueue hold(const Place&, const QueueShape& shape) {
    return {.object = std::make_shared<Queue>(shape.capacity), .memory = {}};
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : queue_(std::static_pointer_cast<Queue>(place.held)) {}
    bool tryPush(const void* element) noexcept {
      return queue_->try_enqueue(*static_cast<const Element*>(element));
    }
    bool tryPop(void* element) noexcept {
      return queue_->try_dequeue(*static_cast<Element*>(element));
    }

   private:
    std::shared_ptr<Queue> queue_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_SIZED_QUEUE(readerwriterqueue, MoodycamelReaderWriter, "moodycamel::ReaderWriterQueue");

}  // namespace
}  // namespace ringside::harness
