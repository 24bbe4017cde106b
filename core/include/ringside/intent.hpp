// What a participant is about to claim, written into the segment before it claims. A slot that is
// claimed, and that no living participant announces, was claimed by a dead one: this is all that a
// survivor needs to know to repair it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace ringside {

/// Whether slots are claimed to be written or to be read.
enum class Claiming : std::uint64_t { Nothing = 0, ToWrite = 1, ToRead = 2 };

/// The most slots that one claim takes: so many fit into an intent.
constexpr std::uint64_t kMaxClaim = 1024;

/// position mod 2^52 (52 bits) | count - 1 (10 bits) | what for (2 bits); count is 1 … kMaxClaim.
constexpr std::uint64_t intentWord(Claiming what, std::uint64_t position, std::uint64_t count) {
  return position << 12 | (count - 1) << 2 | static_cast<std::uint64_t>(what);
}

/// Whether an intent announces `position`. Positions 2^52 apart look the same: such a one delays a
/// repair, and never allows a wrong one.
constexpr bool announces(std::uint64_t intent, Claiming what, std::uint64_t position) {
  const std::uint64_t begin = intent >> 12;
  const std::uint64_t count = (intent >> 2 & (kMaxClaim - 1)) + 1;
  return (intent & 3) == static_cast<std::uint64_t>(what) &&
         ((position - begin) & ((1ULL << 52) - 1)) < count;
}

/// What one side has beside the ring itself: where it announces what it claims, and how it tells
/// who lives. All empty in memory that no other process can see.
struct Attachment {
  std::atomic<std::uint64_t>* intent = nullptr;
  /// Of the segment's file, and of no description that a participant's lock belongs to: through
  /// its own description a lock looks free. -1 where the living can't be told from the dead.
  int probe = -1;
};

/// The intent word of one side. It stays as it was after the claim is over, for then its positions
/// are published or given back, and mean nothing.
class Intents {
 public:
  static constexpr bool kProtected = true;

  explicit Intents(const Attachment& attachment)
      : word_(attachment.intent != nullptr ? attachment.intent : &own_) {}
  Intents(const Intents&) = delete;
  Intents& operator=(const Intents&) = delete;

  static constexpr std::uint64_t atMost(std::uint64_t wanted) noexcept {
    return std::min(wanted, kMaxClaim);
  }
  /// Before the compare-and-swap that claims.
  void announce(Claiming what, std::uint64_t position, std::uint64_t count) noexcept {
    // SYNC: the scan of the intents in repair.cpp. Whoever sees a later intent of this side also
    // sees how the claim before it ended.
    word_->store(intentWord(what, position, count), std::memory_order_release);
  }
  /// After a claim that came to nothing: its positions are somebody else's.
  void withdraw() noexcept { word_->store(0, std::memory_order_release); }

 private:
  std::atomic<std::uint64_t>* word_;
  std::atomic<std::uint64_t> own_ = 0;
};

}  // namespace ringside
