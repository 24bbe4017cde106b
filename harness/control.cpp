#include "harness/control.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ringside::harness {
namespace {

/// Gives out aligned pieces of one range, first to find its size, then to place what is in it.
class Cutter {
 public:
  explicit Cutter(std::byte* begin) : begin_(begin) {}

  template <class T>
  T* take(std::size_t count) {
    constexpr std::size_t kAlignment = 4096;  // nothing shares a page, let alone a line
    used_ = (used_ + kAlignment - 1) / kAlignment * kAlignment;
    std::byte* const place = begin_ == nullptr ? nullptr : begin_ + used_;
    used_ += count * sizeof(T);
    return reinterpret_cast<T*>(place);
  }
  std::size_t used() const { return used_; }

 private:
  std::byte* begin_;
  std::size_t used_ = 0;
};

struct Parts {
  ControlWords* words;
  WorkerFindings* findings;
  results::Histogram* histograms;
  results::Histogram* read_histograms;
  LedgerPage* ledger_pages;
  std::size_t fixed_bytes;
  std::uint64_t* ledger_bits;
  std::size_t total_bytes;
};

Parts cut(std::byte* begin, const ControlShape& shape) {
  const std::uint32_t ledgers = Control::ledgerCountOf(shape);
  Cutter cutter(begin);
  Parts parts = {};
  parts.words = cutter.take<ControlWords>(1);
  parts.findings = cutter.take<WorkerFindings>(shape.producers + shape.consumers + 1);  // the maker
  parts.histograms = cutter.take<results::Histogram>(shape.histograms ? shape.producers : 0);
  parts.read_histograms = cutter.take<results::Histogram>(shape.reads ? shape.consumers : 0);
  parts.ledger_pages = cutter.take<LedgerPage>(std::size_t{ledgers} * shape.producers);
  parts.fixed_bytes = cutter.used();
  parts.ledger_bits = cutter.take<std::uint64_t>(std::size_t{ledgers} * shape.producers *
                                                 Ledger::kWordsPerProducer);
  parts.total_bytes = cutter.used();
  return parts;
}

}  // namespace

SharedPages::SharedPages(std::size_t size) : size_(size) {
  // No reservation: most of it is bits that only a queue that loses or reorders ever touches.
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    throw std::system_error(errno, std::system_category(),
                            "cannot map " + std::to_string(size) + " bytes for the workers");
  }
  data_ = static_cast<std::byte*>(data);
}

SharedPages::~SharedPages() { ::munmap(data_, size_); }

void SharedPages::prefault(std::size_t offset, std::size_t bytes) const noexcept {
  // Where the kernel is too old for this, the first touch faults instead; nothing else changes.
  ::madvise(data_ + offset, bytes, MADV_POPULATE_WRITE);
}

Control::Control(const ControlShape& shape)
    : shape_(shape),
      fixed_bytes_(cut(nullptr, shape).fixed_bytes),
      pages_(cut(nullptr, shape).total_bytes) {
  const Parts parts = cut(pages_.data(), shape);
  words_ = parts.words;
  findings_ = parts.findings;
  histograms_ = parts.histograms;
  read_histograms_ = parts.read_histograms;
  ledger_pages_ = parts.ledger_pages;
  ledger_bits_ = parts.ledger_bits;
  pages_.prefault(0, fixed_bytes_);
  for (std::uint32_t i = 0; i < workerCount(); ++i) {
    worker(i).cpu_at_end = -1;
    worker(i).proof.cpu_at_start = -1;
  }
}

void Control::prefaultFor(std::uint32_t i, std::uint64_t messages) const noexcept {
  pages_.prefault(0, fixed_bytes_);
  constexpr std::uint64_t kMostBytes = 32ULL << 20;  // in all ledgers; the kernel clears them
  // Consumers share each producer's numbers; who gets all of somebody's has none out of turn.
  const bool out_of_turn = ledgerCount() > 1 && !shape_.both_ways;
  const std::optional<std::uint32_t> number = ledgerNumberOf(i);
  if (!out_of_turn || !number) return;
  const std::uint64_t bytes =
      std::min(std::min(messages, kMaxSequence) / 8, kMostBytes / ledgerCount()) / shape_.producers;
  const auto* const begin = reinterpret_cast<const std::byte*>(ledger_bits_);
  const std::size_t first = std::size_t{*number} * shape_.producers;
  for (std::uint32_t producer = 0; producer < shape_.producers; ++producer) {
    const std::size_t word = (first + producer) * Ledger::kWordsPerProducer;
    const std::size_t offset = static_cast<std::size_t>(begin - pages_.data()) + word * 8;
    pages_.prefault(offset, static_cast<std::size_t>(bytes));
  }
}

std::optional<std::uint32_t> Control::ledgerNumberOf(std::uint32_t i) const noexcept {
  if (shape_.both_ways) return i;
  const bool is_producer = i < shape_.producers;
  if (shape_.reads || is_producer != shape_.replies) return std::nullopt;
  return is_producer ? i : i - shape_.producers;
}

std::optional<Ledger> Control::ledgerOfWorker(std::uint32_t i) const noexcept {
  const std::optional<std::uint32_t> number = ledgerNumberOf(i);
  if (!number) return std::nullopt;
  return ledger(*number);
}

Ledger Control::ledger(std::uint32_t i) const noexcept {
  const std::size_t first = std::size_t{i} * shape_.producers;
  return Ledger({ledger_pages_ + first, shape_.producers},
                ledger_bits_ + first * Ledger::kWordsPerProducer);
}

}  // namespace ringside::harness
