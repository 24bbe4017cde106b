// moodycamel's ConcurrentQueue: each producer has blocks of its own, linked by addresses, so that
// all sides must be threads of one process. Used with tokens, as its author advises, and made with
// room for its capacity whoever produces; it is never asked to allocate.
#include <concurrentqueue/concurrentqueue.h>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

template <std::uint64_t kBytes>
struct MoodycamelConcurrent {
  using Element = ElementOf<kBytes>;
  using Queue = moodycamel::ConcurrentQueue<Element>;

  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .max_capacity = 1ULL << 24,
            .gives_up =
                "other processes: its sides are threads of one; any order between "
                "producers; and places that one producer had stay its own",
            .threads_only = true,
            .provision = Provision::Queue,
            .exact_capacity = false,
            .capacity_note =
                "ConcurrentQueue has blocks of 32 elements for each producer: it holds "
                "at least its capacity"};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Queue) + shape.capacity * sizeof(Element);
  }
  static void create(const Place&, const QueueShape&) {}  // by hold()
  static HeldQueue hold(const Place&, const QueueShape& shape) {
    return {.object = std::make_shared<Queue>(shape.capacity, shape.producers, 0), .memory = {}};
  }

  class Producer {
   public:
    Producer(const Place& place, const QueueShape&)
        : queue_(std::static_pointer_cast<Queue>(place.held)), token_(*queue_) {}
    bool tryPush(const void* element) noexcept {
      return queue_->try_enqueue(token_, *static_cast<const Element*>(element));
    }
    /// All of them or none.
    std::size_t tryPush(const void* elements, std::size_t count) noexcept {
      const auto* first = static_cast<const Element*>(elements);
      return queue_->try_enqueue_bulk(token_, first, count) ? count : 0;
    }

   private:
    std::shared_ptr<Queue> queue_;
    moodycamel::ProducerToken token_;
  };

  class Consumer {
   public:
    Consumer(const Place& place, const QueueShape&)
        : queue_(std::static_pointer_cast<Queue>(place.held)), token_(*queue_) {}
    bool tryPop(void* element) noexcept {
      return queue_->try_dequeue(token_, *static_cast<Element*>(element));
    }
    std::size_t tryPop(void* elements, std::size_t count) noexcept {
      return queue_->try_dequeue_bulk(token_, static_cast<Element*>(elements), count);
    }

   private:
    std::shared_ptr<Queue> queue_;
    moodycamel::ConsumerToken token_;
  };
};

RINGSIDE_SIZED_QUEUE(concurrentqueue, MoodycamelConcurrent, "moodycamel::ConcurrentQueue");

}  // namespace
}  // namespace ringside::harness
