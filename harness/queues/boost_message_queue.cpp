// boost::interprocess::message_queue: a priority queue under an interprocess mutex.
#include <fcntl.h>
#include <unistd.h>

#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <cerrno>
#include <system_error>

#include "harness/measurable_queue.hpp"
#include "ringside/segment.hpp"

namespace ringside::harness {
namespace {

namespace bip = boost::interprocess;

struct BoostMessageQueue {
  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .gives_up = "a try waits for whoever stopped in the middle of a call",
            .provision = Provision::Queue};
  }
  /// An upper bound: the library keeps its own figure private. Beside its bytes each message has a
  /// header and a place in an index.
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    constexpr std::uint64_t kOverhead = 64;
    return kPageBytes + shape.capacity * (shape.element_size_bytes + kOverhead);
  }
  static void create(const Place& place, const QueueShape& shape) {
    bip::message_queue(bip::create_only, place.name.c_str(), shape.capacity,
                       shape.element_size_bytes);
    reserve("/dev/shm/" + place.name);
  }

  /// The library leaves the file sparse: without room, the first message is a SIGBUS.
  static void reserve(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    const ::off_t size = ::lseek(descriptor, 0, SEEK_END);
    const int failure = size < 0 ? errno : ::posix_fallocate(descriptor, 0, size);
    ::close(descriptor);
    if (failure != 0) {
      throw std::system_error(failure, std::system_category(), "cannot reserve " + path);
    }
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : queue_(bip::open_only, place.name.c_str()), size_bytes_(shape.element_size_bytes) {}

    bool tryPush(const void* element) noexcept { return queue_.try_send(element, size_bytes_, 0); }
    bool tryPop(void* element) noexcept {
      bip::message_queue::size_type received = 0;
      unsigned priority = 0;
      return queue_.try_receive(element, size_bytes_, received, priority);
    }
    bool pushFor(const void* element, std::chrono::nanoseconds timeout) noexcept {
      return queue_.timed_send(element, size_bytes_, 0, endOf(timeout));
    }
    bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept {
      bip::message_queue::size_type received = 0;
      unsigned priority = 0;
      return queue_.timed_receive(element, size_bytes_, received, priority, endOf(timeout));
    }

   private:
    static boost::posix_time::ptime endOf(std::chrono::nanoseconds timeout) {
      return boost::posix_time::microsec_clock::universal_time() +
             boost::posix_time::microseconds(timeout.count() / 1000);
    }

    bip::message_queue queue_;
    std::uint64_t size_bytes_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(boost_message_queue, BoostMessageQueue, "boost::interprocess::message_queue");

}  // namespace
}  // namespace ringside::harness
