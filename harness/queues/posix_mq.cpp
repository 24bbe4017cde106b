// A POSIX message queue. Opened twice before workers are forked, once to try and once to wait, and
// unlinked at once: workers inherit both, and nothing stays behind.
#include <fcntl.h>
#include <fmt/format.h>
#include <mqueue.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "harness/measurable_queue.hpp"
#include "harness/system_files.hpp"
#include "ringside/wait.hpp"

namespace ringside::harness {
namespace {

/// The two ways to one queue.
class OpenedMq {
 public:
  OpenedMq(const Place& place, const QueueShape& shape) {
    const std::string name = "/" + place.name;
    ::mq_attr attributes = {};
    attributes.mq_maxmsg = static_cast<long>(shape.capacity);
    attributes.mq_msgsize = static_cast<long>(shape.element_size_bytes);
    trying_ = ::mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attributes);
    if (trying_ < 0) refuse(errno, shape);
    waiting_ = ::mq_open(name.c_str(), O_RDWR);
    const int failure = waiting_ < 0 ? errno : 0;
    ::mq_unlink(name.c_str());
    if (failure == 0) return;
    ::mq_close(trying_);
    refuse(failure, shape);
  }
  OpenedMq(const OpenedMq&) = delete;
  OpenedMq& operator=(const OpenedMq&) = delete;
  ~OpenedMq() {
    ::mq_close(trying_);
    ::mq_close(waiting_);
  }

  ::mqd_t trying() const noexcept { return trying_; }
  ::mqd_t waiting() const noexcept { return waiting_; }

 private:
  [[noreturn]] static void refuse(int failure, const QueueShape& shape) {
    const SystemFiles files;
    const auto limit = [&](const char* name) {
      const std::string path = fmt::format("/proc/sys/fs/mqueue/{}", name);
      return fmt::format("{} is {}", path, files.line(path).value_or("unknown"));
    };
    const std::string asked = fmt::format("a POSIX message queue of {} messages of {} bytes",
                                          shape.capacity, shape.element_size_bytes);
    if (failure == EINVAL) {  // over a limit, and not allowed to be
      throw std::system_error(EPERM, std::system_category(),
                              fmt::format("{}: raise the limits, {} and {}", asked,
                                          limit("msg_max"), limit("msgsize_max")));
    }
    if (failure == EMFILE || failure == ENOSPC || failure == ENFILE) {
      throw std::system_error(
          ENOMEM, std::system_category(),
          fmt::format("{}: too much for one user, see `ulimit -q`, or too many, {}", asked,
                      limit("queues_max")));
    }
    throw std::system_error(failure, std::system_category(), asked);
  }

  ::mqd_t trying_ = -1;
  ::mqd_t waiting_ = -1;
};

/// The moment that a wait of the system ends at, on the clock that it goes by.
::timespec wallTimeAfter(std::chrono::nanoseconds timeout) {
  ::timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t end_ns = now.tv_nsec + timeout.count();
  return {now.tv_sec + end_ns / 1'000'000'000, end_ns % 1'000'000'000};
}

struct PosixMq {
  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .inherited_only = true,
            .provision = Provision::Queue};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return 0; }  // the kernel's own memory
  static void create(const Place&, const QueueShape&) {}             // by hold()
  static HeldQueue hold(const Place& place, const QueueShape& shape) {
    return {.object = std::make_shared<OpenedMq>(place, shape), .memory = {}};
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : opened_(std::static_pointer_cast<OpenedMq>(place.held)),
          trying_(opened_->trying()),
          waiting_(opened_->waiting()),
          size_bytes_(shape.element_size_bytes) {}

    bool tryPush(const void* element) noexcept {
      return ::mq_send(trying_, static_cast<const char*>(element), size_bytes_, 0) == 0;
    }
    bool pushFor(const void* element, std::chrono::nanoseconds timeout) noexcept {
      const ::timespec end = wallTimeAfter(timeout);
      return ::mq_timedsend(waiting_, static_cast<const char*>(element), size_bytes_, 0, &end) == 0;
    }
    // Less than an element counts as received: its stamp will show that it is torn.
    bool tryPop(void* element) noexcept {
      return ::mq_receive(trying_, static_cast<char*>(element), size_bytes_, nullptr) >= 0;
    }
    bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept {
      const ::timespec end = wallTimeAfter(timeout);
      return ::mq_timedreceive(waiting_, static_cast<char*>(element), size_bytes_, nullptr, &end) >=
             0;
    }

   private:
    std::shared_ptr<OpenedMq> opened_;
    ::mqd_t trying_;
    ::mqd_t waiting_;
    std::uint64_t size_bytes_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(posix_mq, PosixMq, "a POSIX message queue");

}  // namespace
}  // namespace ringside::harness
