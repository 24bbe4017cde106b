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

/// A position as somebody left it in the segment. Whatever stands there, what is derived from it in
/// this process does not wrap around: no ring comes to 2^62 elements.
inline std::uint64_t boundedPosition(std::uint64_t found) noexcept {
  return found & ((std::uint64_t{1} << 62) - 1);
}

/// Elements in slots that lie at equal distances.
struct SlotRun {
  std::byte* first;
  std::uint64_t count;
  std::uint64_t stride;
};

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

  /// The slot `ahead` places on; ahead is less than the slot count.
  std::byte* slot(std::uint64_t ahead) const noexcept {
    std::byte* const place = next_ + ahead * stride_;
    return ahead == 0 || place < end_ ? place : place - (end_ - begin_);
  }
  std::byte* after(std::byte* slot) const noexcept {
    return slot + stride_ == end_ ? begin_ : slot + stride_;
  }
  std::byte* before(std::byte* slot) const noexcept {
    return slot == begin_ ? end_ - stride_ : slot - stride_;
  }
  std::byte* payload(std::uint64_t ahead) const noexcept { return slot(ahead) + payload_offset_; }
  /// The word of a slot, where slots have one.
  static SlotWord& word(std::byte* slot) noexcept { return *reinterpret_cast<SlotWord*>(slot); }
  /// The elements from `ahead` places on that lie at equal distances, `most` at most.
  SlotRun run(std::uint64_t ahead, std::uint64_t most) const noexcept {
    std::byte* const first = slot(ahead);
    const auto to_end = static_cast<std::uint64_t>(end_ - first);
    // A division only where the run may be cut short.
    const std::uint64_t count = most * stride_ <= to_end ? most : to_end / stride_;
    return {first + payload_offset_, count, stride_};
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
  std::byte* begin_;
  std::byte* end_;
  std::byte* next_;
  std::uint64_t stride_;
  std::uint64_t payload_offset_;
  std::uint64_t slot_count_;
  std::uint64_t wraps_at_;
};

/// How far one can go on without looking at anything but one's position, and from which slot on
/// lines are asked for meanwhile.
struct Stretch {
  std::uint64_t end;         ///< the position before which all is to be looked at again
  std::int64_t bytes_ahead;  ///< from a slot to the one that is asked for; 0: itself
};

/// From `position`, where the cursor is, with nothing known of `limit` and beyond. Lines of slots
/// `ahead` places on are asked for as long as these are before the limit: beyond it they are in
/// use on the other side, which would lose them.
inline Stretch stretchFrom(const SlotCursor& cursor, std::uint64_t position, std::uint64_t limit,
                           std::uint64_t ahead) noexcept {
  const std::uint64_t room = limit - position;
  const std::uint64_t to_wrap = cursor.wrapsAt() - position;
  if (room <= ahead) return {position + std::min(room, to_wrap), 0};
  const bool beyond_wrap = to_wrap <= ahead;
  const std::uint64_t slots = beyond_wrap ? ahead - cursor.slotCount() : ahead;
  const std::uint64_t most = beyond_wrap ? to_wrap : to_wrap - ahead;
  return {position + std::min(room - ahead, most),
          static_cast<std::int64_t>(slots * cursor.stride())};
}

/// How many of the slots from `position` on, where the cursor is, hold their element, of `most` at
/// most.
inline std::uint64_t countFull(const SlotCursor& cursor, std::uint64_t position,
                               std::uint64_t most) noexcept {
  std::uint64_t count = 0;
  std::byte* slot = cursor.slot(0);
  // SYNC: SpscWriter::publish(): who sees the word sees the element, and the write position.
  while (count < most &&
         cursor.word(slot).load(std::memory_order_acquire) == fullWord(position + count)) {
    ++count;
    slot = cursor.after(slot);
  }
  return count;
}

/// How many slots ahead of the one that is written or read lines are asked for; as many as there
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

/// Below how many elements, or free slots, a side may wait a little for more: half of the ring, or
/// 2 KiB; 1 where it never does. Who takes each one as it comes takes a line with it that the other
/// side is about to write, and that each time: some pauses once for many cost less.
inline std::uint64_t tooFew(const Geometry& geometry) {
  if (geometry.tuning == Tuning::RoundTrip) return 1;
  constexpr std::uint64_t kBytes = 2048;
  return std::max<std::uint64_t>(1, std::min(kBytes / geometry.slot_stride, geometry.capacity / 2));
}

inline void pauseForMore() noexcept {
  constexpr int kPauses = 12;
  for (int i = 0; i < kPauses; ++i) pauseCore();
}

/// Whether a side that finds few elements, or free slots, waits for more. Where they stream, many
/// come meanwhile; where each one is answered before the next is sent, none does. So a ring that is
/// to be good at both goes by what came of it the last time: after a wait that brought fewer than
/// kMany it goes without for 1, 3, 7 … 1023 times.
class WaitForMore {
 public:
  WaitForMore(const Geometry& geometry, std::uint64_t position)
      : always_(geometry.tuning == Tuning::Throughput), pays_(always_), asked_at_(position) {}

  /// To be asked each time when it has come to the end of what it knew of, at `position`, and there
  /// only: what has come since it was asked before is taken for what came of that wait.
  bool isDue(std::uint64_t position) noexcept {
    if (always_) return true;
    const std::uint64_t run = position - asked_at_;
    if (run == 0) return false;  // nothing has come since
    asked_at_ = position;
    if (pays_) {
      to_skip_ = run >= kMany ? 0 : std::min(2 * to_skip_ + 1, kMostSkipped);
      left_ = to_skip_;
    }
    pays_ = left_ == 0;
    if (!pays_) --left_;
    return pays_;
  }
  /// Also short of the end, and before it has looked again: the distance that is kept so is what
  /// makes a stream fast.
  bool isAlways() const noexcept { return always_; }
  /// Whether it was worth it the last time, or is tried again.
  bool pays() const noexcept { return pays_; }

 private:
  static constexpr std::uint64_t kMany = 8;
  static constexpr std::uint64_t kMostSkipped = 1023;

  bool always_;
  bool pays_;
  std::uint64_t asked_at_;
  std::uint64_t to_skip_ = 0;
  std::uint64_t left_ = 0;  ///< times to go without
};

/// Where a side is at `position` and knows what there is before `limit`, which `refresh` moves on:
/// looks again at the end of that, and waits for more where there are fewer than `few`.
template <class Refresh>
void lookFurther(WaitForMore& wait, std::uint64_t position, const std::uint64_t& limit,
                 std::uint64_t few, Refresh&& refresh) noexcept {
  const bool is_at_end = limit == position;
  if (is_at_end) refresh();
  const bool are_few = limit != position && limit - position < few;
  if (are_few && (is_at_end || wait.isAlways()) && wait.isDue(position)) {
    pauseForMore();
    refresh();
  }
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
        few_(tooFew(ring.geometry)),
        slots_at_once_(std::max<std::uint64_t>(1, kMostBytesAskedFor / ring.geometry.slot_stride)),
        position_(endOfPublished(ring)),
        limit_(position_),
        wait_(ring.geometry, position_),
        stretch_{position_, 0},
        cursor_(ring, position_) {}

  /// Takes up to `wanted` free slots (at least 1 wanted).
  Claim claim(std::uint64_t wanted) noexcept {
    if (position_ >= stretch_.end) [[unlikely]]
      lookAhead();
    if (wanted == 1) return {position_, position_ < stretch_.end ? 1U : 0U};
    if (limit_ - position_ < wanted) refresh();
    return {position_, std::min(wanted, limit_ - position_)};
  }
  std::byte* slot(const Claim&, std::uint64_t i) const noexcept {
    std::byte* const payload = cursor_.payload(i);
    askFor(i == 0 ? payload + stretch_.bytes_ahead : payload);
    return payload;
  }
  /// Those of a claim's slots from number i on that lie at equal distances; no more than can be
  /// asked for at once.
  SlotRun run(const Claim& claim, std::uint64_t i) const noexcept {
    const SlotRun run = cursor_.run(i, std::min(claim.count - i, slots_at_once_));
    prefetchForWrite(run.first, run.count * run.stride);
    return run;
  }
  /// Makes all claimed slots visible at once.
  void publish(const Claim& claim) noexcept {
    position_ += claim.count;
    if (cursor_.hasWords()) {
      // relaxed: the words are released after it, and who looks at it alone wants no element.
      shared_->store(position_, std::memory_order_relaxed);
      RINGSIDE_KILL_POINT(counted);
      // The first one last: until it is there, the consumer does not come to the others.
      std::byte* slot = cursor_.slot(claim.count == 0 ? 0 : claim.count - 1);
      for (std::uint64_t i = claim.count; i-- > 0; slot = cursor_.before(slot)) {
        cursor_.word(slot).store(fullWord(claim.position + i),
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
    const std::uint64_t written = boundedPosition(shared.load(std::memory_order_acquire));
    const std::uint64_t read =
        boundedPosition(ring.consumer_page->read_position.load(std::memory_order_acquire));
    const std::uint64_t counted = written - read;
    const SlotCursor cursor(ring, read);
    // More than fits is no value that a producer writes: see Repair::lookForRoom().
    if (!cursor.hasWords() || counted > ring.geometry.capacity) return written;
    const std::uint64_t published = countFull(cursor, read, counted);
    if (published == counted) return written;
    for (std::uint64_t i = published; i < counted; ++i) {
      cursor.word(cursor.slot(i))
          .store(0, std::memory_order_relaxed);  // released with a full word, later
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
    // More in use than fits, or more than before, is no value a reader writes; then nothing is new.
    const std::uint64_t limit = read + capacity_;
    if (position_ - read <= capacity_ && limit - limit_ <= capacity_) limit_ = limit;
  }
  /// Up to which position there is room: none when the ring is full.
  [[gnu::noinline]] void lookAhead() noexcept {
    if (position_ >= cursor_.wrapsAt()) cursor_.wrap();
    lookFurther(wait_, position_, limit_, few_, [&] { refresh(); });
    stretch_ = stretchFrom(cursor_, position_, limit_, ahead_);
  }

  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  std::uint64_t capacity_;
  std::uint64_t ahead_;  ///< slotsAhead()
  std::uint64_t few_;    ///< tooFew()
  std::uint64_t slots_at_once_;
  std::uint64_t position_;  ///< of the next write
  std::uint64_t limit_;     ///< first position that may not be written yet
  WaitForMore wait_;
  Stretch stretch_;  ///< when lookAhead() is due
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
        ahead_(slotsAhead(ring.geometry)),
        few_(tooFew(ring.geometry)),
        // SYNC: release() of a predecessor.
        position_(boundedPosition(shared_->load(std::memory_order_acquire))),
        limit_(position_),
        wait_(ring.geometry, position_),
        stretch_{position_, 0},
        cursor_(ring, position_) {}

  /// Takes up to `wanted` filled slots (at least 1 wanted).
  Claim claim(std::uint64_t wanted) noexcept {
    if (position_ >= stretch_.end) [[unlikely]]
      lookAhead();
    if (cursor_.hasWords()) {
      const std::uint64_t most = wanted == 1 ? 1 : std::min(wanted, capacity_);
      const std::uint64_t count = countFull(cursor_, position_, most);
      return {position_, count > 0 ? count : countAfterWait(most)};
    }
    if (wanted == 1) return {position_, position_ < stretch_.end ? 1U : 0U};
    if (limit_ - position_ < wanted) refresh();
    return {position_, std::min(wanted, limit_ - position_)};
  }
  const std::byte* slot(const Claim&, std::uint64_t i) const noexcept {
    const std::byte* const payload = cursor_.payload(i);
    if (i == 0) __builtin_prefetch(payload + stretch_.bytes_ahead);
    return payload;
  }
  /// Those of a claim's slots from number i on that lie at equal distances.
  SlotRun run(const Claim& claim, std::uint64_t i) const noexcept {
    return cursor_.run(i, claim.count - i);
  }
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
    // SYNC: SpscWriter::publish(): what was written before this position is visible. With words it
    // is not, and this is a hint how far to ask ahead: no element is read on its word.
    const std::uint64_t written = remote_->load(std::memory_order_acquire);
    // More pending than fits, or less than before, is no value a writer writes: nothing is new.
    if (written - position_ <= capacity_ && written - limit_ <= capacity_) limit_ = written;
  }
  /// Up to which position there is nothing to be looked at but, where there are words, the word:
  /// none when the ring is empty.
  [[gnu::noinline]] void lookAhead() noexcept {
    if (position_ >= cursor_.wrapsAt()) cursor_.wrap();
    if (!cursor_.hasWords() || wait_.pays()) return lookAtPosition();
    // How much is there only the producer's position says, and that takes its line from it. So near
    // to what is read, lines come in time and are seldom missed by who writes.
    const std::uint64_t near = ahead_ < capacity_ ? std::max<std::uint64_t>(1, ahead_ / 4) : ahead_;
    stretch_ = stretchFrom(cursor_, position_, cursor_.wrapsAt(), near);
  }
  void lookAtPosition() noexcept {
    if (limit_ - position_ > capacity_) limit_ = position_;  // words have told of more since
    lookFurther(wait_, position_, limit_, few_, [&] { refresh(); });
    if (limit_ - position_ <= 1) {  // as in a round trip, where somebody waits for it
      stretch_ = {limit_, 0};
      return;
    }
    stretch_ = stretchFrom(cursor_, position_, limit_, ahead_);
  }
  /// Where the next slot is empty.
  [[gnu::noinline]] std::uint64_t countAfterWait(std::uint64_t most) noexcept {
    if (few_ == 1 || !wait_.isDue(position_)) return 0;
    pauseForMore();
    lookAhead();
    return countFull(cursor_, position_, most);
  }

  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  std::uint64_t capacity_;
  std::uint64_t ahead_;     ///< slotsAhead()
  std::uint64_t few_;       ///< tooFew()
  std::uint64_t position_;  ///< of the next read
  std::uint64_t limit_;     ///< first position that `remote_` has not shown to be written
  WaitForMore wait_;
  Stretch stretch_;  ///< when lookAhead() is due
  SlotCursor cursor_;
};

}  // namespace ringside
