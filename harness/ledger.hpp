// Which sequence numbers of each producer one consumer has received, exactly: what came in order
// costs one comparison; each number that was passed over has a bit, which is cleared when it comes
// after all. Lives in shared memory; one writer, read by the parent afterwards.
#pragma once

#include <cstdint>
#include <span>

#include "results/record.hpp"

namespace ringside::harness {

/// Sequence numbers that a ledger can tell apart. 512 MiB of bits, which take real memory only
/// where numbers were passed over.
constexpr std::uint64_t kMaxSequence = 1ULL << 32;

/// Numbers that may be passed over at once. More is not a gap but a damaged number; and to note
/// that many would take longer than a run.
constexpr std::uint64_t kMaxGap = 1ULL << 26;

/// What one consumer knows of one producer. All zero is a valid empty one. On a cache line of its
/// own: its neighbour may be another consumer's, and both write with every message.
struct alignas(64) LedgerPage {
  std::uint64_t next = 0;         ///< one more than the highest number received
  std::uint64_t passed_over = 0;  ///< numbers that had not come when a higher one did
  std::uint64_t duplicated = 0;   ///< at this consumer
  std::uint64_t reordered = 0;    ///< came after a higher number
};

class Ledger {
 public:
  /// A page a producer, and for each of them kWordsPerProducer zeroed words.
  Ledger(std::span<LedgerPage> pages, std::uint64_t* missing) : pages_(pages), missing_(missing) {}

  static constexpr std::uint64_t kWordsPerProducer = kMaxSequence / 64;

  /// Enters a received number. False when it can't be one of the producer's: that is unknown, or
  /// the number absurdly far ahead.
  bool enter(std::uint32_t producer, std::uint64_t sequence) noexcept {
    if (producer < pages_.size() && sequence == pages_[producer].next) [[likely]] {
      ++pages_[producer].next;
      return true;
    }
    return enterOutOfTurn(producer, sequence);
  }

  /// Enters the next `count` numbers of a producer that is known.
  void enterInTurn(std::uint32_t producer, std::uint64_t count) noexcept {
    pages_[producer].next += count;
  }

  const LedgerPage& page(std::uint32_t producer) const noexcept { return pages_[producer]; }
  /// Whether every number below `next` came in its turn; then no bit was ever set.
  bool inTurn(std::uint32_t producer) const noexcept { return pages_[producer].passed_over == 0; }
  /// Bit i set: number 64 * word + i was received (bits from `next` on are clear).
  std::uint64_t receivedWord(std::uint32_t producer, std::uint64_t word) const noexcept;

 private:
  bool enterOutOfTurn(std::uint32_t producer, std::uint64_t sequence) noexcept;
  std::uint64_t& missingWord(std::uint32_t producer, std::uint64_t sequence) const noexcept {
    return missing_[producer * kWordsPerProducer + sequence / 64];
  }

  std::span<LedgerPage> pages_;
  std::uint64_t* missing_;
};

/// Lost, duplicated and reordered over all consumers, from what each producer says it has sent.
/// A number received by two consumers is a duplicate, and so is one that was never sent: the queue
/// delivered more than it was given. `torn` is not known here and stays 0.
results::Validation settle(std::span<const Ledger> consumers,
                           std::span<const std::uint64_t> sent_by_producer);

}  // namespace ringside::harness
