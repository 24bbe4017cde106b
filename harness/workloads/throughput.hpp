// The workload throughput: producers send as fast as the queue takes it.
#pragma once

#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// Throughput, sending side: as fast as the queue takes it.
template <MeasurableQueue Q>
void produceSaturated(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  const std::uint64_t look_mask = lookMask(context);
  waitAtStartLine(context);
  std::uint64_t sequence = 0;
  bool stopping = false;
  while (!stopping && sequence < kMaxSequence) {
    element.write({context.number, sequence});
    while (!queue.tryPush(element.data())) {
      if (phaseOf(context) == Phase::Stop) {
        stopping = true;
        break;
      }
      giveWay(context.wait);
    }
    if (stopping) break;
    ++sequence;
    if ((sequence & look_mask) == 0) stopping = phaseOf(context) == Phase::Stop;
  }
  producerDone(context, sequence);
  if (context.number == 0) noteSegmentFacts(context);
}

/// Throughput, receiving side: takes and checks everything, also what comes after the stop.
template <MeasurableQueue Q>
void consumeSaturated(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  const std::uint64_t look_mask = lookMask(context);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  Sampler sampler;
  std::uint64_t received = 0;
  int tries_when_done = 0;
  while (tries_when_done < kTriesWhenDone) {
    if (queue.tryPop(element.data())) {
      enter(context, sampler.picks() ? element.readWhole() : element.read());
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
}

}  // namespace ringside::harness
