// The workload ping_pong: one message in flight for each producer, and back.
#pragma once

#include <deque>

#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// Round trip, asking side: one message in flight, timed from before its push to after the pop of
/// its reply. A reply that has not come a second after the stop is lost.
template <class Requests, class Replies>
void pingOver(WorkerContext& context, Requests& requests, Replies& replies) {
  ElementBytes question(context.shape.element_size_bytes);
  ElementBytes answer(context.shape.element_size_bytes);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  for (Phase phase = phaseOf(context); phase != Phase::Stop && sent < kMaxSequence;
       phase = phaseOf(context)) {
    stopwatch.look(phase, received);
    question.write({context.number, sent});
    const std::uint64_t begin = context.clock.now();
    if (!persist(context, [&] { return requests.tryPush(question.data()); })) break;
    ++sent;
    if (!persist(context, [&] { return replies.tryPop(answer.data()); })) break;
    const std::uint64_t end = context.clock.nowAfterLoads();
    ++received;
    if (stopwatch.measuring()) {
      context.control->histogram(context.number)->record(context.clock.nsBetween(begin, end));
    }
    std::optional<Stamp> stamp = answer.readWhole();
    if (stamp && stamp->producer != context.number) stamp.reset();  // somebody else's reply
    enter(context, stamp);
  }
  stopwatch.look(Phase::Stop, received);
  stopwatch.report(*context.findings);
  context.findings->received = received;
  producerDone(context, sent);
  if (context.number == 0) noteSegmentFacts(context);
}

/// Round trip, answering side: sends each message back to who asked, by `replies[asker]`.
template <class Requests, class Replies>
void pongOver(WorkerContext& context, Requests& requests, Replies& replies) {
  const std::uint32_t askers = context.shape.producers;
  ElementBytes element(context.shape.element_size_bytes);
  waitAtStartLine(context);
  int tries_when_done = 0;
  while (tries_when_done < kTriesWhenDone) {
    if (!requests.tryPop(element.data())) {
      if (allProducersDone(context)) ++tries_when_done;
      giveWay(context.wait);
      continue;
    }
    const std::optional<Stamp> stamp = element.read();
    if (!stamp || stamp->producer >= askers) {
      ++context.findings->torn;
      continue;
    }
    persist(context, [&] { return replies[stamp->producer].tryPush(element.data()); });
  }
}

template <MeasurableQueue Q>
void ping(WorkerContext& context) {
  typename Q::Producer requests(context.places[0], context.shape);
  typename Q::Consumer replies(context.places[1 + context.number], replyShape(context.shape));
  pingOver(context, requests, replies);
}

template <MeasurableQueue Q>
void pong(WorkerContext& context) {
  typename Q::Consumer requests(context.places[0], context.shape);
  std::deque<typename Q::Producer> replies;  // a deque, for its elements need not be movable
  for (std::uint32_t p = 0; p < context.shape.producers; ++p) {
    replies.emplace_back(context.places[1 + p], replyShape(context.shape));
  }
  pongOver(context, requests, replies);
}

}  // namespace ringside::harness
