// Several producers, one or several consumers: each slot carries a word that says which position
// it is for and whether it is free or full, so a slot changes hands with one release store. The
// order of positions is decided by compare-and-swap (after D. Vyukov's bounded MPMC queue; the
// states and the room for repair after a death are in the core's README).
#pragma once

#include <algorithm>
#include <atomic>
#include <new>

#include "ringside/segment.hpp"

namespace ringside {

/// The first word of a slot: position * 4 + state. With the state apart from the position even a
/// ring of one slot is unambiguous.
using SlotWord = std::atomic<std::uint64_t>;

constexpr std::uint64_t freeWord(std::uint64_t position) { return position << 2; }
constexpr std::uint64_t fullWord(std::uint64_t position) { return position << 2 | 1; }
/// Claimed and given back: consumers step over it.
constexpr std::uint64_t abandonedWord(std::uint64_t position) { return position << 2 | 2; }

/// Tries before a claim that others keep winning is given up as busy.
constexpr int kMaxClaimRaces = 4096;

/// Claims the slots that `run(position)` counts from the shared position on, unless somebody else
/// moves that first. The compare-and-swap decides, so the loads before it may be relaxed.
template <class Run>
Claim claimInRace(std::atomic<std::uint64_t>& shared, Run&& run) noexcept {
  std::uint64_t position = shared.load(std::memory_order_relaxed);
  for (int race = 0; race < kMaxClaimRaces; ++race) {
    const std::uint64_t count = run(position);
    if (count == 0) {
      const std::uint64_t now = shared.load(std::memory_order_relaxed);
      if (now == position) break;
      position = now;
    } else if (shared.compare_exchange_weak(position, position + count, std::memory_order_acq_rel,
                                            std::memory_order_relaxed)) {
      return {position, count};
    }
  }
  return {position, 0};
}

/// Finds slots by position. The number of slots is a power of two, and the mask is private, so no
/// value from the segment can lead outside of it.
class SequencedSlots {
 public:
  explicit SequencedSlots(const RingView& ring)
      : slots_(ring.slots),
        count_(ring.geometry.slot_count),
        stride_(ring.geometry.slot_stride),
        payload_offset_(ring.geometry.payload_offset) {}

  SlotWord& word(std::uint64_t position) const noexcept {
    return *reinterpret_cast<SlotWord*>(at(position));
  }
  std::byte* payload(std::uint64_t position) const noexcept {
    return at(position) + payload_offset_;
  }
  std::uint64_t count() const noexcept { return count_; }

 private:
  std::byte* at(std::uint64_t position) const noexcept {
    return slots_ + (position & (count_ - 1)) * stride_;
  }

  std::byte* slots_;
  std::uint64_t count_;
  std::uint64_t stride_;
  std::uint64_t payload_offset_;
};

inline void initialiseSlotWords(const RingView& ring) {
  const SequencedSlots slots(ring);
  for (std::uint64_t i = 0; i < slots.count(); ++i) new (&slots.word(i)) SlotWord(freeWord(i));
}

/// A producer of MPSC and MPMC. Threads may share one object: it holds nothing but a hint.
class SequencedWriter {
 public:
  static constexpr bool kOneClaimAtATime = false;

  explicit SequencedWriter(const RingView& ring)
      : slots_(ring),
        capacity_(ring.geometry.capacity),
        shared_(&ring.producer_page->write_position),
        remote_(&ring.consumer_page->read_position),
        by_words_(ring.geometry.policy == PolicyKind::Mpmc),
        read_seen_(remote_->load(std::memory_order_acquire)) {}

  Claim claim(std::uint64_t wanted) noexcept {
    // None: the ring is full, or a consumer still holds the slot.
    return claimInRace(*shared_, [&](std::uint64_t position) { return freeRun(position, wanted); });
  }
  std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return slots_.payload(claim.position + i);
  }
  void publish(const Claim& claim) noexcept {
    for (std::uint64_t p = claim.position; p < claim.position + claim.count; ++p) {
      slots_.word(p).store(fullWord(p), std::memory_order_release);  // SYNC: fullRun()
    }
  }
  void abandon(const Claim& claim) noexcept {
    for (std::uint64_t p = claim.position; p < claim.position + claim.count; ++p) {
      slots_.word(p).store(abandonedWord(p), std::memory_order_release);  // SYNC: isAbandoned()
    }
  }

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

  /// The slot words alone would allow a power of two: the slot one capacity back must be free as
  /// well. All before it are, for this was asked of each position.
  bool isWithinCapacity(std::uint64_t position) const noexcept {
    if (capacity_ == slots_.count()) return true;
    const std::uint64_t back = position - capacity_;
    // relaxed: nothing in that slot is touched.
    return slots_.word(back).load(std::memory_order_relaxed) == freeWord(back + slots_.count());
  }

  /// How many positions from `position` on are within the capacity.
  std::uint64_t roomAt(std::uint64_t position, std::uint64_t wanted) noexcept {
    // relaxed: an older read position only makes the room look smaller.
    std::uint64_t used = position - read_seen_.load(std::memory_order_relaxed);
    if (used > capacity_ || capacity_ - used < wanted) {
      const std::uint64_t read = remote_->load(std::memory_order_acquire);
      read_seen_.store(read, std::memory_order_relaxed);
      used = position - read;
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
  std::atomic<std::uint64_t> read_seen_;  ///< a read position seen some time ago
};

/// What both readers do: find filled slots and give them back.
class SequencedReading {
 public:
  explicit SequencedReading(const RingView& ring)
      : slots_(ring), shared_(&ring.consumer_page->read_position) {}

  const std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return slots_.payload(claim.position + i);
  }

 protected:
  /// Filled slots from `position` on, at most `wanted`.
  std::uint64_t fullRun(std::uint64_t position, std::uint64_t wanted) const noexcept {
    std::uint64_t run = 0;
    const std::uint64_t limit = std::min(wanted, slots_.count());
    // SYNC: SequencedWriter::publish().
    while (run < limit && slots_.word(position + run).load(std::memory_order_acquire) ==
                              fullWord(position + run)) {
      ++run;
    }
    return run;
  }
  bool isAbandoned(std::uint64_t position) const noexcept {
    // SYNC: SequencedWriter::abandon().
    return slots_.word(position).load(std::memory_order_acquire) == abandonedWord(position);
  }
  void giveBack(const Claim& claim) noexcept {
    for (std::uint64_t p = claim.position; p < claim.position + claim.count; ++p) {
      // SYNC: SequencedWriter::freeRun() of the next lap.
      slots_.word(p).store(freeWord(p + slots_.count()), std::memory_order_release);
    }
  }

  SequencedSlots slots_;
  std::atomic<std::uint64_t>* shared_;
};

/// The one consumer of MPSC: its position is its own, no compare-and-swap.
class SequencedReader : public SequencedReading {
 public:
  static constexpr bool kOneClaimAtATime = true;

  explicit SequencedReader(const RingView& ring)
      : SequencedReading(ring), position_(shared_->load(std::memory_order_acquire)) {}

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
    shared_->store(position_, std::memory_order_release);  // SYNC: SequencedWriter::roomAt()
  }

 private:
  std::uint64_t position_;
};

/// A consumer of MPMC. Threads may share one object: it holds nothing of its own.
class SharedSequencedReader : public SequencedReading {
 public:
  static constexpr bool kOneClaimAtATime = false;

  using SequencedReading::SequencedReading;

  Claim claim(std::uint64_t wanted) noexcept {
    // None: the ring is empty, or a producer still fills the slot.
    return claimInRace(*shared_, [&](std::uint64_t position) { return fullRun(position, wanted); });
  }
  void release(const Claim& claim) noexcept { giveBack(claim); }
  /// True also when another consumer was faster: the next claim is worth a try.
  bool stepOver() noexcept {
    std::uint64_t position = shared_->load(std::memory_order_relaxed);  // the exchange decides
    if (!isAbandoned(position)) return false;
    if (shared_->compare_exchange_strong(position, position + 1, std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
      giveBack({position, 1});
    }
    return true;
  }
};

}  // namespace ringside
