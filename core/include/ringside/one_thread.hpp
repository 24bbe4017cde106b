// Notices two threads in one handle at once: an assert in a debug build, nothing in others. What
// it needs is there in both, so that they may be linked into one program.
#pragma once

#include <atomic>
#include <cassert>

namespace ringside {

#ifdef NDEBUG
/// Held during a call of a handle.
class UncheckedCall {
 public:
  explicit UncheckedCall(std::atomic<bool>&) noexcept {}
};
using CallOfOneThread = UncheckedCall;
#else
/// Held during a call of the handle that `in_call` belongs to.
class CheckedCall {
 public:
  explicit CheckedCall(std::atomic<bool>& in_call) noexcept : in_call_(in_call) {
    // relaxed: it orders nothing, so that a race stays one to ThreadSanitizer.
    const bool is_alone = !in_call_.exchange(true, std::memory_order_relaxed);
    assert(is_alone && "a handle is used by one thread at a time");
  }
  CheckedCall(const CheckedCall&) = delete;
  CheckedCall& operator=(const CheckedCall&) = delete;
  ~CheckedCall() { in_call_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool>& in_call_;
};
using CallOfOneThread = CheckedCall;
#endif

}  // namespace ringside
