// A queue that goes wrong where the environment variable RINGSIDE_TEST_TROUBLE says: "push: segv",
// a place and what happens there. Without it, it is sound.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "harness/measurable_queue.hpp"

namespace {

using namespace ringside::harness;

void meetTroubleAt(const char* place) {
  static const char* const asked = std::getenv("RINGSIDE_TEST_TROUBLE");
  if (asked == nullptr || std::strncmp(asked, place, std::strlen(place)) != 0) return;
  const std::string what = asked + std::strlen(place);
  if (what == ": segv") ::raise(SIGSEGV);
  if (what == ": abort") std::abort();
  if (what == ": exit") std::exit(0);
  if (what == ": exit 9") std::exit(9);
  if (what == ": throw") throw std::runtime_error("no luck at " + std::string(place));
  if (what == ": throw a number") throw 42;
  if (what == ": no memory") throw std::system_error(ENOMEM, std::system_category(), "no room");
  if (what == ": hang") ::pause();
}

const bool loaded = [] {
  meetTroubleAt("load");
  return true;
}();

struct Shared {
  alignas(64) std::atomic<std::uint64_t> written{0};
  alignas(64) std::atomic<std::uint64_t> read{0};

  std::byte* slot(std::uint64_t position, const QueueShape& shape) {
    return reinterpret_cast<std::byte*>(this + 1) +
           position % shape.capacity * shape.element_size_bytes;
  }
};

struct Troubled {
  static QueueLimits limits() {
    meetTroubleAt("limits");
    return {};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    meetTroubleAt("bytesNeeded");
    return sizeof(Shared) + shape.capacity * shape.element_size_bytes;
  }
  static void create(const Place& place, const QueueShape&) {
    meetTroubleAt("create");
    new (place.memory.data()) Shared;
  }
  static HeldQueue hold(const Place&, const QueueShape& shape) {
    meetTroubleAt("hold");
    const std::uint64_t bytes = bytesNeeded(shape);
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::system_category(), "mmap");
    new (memory) Shared;
    const auto drop = [bytes](void* begin) {
      meetTroubleAt("drop");
      ::munmap(begin, bytes);
    };
    return {.object = std::shared_ptr<void>(memory, drop),
            .memory = {static_cast<std::byte*>(memory), bytes}};
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(std::launder(reinterpret_cast<Shared*>(place.memory.data()))), shape_(shape) {
      meetTroubleAt("attach");
    }
    bool tryPush(const void* element) {
      meetTroubleAt("push");
      const std::uint64_t position = shared_->written.load(std::memory_order_relaxed);  // ours
      if (position - shared_->read.load(std::memory_order_acquire) == shape_.capacity) return false;
      std::memcpy(shared_->slot(position, shape_), element, shape_.element_size_bytes);
      shared_->written.store(position + 1, std::memory_order_release);  // SYNC: tryPop()
      return true;
    }
    bool tryPop(void* element) {
      meetTroubleAt("pop");
      const std::uint64_t position = shared_->read.load(std::memory_order_relaxed);  // ours
      if (shared_->written.load(std::memory_order_acquire) == position) return false;
      std::memcpy(element, shared_->slot(position, shape_), shape_.element_size_bytes);
      shared_->read.store(position + 1, std::memory_order_release);  // SYNC: tryPush()
      return true;
    }

   private:
    Shared* shared_;
    QueueShape shape_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(troubled, Troubled, "test only");

}  // namespace
