// The workload throughput: producers send as fast as the queue takes it. One loop a side for single
// elements and one for batches, each instantiated for how much of an element is looked at.
#pragma once

#include "harness/workloads/attempt.hpp"
#include "harness/workloads/loop.hpp"
#include "harness/workloads/pace.hpp"

namespace ringside::harness {

template <Validate kValidate>
void writeAs(ElementBytes& element, Stamp stamp) noexcept {
  if constexpr (kValidate == Validate::Full) element.write(stamp);
  if constexpr (kValidate == Validate::Sequence) element.writeFirst(stamp);
}

template <Validate kValidate>
void checkAs(WorkerContext& context, ElementBytes& element, Sampler& sampler) noexcept {
  if constexpr (kValidate == Validate::Full) {
    enter(context, sampler.picks() ? element.readWhole() : element.read());
  }
  if constexpr (kValidate == Validate::Sequence) enter(context, element.readFirst());
}

/// Whether the producer has seen the stop.
inline bool isOver(const WorkerContext& context, Stopwatch& stopwatch,
                   std::uint64_t sent) noexcept {
  const Phase phase = phaseOf(context);
  stopwatch.look(phase, sent);
  return phase == Phase::Stop;
}

/// Sends until the stop or until the numbers are used up; returns how many.
template <MeasurableQueue Q, Validate kValidate>
std::uint64_t produceSingly(WorkerContext& context, typename Q::Producer& queue) {
  ElementBytes element(context.shape.element_size_bytes);
  const std::uint64_t look_mask = lookMask(context);
  const Wait wait = context.wait;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sequence = 0;
  bool stopping = false;
  while (!stopping && sequence < kMaxSequence) {
    writeAs<kValidate>(element, {context.number, sequence});
    while (!attemptPush(queue, element.data(), wait)) {
      stopping = isOver(context, stopwatch, sequence);
      if (stopping) break;
      giveWay(wait);
    }
    if (stopping) break;
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
  const Wait wait = context.wait;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sequence = 0;
  bool stopping = false;
  while (!stopping && sequence + context.batch <= kMaxSequence) {
    for (std::uint32_t i = 0; i < context.batch; ++i) {
      elements.select(i);
      writeAs<kValidate>(elements, {context.number, sequence + i});
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

/// Takes everything, also what comes after the stop; returns how much.
template <MeasurableQueue Q, Validate kValidate>
std::uint64_t consumeSingly(WorkerContext& context, typename Q::Consumer& queue) {
  ElementBytes element(context.shape.element_size_bytes);
  const std::uint64_t look_mask = lookMask(context);
  Pace pace(context.clock);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  Sampler sampler;
  std::uint64_t received = 0;
  int tries_when_done = 0;
  while (tries_when_done < kTriesWhenDone) {
    // Nobody wakes who sleeps on a queue that is done with.
    const Wait wait = tries_when_done == 0 ? context.wait : Wait::Spin;
    if (attemptPop(queue, element.data(), wait)) {
      checkAs<kValidate>(context, element, sampler);
      ++received;
      tries_when_done = 0;
      if ((received & look_mask) != 0) continue;
      if (received % kMessagesPerStamp == 0) pace.stamp(stopwatch.measuring());
    } else {
      if (allProducersDone(context)) ++tries_when_done;
      giveWay(context.wait);
    }
    stopwatch.look(phaseOf(context), received);
  }
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
  Sampler sampler;
  std::uint64_t received = 0;
  int tries_when_done = 0;
  while (tries_when_done < kTriesWhenDone) {
    const Wait wait = tries_when_done == 0 ? context.wait : Wait::Spin;
    const std::uint64_t popped = attemptPopMany(queue, elements, context.batch, wait);
    for (std::uint64_t i = 0; i < popped; ++i) {
      elements.select(i);
      checkAs<kValidate>(context, elements, sampler);
      if (++received % kMessagesPerStamp == 0) pace.stamp(stopwatch.measuring());
    }
    if (popped > 0) {
      tries_when_done = 0;
    } else {
      if (allProducersDone(context)) ++tries_when_done;
      giveWay(context.wait);
    }
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
