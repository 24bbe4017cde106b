// A System V message queue, which has a number and no name. The kernel keeps it until somebody
// removes it: its number is noted in /dev/shm, for the janitor, should this program be killed.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "harness/janitor.hpp"
#include "harness/measurable_queue.hpp"
#include "harness/system_files.hpp"

namespace ringside::harness {
namespace {

class MadeMsg {
 public:
  MadeMsg(const Place& place, const QueueShape& shape) {
    refuseLargeMessages(shape);
    id_ = ::msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    if (id_ < 0) throw std::system_error(errno, std::system_category(), "msgget");
    note_ = noteMessageQueue(place.name, id_);
    ::msqid_ds state = {};
    ::msgctl(id_, IPC_STAT, &state);
    state.msg_qbytes = shape.capacity * shape.element_size_bytes;  // so that it holds as many
    if (::msgctl(id_, IPC_SET, &state) == 0) return;
    const int failure = errno;
    removeSegments(note_);
    throw std::system_error(
        failure, std::system_category(),
        fmt::format("a System V message queue of {} bytes: raise the limit, {}",
                    shape.capacity * shape.element_size_bytes, limit("msgmnb")));
  }
  MadeMsg(const MadeMsg&) = delete;
  MadeMsg& operator=(const MadeMsg&) = delete;
  ~MadeMsg() {
    if (::getpid() == maker_) removeSegments(note_);
  }

  int id() const noexcept { return id_; }

 private:
  static std::string limit(const char* name) {
    const std::string path = fmt::format("/proc/sys/kernel/{}", name);
    return fmt::format("{} is {}", path, SystemFiles().line(path).value_or("unknown"));
  }
  static void refuseLargeMessages(const QueueShape& shape) {
    const std::string most = SystemFiles().line("/proc/sys/kernel/msgmax").value_or("8192");
    if (shape.element_size_bytes <= std::stoull(most)) return;
    throw std::system_error(EPERM, std::system_category(),
                            fmt::format("System V messages of {} bytes: raise the limit, {}",
                                        shape.element_size_bytes, limit("msgmax")));
  }

  const ::pid_t maker_ = ::getpid();
  int id_ = -1;
  std::string note_;
};

struct SysvMsg {
  static constexpr std::uint64_t kMaxBytes = 1ULL << 20;

  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole,
            .max_consumers = kMaxWorkersPerRole,
            .max_element_size_bytes = kMaxBytes,
            .inherited_only = true,
            .provision = Provision::Queue};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return 0; }  // the kernel's own memory
  static void create(const Place&, const QueueShape&) {}             // by hold()
  static HeldQueue hold(const Place& place, const QueueShape& shape) {
    return {.object = std::make_shared<MadeMsg>(place, shape), .memory = {}};
  }

  /// A message has a type before its bytes, so that each is copied once more on either side.
  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : id_(std::static_pointer_cast<MadeMsg>(place.held)->id()),
          size_bytes_(shape.element_size_bytes),
          message_(sizeof(long) + shape.element_size_bytes) {
      constexpr long kAnyType = 1;
      std::memcpy(message_.data(), &kAnyType, sizeof kAnyType);
    }
    bool tryPush(const void* element) noexcept {
      std::memcpy(message_.data() + sizeof(long), element, size_bytes_);
      return ::msgsnd(id_, message_.data(), size_bytes_, IPC_NOWAIT) == 0;
    }
    bool tryPop(void* element) noexcept {
      if (::msgrcv(id_, message_.data(), size_bytes_, 0, IPC_NOWAIT) < 0) return false;
      std::memcpy(element, message_.data() + sizeof(long), size_bytes_);
      return true;
    }

   private:
    int id_;
    std::uint64_t size_bytes_;
    AlignedBytes message_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(sysv_msg, SysvMsg, "a System V message queue");

}  // namespace
}  // namespace ringside::harness
