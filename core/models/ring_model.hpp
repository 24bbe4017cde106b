// The protocol of the rings of MPSC and MPMC, access by access as in sequenced_ring.hpp, over words
// that Relacy watches. What a test build cannot change in the library can be changed here: each
// memory order that the protocol needs, and each step that a mutant leaves out.
#pragma once

#include <algorithm>

#include "ringside/sequenced_ring.hpp"
// After what is not to be simulated.
#include "relacy_model.hpp"

namespace ringside::models {

/// Who takes part in how large a ring.
struct Shape {
  std::string_view name;
  unsigned producers;
  unsigned consumers;
  std::uint64_t capacity;
  std::uint64_t slot_count;  ///< a power of two, at least the capacity
  std::uint64_t batch;       ///< 1 or more
  bool consumers_contend;    ///< MPMC
  bool redeliver;            ///< at least once
};

/// The protocol as it is; a mutant changes one of these.
struct Protocol {
  Order announce = rl::mo_release;
  Order claim = rl::mo_acq_rel;  ///< on both positions
  Order commit = rl::mo_release;
  Order give_back = rl::mo_release;
  Order full_seen = rl::mo_acquire;
  Order free_seen = rl::mo_acquire;
  Order position_seen = rl::mo_acquire;  ///< by who repairs
  Order announcement_seen = rl::mo_acquire;
  Order repair = rl::mo_acq_rel;
  bool announces = true;
  bool announces_before_claim = true;
  bool retracts = true;  ///< what was announced and not claimed
  bool spares_living_producers = true;
  bool spares_living_consumers = true;
  bool copies_before_commit = true;
  bool copies_before_release = true;
  bool repairs_by_exchange = true;
  bool looks_again_before_adoption = true;
  bool adopts_under_lock = true;
};

enum class Operation : std::uint64_t { None, Push, Pop };

constexpr std::uint64_t intentWord(const Claim& claim, Operation operation) {
  return claim.position << 12 | (claim.count - 1) << 2 | static_cast<std::uint64_t>(operation);
}
constexpr bool covers(std::uint64_t intent, std::uint64_t position, Operation operation) {
  const std::uint64_t first = intent >> 12;
  const std::uint64_t count = (intent >> 2 & 1023) + 1;
  return (intent & 3) == static_cast<std::uint64_t>(operation) && position - first < count;
}

/// What is in shared memory, and the locks that the kernel keeps for it.
struct Ring {
  static constexpr unsigned kMaxSlots = 4;
  static constexpr unsigned kMaxEntries = 6;
  static constexpr std::uint64_t kStart = kMaxSlots;  ///< so that one lap back is a position

  const Shape& shape;
  const Protocol& protocol;
  std::array<Word, kMaxSlots> words;
  std::array<rl::var<unsigned>, kMaxSlots> payloads;
  Word write_position;
  Word read_position;
  std::array<Word, kMaxEntries> intents;
  std::array<KernelLock, kMaxEntries> locks;
  KernelLock adoption;

  Ring(const Shape& a_shape, const Protocol& a_protocol) : shape(a_shape), protocol(a_protocol) {
    for (unsigned i = 0; i < kMaxSlots; ++i) words[i].init(freeWord(kStart + i));
    for (Word& intent : intents) intent.init(0);
    for (KernelLock& lock : locks) lock.init();
    write_position.init(kStart);
    read_position.init(kStart);
    adoption.init();
  }
  Word& word(std::uint64_t position) { return words[position & (shape.slot_count - 1)]; }
  rl::var<unsigned>& payload(std::uint64_t position) {
    return payloads[position & (shape.slot_count - 1)];
  }
};

/// What the properties are told by; not shared memory. Messages have numbers from 0.
class History {
 public:
  static constexpr unsigned kMaxMessages = 32;
  static constexpr unsigned kMaxConsumers = 3;

  void committed(unsigned message) { committed_.at(message) = true; }
  void dropped() { ++dropped_; }
  /// `per_producer` messages are one producer's.
  void delivered(unsigned consumer, unsigned message, bool again, unsigned per_producer) {
    RL_ASSERT(committed_.at(message));   // never what was not pushed
    RL_ASSERT(!delivered_.at(message));  // never twice
    delivered_.at(message) = true;
    if (again) return;  // may be out of order
    unsigned& next = next_.at(consumer).at(message / per_producer);
    RL_ASSERT(message >= next);  // in order within a producer
    next = message + 1;
  }
  /// Each committed message was delivered or is counted as dropped.
  void checkEnd(std::uint64_t max_drops) const {
    std::uint64_t lost = 0;
    for (unsigned i = 0; i < kMaxMessages; ++i) lost += committed_[i] && !delivered_[i] ? 1 : 0;
    RL_ASSERT(lost == dropped_ && lost <= max_drops);
  }

 private:
  std::array<bool, kMaxMessages> committed_{};
  std::array<bool, kMaxMessages> delivered_{};
  std::array<std::array<unsigned, kMaxMessages>, kMaxConsumers> next_{};
  std::uint64_t dropped_ = 0;
};

/// One attachment: an entry, of which the kernel keeps the lock.
class Participant {
 public:
  Participant(Ring& ring, History& history, Process& process, unsigned entry)
      : ring_(ring), history_(history), process_(process), entry_(entry) {
    ring_.intents[entry_].store(process_, 0, rl::mo_release);
  }

 protected:
  void announce(const Claim& claim, Operation operation) {
    if (!ring_.protocol.announces) return;
    ring_.intents[entry_].store(process_, intentWord(claim, operation), ring_.protocol.announce);
  }
  void retract() {
    if (ring_.protocol.retracts) ring_.intents[entry_].store(process_, 0, rl::mo_release);
  }

  /// Whether another one that lives has announced the position.
  bool isCovered(std::uint64_t position, Operation operation, bool spares_living) {
    for (unsigned i = 0; i < Ring::kMaxEntries; ++i) {
      if (i == entry_) continue;
      const std::uint64_t intent =
          ring_.intents[i].load(process_, ring_.protocol.announcement_seen);
      if (covers(intent, position, operation) && ring_.locks[i].isHeld(process_) && spares_living)
        return true;
    }
    return false;
  }

  /// Claims what `run(position)` counts, announced before; count 0 when there is none.
  template <class Run>
  Claim claimInRace(Word& shared, Operation operation, Run&& run) {
    std::uint64_t position = shared.load(process_, rl::mo_relaxed);
    for (int race = 0; race < kMaxRaces; ++race) {
      const Claim claim{position, run(position)};
      if (claim.count == 0) {
        const std::uint64_t now = shared.load(process_, rl::mo_relaxed);
        if (now == position) break;
        position = now;
        continue;
      }
      if (ring_.protocol.announces_before_claim) announce(claim, operation);
      if (shared.exchangeIf(process_, position, position + claim.count, ring_.protocol.claim)) {
        if (!ring_.protocol.announces_before_claim) announce(claim, operation);
        return claim;
      }
    }
    retract();
    return {position, 0};
  }

  void repairWord(std::uint64_t position, std::uint64_t from, std::uint64_t to, bool is_drop) {
    Word& word = ring_.word(position);
    if (ring_.protocol.repairs_by_exchange) {
      if (!word.exchangeIf(process_, from, to, ring_.protocol.repair)) return;
    } else {
      word.store(process_, to, rl::mo_release);
    }
    if (is_drop) history_.dropped();
  }

  static constexpr int kMaxRaces = 8;
  Ring& ring_;
  History& history_;
  Process& process_;
  unsigned entry_;
};

class Producer : public Participant {
 public:
  using Participant::Participant;

  /// Pushes up to `wanted` messages from `first` on; `next` is the first that was not claimed.
  bool push(unsigned& next, std::uint64_t wanted) {
    const Claim claim = claimInRace(ring_.write_position, Operation::Push,
                                    [&](std::uint64_t p) { return freeRun(p, wanted); });
    if (claim.count == 0) {
      if (ring_.shape.consumers_contend) repairConsumer(claim.position - ring_.shape.capacity);
      return false;
    }
    const unsigned first = next;
    next += static_cast<unsigned>(claim.count);
    if (ring_.protocol.copies_before_commit) fill(claim, first);
    for (std::uint64_t i = 0; i < claim.count; ++i) {
      ring_.word(claim.position + i)
          .store(process_, fullWord(claim.position + i), ring_.protocol.commit);
      history_.committed(first + static_cast<unsigned>(i));
    }
    if (!ring_.protocol.copies_before_commit) fill(claim, first);
    return true;
  }

 private:
  void fill(const Claim& claim, unsigned first) {
    for (std::uint64_t i = 0; i < claim.count; ++i) {
      process_.step();
      ring_.payload(claim.position + i)(RL_INFO) = first + static_cast<unsigned>(i);
    }
  }

  std::uint64_t freeRun(std::uint64_t position, std::uint64_t wanted) {
    const Shape& shape = ring_.shape;
    std::uint64_t limit = std::min(wanted, shape.capacity);
    if (!shape.consumers_contend) {
      const std::uint64_t used =
          position - ring_.read_position.load(process_, ring_.protocol.position_seen);
      limit = std::min(limit, used > shape.capacity ? 0 : shape.capacity - used);
    }
    std::uint64_t run = 0;
    while (run < limit &&
           ring_.word(position + run).load(process_, ring_.protocol.free_seen) ==
               freeWord(position + run) &&
           isWithinCapacity(position + run)) {
      ++run;
    }
    return run;
  }
  bool isWithinCapacity(std::uint64_t position) {
    if (!ring_.shape.consumers_contend || ring_.shape.capacity == ring_.shape.slot_count)
      return true;
    const std::uint64_t back = position - ring_.shape.capacity;
    return ring_.word(back).load(process_, rl::mo_relaxed) ==
           freeWord(back + ring_.shape.slot_count);
  }

  /// The position that must be free again was claimed by a consumer that may be dead.
  void repairConsumer(std::uint64_t blocked) {
    const std::uint64_t word = ring_.word(blocked).load(process_, rl::mo_acquire);
    const bool is_drop = word == fullWord(blocked);
    if (!is_drop && word != abandonedWord(blocked)) return;
    if (is_drop && ring_.shape.redeliver) return;
    if (ring_.read_position.load(process_, ring_.protocol.position_seen) <= blocked) return;
    if (isCovered(blocked, Operation::Pop, ring_.protocol.spares_living_consumers)) return;
    repairWord(blocked, word, freeWord(blocked + ring_.shape.slot_count), is_drop);
  }
};

/// A consumer of either kind; the one of MPSC keeps its position to itself.
class Consumer : public Participant {
 public:
  Consumer(Ring& ring, History& history, Process& process, unsigned entry, unsigned number,
           unsigned per_producer)
      : Participant(ring, history, process, entry), number_(number), per_producer_(per_producer) {
    position_ = ring_.read_position.load(process_, rl::mo_acquire);
    if (!ring_.shape.consumers_contend) heal();
  }

  /// False when there was nothing; then what may have been left by the dead has been looked after.
  bool pop() {
    const Claim claim = claimFull();
    if (claim.count != 0) {
      take(claim, false);
      return true;
    }
    if (stepOver(claim.position)) return true;
    repairProducer(claim.position);
    return ring_.shape.redeliver && adopt();
  }

 private:
  Claim claimFull() {
    if (!ring_.shape.consumers_contend) return {position_, fullRun(position_)};
    return claimInRace(ring_.read_position, Operation::Pop,
                       [&](std::uint64_t p) { return fullRun(p); });
  }
  std::uint64_t fullRun(std::uint64_t position) {
    const std::uint64_t limit = std::min(ring_.shape.batch, ring_.shape.slot_count);
    std::uint64_t run = 0;
    while (run < limit && ring_.word(position + run).load(process_, ring_.protocol.full_seen) ==
                              fullWord(position + run)) {
      ++run;
    }
    return run;
  }

  void take(const Claim& claim, bool again) {
    std::array<unsigned, Ring::kMaxSlots> got{};
    if (!ring_.protocol.copies_before_release) giveBackAll(claim);
    copy(claim, got);
    for (std::uint64_t i = 0; i < claim.count; ++i) {
      if (ring_.protocol.copies_before_release) giveBack(claim.position + i);
      history_.delivered(number_, got.at(i), again, per_producer_);
    }
    if (!ring_.shape.consumers_contend) advance(claim.count);
  }
  void giveBackAll(const Claim& claim) {
    for (std::uint64_t i = 0; i < claim.count; ++i) giveBack(claim.position + i);
  }
  void copy(const Claim& claim, std::array<unsigned, Ring::kMaxSlots>& got) {
    for (std::uint64_t i = 0; i < claim.count; ++i) {
      process_.step();
      got.at(i) = ring_.payload(claim.position + i)(RL_INFO);
    }
  }
  void giveBack(std::uint64_t position) {
    ring_.word(position).store(process_, freeWord(position + ring_.shape.slot_count),
                               ring_.protocol.give_back);
  }
  void advance(std::uint64_t count) {
    position_ += count;
    ring_.read_position.store(process_, position_, rl::mo_release);
  }
  /// A predecessor died after it gave a slot back and before it said so.
  void heal() {
    while (ring_.word(position_).load(process_, rl::mo_acquire) ==
           freeWord(position_ + ring_.shape.slot_count)) {
      advance(1);
    }
  }

  bool stepOver(std::uint64_t position) {
    if (ring_.word(position).load(process_, rl::mo_acquire) != abandonedWord(position))
      return false;
    if (!ring_.shape.consumers_contend) {
      giveBack(position);
      advance(1);
      return true;
    }
    announce({position, 1}, Operation::Pop);
    std::uint64_t expected = position;
    if (ring_.read_position.exchangeIf(process_, expected, position + 1, ring_.protocol.claim)) {
      giveBack(position);
    } else {
      retract();  // or it would cover, idle, what the winner may die with
    }
    return true;
  }

  /// The position was claimed by a producer that may be dead.
  void repairProducer(std::uint64_t position) {
    if (ring_.word(position).load(process_, rl::mo_acquire) != freeWord(position)) return;
    if (ring_.write_position.load(process_, ring_.protocol.position_seen) <= position) return;
    if (isCovered(position, Operation::Push, ring_.protocol.spares_living_producers)) return;
    repairWord(position, freeWord(position), abandonedWord(position), false);
  }

  /// Takes over what a dead consumer had claimed.
  bool adopt() {
    const bool locks = ring_.protocol.adopts_under_lock;
    if (locks && !ring_.adoption.tryLock(process_, entry_)) return false;
    const std::optional<std::uint64_t> orphan = findOrphan();
    if (orphan) announce({*orphan, 1}, Operation::Pop);
    if (locks) ring_.adoption.unlock(process_);
    if (orphan) take({*orphan, 1}, true);
    return orphan.has_value();
  }
  std::optional<std::uint64_t> findOrphan() {
    const std::uint64_t end = ring_.read_position.load(process_, rl::mo_acquire);
    for (std::uint64_t p = end - ring_.shape.slot_count; p != end; ++p) {
      if (!isFull(p) || isCovered(p, Operation::Pop, ring_.protocol.spares_living_consumers))
        continue;
      // Who held it may have given it back, and announced something else, before the look.
      if (!ring_.protocol.looks_again_before_adoption || isFull(p)) return p;
    }
    return std::nullopt;
  }
  bool isFull(std::uint64_t position) {
    return ring_.word(position).load(process_, rl::mo_acquire) == fullWord(position);
  }

  std::uint64_t position_;
  unsigned number_;
  unsigned per_producer_;
};

}  // namespace ringside::models
