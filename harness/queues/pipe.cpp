// The kernel's own queue: a named pipe, opened by name in each worker. A write of up to PIPE_BUF
// bytes is one message, whoever else writes.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {
namespace {

struct Pipe {
  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .max_element_size_bytes = PIPE_BUF,
            .provision = Provision::Queue,
            .exact_capacity = false,
            .capacity_note = "a pipe holds bytes, in pages, not a number of elements"};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return 0; }  // the kernel's own memory

  static std::string path(const Place& place) { return "/dev/shm/" + place.name; }
  static void create(const Place& place, const QueueShape&) {
    if (::mkfifo(path(place).c_str(), 0600) != 0) fail("cannot make the pipe", place);
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : size_bytes_(shape.element_size_bytes),
          // For both directions, so that neither opening nor reading waits for the other side.
          descriptor_(::open(path(place).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
      if (descriptor_ < 0) fail("cannot open the pipe", place);
      const std::uint64_t wanted = shape.capacity * shape.element_size_bytes;
      // As near to the capacity as the kernel allows; the record says that it is not exact.
      ::fcntl(descriptor_, F_SETPIPE_SZ, static_cast<int>(std::min(wanted, largestPipeBytes())));
    }
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    ~Side() { ::close(descriptor_); }

    bool tryPush(const void* element) noexcept {
      return ::write(descriptor_, element, size_bytes_) == static_cast<::ssize_t>(size_bytes_);
    }
    // Less than an element counts as received: its stamp will show that it is torn.
    bool tryPop(void* element) noexcept { return ::read(descriptor_, element, size_bytes_) > 0; }

   private:
    std::uint64_t size_bytes_;
    int descriptor_;
  };
  using Producer = Side;
  using Consumer = Side;

 private:
  static std::uint64_t largestPipeBytes() {
    std::uint64_t bytes = 65536;
    std::ifstream("/proc/sys/fs/pipe-max-size") >> bytes;
    return bytes;
  }
  [[noreturn]] static void fail(const char* what, const Place& place) {
    throw std::system_error(errno, std::system_category(), what + (" " + path(place)));
  }
};

RINGSIDE_QUEUE(pipe, Pipe, "a named pipe of the kernel");

}  // namespace
}  // namespace ringside::harness
