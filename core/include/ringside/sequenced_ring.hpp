// Several producers, one or several consumers: each slot carries a word that says which position
// it is for and whether it is free or full, so a slot changes hands with one release store. The
// order of positions is decided by compare-and-swap (after D. Vyukov's bounded MPMC queue), and
// announced before, so that survivors can repair what the dead have claimed (repair.hpp).
#pragma once

#include <algorithm>
#include <atomic>

#include "ringside/intent.hpp"
#include "ringside/kill_point.hpp"
#include "ringside/prefetch.hpp"
#include "ringside/sequenced_slots.hpp"

namespace ringside {

/// Tries before a claim that others keep winning is given up as busy.
constexpr int kMaxClaimRaces = 4096;

/// Claims the slots that `run(position)` counts from the shared position on, unless somebody else
/// moves that first. The compare-and-swap decides, so the loads before it may be relaxed.
template <Claiming kWhat, class Announcing, class Run>
Claim claimInRace(std::atomic<std::uint64_t>& shared, Announcing& intents, Run&& run) noexcept {
  std::uint64_t position = shared.load(std::memory_order_relaxed);
  bool lost_a_race = false;
  for (int race = 0; race < kMaxClaimRaces; ++race) {
    const std::uint64_t count = run(position);
    if (count == 0) {
      const std::uint64_t now = shared.load(std::memory_order_relaxed);
      if (now == position) break;
      position = now;
      continue;
    }
    intents.announce(kWhat, position, count);
    RINGSIDE_KILL_POINT(announced);
    // SYNC: the loads of this position in repair.cpp.
    if (shared.compare_exchange_weak(position, position + count, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
      RINGSIDE_KILL_POINT(claimed);
      return {position, count};
    }
    lost_a_race = true;
  }
  if (lost_a_race) intents.withdraw();
  return {position, 0};
}

/// A producer of MPSC and MPMC. One object, one thread at a time.
template <class Announcing>
class BasicSequencedWriter {
 public:
  static constexpr bool kExclusive = false;
  static constexpr bool kProtected = Announcing::kProtected;

  BasicSequencedWriter(const RingView& ring, const Attachment& attachment)
      : slots_(ring),
        capacity_(ring.geometry.capacity),
        shared_(&ring.producer_page->write_position),
        remote_(&ring.consumer_page->read_position),
        by_words_(ring.geometry.policy == PolicyKind::Mpmc),
        stride_(ring.geometry.slot_stride),
        ahead_(slotsToAskAhead(ring.geometry)),
        read_seen_(remote_->load(std::memory_order_acquire)),
        intents_(attachment) {}

  Claim claim(std::uint64_t wanted) noexcept {
    // None: the ring is full, or a consumer still holds the slot.
    return claimInRace<Claiming::ToWrite>(
        *shared_, intents_,
        [&, most = Announcing::atMost(wanted)](std::uint64_t at) { return freeRun(at, most); });
  }
  std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    askForLines(claim.position + i);
    return slots_.payload(claim.position + i);
  }
  void publish(const Claim& claim) noexcept {
    for (std::uint64_t p = claim.position; p < claim.position + claim.count; ++p) {
      slots_.word(p).store(fullWord(p), std::memory_order_release);  // SYNC: fullRun()
      RINGSIDE_KILL_POINT(published);
    }
  }
  void abandon(const Claim& claim) noexcept {
    for (std::uint64_t p = claim.position; p < claim.position + claim.count; ++p) {
      slots_.word(p).store(abandonedWord(p), std::memory_order_release);  // SYNC: isAbandoned()
    }
  }
  /// Of the next write, at this moment.
  std::uint64_t position() const noexcept { return shared_->load(std::memory_order_relaxed); }

 private:
  /// Free slots from `position` on, at most `wanted`.
  std::uint64_t freeRun(std::uint64_t position, std::uint64_t wanted) noexcept {
    const std::uint64_t limit = std::min(wanted, by_words_ ? capacity_ : roomAt(position, wanted));
    std::uint64_t run = 0;
    // SYNC: the release store of free words in giveBack().
    while (run < limit &&
           slots_.word(position + run).load(std::memory_order_acquire) ==
               freeWord(position + run) &&
           (!by_words_ || isWithinCapacity(position + run))) {
      ++run;
    }
    return run;
  }

  /// How many slots ahead of the one that is written lines are asked for: 1 KiB, of which producers
  /// that take turns write some. None of slots of several lines' worth, which ask for their own;
  /// nor of those that share a line, or of MPMC, where nobody says which ones the consumers are
  /// done with: there it costs as much as it brings, or more.
  static std::uint64_t slotsToAskAhead(const Geometry& geometry) {
    constexpr std::uint64_t kBytesAhead = 1024;
    const bool apart = geometry.slot_stride > kCacheLineBytes;
    const bool small = geometry.slot_stride <= kBytesAhead / 2;
    const bool by_words = geometry.policy == PolicyKind::Mpmc;
    return apart && small && !by_words ? kBytesAhead / geometry.slot_stride : 0;
  }
  void askForLines(std::uint64_t position) const noexcept {
    const std::uint64_t ahead = position + ahead_;
    if (ahead_ > 0) {
      // An older read position only makes it ask for less.
      if (ahead - read_seen_ < capacity_) prefetchForWrite(slots_.slot(ahead), stride_);
    } else if (stride_ > kCacheLineBytes && !by_words_) {
      prefetchForWrite(slots_.slot(position), stride_);
    }
  }

  /// The slot words alone would allow a power of two: the slot one capacity back must be free as
  /// well. All before it are, for this was asked of each position.
  bool isWithinCapacity(std::uint64_t position) const noexcept {
    if (capacity_ == slots_.count()) return true;
    const std::uint64_t back = position - capacity_;
    // SYNC: giveBack(). Nothing in that slot is touched, but who sees the write position that
    // follows must also see the read position that allowed it: see Damage::Positions.
    return slots_.word(back).load(std::memory_order_acquire) == freeWord(back + slots_.count());
  }

  /// How many positions from `position` on are within the capacity.
  std::uint64_t roomAt(std::uint64_t position, std::uint64_t wanted) noexcept {
    // An older read position only makes the room look smaller.
    std::uint64_t used = position - read_seen_;
    if (used > capacity_ || capacity_ - used < wanted) {
      read_seen_ = remote_->load(std::memory_order_acquire);  // SYNC: SequencedReader::release()
      used = position - read_seen_;
    }
    return used > capacity_ ? 0 : capacity_ - used;  // beyond: `position` is out of date
  }

  SequencedSlots slots_;
  std::uint64_t capacity_;
  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  /// Where consumers contend for the read position, not looking at it doubles the throughput, and
  /// what they have taken and not released counts. With one consumer it costs.
  bool by_words_;
  std::uint64_t stride_;
  std::uint64_t ahead_;      ///< slotsToAskAhead()
  std::uint64_t read_seen_;  ///< a read position seen some time ago
  [[no_unique_address]] Announcing intents_;
};

/// What both readers do: find filled slots and give them back.
class SequencedReading {
 public:
  explicit SequencedReading(const RingView& ring)
      : slots_(ring), shared_(&ring.consumer_page->read_position) {}

  const std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return slots_.payload(claim.position + i);
  }
  std::uint64_t slotCount() const noexcept { return slots_.count(); }

 protected:
  /// Filled slots from `position` on, at most `wanted`.
  std::uint64_t fullRun(std::uint64_t position, std::uint64_t wanted) const noexcept {
    std::uint64_t run = 0;
    const std::uint64_t limit = std::min(wanted, slots_.count());
    // SYNC: publish() of the writer.
    while (run < limit && slots_.word(position + run).load(std::memory_order_acquire) ==
                              fullWord(position + run)) {
      ++run;
    }
    return run;
  }
  bool isAbandoned(std::uint64_t position) const noexcept {
    // SYNC: abandon() of the writer, or of who repaired in its place.
    return slots_.word(position).load(std::memory_order_acquire) == abandonedWord(position);
  }
  void giveBack(const Claim& claim) noexcept {
    for (std::uint64_t p = claim.position; p < claim.position + claim.count; ++p) {
      // SYNC: freeRun() of the writer, for the next lap.
      slots_.word(p).store(freeWord(p + slots_.count()), std::memory_order_release);
      RINGSIDE_KILL_POINT(given_back);
    }
  }

  SequencedSlots slots_;
  std::atomic<std::uint64_t>* shared_;
};

/// The one consumer of MPSC: its position is its own, no compare-and-swap.
class SequencedReader : public SequencedReading {
 public:
  static constexpr bool kExclusive = true;
  static constexpr bool kProtected = true;
  static constexpr bool kAdopts = false;

  SequencedReader(const RingView& ring, const Attachment&)
      : SequencedReading(ring), position_(shared_->load(std::memory_order_acquire)) {
    healPosition();
  }

  Claim claim(std::uint64_t wanted) noexcept { return {position_, fullRun(position_, wanted)}; }
  /// Frees the next slot if it was abandoned.
  bool stepOver() noexcept {
    if (!isAbandoned(position_)) return false;
    release({position_, 1});
    return true;
  }
  void release(const Claim& claim) noexcept {
    giveBack(claim);
    position_ += claim.count;
    shared_->store(position_, std::memory_order_release);  // SYNC: roomAt() of the writer
    RINGSIDE_KILL_POINT(released);
  }
  std::uint64_t position() const noexcept { return position_; }

 private:
  /// A predecessor that died in release() had given back slots, but not said so.
  void healPosition() noexcept {
    std::uint64_t given_back = 0;
    while (given_back < slots_.count() &&
           slots_.word(position_ + given_back).load(std::memory_order_acquire) ==
               freeWord(position_ + given_back + slots_.count())) {
      ++given_back;
    }
    if (given_back == 0) return;
    position_ += given_back;
    shared_->store(position_, std::memory_order_release);  // SYNC: roomAt() of the writer
  }

  std::uint64_t position_;
};

/// A consumer of MPMC. One object, one thread at a time.
template <class Announcing>
class BasicSharedReader : public SequencedReading {
 public:
  static constexpr bool kExclusive = false;
  static constexpr bool kProtected = Announcing::kProtected;
  static constexpr bool kAdopts = Announcing::kProtected;

  BasicSharedReader(const RingView& ring, const Attachment& attachment)
      : SequencedReading(ring), intents_(attachment) {}

  Claim claim(std::uint64_t wanted) noexcept {
    // None: the ring is empty, or a producer still fills the slot.
    return claimInRace<Claiming::ToRead>(
        *shared_, intents_,
        [&, most = Announcing::atMost(wanted)](std::uint64_t at) { return fullRun(at, most); });
  }
  void release(const Claim& claim) noexcept { giveBack(claim); }
  /// Frees the next slot if it was abandoned. True also when another consumer was faster: the next
  /// claim is worth a try.
  bool stepOver() noexcept {
    if (!isAbandoned(position())) return false;
    giveBack(claimInRace<Claiming::ToRead>(
        *shared_, intents_, [&](std::uint64_t at) -> std::uint64_t { return isAbandoned(at); }));
    return true;
  }
  /// Of the next read, at this moment.
  std::uint64_t position() const noexcept { return shared_->load(std::memory_order_relaxed); }

 private:
  [[no_unique_address]] Announcing intents_;
};

using SequencedWriter = BasicSequencedWriter<Intents>;
using SharedSequencedReader = BasicSharedReader<Intents>;

}  // namespace ringside
