// The slots of MPSC and MPMC, found by position, and the word in each that says whose turn it is.
#pragma once

#include <atomic>
#include <cstdint>

#include "ringside/segment.hpp"

namespace ringside {

/// The first word of a slot: position * 4 + state. With the state apart from the position even a
/// ring of one slot is unambiguous.
using SlotWord = std::atomic<std::uint64_t>;

constexpr std::uint64_t freeWord(std::uint64_t position) { return position << 2; }
constexpr std::uint64_t fullWord(std::uint64_t position) { return position << 2 | 1; }
/// Claimed and given back, or claimed by a producer that died: consumers step over it.
constexpr std::uint64_t abandonedWord(std::uint64_t position) { return position << 2 | 2; }

/// The number of slots is a power of two, and the mask is private, so no value from the segment
/// can lead outside of it.
class SequencedSlots {
 public:
  explicit SequencedSlots(const RingView& ring)
      : slots_(ring.slots),
        count_(ring.geometry.slot_count),
        stride_(ring.geometry.slot_stride),
        payload_offset_(ring.geometry.payload_offset) {}

  SlotWord& word(std::uint64_t position) const noexcept {
    return *reinterpret_cast<SlotWord*>(slot(position));
  }
  std::byte* payload(std::uint64_t position) const noexcept {
    return slot(position) + payload_offset_;
  }
  std::byte* slot(std::uint64_t position) const noexcept {
    return slots_ + (position & (count_ - 1)) * stride_;
  }
  std::uint64_t count() const noexcept { return count_; }

 private:
  std::byte* slots_;
  std::uint64_t count_;
  std::uint64_t stride_;
  std::uint64_t payload_offset_;
};

}  // namespace ringside
