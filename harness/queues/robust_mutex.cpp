// The simple comparison: a circular array under one process-shared robust mutex. Whoever finds the
// owner dead makes the mutex consistent and goes on: an element counts only once a position moved.
#include <pthread.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "harness/registry.hpp"

namespace ringside::harness {
namespace {

struct RobustMutexRing {
  /// At the beginning of the memory; the elements follow.
  struct Shared {
    ::pthread_mutex_t mutex;
    alignas(64) std::uint64_t written;
    std::uint64_t read;
    alignas(64) std::byte elements[1];
  };

  static QueueLimits limits() {
    return {.max_producers = kMaxWorkersPerRole, .max_consumers = kMaxWorkersPerRole};
  }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Shared) + shape.capacity * shape.element_size_bytes;
  }
  static void create(const Place& place, const QueueShape&) {
    auto* shared = new (place.memory.data()) Shared;
    ::pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    const int failure = ::pthread_mutex_init(&shared->mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    if (failure != 0) {
      throw std::system_error(failure, std::system_category(), "no robust mutex");
    }
  }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(reinterpret_cast<Shared*>(place.memory.data())), shape_(shape) {}

    bool tryPush(const void* element) noexcept {
      if (!lock()) return false;
      const bool fits = shared_->written - shared_->read < shape_.capacity;
      if (fits) {
        std::memcpy(slot(shared_->written), element, shape_.element_size_bytes);
        ++shared_->written;
      }
      ::pthread_mutex_unlock(&shared_->mutex);
      return fits;
    }
    bool tryPop(void* element) noexcept {
      if (!lock()) return false;
      const bool filled = shared_->written != shared_->read;
      if (filled) {
        std::memcpy(element, slot(shared_->read), shape_.element_size_bytes);
        ++shared_->read;
      }
      ::pthread_mutex_unlock(&shared_->mutex);
      return filled;
    }

   private:
    bool lock() noexcept {
      const int result = ::pthread_mutex_lock(&shared_->mutex);
      if (result == EOWNERDEAD) return ::pthread_mutex_consistent(&shared_->mutex) == 0;
      return result == 0;
    }
    std::byte* slot(std::uint64_t position) noexcept {
      return shared_->elements + position % shape_.capacity * shape_.element_size_bytes;
    }

    Shared* shared_;
    QueueShape shape_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(robust_mutex, RobustMutexRing, "circular array under a robust mutex");

}  // namespace
}  // namespace ringside::harness
