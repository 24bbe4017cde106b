// How the calls of producers and consumers answer: 0 or -1 with lastError, or slots in place.
// Written once for the channels by name (shared.hpp) and the typed queues (queue.hpp), over a side
// that the owner gives, or refuses with nullptr and lastError.
#pragma once

#include <chrono>

#include "ringside/channel_side.hpp"

namespace ringside {

/// The side if it may be used now, else nullptr with lastError.
template <class Side>
Side* ifUsable(Side* side) noexcept {
  if (side == nullptr || side->state() == SideState::Usable) [[likely]]
    return side;
  fail(side->state() == SideState::ClaimOut ? Errc::InUse : Errc::OperationFailed);
  return nullptr;
}

/// -1: the action on the side came to nothing, because the ring is damaged or for the usual cause.
template <class Side>
int failOf(const Side& side, Errc usual) noexcept {
  return fail(side.state() == SideState::Damaged ? Errc::OperationFailed : usual);
}

/// 0 when `action` on the side succeeds, else -1 with `otherwise`, or with InvalidParam for
/// nullptr.
template <class Side, class Action>
int answer(Side* side, const void* element, Errc otherwise, Action&& action) noexcept {
  if (side == nullptr) [[unlikely]]
    return -1;
  if (element == nullptr) [[unlikely]]
    return fail(Errc::InvalidParam);
  const CallOfOneThread call(side->inCall());
  return action(*side) ? 0 : failOf(*side, otherwise);
}

/// How many of `count` elements `action` moved; 0 of more than 0 sets lastError. None of none is no
/// fault.
template <class GetSide, class Action>
std::size_t answerMany(GetSide&& side, const void* elements, std::size_t count,
                       Action&& action) noexcept {
  std::size_t moved = 0;
  if (count == 0) return 0;
  answer(side(), elements, Errc::TemporaryError,
         [&](auto& known) { return (moved = action(known)) > 0; });
  return moved;
}

/// Slots in place, or none with `otherwise`, or InvalidParam when none are wanted.
template <class InPlace, class Side, class Action>
InPlace answerInPlace(Side* side, std::size_t wanted, Errc otherwise, Action&& action) noexcept {
  if (side == nullptr) return {};
  const CallOfOneThread call(side->inCall());
  const Claim claim = wanted > 0 ? action(*side) : Claim{};
  if (claim.count > 0) return InPlace(*side, claim);
  failOf(*side, wanted > 0 ? otherwise : Errc::InvalidParam);
  return {};
}

template <class Side>
std::uint32_t blockerOf(const Side* side) noexcept {
  return side != nullptr ? side->blocker() : 0;
}

/// Calls that put elements in. The owner has pushSide().
template <class Owner, class Side, class T>
class PushCalls {
 public:
  using Claimed = ringside::Claimed<Side, T>;

  /// Up to `count` free slots to be filled in place: as many as fit. Empty with lastError:
  /// TemporaryError when full.
  Claimed tryClaim(std::size_t count = 1) noexcept {
    return answerInPlace<Claimed>(usable(), count, Errc::TemporaryError,
                                  [&](Side& side) { return side.tryClaim(count); });
  }
  /// Waits without bound for at least one.
  Claimed claim(std::size_t count = 1) noexcept {
    return answerInPlace<Claimed>(usable(), count, Errc::TimedOut,
                                  [&](Side& side) { return side.claimUntil(count, std::nullopt); });
  }
  /// Empty with TimedOut when it stayed full for `timeout`.
  Claimed timedClaim(std::size_t count, Timeout timeout) noexcept {
    return answerInPlace<Claimed>(usable(), count, Errc::TimedOut, [&](Side& side) {
      return side.claimUntil(count, deadlineAfter(timeout));
    });
  }
  /// Process id of the living one whose unfinished take kept this producer from room when it last
  /// looked; 0 when there was none.
  std::uint32_t roomHeldBy() noexcept { return blockerOf(static_cast<Owner*>(this)->pushSide()); }

 protected:
  int tryPushAt(const void* element) noexcept {
    return answer(usable(), element, Errc::TemporaryError,
                  [&](Side& side) { return side.tryPush(element); });
  }
  std::size_t tryPushMany(const void* elements, std::size_t count) noexcept {
    return answerMany([this] { return usable(); }, elements, count,
                      [&](Side& side) { return side.tryPush(elements, count); });
  }
  int pushWithin(const void* element, Timeout timeout) noexcept {
    return answer(usable(), element, Errc::TimedOut,
                  [&](Side& side) { return side.pushWithin(element, timeout); });
  }
  int pushUntil(const void* element, const Deadline& deadline) noexcept {
    return answer(usable(), element, Errc::TimedOut,
                  [&](Side& side) { return side.pushUntil(element, deadline); });
  }

 private:
  Side* usable() noexcept { return ifUsable(static_cast<Owner*>(this)->pushSide()); }
};

/// Calls that take elements out. The owner has popSide().
template <class Owner, class Side, class T>
class PopCalls {
 public:
  using Taken = ringside::Taken<Side, T>;

  /// Up to `count` filled slots to be read in place: as many as there are. Empty with lastError:
  /// TemporaryError when the ring is empty.
  Taken tryTake(std::size_t count = 1) noexcept {
    return answerInPlace<Taken>(usable(), count, Errc::TemporaryError,
                                [&](Side& side) { return side.tryTake(count); });
  }
  /// Waits without bound for at least one.
  Taken take(std::size_t count = 1) noexcept {
    return answerInPlace<Taken>(usable(), count, Errc::TimedOut,
                                [&](Side& side) { return side.takeUntil(count, std::nullopt); });
  }
  /// Empty with TimedOut when the ring stayed empty for `timeout`.
  Taken timedTake(std::size_t count, Timeout timeout) noexcept {
    return answerInPlace<Taken>(usable(), count, Errc::TimedOut, [&](Side& side) {
      return side.takeUntil(count, deadlineAfter(timeout));
    });
  }
  /// Process id of the living one whose unfinished claim kept this consumer from elements when it
  /// last looked; 0 when there was none.
  std::uint32_t elementsHeldBy() noexcept {
    return blockerOf(static_cast<Owner*>(this)->popSide());
  }
  /// Whether what came last had been taken by a consumer that died: see Delivery::AtLeastOnce.
  bool redelivered() noexcept {
    const Side* side = static_cast<Owner*>(this)->popSide();
    return side != nullptr && side->redelivered();
  }

 protected:
  int tryPopAt(void* element) noexcept {
    return answer(usable(), element, Errc::TemporaryError,
                  [&](Side& side) { return side.tryPop(element); });
  }
  std::size_t tryPopMany(void* elements, std::size_t count) noexcept {
    return answerMany([this] { return usable(); }, elements, count,
                      [&](Side& side) { return side.tryPop(elements, count); });
  }
  int popWithin(void* element, Timeout timeout) noexcept {
    return answer(usable(), element, Errc::TimedOut,
                  [&](Side& side) { return side.popWithin(element, timeout); });
  }
  int popUntil(void* element, const Deadline& deadline) noexcept {
    return answer(usable(), element, Errc::TimedOut,
                  [&](Side& side) { return side.popUntil(element, deadline); });
  }

 private:
  Side* usable() noexcept { return ifUsable(static_cast<Owner*>(this)->popSide()); }
};

}  // namespace ringside
