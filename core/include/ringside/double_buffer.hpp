// One value in shared memory that is replaced as a whole. Writers take turns; readers never wait
// for a writer, and always get a whole value, however slow they are. The textbook has two buffers
// and a slow reader sees both being written; here there are three, and a reader can pin one.
//
//   Fast read   copy the current buffer a word at a time; it was whole if its stamp still is the
//               version that the state named. No store, no lock.
//   Slow read   after kOptimisticTries of those, or for a view in place: pin. One addition to the
//               state pins whichever buffer is current at that moment. Writers pass it over.
//   Write       into a buffer that is neither current nor pinned; then the state names it.
//
// At most one buffer is current and one pinned, so the third is always free for a writer: nobody
// waits for a view but those who want one too. A process that dies leaves at most a half written
// free buffer, or a pin that the next one who pins takes back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "ringside/atomic_words.hpp"
#include "ringside/error.hpp"
#include "ringside/kill_point.hpp"
#include "ringside/robust_mutex.hpp"
#include "ringside/segment.hpp"
#include "ringside/wait.hpp"

namespace ringside {

/// A value together with the number of writes before it: 0 is what it was made with.
template <class T>
struct Versioned {
  T value;
  std::uint64_t version;
};

/// What a DoubleBuffer says about itself in one word, so that it all changes in one step:
///   bit 0       a reader has pinned the buffer that was current then
///   bits 1, 2   1 + the index of the pinned buffer once another is current, else 0
///   bits 3, 4   the index of the current buffer
///   bits 5-63   the version of the current value
class DoubleBufferState {
 public:
  static constexpr std::uint64_t kPin = 1;
  /// Clearing these ends a pin.
  static constexpr std::uint64_t kPinAndHeld = 7;
  static constexpr std::uint32_t kBuffers = 3;

  constexpr explicit DoubleBufferState(std::uint64_t word) noexcept : word_(word) {}

  constexpr std::uint64_t word() const noexcept { return word_; }
  constexpr std::uint64_t version() const noexcept { return word_ >> kVersionShift; }
  constexpr bool pinned() const noexcept { return (word_ & kPin) != 0; }
  /// 0, 1 or 2 also where the word is not one of ours: it is an index.
  constexpr std::uint32_t current() const noexcept {
    return static_cast<std::uint32_t>(word_ >> kCurrentShift & 3) % kBuffers;
  }
  /// The buffer to write next: neither current nor pinned. Of two that are free the one that has
  /// not been current for longer, which gives those who read without a pin the most time.
  constexpr std::uint32_t freeBuffer() const noexcept {
    const std::uint32_t next = (current() + 1) % kBuffers;
    return held() == next + 1 ? (next + 1) % kBuffers : next;
  }
  /// After `written` became current. A pin that nothing was written since holds on to the buffer
  /// that was current when it was made: this one.
  constexpr DoubleBufferState withCurrent(std::uint32_t written) const noexcept {
    const bool first_since_pin = pinned() && held() == 0;
    const std::uint64_t holding = first_since_pin ? current() + 1 : held();
    return DoubleBufferState((version() + 1) << kVersionShift |
                             std::uint64_t{written} << kCurrentShift | holding << kHeldShift |
                             (word_ & kPin));
  }

 private:
  static constexpr int kHeldShift = 1;
  static constexpr int kCurrentShift = 3;
  static constexpr int kVersionShift = 5;

  /// 1 + the index, or 0.
  constexpr std::uint32_t held() const noexcept {
    return static_cast<std::uint32_t>(word_ >> kHeldShift & 3);
  }

  std::uint64_t word_;
};

/// Made by placement new in memory that all its users have mapped for writing, with the same T in
/// all of them. Every `int` call returns 0, or -1 with lastError. There is nothing to destroy.
template <class T>
class DoubleBuffer {
  static_assert(std::is_trivially_copyable_v<T>,
                "copied as bytes between processes: pointers and owned memory would not arrive");
  static_assert(std::is_default_constructible_v<T>, "a read needs a T to copy into");

 public:
  class View;

  /// Throws std::system_error where the system has no robust mutex.
  explicit DoubleBuffer(const T& initial = T{}) : state_(0) {
    static_assert(std::is_standard_layout_v<DoubleBuffer>,
                  "processes of different builds would see different buffers");
    buffers_[0].stamp.store(0, std::memory_order_relaxed);  // relaxed: nobody else knows it yet
    buffers_[0].words.store(initial);
  }
  DoubleBuffer(const DoubleBuffer&) = delete;
  DoubleBuffer& operator=(const DoubleBuffer&) = delete;

  /// Replaces the value. Waits for other writers only. -1 with InUse from within update().
  int write(const T& value) noexcept {
    const RobustLock lock(writers_);
    if (!lock) return -1;
    publish(value);
    return 0;
  }
  /// Replaces the value by what `change(T&)` makes of it, without another write in between. When
  /// `change` throws nothing has happened. Keeps a T on the stack.
  template <class Change>
  int update(Change&& change) {
    const RobustLock lock(writers_);
    if (!lock) return -1;
    T value;
    buffers_[state().current()].words.load(value);  // no writer but this one: it stays current
    std::forward<Change>(change)(value);
    publish(value);
    return 0;
  }

  /// The current value. Never waits for a writer. -1 only when writers overtake every try and there
  /// is a view: InUse when it is this thread's, TimedOut when another's lived for kTurnLimit
  /// meanwhile. What `out` holds then means nothing.
  int read(T& out) noexcept {
    std::uint64_t version = 0;
    return copyCurrent(out, version);
  }
  int read(Versioned<T>& out) noexcept { return copyCurrent(out.value, out.version); }
  /// Throws std::system_error where the others return -1.
  T read() {
    T value;
    if (read(value) == -1) throw std::system_error(lastError, "cannot read the double buffer");
    return value;
  }
  /// One try, which only loads: also for memory that is mapped read-only. -1 with TemporaryError
  /// when a writer was faster.
  int tryRead(Versioned<T>& out) const noexcept {
    return copyOptimistically(out.value, out.version) ? 0 : fail(Errc::TemporaryError);
  }

  /// Reads in place. There is one view at a time: this waits without bound for another one to go.
  View view() noexcept { return View(*this, std::nullopt); }
  /// A false one, with TimedOut in lastError, when another lived for `timeout`.
  View view(Timeout timeout) noexcept { return View(*this, deadlineAfter(timeout)); }

  /// How many writes there were. Only grows.
  std::uint64_t version() const noexcept { return state().version(); }

 private:
  using State = DoubleBufferState;

  /// On its own lines: the words of two buffers change at different times.
  struct alignas(kCacheLineBytes) Buffer {
    /// The version that the words are, or that they are on their way to.
    std::atomic<std::uint64_t> stamp;
    AtomicWords<T> words;
  };

  static constexpr int kOptimisticTries = 8;
  static constexpr std::chrono::seconds kTurnLimit{1};

  State state() const noexcept { return State(state_.load(std::memory_order_acquire)); }

  void publish(const T& value) noexcept;
  bool copyOptimistically(T& out, std::uint64_t& version) const noexcept;
  int copyCurrent(T& out, std::uint64_t& version) noexcept;
  State pin() noexcept;
  void letGo() noexcept;

  alignas(kCacheLineBytes) std::atomic<std::uint64_t> state_;
  alignas(kCacheLineBytes) RobustMutex writers_;
  alignas(kCacheLineBytes) RobustMutex viewers_;
  Buffer buffers_[State::kBuffers];
};

/// The value as it was when the view was made. Writers go on meanwhile and leave it alone. Stays in
/// the thread that made it; a forked child must not destroy its copy.
template <class T>
class DoubleBuffer<T>::View {
 public:
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() {
    if (lock_) owner_.letGo();  // before the lock: the next one's pin must not be lost
  }

  /// False when it could not be had; then lastError says why, and nothing else may be called.
  explicit operator bool() const noexcept { return static_cast<bool>(lock_); }
  const T& operator*() const noexcept { return owner_.buffers_[pinned_.current()].words.inPlace(); }
  const T* operator->() const noexcept { return &**this; }
  std::uint64_t version() const noexcept { return pinned_.version(); }

 private:
  friend DoubleBuffer;

  View(DoubleBuffer& owner, const Deadline& deadline) noexcept
      : owner_(owner), lock_(owner.viewers_, deadline), pinned_(0) {
    if (lock_) pinned_ = owner_.pin();
  }

  DoubleBuffer& owner_;
  RobustLock lock_;
  DoubleBufferState pinned_;
};

/// Under writers_. What a dead writer left needs no repair: its buffer was never named by the state
/// and is written again from the start.
template <class T>
void DoubleBuffer<T>::publish(const T& value) noexcept {
  // SYNC: with letGo(), through state(): whoever read the free buffer in place is done with it. It
  // stays free until the exchange below, for a pin only ever takes the current one.
  const State before = state();
  Buffer& buffer = buffers_[before.freeBuffer()];
  // relaxed: the words are released after it. SYNC: with copyOptimistically(), which reads it last.
  buffer.stamp.store(before.version() + 1, std::memory_order_relaxed);
  RINGSIDE_KILL_POINT(stamped);
  buffer.words.store(value);
  RINGSIDE_KILL_POINT(written);
  std::uint64_t word = before.word();
  // Fails only when a viewer has pinned or let go since the last try, which takes it longer.
  // SYNC: released to state() and pin().
  while (!state_.compare_exchange_strong(word, State(word).withCurrent(before.freeBuffer()).word(),
                                         std::memory_order_acq_rel, std::memory_order_acquire)) {
  }
  RINGSIDE_KILL_POINT(published);
}

/// False when a writer came to this buffer again meanwhile.
template <class T>
bool DoubleBuffer<T>::copyOptimistically(T& out, std::uint64_t& version) const noexcept {
  const State seen = state();  // SYNC: publish(). The words of this version are there
  const Buffer& buffer = buffers_[seen.current()];
  buffer.words.load(out);
  version = seen.version();
  // A word of a later version, if there was one, was acquired: then the stamp stored before it is
  // seen here, and stamps of one buffer only grow. relaxed: nothing is read after it.
  return buffer.stamp.load(std::memory_order_relaxed) == version;
}

template <class T>
int DoubleBuffer<T>::copyCurrent(T& out, std::uint64_t& version) noexcept {
  for (int tries = 0; tries < kOptimisticTries; ++tries) {
    if (copyOptimistically(out, version)) return 0;
  }
  const std::error_code error_before = lastError;  // a success leaves it as it was
  const Deadline limit = deadlineAfter(kTurnLimit);
  for (;;) {
    if (const View pinned(*this, deadlineAfter(sleepTuning().slice)); pinned) {
      buffers_[pinned.pinned_.current()].words.load(out);
      version = pinned.version();
      break;
    }
    if (lastError != Errc::TimedOut) return -1;
    // Somebody else's view lives on. The writer may have slowed down.
    if (copyOptimistically(out, version)) break;
    if (expired(limit)) return fail(Errc::TimedOut);
  }
  lastError = error_before;
  return 0;
}

/// Under viewers_. A pin that is there is a dead viewer's. From here to letGo() the buffer that the
/// answer calls current is not written: no writer has it as its free one, and whoever makes another
/// current notes that this one is held.
template <class T>
DoubleBufferState DoubleBuffer<T>::pin() noexcept {
  if (state().pinned()) letGo();
  // Sets the bit, which is clear now. Not by fetch_or: where that is a loop of compare-and-swap, as
  // on x86, a fast writer can keep it from ever ending. SYNC: publish()
  return State(state_.fetch_add(State::kPin, std::memory_order_acquire));
}

/// Under viewers_.
template <class T>
void DoubleBuffer<T>::letGo() noexcept {
  state_.fetch_and(~State::kPinAndHeld, std::memory_order_release);  // SYNC: publish()
}

}  // namespace ringside
