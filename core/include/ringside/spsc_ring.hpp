// One producer, one consumer. Either side keeps its own position in private memory, and stores it
// in a line of the segment that nobody else writes: so whoever takes its place goes on from there.
// Fullness is judged by the read position; the producer looks at it when it reaches the limit that
// it knew. News of an element come in one of two ways, as the geometry has it (see Tuning):
//
//   without words  by the write position, which the consumer looks at when it reaches its limit
//   with words     by the word of the slot itself, in the line that the element is in
#pragma once

#include <algorithm>
#include <atomic>

#include "ringside/intent.hpp"
#include "ringside/kill_point.hpp"
#include "ringside/prefetch.hpp"
#include "ringside/segment.hpp"
#include "ringside/sequenced_slots.hpp"

namespace ringside {

/// Which slot a position has, without a division: a place that steps from slot to slot. The step to
/// the ring's first slot again is not on the way of every other one: it is due at wrapsAt().
class SlotCursor {
 public:
  SlotCursor(const RingView& ring, std::uint64_t position)
      : begin_(ring.slots),
        end_(ring.slots + ring.geometry.slot_count * ring.geometry.slot_stride),
        next_(ring.slots + position % ring.geometry.slot_count * ring.geometry.slot_stride),
        stride_(ring.geometry.slot_stride),
        payload_offset_(ring.geometry.payload_offset),
        slot_count_(ring.geometry.slot_count),
        wraps_at_(position - position % slot_count_ + slot_count_) {}

  /// The element of the slot `ahead` places on; ahead is less than the slot count.
  std::byte* payload(std::uint64_t ahead) const noexcept { return at(ahead) + payload_offset_; }
  /// Its word, where slots have one.
  SlotWord& word(std::uint64_t ahead) const noexcept {
    return *reinterpret_cast<SlotWord*>(at(ahead));
  }
  bool hasWords() const noexcept { return payload_offset_ != 0; }
  std::uint64_t stride() const noexcept { return stride_; }
  std::uint64_t slotCount() const noexcept { return slot_count_; }

  /// The position whose slot is the ring's first again.
  std::uint64_t wrapsAt() const noexcept { return wraps_at_; }
  /// When that position is reached: before anything else is asked.
  void wrap() noexcept {
    wraps_at_ += slot_count_;
    if (next_ == end_) next_ = begin_;
  }
  /// Of more than one at most up to the slot count, and past wrapsAt().
  void advance(std::uint64_t count) noexcept {
    next_ += count * stride_;
    if (count > 1 && next_ >= end_) next_ -= end_ - begin_;
  }

 private:
  std::byte* at(std::uint64_t ahead) const noexcept {
    std::byte* const place = next_ + ahead * stride_;
    return ahead == 0 || place < end_ ? place : place - (end_ - begin_);
  }

  std::byte* begin_;
  std::byte* end_;
  std::byte* next_;
  std::uint64_t stride_;
  std::uint64_t payload_offset_;
  std::uint64_t slot_count_;
  std::uint64_t wraps_at_;
};

/// How many of the slots from `position` on hold their element, of `most` at most.
inline std::uint64_t countFull(const SlotCursor& cursor, std::uint64_t position,
                               std::uint64_t most) noexcept {
  std::uint64_t count = 0;
  // SYNC: SpscWriter::publish(): who sees the word sees the element, and the write position.
  while (count < most &&
         cursor.word(count).load(std::memory_order_acquire) == fullWord(position + count)) {
    ++count;
  }
  return count;
}

/// How many slots ahead of the one that is written the producer asks for lines; as many as there
/// are for a ring that asks for those of the slot itself. In larger slots these are enough of them,
/// and to ask for more is late for who waits for this one. Of small ones 1 KiB, or a sixteenth of a
/// small ring, is the best or near it.
inline std::uint64_t slotsAhead(const Geometry& geometry) {
  constexpr std::uint64_t kSmallStride = 2 * kCacheLineBytes;
  if (geometry.tuning == Tuning::RoundTrip || geometry.slot_stride > kSmallStride) {
    return geometry.slot_count;
  }
  constexpr std::uint64_t kMostBytes = 1024;
  const std::uint64_t part = geometry.slot_count * geometry.slot_stride / 16;
  return std::max<std::uint64_t>(1, std::min(part, kMostBytes) / geometry.slot_stride);
}

/// The producer's side. One object, one thread at a time.
class SpscWriter {
 public:
  static constexpr bool kExclusive = true;  ///< one at a time in all processes
  static constexpr bool kProtected = true;

  SpscWriter(const RingView& ring, const Attachment&)
      : shared_(&ring.producer_page->write_position),
        remote_(&ring.consumer_page->read_position),
        capacity_(ring.geometry.capacity),
        ahead_(slotsAhead(ring.geometry)),
        position_(endOfPublished(ring)),
        limit_(position_),
        event_(position_),
        cursor_(ring, position_) {}

  /// Takes up to `wanted` free slots (at least 1 wanted).
  Claim claim(std::uint64_t wanted) noexcept {
    if (position_ >= event_) [[unlikely]]
      lookAhead();
    if (wanted == 1) return {position_, position_ < event_ ? 1U : 0U};
    if (limit_ - position_ < wanted) refresh();
    return {position_, std::min(wanted, limit_ - position_)};
  }
  std::byte* slot(const Claim&, std::uint64_t i) const noexcept {
    std::byte* const payload = cursor_.payload(i);
    if (i == 0) {
      askFor(payload + bytes_ahead_);
    } else {
      askFor(limit_ - position_ > ahead_ + i ? cursor_.payload(ahead_ + i) : payload);
    }
    return payload;
  }
  /// Makes all claimed slots visible at once.
  void publish(const Claim& claim) noexcept {
    position_ += claim.count;
    if (cursor_.hasWords()) {
      // relaxed: the words are released after it, and who looks at it alone wants no element.
      shared_->store(position_, std::memory_order_relaxed);
      RINGSIDE_KILL_POINT(counted);
      // The first one last: until it is there, the consumer does not come to the others.
      for (std::uint64_t i = claim.count; i-- > 0;) {
        cursor_.word(i).store(fullWord(claim.position + i),
                              std::memory_order_release);  // SYNC: countFull()
        RINGSIDE_KILL_POINT(marked);
      }
    } else {
      shared_->store(position_, std::memory_order_release);  // SYNC: SpscReader::refresh()
    }
    cursor_.advance(claim.count);
    RINGSIDE_KILL_POINT(published);
  }
  /// Nobody has seen a claim that was not published.
  void abandon(const Claim&) noexcept {}
  std::uint64_t position() const noexcept { return position_; }

 private:
  /// Where to go on. With words, a predecessor that died in publish() may have counted elements
  /// whose first word it did not write: they were never there. Words of theirs that it did write
  /// would pass for elements of ours, and are cleared before the position is taken back: whoever
  /// dies in here leaves the same to its successor.
  static std::uint64_t endOfPublished(const RingView& ring) noexcept {
    auto& shared = ring.producer_page->write_position;
    // Both are ordered by the role, which who was here before has lost. SYNC: release().
    const std::uint64_t written = shared.load(std::memory_order_acquire);
    const std::uint64_t read = ring.consumer_page->read_position.load(std::memory_order_acquire);
    const std::uint64_t counted = written - read;
    const SlotCursor cursor(ring, read);
    // More than fits is no value that a producer writes: see Repair::lookForRoom().
    if (!cursor.hasWords() || counted > ring.geometry.capacity) return written;
    const std::uint64_t published = countFull(cursor, read, counted);
    if (published == counted) return written;
    for (std::uint64_t i = published; i < counted; ++i) {
      cursor.word(i).store(0, std::memory_order_relaxed);  // released with a full word, later
      RINGSIDE_KILL_POINT(cleared);
    }
    shared.store(read + published, std::memory_order_release);
    return read + published;
  }

  /// For all lines of a slot. A core that copies into lines which others have seen gets no more of
  /// them at once than its store buffer has stores for.
  void askFor(const std::byte* slot) const noexcept { prefetchForWrite(slot, cursor_.stride()); }
  void refresh() noexcept {
    // SYNC: SpscReader::release(): the reader is done with the slots before this position.
    const std::uint64_t read = remote_->load(std::memory_order_acquire);
    // More in use than fits is no value a reader writes; then nothing is free.
    if (position_ - read <= capacity_) limit_ = read + capacity_;
  }
  /// Up to which position there is nothing to be looked at but that position: none when the ring is
  /// full. Until then every push asks for lines as far ahead; for its own where what is there may
  /// still be read, for the consumer would lose the line.
  [[gnu::noinline]] void lookAhead() noexcept {
    if (position_ >= cursor_.wrapsAt()) cursor_.wrap();
    if (limit_ == position_) refresh();
    const std::uint64_t room = limit_ - position_;
    const std::uint64_t to_wrap = cursor_.wrapsAt() - position_;
    if (room <= ahead_) {
      bytes_ahead_ = 0;
      event_ = position_ + std::min(room, to_wrap);
      return;
    }
    const bool beyond_wrap = to_wrap <= ahead_;
    const std::uint64_t slots = beyond_wrap ? ahead_ - cursor_.slotCount() : ahead_;
    bytes_ahead_ = static_cast<std::int64_t>(slots * cursor_.stride());
    event_ = position_ + std::min(room - ahead_, beyond_wrap ? to_wrap : to_wrap - ahead_);
  }

  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  std::uint64_t capacity_;
  std::uint64_t ahead_;           ///< slotsAhead()
  std::uint64_t position_;        ///< of the next write
  std::uint64_t limit_;           ///< first position that may not be written yet
  std::uint64_t event_;           ///< the position before which lookAhead() is due
  std::int64_t bytes_ahead_ = 0;  ///< from a slot to the one that is asked for; 0: itself
  SlotCursor cursor_;
};

/// The consumer's side. One object, one thread at a time.
class SpscReader {
 public:
  static constexpr bool kExclusive = true;  ///< one at a time in all processes
  static constexpr bool kProtected = true;
  static constexpr bool kAdopts = false;

  SpscReader(const RingView& ring, const Attachment&)
      : shared_(&ring.consumer_page->read_position),
        remote_(&ring.producer_page->write_position),
        capacity_(ring.geometry.capacity),
        position_(shared_->load(std::memory_order_acquire)),  // SYNC: release() of a predecessor
        limit_(position_),
        event_(position_),
        cursor_(ring, position_) {}

  /// Takes up to `wanted` filled slots (at least 1 wanted).
  Claim claim(std::uint64_t wanted) noexcept {
    if (position_ >= event_) [[unlikely]]
      lookAhead();
    if (cursor_.hasWords()) {
      return {position_,
              countFull(cursor_, position_, wanted == 1 ? 1 : std::min(wanted, capacity_))};
    }
    if (wanted == 1) return {position_, position_ < event_ ? 1U : 0U};
    if (limit_ - position_ < wanted) refresh();
    return {position_, std::min(wanted, limit_ - position_)};
  }
  const std::byte* slot(const Claim&, std::uint64_t i) const noexcept { return cursor_.payload(i); }
  /// Gives the slots back to the producer.
  void release(const Claim& claim) noexcept {
    cursor_.advance(claim.count);
    position_ += claim.count;
    shared_->store(position_, std::memory_order_release);  // SYNC: SpscWriter::refresh()
    RINGSIDE_KILL_POINT(released);
  }
  std::uint64_t position() const noexcept { return position_; }

 private:
  void refresh() noexcept {
    // SYNC: SpscWriter::publish(): what was written before this position is visible.
    const std::uint64_t written = remote_->load(std::memory_order_acquire);
    // More pending than fits is no value a writer writes; then nothing is pending.
    if (written - position_ <= capacity_) limit_ = written;
  }
  /// Up to which position there is nothing to be looked at but, where there are words, the word:
  /// none when the ring is empty.
  [[gnu::noinline]] void lookAhead() noexcept {
    if (position_ >= cursor_.wrapsAt()) cursor_.wrap();
    event_ = cursor_.wrapsAt();
    if (cursor_.hasWords()) return;
    if (limit_ == position_) refresh();
    event_ = std::min(event_, limit_);
  }

  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  std::uint64_t capacity_;
  std::uint64_t position_;  ///< of the next read
  std::uint64_t limit_;     ///< without words: first position not known to be written
  std::uint64_t event_;     ///< the position before which lookAhead() is due
  SlotCursor cursor_;
};

}  // namespace ringside
