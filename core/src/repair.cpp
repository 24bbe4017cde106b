#include "ringside/repair.hpp"

#include <fcntl.h>

#include <system_error>

#include "lock_file.hpp"
#include "ringside/kill_point.hpp"
#include "ringside/sequenced_slots.hpp"
#include "ringside/spsc_ring.hpp"

namespace ringside {
namespace {

void count(std::atomic<std::uint64_t>& counter) noexcept {
  counter.fetch_add(1, std::memory_order_relaxed);  // for people
}

/// Whether `word` may stand in the slot of the next position to be read. Of the lap before: taken
/// and not given back yet, where nothing has been written since.
bool isPossibleToRead(std::uint64_t word, std::uint64_t position,
                      const Geometry& geometry) noexcept {
  const std::uint64_t before = position - geometry.slot_count;
  // The only producer frees no slot: it is as it was made, cleared for a dead one, or of the lap
  // before until it is full.
  if (geometry.policy == PolicyKind::Spsc) {
    return word == 0 || word == fullWord(position) || word == fullWord(before);
  }
  return word == freeWord(position) || word == fullWord(position) ||
         word == abandonedWord(position) || word == fullWord(before) ||
         word == abandonedWord(before);
}

/// Whether `word` may stand in the slot of the next position to be written. Of the lap before:
/// claimed and not published yet, or not read yet.
bool isPossibleToWrite(std::uint64_t word, std::uint64_t position, std::uint64_t slots) noexcept {
  const std::uint64_t before = position - slots;
  return word == freeWord(position) || word == freeWord(before) || word == fullWord(before) ||
         word == abandonedWord(before);
}

/// Held for as long as a consumer chooses what to adopt: by a file description of its own, for
/// threads of one process must keep out of each other's way as well. Gone with its holder.
class AdoptionLock {
 public:
  explicit AdoptionLock(int probe) noexcept {
    try {
      own_ = openAgain(probe, O_RDWR);
      keepFromChildren(own_.get());
      held_ = tryLock(own_.get(), kAdoptionLock);
    } catch (const std::exception&) {  // no descriptor left: another time
    }
  }
  AdoptionLock(const AdoptionLock&) = delete;
  AdoptionLock& operator=(const AdoptionLock&) = delete;
  ~AdoptionLock() {
    // Before: a child that is forked between the two would hold it for as long as it lives.
    unlock(own_.get(), kAdoptionLock);
    forgetDescriptor(own_.get());
  }
  bool held() const noexcept { return held_; }

 private:
  UniqueFd own_;
  bool held_ = false;
};

}  // namespace

Finding Repair::lookForElements(std::uint64_t own) noexcept {
  blocker_ = 0;
  if (ring_.damage() != Damage::None) return Finding::Damaged;
  auto& read_position = ring_.consumer_page->read_position;
  const std::uint64_t read = read_position.load(std::memory_order_acquire);
  const bool only_reader = ring_.geometry.policy != PolicyKind::Mpmc;
  if (only_reader && read != own) return poison(Damage::ReadPosition, own, read);
  const bool has_words = ring_.geometry.has_words;
  const SlotCursor slot(ring_, read);
  const std::uint64_t word = has_words ? slot.word(0).load(std::memory_order_acquire) : 0;
  // SYNC: the claim of a producer. Who finds its position claimed here also finds it announced.
  const std::uint64_t written = ring_.producer_page->write_position.load(std::memory_order_acquire);
  if (read_position.load(std::memory_order_acquire) != read) return Finding::Nothing;
  if (written - read > ring_.geometry.capacity) return poison(Damage::Positions, read, written);
  if (has_words && !isPossibleToRead(word, read, ring_.geometry)) {
    return poison(Damage::SlotWord, read, word);
  }
  const bool sequenced = ring_.geometry.policy != PolicyKind::Spsc;
  return sequenced ? abandonForDead(read, written) : Finding::Nothing;
}

/// From `position` on, as long as slots are claimed, not published, and announced by nobody alive.
Finding Repair::abandonForDead(std::uint64_t position, std::uint64_t written) noexcept {
  const SequencedSlots slots(ring_);
  Finding finding = Finding::Nothing;
  for (; position != written; ++position) {
    SlotWord& word = slots.word(position);
    std::uint64_t expected = freeWord(position);
    if (word.load(std::memory_order_acquire) != expected) return finding;
    if (const auto pid = livingAnnouncer(Claiming::ToWrite, position)) {
      blocker_ = *pid;
      return finding == Finding::Nothing ? Finding::Held : finding;
    }
    RINGSIDE_KILL_POINT(found_dead_claim);
    // Fails if the claimer had published before it died. SYNC: stepOver() of the readers.
    if (!word.compare_exchange_strong(expected, abandonedWord(position), std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
      return Finding::Repaired;
    }
    RINGSIDE_KILL_POINT(abandoned);
    count(ring_.shared_page->abandoned);
    finding = Finding::Repaired;
  }
  return finding;
}

Finding Repair::lookForRoom(std::uint64_t own) noexcept {
  blocker_ = 0;
  if (ring_.damage() != Damage::None) return Finding::Damaged;
  const Geometry& geometry = ring_.geometry;
  auto& write_position = ring_.producer_page->write_position;
  const std::uint64_t written = write_position.load(std::memory_order_acquire);
  const bool sequenced = geometry.policy != PolicyKind::Spsc;
  if (!sequenced && written != own) return poison(Damage::WritePosition, own, written);
  const SequencedSlots slots(ring_);
  const std::uint64_t word = sequenced ? slots.word(written).load(std::memory_order_acquire) : 0;
  const std::uint64_t read = ring_.consumer_page->read_position.load(std::memory_order_acquire);
  if (write_position.load(std::memory_order_acquire) != written) return Finding::Nothing;
  if (written - read > geometry.capacity) return poison(Damage::Positions, read, written);
  if (!sequenced) return Finding::Nothing;
  if (!isPossibleToWrite(word, written, slots.count())) {
    return poison(Damage::SlotWord, written, word);
  }
  return geometry.policy == PolicyKind::Mpmc ? freeForDead(written) : Finding::Nothing;
}

/// What stands in the way of position `written` is the slot one capacity back. From there on, as
/// long as slots are taken, not given back, and announced by nobody alive.
Finding Repair::freeForDead(std::uint64_t written) noexcept {
  const Geometry& geometry = ring_.geometry;
  const SequencedSlots slots(ring_);
  Finding finding = Finding::Nothing;
  if (written < geometry.capacity) return finding;
  // SYNC: the claim of a consumer. Who finds its position taken here also finds it announced.
  const std::uint64_t read = ring_.consumer_page->read_position.load(std::memory_order_acquire);
  for (std::uint64_t position = written - geometry.capacity;
       position != read && read - position <= geometry.capacity; ++position) {
    SlotWord& word = slots.word(position);
    std::uint64_t seen = word.load(std::memory_order_acquire);
    const bool full = seen == fullWord(position);
    if (!full && seen != abandonedWord(position)) return finding;
    if (const auto pid = livingAnnouncer(Claiming::ToRead, position)) {
      blocker_ = *pid;
      return finding == Finding::Nothing ? Finding::Held : finding;
    }
    if (full && geometry.delivery == Delivery::AtLeastOnce) return finding;  // for adopt()
    RINGSIDE_KILL_POINT(found_dead_claim);
    // Fails if the claimer had given it back before it died. SYNC: freeRun() of the writers.
    if (!word.compare_exchange_strong(seen, freeWord(position + slots.count()),
                                      std::memory_order_acq_rel, std::memory_order_relaxed)) {
      return Finding::Repaired;
    }
    RINGSIDE_KILL_POINT(freed_for_dead);
    if (full) count(ring_.shared_page->drops);
    finding = Finding::Repaired;
  }
  return finding;
}

/// Whose intent covers the position and who is alive, or 0 for somebody who cannot be asked after.
std::optional<std::uint32_t> Repair::livingAnnouncer(Claiming what,
                                                     std::uint64_t position) const noexcept {
  if (at_.probe < 0) return 0;
  for (std::uint32_t entry = 0; entry < kMaxParticipants; ++entry) {
    const Participant& participant = ring_.participants[entry];
    // SYNC: Intents::announce().
    const std::uint64_t intent = participant.intent.load(std::memory_order_acquire);
    if (!announces(intent, what, position)) continue;
    if (isLocked(at_.probe, kFirstParticipantLock + entry)) return participant.pid;
  }
  return std::nullopt;
}

Claim Repair::adopt() noexcept {
  const bool wanted =
      ring_.geometry.delivery == Delivery::AtLeastOnce && at_.probe >= 0 && at_.intent != nullptr;
  if (!wanted || !findOrphan()) return {};  // most often none: without the lock
  const AdoptionLock lock(at_.probe);
  const std::optional<std::uint64_t> orphan = lock.held() ? findOrphan() : std::nullopt;
  if (!orphan) return {};
  RINGSIDE_KILL_POINT(found_orphan);
  // Under the lock, so that the next adopter sees it. SYNC: livingAnnouncer().
  at_.intent->store(intentWord(Claiming::ToRead, *orphan, 1), std::memory_order_release);
  RINGSIDE_KILL_POINT(adopted);
  count(ring_.shared_page->redelivered);
  return {*orphan, 1};
}

std::optional<std::uint64_t> Repair::findOrphan() const noexcept {
  const SequencedSlots slots(ring_);
  // SYNC: the claim of a consumer.
  const std::uint64_t read = ring_.consumer_page->read_position.load(std::memory_order_acquire);
  for (std::uint64_t back = std::min(read, ring_.geometry.capacity); back > 0; --back) {
    const std::uint64_t position = read - back;
    const SlotWord& word = slots.word(position);
    if (word.load(std::memory_order_acquire) != fullWord(position)) continue;
    if (livingAnnouncer(Claiming::ToRead, position)) continue;
    // Who has given it back and announced something else since is seen to have given it back.
    if (word.load(std::memory_order_acquire) == fullWord(position)) return position;
  }
  return std::nullopt;
}

/// The first to notice leaves the evidence.
Finding Repair::poison(Damage damage, std::uint64_t position, std::uint64_t found) noexcept {
  SharedPage& page = *ring_.shared_page;
  std::uint64_t expected = static_cast<std::uint64_t>(Damage::None);
  page.damaged_position.store(position, std::memory_order_relaxed);  // published by the state
  page.damaged_word.store(found, std::memory_order_relaxed);
  page.state.compare_exchange_strong(expected, static_cast<std::uint64_t>(damage),
                                     std::memory_order_acq_rel, std::memory_order_relaxed);
  return Finding::Damaged;
}

}  // namespace ringside
