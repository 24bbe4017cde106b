// Pushes and pops and nothing else: what the throughput loops are compared with, to know what their
// checks and stamps cost. No workload that can be asked for: it would find no lost message.
#pragma once

#include "harness/workloads/loop.hpp"

namespace ringside::harness {

constexpr std::uint64_t kBareLookMask = 4095;

template <class Producer>
[[gnu::flatten]] void pushBare(WorkerContext& context, Producer& queue) {
  const ElementBytes element(context.shape.element_size_bytes);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sent = 0;
  for (bool stopping = false; !stopping;) {
    if (queue.tryPush(element.data())) {
      if ((++sent & kBareLookMask) != 0) continue;
    } else {
      pauseCore();
    }
    const Phase phase = phaseOf(context);
    stopwatch.look(phase, sent);
    stopping = phase == Phase::Stop;
  }
  stopwatch.reportProof(*context.findings);
  producerDone(context, sent);
}

template <class Consumer>
[[gnu::flatten]] void popBare(WorkerContext& context, Consumer& queue) {
  ElementBytes element(context.shape.element_size_bytes);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t received = 0;
  for (int tries_when_done = 0; tries_when_done < kTriesWhenDone;) {
    if (queue.tryPop(element.data())) {
      tries_when_done = 0;
      if ((++received & kBareLookMask) != 0) continue;
    } else {
      if (allProducersDone(context)) ++tries_when_done;
      pauseCore();
    }
    stopwatch.look(phaseOf(context), received);
  }
  context.findings->received = received;
  stopwatch.report(*context.findings);
}

template <MeasurableQueue Q>
void produceBare(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  pushBare(context, queue);
}

template <MeasurableQueue Q>
void consumeBare(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  popBare(context, queue);
}

}  // namespace ringside::harness
