// A small ring in memory that ends where it ends: pages before and behind it that nobody may touch,
// and every byte between its parts poisoned. Whose entry is locked lives; who attaches by another
// entry is dead for whoever asks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ringside/backings.hpp"
#include "ringside/ring_segment.hpp"
#include "ringside/segment.hpp"

namespace ringside {

class GuardedRing {
 public:
  static constexpr std::size_t kLiving = 4;  ///< attachments of processes that live

  explicit GuardedRing(const Geometry& geometry);
  GuardedRing(const GuardedRing&) = delete;
  GuardedRing& operator=(const GuardedRing&) = delete;

  const RingView& view() const { return view_; }
  /// The attachment of [0, kLiving), whatever was announced there before.
  Attachment living(std::size_t which);
  /// One whose process is dead: nobody holds its lock.
  Attachment dead();
  /// As it was made: empty, undamaged.
  void restore();

 private:
  std::byte* guardedCopy(int descriptor);
  void poisonGaps();
  Attachment attachmentAt(std::size_t entry);

  Geometry geometry_;
  RingSegment segment_;
  std::byte* memory_;
  RingView view_;
  int probe_;
  std::vector<std::size_t> entries_;  ///< of the living
  std::vector<std::byte> pristine_;   ///< the page of the producer and all behind it
};

}  // namespace ringside
