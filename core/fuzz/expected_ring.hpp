// What a ring must hold after each call, kept in the plainest way: one entry for each position.
// What a survivor may do for the dead at any time, it may have done or not; all else is exact.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ringside/segment.hpp"

namespace ringside {

class ExpectedRing {
 public:
  using Values = std::vector<std::uint8_t>;

  explicit ExpectedRing(const Geometry& geometry) : geometry_(geometry) {}

  /// How many positions were ever claimed.
  std::uint64_t positions() const { return entries_.size(); }

  /// Whether so many slots may have been claimed when `wanted` were asked for. If so they are.
  bool claimed(std::uint64_t count, std::uint64_t wanted) {
    if (count > wanted || count < std::min(wanted, room(false)) || count > room(true)) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t position = entries_.size();
      if (position >= geometry_.capacity) {
        entries_[position - geometry_.capacity].state = State::Released;
      }
      entries_.push_back({State::Claimed, 0});
    }
    return true;
  }
  /// What becomes of the claim of `count` slots from `position` on: the values published, the rest
  /// abandoned. An SPSC ring never knew of the rest.
  void committed(std::uint64_t position, std::uint64_t count, const Values& published) {
    for (std::uint64_t i = 0; i < count; ++i) {
      Entry& entry = entries_[position + i];
      if (i < published.size()) {
        entry = {State::Full, published[i]};
      } else {
        entry.state = State::Abandoned;
      }
    }
    if (geometry_.policy == PolicyKind::Spsc) entries_.resize(position + published.size());
  }
  /// The claimer died.
  void orphaned(std::uint64_t position, std::uint64_t count) {
    if (geometry_.policy == PolicyKind::Spsc && count > 0) return entries_.resize(position);
    for (std::uint64_t i = 0; i < count; ++i) entries_[position + i].state = State::Orphan;
  }

  /// Whether these are what a consumer may have got that asked for `wanted`. If so they are taken.
  bool taken(const Values& values, bool redelivered, std::uint64_t wanted) {
    if (values.size() > wanted) return false;
    if (redelivered) return adopted(values);
    const bool may_be_fewer = !isFrontCertain();
    const std::uint64_t certain = std::min(wanted, fullRun());
    stepOver(!values.empty());
    if (may_be_fewer ? values.size() < std::min<std::uint64_t>(certain, 1)
                     : values.size() != certain) {
      return false;
    }
    first_taken_ = read_;
    for (const std::uint8_t value : values) {
      if (read_ >= entries_.size()) return false;
      Entry& entry = entries_[read_];
      if (entry.state != State::Full || entry.value != value) return false;
      entry.state = State::Taken;
      ++read_;
    }
    return true;
  }
  /// Where what was taken last begins.
  std::uint64_t firstTaken() const { return first_taken_; }
  void released(std::uint64_t position, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) entries_[position + i].state = State::Released;
  }
  /// The consumer died that had taken these. The next of SPSC and MPSC begins with them.
  void leftBehind(std::uint64_t position, std::uint64_t count) {
    const bool again = geometry_.policy != PolicyKind::Mpmc;
    for (std::uint64_t i = 0; i < count; ++i) {
      entries_[position + i].state = again ? State::Full : State::Left;
    }
    if (again && count > 0) read_ = position;
  }

  /// Published, and in no consumer's hands.
  std::uint64_t full() const { return count(State::Full); }
  /// Taken by a consumer that died, and to be delivered again.
  std::uint64_t toBeRedelivered() const {
    return geometry_.delivery == Delivery::AtLeastOnce ? count(State::Left) : 0;
  }

  /// Every slot is known to be free.
  bool isEmpty() const {
    return std::all_of(entries_.begin(), entries_.end(),
                       [](const Entry& entry) { return entry.state == State::Released; });
  }

 private:
  enum class State : std::uint8_t { Claimed, Full, Abandoned, Orphan, Taken, Left, Released };
  struct Entry {
    State state;
    std::uint8_t value;
  };

  std::uint64_t count(State state) const {
    return static_cast<std::uint64_t>(
        std::count_if(entries_.begin(), entries_.end(),
                      [state](const Entry& entry) { return entry.state == state; }));
  }
  /// How many slots a producer can get; `at_most` counts what survivors may have freed.
  std::uint64_t room(bool at_most) const {
    std::uint64_t free = 0;
    while (free < geometry_.capacity) {
      const std::uint64_t position = entries_.size() + free;
      if (position >= geometry_.capacity) {
        const State before = entries_[position - geometry_.capacity].state;
        if (before != State::Released && !(at_most && mayBeFreed(before))) break;
      }
      ++free;
    }
    return free;
  }
  bool mayBeFreed(State state) const {
    return state == State::Orphan || state == State::Abandoned ||
           (state == State::Left && geometry_.delivery == Delivery::AtMostOnce);
  }
  /// Nothing that a survivor may or may not have repaired comes before the first full slot.
  bool isFrontCertain() const {
    std::uint64_t at = read_;
    while (at < entries_.size() && isBehind(entries_[at].state)) ++at;
    return at == entries_.size() || entries_[at].state != State::Orphan;
  }
  static bool isBehind(State state) {
    return state == State::Abandoned || state == State::Released;
  }
  /// Full slots that can be had at once, behind abandoned ones.
  std::uint64_t fullRun() const {
    std::uint64_t at = read_;
    while (at < entries_.size() && isBehind(entries_[at].state)) ++at;
    std::uint64_t run = 0;
    while (at + run < entries_.size() && entries_[at + run].state == State::Full) ++run;
    return run;
  }
  /// Any call of a consumer steps over abandoned slots; one that got something, over orphans too.
  void stepOver(bool orphans_too) {
    while (read_ < entries_.size()) {
      State& state = entries_[read_].state;
      if (!isBehind(state) && !(orphans_too && state == State::Orphan)) return;
      state = State::Released;
      ++read_;
    }
  }
  /// One element of a dead consumer, any.
  bool adopted(const Values& values) {
    if (geometry_.delivery != Delivery::AtLeastOnce || values.size() != 1) return false;
    stepOver(false);
    for (Entry& entry : entries_) {
      if (entry.state != State::Left || entry.value != values[0]) continue;
      entry.state = State::Taken;
      first_taken_ = static_cast<std::uint64_t>(&entry - entries_.data());
      return true;
    }
    return false;
  }

  Geometry geometry_;
  std::vector<Entry> entries_;  ///< by position
  std::uint64_t read_ = 0;      ///< all before it were taken or stepped over
  std::uint64_t first_taken_ = 0;
};

}  // namespace ringside
