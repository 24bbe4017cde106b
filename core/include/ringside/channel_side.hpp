// One side of a ring in memory: the core path, without names to open and without lastError. The
// facades in shared.hpp and queue.hpp are made of these, and a benchmark that wants nothing
// between itself and the ring uses them as they are.
#pragma once

#include <utility>

#include "ringside/operations.hpp"
#include "ringside/ring_segment.hpp"

namespace ringside {

/// Pushes into a ring that outlives it. Elements are raw bytes of the ring's element size.
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

 private:
  Writer writer_;
  WaitPoint* published_;
  WaitPoint* released_;
  [[no_unique_address]] Size size_;
  WakeOrder order_;
  Wait wait_;
};

/// Pops from a ring that outlives it.
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

 private:
  Reader reader_;
  WaitPoint* published_;
  WaitPoint* released_;
  [[no_unique_address]] Size size_;
  WakeOrder order_;
  Wait wait_;
};

}  // namespace ringside
