// The workload ping_pong: one message in flight for each producer, and back.
#pragma once

#include <deque>

#include "harness/traffic.hpp"
#include "harness/workloads/attempt.hpp"
#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// So many round trips will be measured, when the phase lasts as long as asked.
inline std::uint64_t expectedRoundTrips(const WorkerContext& context, std::uint64_t so_far,
                                        std::uint64_t since_ticks) noexcept {
  const std::uint64_t ns = context.clock.nsBetween(since_ticks, context.clock.now());
  if (ns == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(so_far) / static_cast<double>(ns) *
                                    static_cast<double>(context.measure_ns));
}

/// The first word is written and read even where nothing is validated: by it a reply finds its way.
inline void writePing(ElementBytes& element, Stamp stamp, Validate validate) noexcept {
  validate == Validate::Full ? element.write(stamp) : element.writeFirst(stamp);
}
inline std::optional<Stamp> readPing(const ElementBytes& element, Validate validate) noexcept {
  return validate == Validate::Full ? element.read() : element.readFirst();
}

/// Round trip, asking side: one message in flight, timed from before its push to after the pop of
/// its reply. A reply that has not come a second after the stop is lost.
template <class Requests, class Replies>
void pingOver(WorkerContext& context, Requests& requests, Replies& replies) {
  ElementBytes question(context.shape.element_size_bytes);
  ElementBytes answer(context.shape.element_size_bytes);
  const Traffic& traffic = *context.traffic;
  traffic.prefaultProducer(context.number);
  GapWatch watch(context.clock, traffic.producerGaps(context.number));
  RoundTripKeeper keeper(traffic.roundTripLog(context.number), traffic.roundTrips(context.number));
  const Wait wait = context.wait;
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  const std::uint64_t started = context.clock.now();
  watch.start();
  for (Phase phase = phaseOf(context); phase != Phase::Stop && sent < kMaxSequence;
       phase = phaseOf(context)) {
    const bool begins = phase == Phase::Measure && !stopwatch.measuring();
    if (begins) keeper.expect(sent, expectedRoundTrips(context, received, started));
    stopwatch.look(phase, received);
    writePing(question, {context.number, sent}, context.validate);
    CallTimes asked;
    const auto push = [&] { return attemptPush(requests, question.data(), wait); };
    if (!persist(context, [&] { return watched(watch, asked, push); })) break;
    ++sent;
    CallTimes answered;
    const auto pop = [&] { return attemptPop(replies, answer.data(), wait); };
    if (!persist(context, [&] { return watched(watch, answered, pop); })) break;
    ++received;
    if (stopwatch.measuring()) {
      context.control->histogram(context.number)
          ->record(context.clock.nsBetween(asked.begun, answered.moved));
      keeper.keep(sent - 1, {asked.begun, answered.moved});
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

/// By the answering side, of the round trips that are kept.
inline void noteTurningPoint(const Traffic& traffic, Stamp stamp, std::uint64_t now) noexcept {
  const RoundTripLog& log = traffic.roundTripLog(stamp.producer);
  const std::uint64_t place = log.placeOf(stamp.sequence);
  if (place < log.capacity) traffic.turningPoints(stamp.producer)[place] = now;
}

/// Round trip, answering side: sends each message back to who asked, by `replies[asker]`.
template <class Requests, class Replies>
void pongOver(WorkerContext& context, Requests& requests, Replies& replies) {
  const std::uint32_t askers = context.shape.producers;
  ElementBytes element(context.shape.element_size_bytes);
  context.traffic->prefaultConsumer(context.number);
  GapWatch watch(context.clock, context.traffic->consumerGaps(context.number));
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  std::uint64_t answered = 0;
  int tries_when_done = 0;
  watch.start();
  while (tries_when_done < kTriesWhenDone) {
    stopwatch.look(phaseOf(context), answered);
    // Nobody wakes who sleeps on a queue that is done with.
    const Wait wait = tries_when_done == 0 ? context.wait : Wait::Spin;
    CallTimes times;
    if (!watched(watch, times, [&] { return attemptPop(requests, element.data(), wait); })) {
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
    noteTurningPoint(*context.traffic, *stamp, times.moved);
    auto& reply = replies[stamp->producer];
    const auto push = [&] { return attemptPush(reply, element.data(), context.wait); };
    persist(context, [&] { return watched(watch, times, push); });
  }
  stopwatch.reportProof(*context.findings);
  noteSegmentFacts(context);
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
