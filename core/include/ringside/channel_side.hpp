// One side of a ring in memory: the core path, without names to open and without lastError. The
// facades in shared.hpp and queue.hpp are made of these, and a benchmark that wants nothing
// between itself and the ring uses them as they are.
#pragma once

#include <utility>

#include "ringside/claimed.hpp"
#include "ringside/operations.hpp"
#include "ringside/ring_segment.hpp"

namespace ringside {

/// Whether a claim is out, where only one may be.
template <bool kOneAtATime>
class ClaimGuard {
 public:
  static constexpr bool busy() noexcept { return false; }
  static constexpr void set(bool) noexcept {}
};
template <>
class ClaimGuard<true> {
 public:
  bool busy() const noexcept { return busy_; }
  void set(bool busy) noexcept { busy_ = busy; }

 private:
  bool busy_ = false;
};

/// Pushes into a ring that outlives it. Elements are raw bytes of the ring's element size. While
/// busy() only the claim that is out may be used: the core path does not look.
template <class Writer, class Size = RunTimeSize>
class PushSide {
 public:
  PushSide(const RingView& ring, Wait wait)
      : writer_(ring),
        published_(&ring.producer_page->published),
        released_(&ring.consumer_page->released),
        size_(ring.geometry.element_size_bytes),
        order_(wakeOrder()),
        wait_(wait) {}

  bool busy() const noexcept { return guard_.busy(); }

  /// False when full.
  bool tryPush(const void* element) noexcept {
    return pushOne(writer_, *published_, order_, element, size_);
  }
  /// How many of `count` elements fitted.
  std::size_t tryPush(const void* elements, std::size_t count) noexcept {
    return pushMany(writer_, *published_, order_, elements, count, size_);
  }
  /// False when it was still full at the deadline.
  bool pushUntil(const void* element, const Deadline& deadline) noexcept {
    return waitUntil(*released_, wait_, deadline, [&] { return tryPush(element); });
  }

  /// Up to `wanted` free slots, at least 1 wanted.
  Claim tryClaim(std::size_t wanted) noexcept {
    const Claim claim = writer_.claim(wanted);
    guard_.set(claim.count > 0);
    return claim;
  }
  /// None when it was still full at the deadline.
  Claim claimUntil(std::size_t wanted, const Deadline& deadline) noexcept {
    Claim claim;
    waitUntil(*released_, wait_, deadline, [&] { return (claim = tryClaim(wanted)).count > 0; });
    return claim;
  }
  std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return writer_.slot(claim, i);
  }
  /// Publishes the first `count` slots of a claim and abandons the rest.
  void commit(const Claim& claim, std::uint64_t count) noexcept {
    writer_.publish({claim.position, count});
    writer_.abandon({claim.position + count, claim.count - count});
    guard_.set(false);
    published_->wake(order_);  // also for abandoned ones: they may have been what others waited for
  }

 private:
  Writer writer_;
  WaitPoint* published_;
  WaitPoint* released_;
  [[no_unique_address]] Size size_;
  WakeOrder order_;
  Wait wait_;
  [[no_unique_address]] ClaimGuard<Writer::kOneClaimAtATime> guard_;
};

/// Pops from a ring that outlives it. For busy() see PushSide.
template <class Reader, class Size = RunTimeSize>
class PopSide {
 public:
  PopSide(const RingView& ring, Wait wait)
      : reader_(ring),
        published_(&ring.producer_page->published),
        released_(&ring.consumer_page->released),
        size_(ring.geometry.element_size_bytes),
        order_(wakeOrder()),
        wait_(wait) {}

  bool busy() const noexcept { return guard_.busy(); }

  /// False when empty.
  bool tryPop(void* element) noexcept {
    return popOne(reader_, *released_, order_, element, size_);
  }
  /// How many elements, at most `count`, were there.
  std::size_t tryPop(void* elements, std::size_t count) noexcept {
    return popMany(reader_, *released_, order_, elements, count, size_);
  }
  /// False when it was still empty at the deadline.
  bool popUntil(void* element, const Deadline& deadline) noexcept {
    return waitUntil(*published_, wait_, deadline, [&] { return tryPop(element); });
  }

  /// Up to `wanted` filled slots, at least 1 wanted.
  Claim tryTake(std::size_t wanted) noexcept {
    const Claim claim = claimToRead(reader_, *released_, order_, wanted);
    guard_.set(claim.count > 0);
    return claim;
  }
  /// None when it was still empty at the deadline.
  Claim takeUntil(std::size_t wanted, const Deadline& deadline) noexcept {
    Claim claim;
    waitUntil(*published_, wait_, deadline, [&] { return (claim = tryTake(wanted)).count > 0; });
    return claim;
  }
  const std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return reader_.slot(claim, i);
  }
  void release(const Claim& claim) noexcept {
    reader_.release(claim);
    guard_.set(false);
    released_->wake(order_);
  }

 private:
  Reader reader_;
  WaitPoint* published_;
  WaitPoint* released_;
  [[no_unique_address]] Size size_;
  WakeOrder order_;
  Wait wait_;
  [[no_unique_address]] ClaimGuard<Reader::kOneClaimAtATime> guard_;
};

}  // namespace ringside
