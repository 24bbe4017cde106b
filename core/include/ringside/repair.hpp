// What survivors do about the dead. A process that was killed between its claim and the end of it
// leaves slots that nobody else may touch. Who finds its way blocked long enough looks whether a
// living participant announces the slot (intent.hpp); when none does, the claimer is dead and never
// writes again, and one compare-and-swap ends the claim in its place. Whoever is killed during a
// repair leaves a legal state, and others repeat it. A stopped process lives: nothing is repaired
// under it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "ringside/intent.hpp"
#include "ringside/segment.hpp"

namespace ringside {

/// When to look: a side that gets nothing 64 to 128 times in a row, or that was far on its way to
/// it before the position changed, is blocked or has nothing to do; then after twice as many tries
/// each time, up to 256. A try that gets nothing is on the way of every answer that is waited for:
/// it counts down here, and no more.
class Stall {
 public:
  static constexpr std::uint64_t kFirstTries = 64;
  static constexpr std::uint64_t kMostTries = 256;

  /// Once for each try that got nothing. When it is true, isBlockedAt() must be asked.
  bool isTimeToAsk() noexcept { return --left_ == 0; }
  /// Whether it is time to look: true when nothing has moved since it was asked last.
  bool isBlockedAt(std::uint64_t position) noexcept {
    const bool moved = position != position_ && !must_look_;
    position_ = position;
    must_look_ = false;
    if (moved) patience_ = kFirstTries;
    left_ = patience_;
    if (!moved) patience_ = std::min(2 * patience_, kMostTries);
    return !moved;
  }
  /// Before a sleep, which takes much longer than the look.
  void lookAtNextTry() noexcept {
    left_ = 1;
    must_look_ = true;
  }

 private:
  std::uint64_t left_ = kFirstTries;
  std::uint64_t patience_ = kFirstTries;        ///< after the next look
  std::uint64_t position_ = ~std::uint64_t{0};  ///< where it was asked last; none yet
  bool must_look_ = false;
};

/// What a side found that got nothing.
enum class Finding : std::uint8_t {
  Nothing,   ///< the ring is empty or full, or somebody else was faster
  Held,      ///< a living process is in the middle of a claim there: see blocker()
  Repaired,  ///< slots of the dead were given free: try again
  Damaged    ///< a value stands in the segment that no ring writes: the ring is poisoned
};

/// Looks at one ring for one side, never on the fast path. Every loop is bounded, whatever stands
/// in the segment.
class Repair {
 public:
  Repair(const RingView& ring, const Attachment& attachment) : ring_(ring), at_(attachment) {}

  /// For a producer that found no room. Where it is the only one, `own` is where it left the write
  /// position; for others it means nothing.
  Finding lookForRoom(std::uint64_t own) noexcept;
  /// For a consumer that found nothing to read, and `own` as for a producer.
  Finding lookForElements(std::uint64_t own) noexcept;
  /// Process id of the living one that the last look found in the way; 0 when none was.
  std::uint32_t blocker() const noexcept { return blocker_; }

  /// Under at-least-once: an element that a dead consumer took and did not give back, announced as
  /// this side's. None when there is none, or while another one adopts.
  Claim adopt() noexcept;

 private:
  std::optional<std::uint32_t> livingAnnouncer(Claiming what,
                                               std::uint64_t position) const noexcept;
  std::optional<std::uint64_t> findOrphan() const noexcept;
  Finding abandonForDead(std::uint64_t position, std::uint64_t written) noexcept;
  Finding freeForDead(std::uint64_t written) noexcept;
  Finding poison(Damage damage, std::uint64_t position, std::uint64_t found) noexcept;

  RingView ring_;
  Attachment at_;
  std::uint32_t blocker_ = 0;
};

}  // namespace ringside
