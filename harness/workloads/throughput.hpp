// The workload throughput: producers send as fast as the queue takes it. One loop a side for single
// elements and one for batches, each instantiated for how much of an element is looked at.
#pragma once

#include <algorithm>
#include <bit>

#include "harness/workloads/attempt.hpp"
#include "harness/workloads/loop.hpp"
#include "harness/workloads/pace.hpp"

namespace ringside::harness {

/// Writes one message after the other.
template <Validate kValidate>
class Writer {
 public:
  explicit Writer(const WorkerContext& context) noexcept
      : word_(encodeStamp({context.number, 0})) {}

  void writeNext(ElementBytes& element) noexcept {
    if constexpr (kValidate == Validate::Full) element.write(word_);
    if constexpr (kValidate == Validate::Sequence) element.writeFirst(word_);
    word_ += kStampStep;
  }

 private:
  std::uint64_t word_;
};

/// Looks at what comes and enters it. Of the producer that the last one came from the next one is
/// expected, so that a message that comes in its turn costs one comparison of words; the ledger
/// learns of those at each settle(). The word that is expected next stands in a variable of the
/// loop's own, which the compiler can keep in a register.
template <Validate kValidate>
class Checker {
 public:
  explicit Checker(WorkerContext& context) noexcept : context_(context) {}

  std::uint64_t firstExpected() const noexcept { return settled_; }
  /// What is expected after this element.
  [[gnu::always_inline]] std::uint64_t check(const ElementBytes& element,
                                             std::uint64_t expected) noexcept {
    if constexpr (kValidate == Validate::Off) return expected;
    const std::uint64_t word = kValidate == Validate::Sequence ? element.firstWord()
                               : sampler_.picks()              ? element.commonWordOfWhole()
                                                               : element.commonWord();
    if (word != expected) [[unlikely]]
      return takeOutOfTurn(word, expected);
    return expected + kStampStep;
  }
  void settle(std::uint64_t expected) noexcept {
    if (expected == settled_) return;
    context_.ledger->enterInTurn(producer_, (expected - settled_) * kStampStepInverse);
    settled_ = expected;
  }

 private:
  [[gnu::noinline]] std::uint64_t takeOutOfTurn(std::uint64_t word,
                                                std::uint64_t expected) noexcept {
    settle(expected);
    const std::optional<Stamp> stamp = decodeStamp(word);
    enter(context_, stamp);
    if (!stamp || stamp->producer >= context_.shape.producers) return expected;
    producer_ = stamp->producer;
    settled_ = encodeStamp({producer_, context_.ledger->page(producer_).next});
    return settled_;
  }

  WorkerContext& context_;
  Sampler sampler_;
  std::uint32_t producer_ = 0;
  std::uint64_t settled_ = encodeStamp({0, 0});  ///< all before this one is in the ledger
};

/// Whether the producer has seen the stop.
inline bool isOver(const WorkerContext& context, Stopwatch& stopwatch,
                   std::uint64_t sent) noexcept {
  const Phase phase = phaseOf(context);
  stopwatch.look(phase, sent);
  return phase == Phase::Stop;
}

/// How many elements a producer has in hand, ready to be sent: a power of two, all of them in 16
/// KiB where that holds one. Each is written as soon as its bytes have been sent, long before they
/// are sent again. To copy what was stored just now costs more than all else that the harness does
/// for a message: a wide load waits for the narrow store to leave the store buffer, and that for
/// every store to the queue before it. No store buffer holds the stores of so many messages.
inline std::uint64_t elementsInHand(std::uint64_t element_size_bytes) noexcept {
  constexpr std::uint64_t kBytes = 16384;
  constexpr std::uint64_t kMost = 64;
  const std::uint64_t fit = std::clamp<std::uint64_t>(kBytes / element_size_bytes, 1, kMost);
  return std::bit_floor(fit);
}

/// Sends until the stop or until the numbers are used up; returns how many. Flat, as all loops over
/// single elements: the compiler goes by the size of the caller when it decides what to inline, and
/// would charge the queue for calls that its users may not make.
template <MeasurableQueue Q, Validate kValidate>
[[gnu::flatten]] std::uint64_t produceSingly(WorkerContext& context, typename Q::Producer& queue) {
  const std::uint64_t in_hand = elementsInHand(context.shape.element_size_bytes);
  ElementBytes elements(context.shape.element_size_bytes, in_hand);
  Writer<kValidate> writer(context);
  for (std::uint64_t i = 0; i < in_hand; ++i) {
    elements.select(i);
    writer.writeNext(elements);
  }
  const std::uint64_t look_mask = lookMask(context);
  const Wait wait = context.wait;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sequence = 0;
  bool stopping = false;
  while (!stopping && sequence < kMaxSequence) {
    elements.select(sequence & (in_hand - 1));
    while (!attemptPush(queue, elements.selected(), wait)) {
      stopping = isOver(context, stopwatch, sequence);
      if (stopping) break;
      giveWay(wait);
    }
    if (stopping) break;
    writer.writeNext(elements);
    ++sequence;
    if ((sequence & look_mask) == 0) stopping = isOver(context, stopwatch, sequence);
  }
  stopwatch.look(Phase::Stop, sequence);
  stopwatch.reportProof(*context.findings);
  return sequence;
}

/// The same, as many elements in one call as fit.
template <MeasurableQueue Q, Validate kValidate>
std::uint64_t produceBatches(WorkerContext& context, typename Q::Producer& queue) {
  ElementBytes elements(context.shape.element_size_bytes, context.batch);
  Writer<kValidate> writer(context);
  const Wait wait = context.wait;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sequence = 0;
  bool stopping = false;
  while (!stopping && sequence + context.batch <= kMaxSequence) {
    for (std::uint32_t i = 0; i < context.batch; ++i) {
      elements.select(i);
      writer.writeNext(elements);
    }
    for (std::uint64_t done = 0; done < context.batch && !stopping;) {
      const std::uint64_t pushed = attemptPushMany(queue, elements, done, context.batch, wait);
      done += pushed;
      sequence += pushed;
      if (pushed == 0) giveWay(wait);
      stopping = isOver(context, stopwatch, sequence);
    }
  }
  context.findings->out_of_numbers = !stopping;
  stopwatch.look(Phase::Stop, sequence);
  stopwatch.reportProof(*context.findings);
  return sequence;
}

template <MeasurableQueue Q, Validate kValidate>
void produceAs(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  std::uint64_t sent = 0;
  if constexpr (PushesBatches<typename Q::Producer>) {
    sent = context.batch > 1 ? produceBatches<Q, kValidate>(context, queue)
                             : produceSingly<Q, kValidate>(context, queue);
  } else {
    sent = produceSingly<Q, kValidate>(context, queue);
  }
  producerDone(context, sent);
  noteSegmentFacts(context);
}

/// Throughput, sending side: as fast as the queue takes it.
template <MeasurableQueue Q>
void produceSaturated(WorkerContext& context) {
  switch (context.validate) {
    case Validate::Off:
      return produceAs<Q, Validate::Off>(context);
    case Validate::Sequence:
      return produceAs<Q, Validate::Sequence>(context);
    case Validate::Full:
      return produceAs<Q, Validate::Full>(context);
  }
}

/// Whether a consumer that finds nothing is at its end. Nobody wakes who sleeps on a queue that is
/// done with: from the first such try on it does not, but between tries it gives way as ever.
class LastTries {
 public:
  /// After a try that found nothing; `received` until then.
  bool areOver(WorkerContext& context, std::uint64_t received, Wait& wait) noexcept {
    giveWay(context.wait);
    if (!allProducersDone(context)) return false;
    wait = Wait::Spin;
    if (received != received_) tries_ = 0;
    received_ = received;
    return ++tries_ >= kTriesWhenDone;
  }

 private:
  std::uint64_t received_ = 0;
  int tries_ = 0;
};

/// Takes everything, also what comes after the stop; returns how much.
template <MeasurableQueue Q, Validate kValidate>
[[gnu::flatten]] std::uint64_t consumeSingly(WorkerContext& context, typename Q::Consumer& queue) {
  ElementBytes element(context.shape.element_size_bytes);
  const std::uint64_t look_mask = lookMask(context);
  Pace pace(context.clock);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  Checker<kValidate> checker(context);
  LastTries last_tries;
  Wait wait = context.wait;
  std::uint64_t expected = checker.firstExpected();
  std::uint64_t received = 0;
  for (;;) {
    if (attemptPop(queue, element.data(), wait)) {
      expected = checker.check(element, expected);
      if ((++received & look_mask) != 0) continue;
      if (received % kMessagesPerStamp == 0) pace.stamp(stopwatch.measuring());
    } else if (last_tries.areOver(context, received, wait)) {
      break;
    }
    checker.settle(expected);
    stopwatch.look(phaseOf(context), received);
  }
  checker.settle(expected);
  stopwatch.report(*context.findings);
  pace.report(*context.findings);
  return received;
}

/// The same, as many elements in one call as there are.
template <MeasurableQueue Q, Validate kValidate>
std::uint64_t consumeBatches(WorkerContext& context, typename Q::Consumer& queue) {
  ElementBytes elements(context.shape.element_size_bytes, context.batch);
  Pace pace(context.clock);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  Checker<kValidate> checker(context);
  LastTries last_tries;
  Wait wait = context.wait;
  std::uint64_t expected = checker.firstExpected();
  std::uint64_t received = 0;
  for (;;) {
    const std::uint64_t popped = attemptPopMany(queue, elements, context.batch, wait);
    for (std::uint64_t i = 0; i < popped; ++i) {
      elements.select(i);
      expected = checker.check(elements, expected);
      if (++received % kMessagesPerStamp == 0) pace.stamp(stopwatch.measuring());
    }
    checker.settle(expected);
    if (popped == 0 && last_tries.areOver(context, received, wait)) break;
    stopwatch.look(phaseOf(context), received);
  }
  stopwatch.report(*context.findings);
  pace.report(*context.findings);
  return received;
}

template <MeasurableQueue Q, Validate kValidate>
void consumeAs(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  if constexpr (PopsBatches<typename Q::Consumer>) {
    context.findings->received = context.batch > 1 ? consumeBatches<Q, kValidate>(context, queue)
                                                   : consumeSingly<Q, kValidate>(context, queue);
  } else {
    context.findings->received = consumeSingly<Q, kValidate>(context, queue);
  }
  noteSegmentFacts(context);
}

/// Throughput, receiving side: takes and checks everything.
template <MeasurableQueue Q>
void consumeSaturated(WorkerContext& context) {
  switch (context.validate) {
    case Validate::Off:
      return consumeAs<Q, Validate::Off>(context);
    case Validate::Sequence:
      return consumeAs<Q, Validate::Sequence>(context);
    case Validate::Full:
      return consumeAs<Q, Validate::Full>(context);
  }
}

}  // namespace ringside::harness
