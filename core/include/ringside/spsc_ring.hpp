// One producer, one consumer: a position each, no slot words. Either side keeps its own position
// and the limit it may go to in private memory, and looks at the other's line only when it
// reaches that limit.
#pragma once

#include <algorithm>
#include <atomic>

#include "ringside/intent.hpp"
#include "ringside/kill_point.hpp"
#include "ringside/segment.hpp"

namespace ringside {

/// A place in the ring that steps from slot to slot without a division.
class SlotCursor {
 public:
  SlotCursor(const RingView& ring, std::uint64_t position)
      : begin_(ring.slots),
        end_(ring.slots + ring.geometry.slot_count * ring.geometry.slot_stride),
        next_(ring.slots + position % ring.geometry.slot_count * ring.geometry.slot_stride),
        stride_(ring.geometry.slot_stride) {}

  /// The slot `ahead` places on; ahead is less than the slot count.
  std::byte* at(std::uint64_t ahead) const noexcept { return wrap(next_ + ahead * stride_); }
  void advance(std::uint64_t count) noexcept { next_ = wrap(next_ + count * stride_); }

 private:
  std::byte* wrap(std::byte* place) const noexcept {
    return place < end_ ? place : place - (end_ - begin_);
  }

  std::byte* begin_;
  std::byte* end_;
  std::byte* next_;
  std::uint64_t stride_;
};

/// The producer's side. One object, one thread at a time.
class SpscWriter {
 public:
  static constexpr bool kExclusive = true;  ///< one at a time in all processes
  static constexpr bool kProtected = true;

  SpscWriter(const RingView& ring, const Attachment&)
      : shared_(&ring.producer_page->write_position),
        remote_(&ring.consumer_page->read_position),
        capacity_(ring.geometry.capacity),
        position_(shared_->load(std::memory_order_acquire)),  // SYNC: publish() of a predecessor
        limit_(position_),
        cursor_(ring, position_) {
    refresh();
  }

  /// Takes up to `wanted` free slots (at least 1 wanted).
  Claim claim(std::uint64_t wanted) noexcept {
    if (limit_ - position_ < wanted) [[unlikely]]
      refresh();
    return {position_, std::min(wanted, limit_ - position_)};
  }
  std::byte* slot(const Claim&, std::uint64_t i) const noexcept { return cursor_.at(i); }
  /// Makes all claimed slots visible at once.
  void publish(const Claim& claim) noexcept {
    cursor_.advance(claim.count);
    position_ += claim.count;
    shared_->store(position_, std::memory_order_release);  // SYNC: SpscReader::refresh()
    RINGSIDE_KILL_POINT(published);
  }
  /// Nobody has seen a claim that was not published.
  void abandon(const Claim&) noexcept {}
  std::uint64_t position() const noexcept { return position_; }

 private:
  void refresh() noexcept {
    // SYNC: SpscReader::release(): the reader is done with the slots before this position.
    const std::uint64_t read = remote_->load(std::memory_order_acquire);
    // More in use than fits is no value a reader writes; then nothing is free.
    if (position_ - read <= capacity_) limit_ = read + capacity_;
  }

  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  std::uint64_t capacity_;
  std::uint64_t position_;  ///< of the next write
  std::uint64_t limit_;     ///< first position that may not be written yet
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
        cursor_(ring, position_) {
    refresh();
  }

  /// Takes up to `wanted` filled slots (at least 1 wanted).
  Claim claim(std::uint64_t wanted) noexcept {
    if (limit_ - position_ < wanted) [[unlikely]]
      refresh();
    return {position_, std::min(wanted, limit_ - position_)};
  }
  const std::byte* slot(const Claim&, std::uint64_t i) const noexcept { return cursor_.at(i); }
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

  std::atomic<std::uint64_t>* shared_;
  const std::atomic<std::uint64_t>* remote_;
  std::uint64_t capacity_;
  std::uint64_t position_;  ///< of the next read
  std::uint64_t limit_;     ///< first position not known to be written
  SlotCursor cursor_;
};

}  // namespace ringside
