// The workload ping_pong: one message in flight for each producer, and back.
#pragma once

#include <deque>

#include "harness/workloads/attempt.hpp"
#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// The first word is written and read even where nothing is validated: by it a reply finds its way.
inline void writePing(ElementBytes& element, Stamp stamp, Validate validate) noexcept {
  validate == Validate::Full ? element.write(stamp) : element.writeFirst(stamp);
}
inline std::optional<Stamp> readPing(const ElementBytes& element, Validate validate) noexcept {
  return validate == Validate::Full ? element.read() : element.readFirst();
}

/// Round trip, asking side: one message in flight, timed from before its push to after the pop of
/// its reply. A reply that has not come a second after the stop is lost.
template <MeasurableQueue Q>
void ping(WorkerContext& context) {
  typename Q::Producer requests(context.places[0], context.shape);
  typename Q::Consumer replies(context.places[1 + context.number], replyShape(context.shape));
  ElementBytes question(context.shape.element_size_bytes);
  ElementBytes answer(context.shape.element_size_bytes);
  const Wait wait = context.wait;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  for (Phase phase = phaseOf(context); phase != Phase::Stop && sent < kMaxSequence;
       phase = phaseOf(context)) {
    stopwatch.look(phase, received);
    writePing(question, {context.number, sent}, context.validate);
    const std::uint64_t begin = context.clock.now();
    if (!persist(context, [&] { return attemptPush(requests, question.data(), wait); })) break;
    ++sent;
    if (!persist(context, [&] { return attemptPop(replies, answer.data(), wait); })) break;
    const std::uint64_t end = context.clock.nowAfterLoads();
    ++received;
    if (stopwatch.measuring()) {
      context.control->histogram(context.number)->record(context.clock.nsBetween(begin, end));
    }
    if (context.validate == Validate::Off) continue;
    std::optional<Stamp> stamp =
        context.validate == Validate::Full ? answer.readWhole() : answer.readFirst();
    if (stamp && stamp->producer != context.number) stamp.reset();  // somebody else's reply
    enter(context, stamp);
  }
  stopwatch.look(Phase::Stop, received);
  stopwatch.report(*context.findings);
  context.findings->received = received;
  producerDone(context, sent);
  noteSegmentFacts(context);
}

/// Round trip, answering side: sends each message back to who asked.
template <MeasurableQueue Q>
void pong(WorkerContext& context) {
  typename Q::Consumer requests(context.places[0], context.shape);
  const std::uint32_t askers = context.shape.producers;
  std::deque<typename Q::Producer> replies;  // a deque, for its elements need not be movable
  for (std::uint32_t p = 0; p < askers; ++p) {
    replies.emplace_back(context.places[1 + p], replyShape(context.shape));
  }
  ElementBytes element(context.shape.element_size_bytes);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t answered = 0;
  int tries_when_done = 0;
  while (tries_when_done < kTriesWhenDone) {
    stopwatch.look(phaseOf(context), answered);
    const Wait wait = tries_when_done == 0 ? context.wait : Wait::Spin;
    if (!attemptPop(requests, element.data(), wait)) {
      if (allProducersDone(context)) ++tries_when_done;
      giveWay(context.wait);
      continue;
    }
    ++answered;
    const std::optional<Stamp> stamp = readPing(element, context.validate);
    if (!stamp || stamp->producer >= askers) {
      ++context.findings->torn;
      continue;
    }
    persist(context,
            [&] { return attemptPush(replies[stamp->producer], element.data(), context.wait); });
  }
  stopwatch.reportProof(*context.findings);
  noteSegmentFacts(context);
}

}  // namespace ringside::harness
