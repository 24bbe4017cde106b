// One side of a ring in memory: the core path, without names to open and without lastError. The
// facades in shared.hpp and queue.hpp are made of these, and a benchmark that wants nothing
// between itself and the ring uses them as they are.
#pragma once

#include <optional>
#include <utility>

#include "ringside/claimed.hpp"
#include "ringside/one_thread.hpp"
#include "ringside/operations.hpp"
#include "ringside/repair.hpp"
#include "ringside/ring_segment.hpp"

namespace ringside {

/// Whether a side can be used now.
enum class SideState : std::uint8_t {
  Usable,
  ClaimOut,  ///< only the claim that is out may be used
  Damaged    ///< for good: see RingView::describeDamage()
};

/// What both sides do when they get nothing: now and then they look why. One object, one thread.
class SideOfRing {
 public:
  SideOfRing(const SideOfRing&) = delete;
  SideOfRing& operator=(const SideOfRing&) = delete;

  SideState state() const noexcept { return state_; }
  /// Process id of the living one whose unfinished claim was in the way when this side last looked;
  /// 0 when none was. A stopped process stays there until it goes on or is killed.
  std::uint32_t blocker() const noexcept { return repair_.blocker(); }
  /// For CallOfOneThread.
  std::atomic<bool>& inCall() noexcept { return in_call_; }

 protected:
  SideOfRing(const RingView& ring, const Attachment& attachment, Wait wait)
      : published_(&ring.producer_page->published),
        released_(&ring.consumer_page->released),
        order_(wakeOrder()),
        wait_(wait),
        repair_(ring, attachment) {}
  ~SideOfRing() = default;

  void holdClaim(const Claim& claim) noexcept {
    if (claim.count > 0) state_ = SideState::ClaimOut;
  }
  void endClaim() noexcept { state_ = SideState::Usable; }

  /// After Stall::isTimeToAsk(). What stands in the way at `position`; nullopt when it is not time
  /// to look after all.
  template <Finding (Repair::*kLook)(std::uint64_t) noexcept>
  std::optional<Finding> look(std::uint64_t position) noexcept {
    if (!stall_.isBlockedAt(position)) return std::nullopt;
    const Finding finding = (repair_.*kLook)(position);
    if (finding == Finding::Damaged) state_ = SideState::Damaged;
    return finding;
  }
  /// Repeats `attempt` until it succeeds, until the deadline, or until the ring turns out damaged.
  template <class Attempt>
  bool keepTrying(WaitPoint& point, const Deadline& deadline, int rounds,
                  Attempt&& attempt) noexcept {
    waitUntil(
        point, wait_, deadline, [&] { return attempt() || state_ == SideState::Damaged; },
        [&] { stall_.lookAtNextTry(); }, rounds);
    return state_ != SideState::Damaged;
  }

  /// How many times the usual number of tries come before the first sleep at `position`, of a side
  /// that nobody shares. Who has moved many elements since it had to wait is in a stream: the other
  /// side is soon back from whatever keeps it, and to sleep and be woken takes longer than that.
  int roundsAt(std::uint64_t position) noexcept {
    constexpr std::uint64_t kStream = 64;
    constexpr int kRounds = 8;
    const bool streams = position - waited_at_ >= kStream;
    waited_at_ = position;
    return streams ? kRounds : 1;
  }

  WaitPoint* published_;
  WaitPoint* released_;
  WakeOrder order_;
  Wait wait_;
  SideState state_ = SideState::Usable;
  std::atomic<bool> in_call_ = false;  ///< in debug builds; there in all
  std::uint64_t waited_at_ = 0;        ///< the position; set by who derives from this
  Stall stall_;
  Repair repair_;
};

/// Pushes into a ring that outlives it. Elements are raw bytes of the ring's element size. Unless
/// its state is Usable nothing but the claim that is out may be used: the core path does not look.
template <class Writer, class Size = RunTimeSize>
class PushSide : public SideOfRing {
 public:
  PushSide(const RingView& ring, const Attachment& attachment, Wait wait)
      : SideOfRing(ring, attachment, wait),
        writer_(ring, attachment),
        size_(ring.geometry.element_size_bytes) {
    waited_at_ = writer_.position();
  }

  /// False when full.
  [[gnu::always_inline]] bool tryPush(const void* element) noexcept {
    if (pushOne(writer_, *published_, order_, element, size_)) [[likely]]
      return true;
    if constexpr (Writer::kProtected) {
      if (stall_.isTimeToAsk()) [[unlikely]]
        return pushOneLate(element);
    }
    return false;
  }
  /// How many of `count` elements fitted.
  std::size_t tryPush(const void* elements, std::size_t count) noexcept {
    const auto* from = static_cast<const std::byte*>(elements);
    std::size_t pushed = 0;
    for (Claim claim{0, kMaxClaim}; claim.count == kMaxClaim && pushed < count;) {
      claim = claimToWrite(count - pushed);
      pushClaimed(writer_, *published_, order_, from + pushed * size_.bytes, claim, size_);
      pushed += claim.count;
    }
    return pushed;
  }
  /// False when it was still full at the deadline, or damaged.
  bool pushUntil(const void* element, const Deadline& deadline) noexcept {
    bool pushed = false;
    keepTrying(*released_, deadline, rounds(), [&] { return (pushed = tryPush(element)); });
    return pushed;
  }
  /// False when it was still full after this time, or damaged. Where there is room soon, as in a
  /// stream, it costs no look at a clock.
  [[gnu::always_inline]] bool pushWithin(const void* element, Timeout timeout) noexcept {
    if (tryPush(element)) [[likely]]
      return true;
    return pushAfterTry(element, timeout);
  }

  /// Up to `wanted` free slots, at least 1 wanted; on MPSC and MPMC kMaxClaim at most.
  Claim tryClaim(std::size_t wanted) noexcept {
    const Claim claim = claimToWrite(wanted);
    holdClaim(claim);
    return claim;
  }
  /// None when it was still full at the deadline, or damaged.
  Claim claimUntil(std::size_t wanted, const Deadline& deadline) noexcept {
    Claim claim;
    keepTrying(*released_, deadline, rounds(),
               [&] { return (claim = tryClaim(wanted)).count > 0; });
    return claim;
  }
  std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return writer_.slot(claim, i);
  }
  /// Publishes the first `count` slots of a claim and abandons the rest.
  void commit(const Claim& claim, std::uint64_t count) noexcept {
    const CallOfOneThread call(in_call_);
    writer_.publish({claim.position, count});
    writer_.abandon({claim.position + count, claim.count - count});
    endClaim();
    published_->wake(order_);  // also for abandoned ones: they may have been what others waited for
  }

 private:
  Claim claimToWrite(std::size_t wanted) noexcept {
    Claim claim = writer_.claim(wanted);
    if constexpr (Writer::kProtected) {
      while (claim.count == 0 && stall_.isTimeToAsk() && repairedRoom()) {
        claim = writer_.claim(wanted);
      }
    }
    return claim;
  }
  int rounds() noexcept { return Writer::kExclusive ? roundsAt(writer_.position()) : 1; }
  [[gnu::noinline]] bool pushAfterTry(const void* element, Timeout timeout) noexcept {
    if (state_ == SideState::Damaged) return false;
    bool done = false;
    const bool soon = tryForAWhile(
        wait_, timeout, [&] { return (done = tryPush(element)) || state_ == SideState::Damaged; });
    return soon ? done : pushUntil(element, deadlineAfter(timeout));
  }
  [[gnu::noinline, gnu::cold]] bool pushOneLate(const void* element) noexcept {
    do {
      if (!repairedRoom()) return false;
      if (pushOne(writer_, *published_, order_, element, size_)) return true;
    } while (stall_.isTimeToAsk());
    return false;
  }
  bool repairedRoom() noexcept {
    return look<&Repair::lookForRoom>(writer_.position()) == Finding::Repaired;
  }

  Writer writer_;
  [[no_unique_address]] Size size_;
};

/// Pops from a ring that outlives it. For its state see PushSide.
template <class Reader, class Size = RunTimeSize>
class PopSide : public SideOfRing {
 public:
  PopSide(const RingView& ring, const Attachment& attachment, Wait wait)
      : SideOfRing(ring, attachment, wait),
        reader_(ring, attachment),
        size_(ring.geometry.element_size_bytes) {
    waited_at_ = reader_.position();
  }

  /// False when empty.
  [[gnu::always_inline]] bool tryPop(void* element) noexcept {
    if (popOne(reader_, *released_, order_, element, size_)) [[likely]] {
      if constexpr (Reader::kAdopts) redelivered_ = false;
      return true;
    }
    if constexpr (Reader::kProtected) {
      if (stall_.isTimeToAsk()) [[unlikely]]
        return popLate(element);
    }
    return false;
  }
  /// How many elements, at most `count`, were there.
  std::size_t tryPop(void* elements, std::size_t count) noexcept {
    auto* to = static_cast<std::byte*>(elements);
    std::size_t popped = 0;
    for (Claim claim{0, kMaxClaim}; claim.count == kMaxClaim && popped < count;) {
      claim = claimFilled(count - popped);
      popClaimed(reader_, *released_, order_, to + popped * size_.bytes, claim, size_);
      popped += claim.count;
    }
    return popped;
  }
  /// False when it was still empty at the deadline, or damaged.
  bool popUntil(void* element, const Deadline& deadline) noexcept {
    bool popped = false;
    keepTrying(*published_, deadline, rounds(), [&] { return (popped = tryPop(element)); });
    return popped;
  }
  /// False when it was still empty after this time, or damaged; as pushWithin().
  [[gnu::always_inline]] bool popWithin(void* element, Timeout timeout) noexcept {
    if (tryPop(element)) [[likely]]
      return true;
    return popAfterTry(element, timeout);
  }

  /// Up to `wanted` filled slots, at least 1 wanted; on MPMC kMaxClaim at most.
  Claim tryTake(std::size_t wanted) noexcept {
    const Claim claim = claimFilled(wanted);
    holdClaim(claim);
    return claim;
  }
  /// None when it was still empty at the deadline, or damaged.
  Claim takeUntil(std::size_t wanted, const Deadline& deadline) noexcept {
    Claim claim;
    keepTrying(*published_, deadline, rounds(),
               [&] { return (claim = tryTake(wanted)).count > 0; });
    return claim;
  }
  const std::byte* slot(const Claim& claim, std::uint64_t i) const noexcept {
    return reader_.slot(claim, i);
  }
  void release(const Claim& claim) noexcept {
    const CallOfOneThread call(in_call_);
    reader_.release(claim);
    endClaim();
    released_->wake(order_);
  }
  /// Whether what came last had been taken by a consumer that died, which may have used it.
  bool redelivered() const noexcept { return redelivered_; }

 private:
  Claim claimFilled(std::size_t wanted) noexcept {
    const Claim claim = claimToRead(reader_, *released_, order_, wanted);
    if (claim.count == 0) [[unlikely]] {
      if constexpr (Reader::kProtected) {
        if (stall_.isTimeToAsk()) return claimLate(wanted);
      }
      return claim;
    }
    if constexpr (Reader::kAdopts) redelivered_ = false;
    return claim;
  }
  int rounds() noexcept { return Reader::kExclusive ? roundsAt(reader_.position()) : 1; }
  [[gnu::noinline]] bool popAfterTry(void* element, Timeout timeout) noexcept {
    if (state_ == SideState::Damaged) return false;
    bool done = false;
    const bool soon = tryForAWhile(
        wait_, timeout, [&] { return (done = tryPop(element)) || state_ == SideState::Damaged; });
    return soon ? done : popUntil(element, deadlineAfter(timeout));
  }
  [[gnu::noinline, gnu::cold]] bool popLate(void* element) noexcept {
    const Claim claim = claimLate(1);
    if (claim.count > 0) popClaimed(reader_, *released_, order_, element, claim, size_);
    return claim.count > 0;
  }
  /// After none: what a repair uncovers, or what a dead consumer left behind.
  Claim claimLate(std::size_t wanted) noexcept {
    Claim claim;
    const std::optional<Finding> found = look<&Repair::lookForElements>(reader_.position());
    if (found == Finding::Repaired) {
      claim = claimToRead(reader_, *released_, order_, wanted);
    } else if (Reader::kAdopts && found && found != Finding::Damaged) {
      claim = repair_.adopt();
      redelivered_ = claim.count > 0;
      return claim;
    }
    if (Reader::kAdopts && claim.count > 0) redelivered_ = false;
    return claim;
  }

  Reader reader_;
  [[no_unique_address]] Size size_;
  bool redelivered_ = false;
};

}  // namespace ringside
