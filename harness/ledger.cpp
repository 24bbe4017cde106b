#include "harness/ledger.hpp"

#include <algorithm>
#include <bit>

namespace ringside::harness {

bool Ledger::enterOutOfTurn(std::uint32_t producer, std::uint64_t sequence) noexcept {
  if (producer >= pages_.size()) return false;
  LedgerPage& page = pages_[producer];
  if (sequence >= kMaxSequence || sequence >= page.next + kMaxGap) return false;
  if (sequence > page.next) {
    for (std::uint64_t passed = page.next; passed < sequence; ++passed) {
      missingWord(producer, passed) |= 1ULL << (passed % 64);
    }
    page.passed_over += sequence - page.next;
    page.next = sequence + 1;
    return true;
  }
  std::uint64_t& word = missingWord(producer, sequence);
  const std::uint64_t bit = 1ULL << (sequence % 64);
  if ((word & bit) != 0) {
    word &= ~bit;
    ++page.reordered;
  } else {
    ++page.duplicated;
  }
  return true;
}

std::uint64_t Ledger::receivedWord(std::uint32_t producer, std::uint64_t word) const noexcept {
  const std::uint64_t next = pages_[producer].next;
  const std::uint64_t first = word * 64;
  if (next <= first) return 0;
  const std::uint64_t below_next = next - first >= 64 ? ~0ULL : (1ULL << (next - first)) - 1;
  return below_next & ~missing_[producer * kWordsPerProducer + word];
}

namespace {

struct Received {
  std::uint64_t distinct = 0;  ///< of the numbers that were sent
  std::uint64_t copies = 0;    ///< of any number, each consumer's once
};

/// The bits of `word` that stand for numbers below `sent`.
std::uint64_t sentBits(std::uint64_t word, std::uint64_t sent) {
  const std::uint64_t first = word * 64;
  if (sent <= first) return 0;
  return sent - first >= 64 ? ~0ULL : (1ULL << (sent - first)) - 1;
}

/// Reading bits makes the kernel back them with memory, so it is done only where there are any.
Received countReceived(std::span<const Ledger> consumers, std::uint32_t producer,
                       std::uint64_t sent) {
  std::uint64_t highest = 0;
  for (const Ledger& ledger : consumers) {
    highest = std::max(highest, ledger.page(producer).next);
  }
  if (consumers.size() == 1 && consumers[0].inTurn(producer)) {
    return {std::min(highest, sent), highest};
  }
  Received sum;
  for (std::uint64_t word = 0; word * 64 < highest; ++word) {
    std::uint64_t any = 0;
    for (const Ledger& ledger : consumers) {
      const std::uint64_t received = ledger.receivedWord(producer, word);
      sum.copies += static_cast<std::uint64_t>(std::popcount(received));
      any |= received;
    }
    sum.distinct += static_cast<std::uint64_t>(std::popcount(any & sentBits(word, sent)));
  }
  return sum;
}

/// Adds what the consumers together have of one producer.
void settleProducer(std::span<const Ledger> consumers, std::uint32_t producer, std::uint64_t sent,
                    results::Validation& total) {
  for (const Ledger& ledger : consumers) {
    total.duplicated += ledger.page(producer).duplicated;
    total.reordered += ledger.page(producer).reordered;
  }
  const Received received = countReceived(consumers, producer, sent);
  total.sent += sent;
  total.duplicated += received.copies - received.distinct;
  total.lost += sent - received.distinct;
}

}  // namespace

results::Validation settle(std::span<const Ledger> consumers,
                           std::span<const std::uint64_t> sent_by_producer) {
  results::Validation total;
  for (std::uint32_t producer = 0; producer < sent_by_producer.size(); ++producer) {
    settleProducer(consumers, producer, sent_by_producer[producer], total);
  }
  return total;
}

}  // namespace ringside::harness
