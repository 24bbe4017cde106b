// Elements in place: slots claimed to be filled, and slots taken to be read, where they lie. What
// is not committed or released by hand is given back at the end of the scope.
//
//   if (auto claimed = producer.tryClaim(1)) {       // empty when the ring is full
//     fill(static_cast<PointCloud*>(claimed[0]));
//     claimed.commit();                              // without it: abort
//   }
//   if (auto taken = consumer.tryTake(1)) use(static_cast<const PointCloud*>(taken[0]));
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "ringside/segment.hpp"

namespace ringside {

/// What both have in common: some slots of a side. Elements of 64 bytes and more begin on a cache
/// line; smaller ones are aligned as any type of their size needs. Slot i is not beside slot i + 1.
/// The side must outlive it, and stay open; a forked child must not destroy its copy. T is the
/// element of a typed queue, or void.
template <class Side, class T, class Reference>
class SlotsInPlace {
 public:
  SlotsInPlace(const SlotsInPlace&) = delete;
  SlotsInPlace& operator=(const SlotsInPlace&) = delete;

  /// False when there is nothing: the call that made it has set lastError, or all was given back.
  explicit operator bool() const noexcept { return claim_.count > 0; }
  /// How many elements: as many as fitted or were there, at most what was asked for.
  std::size_t size() const noexcept { return claim_.count; }
  /// Element i of [0, size()).
  Reference operator[](std::size_t i) const noexcept {
    auto* const slot = side_->slot(claim_, i);
    if constexpr (std::is_void_v<T>) {
      return slot;
    } else {
      static_assert(alignof(T) <= kCacheLineBytes, "slots are aligned to a cache line at most");
      return *reinterpret_cast<std::remove_reference_t<Reference>*>(slot);
    }
  }

 protected:
  SlotsInPlace() = default;
  SlotsInPlace(Side& side, const Claim& claim) : side_(&side), claim_(claim) {}
  SlotsInPlace(SlotsInPlace&& other) noexcept
      : side_(other.side_), claim_(std::exchange(other.claim_, {})) {}

  Side* side_ = nullptr;
  Claim claim_;
};

/// Slots to be filled. Until they are committed or aborted the ring is full behind them, and no
/// other call of this producer works (InUse).
template <class Side, class T = void>
class Claimed
    : public SlotsInPlace<
          Side, T, std::conditional_t<std::is_void_v<T>, void*, std::add_lvalue_reference_t<T>>> {
 public:
  Claimed() = default;
  Claimed(Side& side, const Claim& claim) : Claimed::SlotsInPlace(side, claim) {}
  Claimed(Claimed&&) noexcept = default;
  ~Claimed() { abort(); }

  /// Makes the elements visible to consumers, in order.
  void commit() noexcept { commit(this->size()); }
  /// The same for the first `count`; the others are aborted. `count` is at most size().
  void commit(std::size_t count) noexcept {
    if (!*this) return;
    const Claim claim = std::exchange(this->claim_, {});
    this->side_->commit(claim, count < claim.count ? count : claim.count);
  }
  /// Gives the slots back: no consumer ever sees them.
  void abort() noexcept { commit(0); }
};

/// Slots to be read. Nothing is written into them before they are released. No other call of this
/// consumer works meanwhile (InUse). When its process dies before, then on SPSC and MPSC the next
/// consumer gets them again; on MPMC they are dropped and counted, or delivered again: see
/// Delivery.
template <class Side, class T = void>
class Taken : public SlotsInPlace<Side, T,
                                  std::conditional_t<std::is_void_v<T>, const void*,
                                                     std::add_lvalue_reference_t<const T>>> {
 public:
  Taken() = default;
  Taken(Side& side, const Claim& claim) : Taken::SlotsInPlace(side, claim) {}
  Taken(Taken&&) noexcept = default;
  ~Taken() { release(); }

  /// Gives the slots back to the producers: the elements are consumed.
  void release() noexcept {
    if (*this) this->side_->release(std::exchange(this->claim_, {}));
  }
};

}  // namespace ringside
