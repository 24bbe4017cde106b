// A pair of Unix sockets that keep messages apart. They have no name: workers inherit both ends.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

class SocketPair {
 public:
  explicit SocketPair(const QueueShape& shape) {
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_) != 0) {
      throw std::system_error(errno, std::system_category(), "socketpair");
    }
    // As near to the capacity as the kernel allows; the record says that it is not exact.
    const std::uint64_t wanted = shape.capacity * shape.element_size_bytes;
    const int bytes = static_cast<int>(std::min<std::uint64_t>(wanted, INT_MAX / 2));
    ::setsockopt(ends_[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  ~SocketPair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int sending() const noexcept { return ends_[0]; }
  int receiving() const noexcept { return ends_[1]; }

 private:
  int ends_[2] = {-1, -1};
};

/// Whether the descriptor is ready before the timeout.
bool isReady(int descriptor, short events, std::chrono::nanoseconds timeout) noexcept {
  ::pollfd polled = {descriptor, events, 0};
  const ::timespec time = {timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
  return ::ppoll(&polled, 1, &time, nullptr) > 0;
}

struct Seqpacket {
  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .max_element_size_bytes = 64 << 10,
            .gives_up = "a sleeping producer is woken when most of it is empty, not for one place",
            .inherited_only = true,
            .provision = Provision::Queue,
            .exact_capacity = false,
            .capacity_note =
                "a socket holds bytes, with what the kernel adds to each message, not "
                "a number of elements"};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return 0; }  // the kernel's own memory
  static void create(const Place&, const QueueShape&) {}             // by hold()
  static HeldQueue hold(const Place&, const QueueShape& shape) {
    return {.object = std::make_shared<SocketPair>(shape), .memory = {}};
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : sending_(std::static_pointer_cast<SocketPair>(place.held)->sending()),
          receiving_(std::static_pointer_cast<SocketPair>(place.held)->receiving()),
          size_bytes_(shape.element_size_bytes) {}
    bool tryPush(const void* element) noexcept {
      const ::ssize_t sent = ::send(sending_, element, size_bytes_, MSG_DONTWAIT | MSG_NOSIGNAL);
      return sent == static_cast<::ssize_t>(size_bytes_);
    }
    // Less than an element counts as received: its stamp will show that it is torn.
    bool tryPop(void* element) noexcept {
      return ::recv(receiving_, element, size_bytes_, MSG_DONTWAIT) > 0;
    }
    bool pushFor(const void* element, std::chrono::nanoseconds timeout) noexcept {
      return isReady(sending_, POLLOUT, timeout) && tryPush(element);
    }
    bool popFor(void* element, std::chrono::nanoseconds timeout) noexcept {
      return isReady(receiving_, POLLIN, timeout) && tryPop(element);
    }

   private:
    int sending_;
    int receiving_;
    std::uint64_t size_bytes_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(seqpacket, Seqpacket, "a pair of Unix seqpacket sockets");

}  // namespace
}  // namespace ringside::harness
