// How a waiter waits, and where it sleeps. Sleeping works across processes (a shared futex), is
// cut into slices so that a waker killed before its wake costs one slice, and costs the other side
// one load of a quiet cache line as long as nobody sleeps.
#pragma once

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace ringside {

/// Spin: never leave the core. Yield: let others run between tries. Block: spin a little, then
/// sleep in the kernel until woken.
enum class Wait : std::uint8_t { Spin, Yield, Block };

/// When a waiter gives up; nullopt is never. CLOCK_MONOTONIC.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

/// How those who wait by Wait::Block do it, in this whole process.
struct SleepTuning {
  /// The longest sleep before one looks by oneself: what the death of a waker can cost, and how
  /// often a sleeper in an idle ring wakes for nothing. At least 1 µs.
  std::chrono::nanoseconds slice{10'000'000};
  /// Tries, with a pause between them, before the first sleep and after each. At least 1. Before
  /// the first a timed push or pop makes twice as many, and who was in a stream until now eight
  /// times.
  int tries_between_sleeps = 64;
};
void setSleepTuning(const SleepTuning& tuning) noexcept;
SleepTuning sleepTuning() noexcept;

/// Tells the core that this is a waiting loop.
inline void pauseCore() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

/// How a writer orders its publication before it looks for sleepers.
enum class WakeOrder : std::uint8_t {
  SleeperPays,  ///< membarrier(2) by who goes to sleep: a compiler barrier is enough here
  WakerPays     ///< no membarrier here: a full barrier at each publication
};

/// Registers this process with membarrier(2), once. What can't be had is paid by the waker.
WakeOrder wakeOrder() noexcept;

/// A place to sleep, in the segment. All zero is a valid one.
class WaitPoint {
 public:
  /// After a publication: wakes who sleeps. No system call when nobody does.
  [[gnu::always_inline]] void wake(WakeOrder order) noexcept {
    if (order == WakeOrder::SleeperPays) {
      // SYNC: with the membarrier in sleep(); only the compiler must not reorder.
      std::atomic_signal_fence(std::memory_order_seq_cst);
      // relaxed: a stale 0 is impossible after the sleeper's membarrier, a stale 1 only wakes.
      if (sleeping_.load(std::memory_order_relaxed) != 0) [[unlikely]]
        wakeSleepers();
    } else if (sleeping_.fetch_add(0, std::memory_order_seq_cst) != 0) {
      wakeSleepers();
    }
  }

  /// How often sleepers were woken, modulo 2^32.
  std::uint32_t wakes() const noexcept { return event_.load(std::memory_order_acquire); }

  /// Tries `attempt` once more after announcing the sleep, then sleeps one slice at most. True
  /// when the attempt succeeded.
  template <class Attempt>
  bool sleep(const Deadline& deadline, Attempt&& attempt) noexcept {
    const std::uint32_t seen = wakes();  // SYNC: wakeSleepers()
    announceSleep();
    if (attempt()) return true;
    sleepUnlessWoken(seen, deadline);
    return false;
  }

 private:
  void announceSleep() noexcept;
  void sleepUnlessWoken(std::uint32_t seen, const Deadline& deadline) noexcept;
  void wakeSleepers() noexcept;

  std::atomic<std::uint32_t> event_;     ///< counts wakes; the futex word
  std::atomic<std::uint32_t> sleeping_;  ///< 1: somebody may sleep. A flag, for counters leak
                                         ///< when a sleeper is killed
};

/// Sleeps while `word` is `seen`: until it is woken, until the deadline, and for one sleepSlice()
/// at most. May also return for no reason. Whoever changes the word may be another process.
void sleepOnWord(const std::atomic<std::uint32_t>& word, std::uint32_t seen,
                 const Deadline& deadline) noexcept;

/// Wakes up to `most` of those who sleep on `word`; returns how many did.
int wakeOnWord(std::atomic<std::uint32_t>& word, int most) noexcept;

/// How long to wait, from any duration. One that nanoseconds can't hold, such as seconds::max(), is
/// as long as they can, and is for ever.
struct Timeout {
  std::chrono::nanoseconds value;

  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept  // converts on purpose
      : value(std::chrono::nanoseconds::max()) {
    using Wide = std::chrono::duration<long double, std::nano>;
    if (Wide(duration) < Wide(value)) {
      value = Wide(duration) > Wide(std::chrono::nanoseconds::min())
                  ? std::chrono::duration_cast<std::chrono::nanoseconds>(duration)
                  : std::chrono::nanoseconds::min();
    }
  }
};

/// A timeout beyond the end of the clock is no deadline.
Deadline deadlineAfter(Timeout timeout) noexcept;

inline bool expired(const Deadline& deadline) noexcept {
  return deadline && std::chrono::steady_clock::now() >= *deadline;
}

/// After a try that failed, some more before anybody looks at a clock: where something is there by
/// then, as in a stream, waiting costs no more than trying. With two pauses before each: a try
/// takes a line from the other side, and in a stream that is what it waits for. True when the
/// attempt succeeded.
template <class Attempt>
bool tryForAWhile(Wait strategy, Timeout timeout, Attempt&& attempt) noexcept {
  if (timeout.value <= std::chrono::nanoseconds(0)) return false;
  const int tries_per_look = sleepTuning().tries_between_sleeps;
  for (int tries = 0; tries < tries_per_look && strategy != Wait::Yield; ++tries) {
    pauseCore();
    pauseCore();
    if (attempt()) return true;
  }
  return false;
}

/// Repeats `attempt` until it is true or the deadline has passed; it is tried at least once.
/// `before_sleep` is called before the last try ahead of each sleep; the first sleep comes after
/// `rounds` times as many tries as the others, at least once as many.
template <class Attempt, class BeforeSleep>
bool waitUntil(WaitPoint& point, Wait strategy, const Deadline& deadline, Attempt&& attempt,
               BeforeSleep&& before_sleep, int rounds = 1) noexcept {
  if (attempt()) return true;
  if (deadline && expired(deadline)) return false;
  const int tries_per_look = sleepTuning().tries_between_sleeps;
  for (;;) {
    for (int tries = 0; tries < tries_per_look; ++tries) {
      if (strategy == Wait::Yield) {
        ::sched_yield();
        if (expired(deadline)) return attempt();  // others may have run for long
      } else {
        pauseCore();
      }
      if (attempt()) return true;
    }
    if (expired(deadline)) return false;
    if (strategy != Wait::Block) continue;
    if (rounds > 1) {
      --rounds;
      continue;
    }
    before_sleep();
    if (point.sleep(deadline, attempt)) return true;
  }
}

/// The same with nothing to do before a sleep.
template <class Attempt>
bool waitUntil(WaitPoint& point, Wait strategy, const Deadline& deadline,
               Attempt&& attempt) noexcept {
  return waitUntil(point, strategy, deadline, std::forward<Attempt>(attempt), [] {});
}

}  // namespace ringside
