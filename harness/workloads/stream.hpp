// The workload stream: elements that are written and read where they lie, without a copy.
//
// Every cache line of an element begins with a word, and the last word is one too, as in
// element.hpp: so what is written and looked at is what throughput writes and looks at, and the
// difference between the two is the copies. Here each word is also mixed with its place, for a
// queue that hands out a wrong place delivers lines that are whole but not where they should be.
//
// With validate = "sequence" only the first word is written and read: what remains is the price of
// handing an element over, which then has no reason to grow with its size.
#pragma once

#include <cstddef>
#include <cstring>

#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// The words of elements of one size, at least 8 bytes, wherever these lie: all of them, or where
/// less than in full is validated, the first alone.
class WordsInPlace {
 public:
  WordsInPlace(std::uint64_t size_bytes, Validate validate)
      : last_(validate == Validate::Full ? size_bytes - kWordBytes : 0) {}

  void write(void* element, const Stamp& stamp) const noexcept {
    auto* const bytes = static_cast<std::byte*>(element);
    const std::uint64_t word = encodeStamp(stamp);
    const auto put = [&](std::uint64_t at) {
      const std::uint64_t mixed = word ^ at;
      std::memcpy(bytes + at, &mixed, kWordBytes);
    };
    for (std::uint64_t at = 0; at + kWordBytes <= last_; at += kLineBytes) put(at);
    put(last_);
  }

  /// nullopt when the element is torn, lies elsewhere, or never was one of ours.
  std::optional<Stamp> read(const void* element) const noexcept {
    const auto* const bytes = static_cast<const std::byte*>(element);
    const auto take = [&](std::uint64_t at) {
      std::uint64_t mixed = 0;
      std::memcpy(&mixed, bytes + at, kWordBytes);
      return mixed ^ at;
    };
    const std::uint64_t word = take(last_);
    std::uint64_t difference = 0;
    for (std::uint64_t at = 0; at + kWordBytes <= last_; at += kLineBytes) {
      difference |= take(at) ^ word;
    }
    if (difference != 0) return std::nullopt;
    return decodeStamp(word);
  }

 private:
  static constexpr std::uint64_t kLineBytes = 64;
  static constexpr std::uint64_t kWordBytes = sizeof(std::uint64_t);

  std::uint64_t last_;  ///< where the last word begins
};

/// As lookMask(), and often enough where elements are large and nobody touches most of them.
inline std::uint64_t lookMaskInPlace(const WorkerContext& context) noexcept {
  return context.validate == Validate::Full ? lookMask(context) : kLookEvery - 1;
}

/// Sending side: claims as fast as the queue has room, fills and commits.
template <InPlaceQueue Q>
void produceInPlace(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  const WordsInPlace words(context.shape.element_size_bytes, context.validate);
  const bool validates = context.validate != Validate::Off;
  const std::uint64_t look_mask = lookMaskInPlace(context);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sequence = 0;
  for (Phase phase = phaseOf(context); phase != Phase::Stop && sequence < kMaxSequence;) {
    stopwatch.look(phase, sequence);
    void* const place = queue.tryClaim();
    if (place == nullptr) {
      giveWay(context.wait);
      phase = phaseOf(context);
      continue;
    }
    if (validates) words.write(place, {context.number, sequence});
    queue.commit();
    ++sequence;
    if ((sequence & look_mask) == 0) phase = phaseOf(context);
  }
  stopwatch.look(Phase::Stop, sequence);
  stopwatch.reportProof(*context.findings);
  producerDone(context, sequence);
  noteSegmentFacts(context);
}

/// Receiving side: takes, checks and releases everything, also what comes after the stop.
template <InPlaceQueue Q>
void consumeInPlace(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  const WordsInPlace words(context.shape.element_size_bytes, context.validate);
  const bool validates = context.validate != Validate::Off;
  const std::uint64_t look_mask = lookMaskInPlace(context);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t received = 0;
  int tries_when_done = 0;
  while (tries_when_done < kTriesWhenDone) {
    if (const void* const element = queue.tryTake(); element != nullptr) {
      if (validates) enter(context, words.read(element));
      queue.release();
      ++received;
      tries_when_done = 0;
      if ((received & look_mask) != 0) continue;
    } else {
      if (allProducersDone(context)) ++tries_when_done;
      giveWay(context.wait);
    }
    stopwatch.look(phaseOf(context), received);
  }
  context.findings->received = received;
  stopwatch.report(*context.findings);
  noteSegmentFacts(context);
}

}  // namespace ringside::harness
