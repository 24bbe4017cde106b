#include "ringside/shared_condition.hpp"

#include <climits>

namespace ringside {

// relaxed, everywhere here: the word orders no other memory, the mutex does that. The futex call
// compares the word again, in the kernel and under its lock.

void SharedCondition::wakeAll() noexcept {
  std::uint32_t seen = word_.load(std::memory_order_relaxed);
  do {
    // Another notifier has taken the announcements back after this one's change, and wakes them.
    if ((seen & kAnnounced) == 0) return;
    // The carry counts one notification and clears the flag, in one step: whoever announced itself
    // before finds another word and does not sleep, whoever does it afterwards sets the flag again.
  } while (!word_.compare_exchange_weak(seen, seen + kAnnounced, std::memory_order_relaxed));
  wakeOnWord(word_, INT_MAX);
}

void SharedCondition::wakeOne() noexcept {
  // The flag stays, for others may sleep on.
  word_.fetch_add(2 * kAnnounced, std::memory_order_relaxed);
  if (wakeOnWord(word_, 1) > 0) return;
  // Nobody slept: the flag was a dead waiter's, or of one that sees the new word and never sleeps.
  // Taken back, it costs the next notification no system call.
  wakeAll();
}

}  // namespace ringside
