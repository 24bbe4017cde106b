// What the parent and the workers of one repetition share: the phase that the parent sets, and what
// each worker found. In anonymous shared memory, so it has no name that could be left behind.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "harness/canary.hpp"
#include "harness/ledger.hpp"
#include "harness/proof.hpp"
#include "results/histogram.hpp"
#include "ringside/wait.hpp"

namespace ringside::harness {

/// Set by the parent, in this order.
enum class Phase : std::uint32_t { StartLine, WarmUp, Measure, Stop };

/// Set by each worker of itself.
enum class WorkerState : std::uint32_t { Starting, Ready, Running, Finished };

constexpr std::size_t kMaxMessageBytes = 512;

/// What one worker leaves behind.
struct WorkerFindings {
  alignas(64) std::atomic<WorkerState> state;
  int cpu_pinned;          ///< read back from the kernel; -1 when not pinned
  int cpu_at_end;          ///< where it really ran last; -1 when it did not get there
  std::uint64_t sent;      ///< over all phases
  std::uint64_t received;  ///< over all phases
  std::uint64_t torn;
  std::uint64_t measured;     ///< messages, or round trips, in the measured phase
  std::uint64_t measured_ns;  ///< by this worker's own clock
  std::uint64_t stale;   ///< reads of a snapshot that were older than one that had ended before
  std::uint64_t unseen;  ///< writes of a snapshot that the last read did not show
  std::uint64_t robust_messages;  ///< in the fastest 90 % of its batches of 256; see pace.hpp
  std::uint64_t robust_ns;        ///< that these took
  double canary_before_ns;        ///< the hand-off of a cache line; 0 where it was not measured
  double canary_after_ns;
  Proof proof;
  bool out_of_numbers;  ///< stopped early: the sequence numbers were used up
  /// Why it gave up, ending in a zero byte; empty when it did not.
  char message[kMaxMessageBytes];
  /// Whether what it asked for cannot be had here, so that the cell is skipped, not failed.
  bool unobtainable;
};

/// Zeroed anonymous memory that survives fork. Throws std::system_error when there is none.
class SharedPages {
 public:
  explicit SharedPages(std::size_t size);
  SharedPages(const SharedPages&) = delete;
  SharedPages& operator=(const SharedPages&) = delete;
  ~SharedPages();

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  /// Touches `bytes` from `offset` on, so that no page fault comes while something is timed.
  void prefault(std::size_t offset, std::size_t bytes) const noexcept;

 private:
  std::size_t size_;
  std::byte* data_;
};

/// The words that everybody looks at.
struct ControlWords {
  alignas(64) std::atomic<Phase> phase;
  alignas(64) WaitPoint start_line;
  alignas(64) std::atomic<std::uint32_t> producers_done;
  /// Writes of a snapshot that had ended when the writer last said so; only grows.
  alignas(64) std::atomic<std::uint64_t> writes_ended;
  CanaryLine canary_before;
  CanaryLine canary_after;
};

/// How many there are of what, which settles where everything is.
struct ControlShape {
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  bool histograms = false;  ///< one a producer
  bool replies = false;     ///< the producers, too, keep a ledger
  bool both_ways = false;   ///< every worker keeps one, and sends
  bool reads = false;       ///< of a snapshot: no ledgers, and a histogram a consumer
};

/// Made by the parent before it forks; workers inherit the mapping.
class Control {
 public:
  explicit Control(const ControlShape& shape);

  ControlWords& words() const noexcept { return *words_; }
  /// Of the process that makes the queues.
  WorkerFindings& maker() const noexcept { return findings_[workerCount()]; }
  /// Of all workers, producers first.
  WorkerFindings& worker(std::uint32_t i) const noexcept { return findings_[i]; }
  std::uint32_t workerCount() const noexcept { return shape_.producers + shape_.consumers; }
  WorkerFindings& producer(std::uint32_t i) const noexcept { return findings_[i]; }
  WorkerFindings& consumer(std::uint32_t i) const noexcept {
    return findings_[shape_.producers + i];
  }
  /// Round trips of producer i; nullptr when none were asked for.
  results::Histogram* histogram(std::uint32_t i) const noexcept {
    return shape_.histograms ? &histograms_[i] : nullptr;
  }
  /// Reads of consumer i; nullptr when none were asked for.
  results::Histogram* readHistogram(std::uint32_t i) const noexcept {
    return shape_.reads ? &read_histograms_[i] : nullptr;
  }
  /// What consumer i received; with replies, what producer i got back of its own;
  /// both ways, what worker i received.
  Ledger ledger(std::uint32_t i) const noexcept;
  std::uint32_t ledgerCount() const noexcept { return ledgerCountOf(shape_); }
  /// The one that this worker keeps, producers first; nullopt when it keeps none.
  std::optional<Ledger> ledgerOfWorker(std::uint32_t i) const noexcept;
  static std::uint32_t ledgerCountOf(const ControlShape& shape) noexcept {
    if (shape.both_ways) return shape.producers + shape.consumers;
    if (shape.reads) return 0;
    return shape.replies ? shape.producers : shape.consumers;
  }
  const ControlShape& shape() const noexcept { return shape_; }
  /// In worker i, producers first: touches what it will write, so that its own first touch is no
  /// fault while timed. `messages` is how many it may note out of turn in its ledger at most.
  void prefaultFor(std::uint32_t i, std::uint64_t messages) const noexcept;

 private:
  std::optional<std::uint32_t> ledgerNumberOf(std::uint32_t i) const noexcept;

  ControlShape shape_;
  std::size_t fixed_bytes_;
  SharedPages pages_;
  ControlWords* words_ = nullptr;
  WorkerFindings* findings_ = nullptr;
  results::Histogram* histograms_ = nullptr;
  results::Histogram* read_histograms_ = nullptr;
  LedgerPage* ledger_pages_ = nullptr;
  std::uint64_t* ledger_bits_ = nullptr;
};

}  // namespace ringside::harness
