// The workload snapshot: one process replaces a value as fast as it can, others read it. A reader
// must get it whole, never older than what had been written before it began to read, and never
// older than what it read before; and the last write must be seen when all is over.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <stdexcept>

#include "harness/workloads/loop.hpp"
#include "ringside/double_buffer.hpp"

namespace ringside::harness {

/// A value of kBytes, a multiple of 8. The first and the last word of each cache line follow from
/// the number of the write, so that a value of two writes shows. All zeros is that of number 0.
template <std::size_t kBytes>
struct SnapshotBytes {
  static constexpr std::size_t kWords = kBytes / sizeof(std::uint64_t);
  static_assert(kBytes % sizeof(std::uint64_t) == 0 && kBytes > 0);

  std::array<std::uint64_t, kWords> words = {};

  void setNumber(std::uint64_t number) noexcept {
    eachLine([&](std::size_t i) { words[i] = wordAt(i, number); });
  }
  std::uint64_t number() const noexcept { return words[0]; }
  bool isWhole() const noexcept {
    std::uint64_t difference = 0;
    eachLine([&](std::size_t i) { difference |= words[i] ^ wordAt(i, number()); });
    return difference == 0;
  }

 private:
  static std::uint64_t wordAt(std::size_t i, std::uint64_t number) noexcept {
    return number * (2 * i + 1);
  }
  template <class Visit>
  static void eachLine(Visit&& visit) noexcept {
    constexpr std::size_t kWordsPerLine = 8;
    for (std::size_t first = 0; first < kWords; first += kWordsPerLine) {
      visit(first);
      visit(std::min(first + kWordsPerLine, kWords) - 1);
    }
  }
};

/// What holds one value for all processes, made or opened by name. A version is the number of
/// writes up to the value.
template <class S, class Value>
concept MeasurableSnapshot = std::constructible_from<S, const std::string&, const MemoryOptions&> &&
    requires(S& snapshot, const Value& from, Versioned<Value>& to) {
  { snapshot.write(from) } -> std::same_as<bool>;
  { snapshot.read(to) } -> std::same_as<bool>;
};

/// The writer. Every kLookEvery writes it tells the readers how many have ended.
template <class S, class Value>
requires MeasurableSnapshot<S, Value>
void writeSnapshots(WorkerContext& context) {
  S snapshot(context.places[0].name, context.shape.memory);
  Value value;
  std::atomic<std::uint64_t>& ended = context.control->words().writes_ended;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t written = 0;
  for (Phase phase = phaseOf(context); phase != Phase::Stop; phase = phaseOf(context)) {
    stopwatch.look(phase, written);
    value.setNumber(written + 1);
    if (!snapshot.write(value)) throw std::runtime_error("a write was refused");
    ++written;
    if (written % kLookEvery != 0) continue;
    ended.store(written, std::memory_order_release);         // SYNC: readSnapshots()
    if (context.wait == Wait::Yield) giveWay(context.wait);  // to readers on the same CPU
  }
  stopwatch.look(Phase::Stop, written);
  stopwatch.report(*context.findings);
  producerDone(context, written);
  noteSegmentFacts(context);
}

/// A reader. Only the read itself is timed.
template <class S, class Value>
requires MeasurableSnapshot<S, Value>
void readSnapshots(WorkerContext& context) {
  S snapshot(context.places[0].name, context.shape.memory);
  const std::atomic<std::uint64_t>& ended = context.control->words().writes_ended;
  results::Histogram& times = *context.control->readHistogram(context.number);
  Versioned<Value> seen{};
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  WorkerFindings& findings = *context.findings;
  std::uint64_t reads = 0;
  std::uint64_t oldest_allowed = 0;
  for (bool is_last = false; !is_last;) {
    is_last = allProducersDone(context);
    // SYNC: writeSnapshots(): a write that had ended is what the read below must show.
    oldest_allowed = std::max(oldest_allowed, ended.load(std::memory_order_acquire));
    const std::uint64_t begin = context.clock.now();
    if (!snapshot.read(seen)) throw std::runtime_error("a read was refused");
    const std::uint64_t end = context.clock.nowAfterLoads();
    ++reads;
    if (stopwatch.measuring()) times.record(context.clock.nsBetween(begin, end));
    if (!seen.value.isWhole() || seen.value.number() != seen.version) ++findings.torn;
    if (seen.version < oldest_allowed) ++findings.stale;
    oldest_allowed = std::max(oldest_allowed, seen.version);
    stopwatch.look(phaseOf(context), reads);
    if (context.wait == Wait::Yield && reads % kLookEvery == 0) giveWay(context.wait);
  }
  stopwatch.look(Phase::Stop, reads);
  stopwatch.report(findings);
  findings.received = reads;
  const std::uint64_t written = context.control->producer(0).sent;  // SYNC: producerDone()
  findings.unseen = written - std::min(seen.version, written);
  noteSegmentFacts(context);
}

}  // namespace ringside::harness
