// The core's values that are replaced as a whole, and the simple comparison: a value under a mutex.
#include "harness/verify/snapshot.hpp"
#include "ringside/double_buffer.hpp"
#include "ringside/robust_mutex.hpp"
#include "ringside/shared_config.hpp"
#include "ringside/shared_object.hpp"

namespace ringside::harness {
namespace {

template <class Value>
class DoubleBufferSnapshot {
 public:
  DoubleBufferSnapshot(const std::string& name, const MemoryOptions& memory)
      : object_(name, memory) {}
  bool write(const Value& value) { return object_->write(value) == 0; }
  bool read(Versioned<Value>& into) { return object_->read(into) == 0; }

 private:
  SharedObject<DoubleBuffer<Value>> object_;
};

template <class Value>
class SharedConfigSnapshot {
 public:
  SharedConfigSnapshot(const std::string& name, const MemoryOptions& memory)
      : object_(name, memory) {}
  bool write(const Value& value) {
    return object_->update([&](Value& now) { now = value; }) == 0;
  }
  bool read(Versioned<Value>& into) { return object_->read(into) == 0; }

 private:
  SharedObject<SharedConfig<Value>> object_;
};

/// Two values, of which the version says which one counts: a writer that dies half way has changed
/// the other one, and there is nothing to repair.
template <class Value>
class GuardedValue {
 public:
  bool write(const Value& value) noexcept {
    RobustLock lock(mutex_);
    if (!lock) return false;
    lock.repaired();
    // relaxed: nobody writes it without the lock.
    const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
    values_[next % 2] = value;
    version_.store(next, std::memory_order_release);  // after the value, also for one who dies here
    return true;
  }
  bool read(Versioned<Value>& into) noexcept {
    RobustLock lock(mutex_);
    if (!lock) return false;
    lock.repaired();
    into.version = version_.load(std::memory_order_relaxed);  // relaxed: as above
    into.value = values_[into.version % 2];
    return true;
  }

 private:
  RobustMutex mutex_;
  std::atomic<std::uint64_t> version_ = 0;
  Value values_[2] = {};
};

template <class Value>
class MutexSnapshot {
 public:
  MutexSnapshot(const std::string& name, const MemoryOptions& memory) : object_(name, memory) {}
  bool write(const Value& value) { return object_->write(value); }
  bool read(Versioned<Value>& into) { return object_->read(into); }

 private:
  SharedObject<GuardedValue<Value>> object_;
};

RINGSIDE_SNAPSHOT(double_buffer, DoubleBufferSnapshot, "Ringside's value that is read whole");
RINGSIDE_SNAPSHOT(shared_config, SharedConfigSnapshot, "Ringside's value that is changed in place");
RINGSIDE_SNAPSHOT(robust_mutex_value, MutexSnapshot, "a value under a robust mutex");

}  // namespace
}  // namespace ringside::harness
