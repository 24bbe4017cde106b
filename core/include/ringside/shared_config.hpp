// Read-mostly data between processes: readers get value and version together and never wait for a
// writer, writers change it as a whole, and who wants to know of changes sleeps until there is one.
// A process may die at any instruction; the others go on with the last whole value.
//
// Not made of a pthread_rwlock_t: that has no robust kind, and a reader that dies in it locks every
// writer out for ever.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "ringside/double_buffer.hpp"
#include "ringside/error.hpp"
#include "ringside/wait.hpp"

namespace ringside {

/// Made by placement new in memory that all its users have mapped for writing, with the same T in
/// all of them. There is nothing to destroy.
template <class T>
class SharedConfig {
 public:
  /// Throws std::system_error where the system has no robust mutex.
  explicit SharedConfig(const T& initial = T{}) : values_(initial), changed_{} {
    static_assert(std::is_trivially_destructible_v<SharedConfig>,
                  "nobody would know when to destroy it");
  }
  SharedConfig(const SharedConfig&) = delete;
  SharedConfig& operator=(const SharedConfig&) = delete;

  /// Value and version, which belong together. 0, or -1 as DoubleBuffer::read.
  int read(Versioned<T>& out) noexcept { return values_.read(out); }
  /// Throws std::system_error where the other returns -1.
  Versioned<T> read() {
    Versioned<T> out;
    if (read(out) == -1) throw std::system_error(lastError, "cannot read the configuration");
    return out;
  }

  /// Replaces the value by what `change(T&)` makes of it, without another update in between, and
  /// wakes who waits for that. When `change` throws nothing has happened. 0, or -1 with InUse from
  /// within another update() of the same thread. No system call when nobody waits.
  template <class Change>
  int update(Change&& change) {
    if (values_.update(std::forward<Change>(change)) == -1) return -1;
    // The barrier is this side's: updates are rare, and it asks nothing of the sleepers' processes.
    changed_.wake(WakeOrder::WakerPays);
    return 0;
  }

  /// How many updates there were. Only grows.
  std::uint64_t version() const noexcept { return values_.version(); }

  /// Sleeps until the version is not `seen_version`. 0, or -1 with TimedOut when it still was after
  /// `timeout`.
  int waitForChange(std::uint64_t seen_version, Timeout timeout) noexcept {
    const bool changed = waitUntil(changed_, Wait::Block, deadlineAfter(timeout),
                                   [&] { return version() != seen_version; });
    return changed ? 0 : fail(Errc::TimedOut);
  }

 private:
  DoubleBuffer<T> values_;
  alignas(kCacheLineBytes) WaitPoint changed_;
};

}  // namespace ringside
