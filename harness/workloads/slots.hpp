// The loops of a gate: the same work as in throughput, ping_pong and paced, slot after slot of a
// few milliseconds, in processes that stay and queues that stay. Between slots the workers sleep,
// and the other arm has its turn.
#pragma once

#include <deque>

#include "harness/injection.hpp"
#include "harness/slot_table.hpp"
#include "harness/traffic.hpp"
#include "harness/workloads/attempt.hpp"
#include "harness/workloads/null_run.hpp"
#include "harness/workloads/ping_pong.hpp"
#include "harness/workloads/throughput.hpp"

namespace ringside::harness {

/// What a worker does for each slot of a block.
class SlotWork {
 public:
  SlotWork(WorkerContext& context, std::uint32_t worker)
      : context_(context), seat_(context, worker), stopwatch_(context.clock) {
    waitAtStartLine(context);
    stopwatch_.look(Phase::Measure, 0);
  }

  /// `slot()` from the beginning of one slot to where this worker is done with it.
  template <class Slot>
  void forEach(Slot&& slot) {
    while (seat_.begin()) {
      slot(seat_);
      seat_.end();
    }
    stopwatch_.look(Phase::Stop, 0);
    stopwatch_.reportProof(*context_.findings);
    noteSegmentFacts(context_);
  }

 private:
  WorkerContext& context_;
  SlotSeat seat_;
  Stopwatch stopwatch_;
};

inline std::uint64_t slotTicks(std::uint64_t ns, const Clock& clock) noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(ns) / clock.ns_per_tick);
}

/// Waits no longer for what does not come: some seconds from when it is first asked, for on a
/// loaded machine the other side may stand still for one, and a message that is late is not lost.
/// Less than whoever directs waits for the end of the slot.
class SlotPatience {
 public:
  static constexpr std::uint64_t kNs = 6'000'000'000;

  explicit SlotPatience(const Clock& clock) noexcept : clock_(clock) {}
  bool isOver() noexcept {
    const std::uint64_t now = clock_.now();
    if (since_ == 0) since_ = now;
    return clock_.nsBetween(since_, now) > kNs;
  }

 private:
  Clock clock_;
  std::uint64_t since_ = 0;
};

/// Repeats `attempt` until it succeeds; false when there is no patience left.
template <class Attempt>
bool persistInSlot(const WorkerContext& context, Attempt&& attempt) noexcept {
  SlotPatience patience(context.clock);
  for (std::uint64_t tries = 1; !attempt(); ++tries) {
    giveWay(context.wait);
    const bool looks = tries % kLookEvery == 0 || context.wait == Wait::Block;  // that takes long
    if (looks && patience.isOver()) return false;
  }
  return true;
}

// --- throughput ---------------------------------------------------------------------------------

template <MeasurableQueue Q>
[[gnu::flatten]] std::uint64_t sendUntilStopped(const WorkerContext& context,
                                                typename Q::Producer& queue, const SlotSeat& seat,
                                                ElementBytes& elements,
                                                Writer<Validate::Full>& writer,
                                                std::uint64_t sequence) {
  const std::uint64_t in_hand = elementsInHand(context.shape.element_size_bytes);
  const std::uint64_t look_mask = lookMask(context);
  const Wait wait = context.wait;
  for (;;) {
    elements.select(sequence & (in_hand - 1));
    while (!attemptPush(queue, elements.selected(), wait)) {
      if (seat.isStopped()) return sequence;
      giveWay(wait);
    }
    writer.writeNext(elements);
    ++sequence;
    if ((sequence & look_mask) == 0 && seat.isStopped()) return sequence;
  }
}

/// Throughput, sending side: as fast as the queue takes it, until all consumers have measured.
template <MeasurableQueue Q>
void produceSlots(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  const std::uint64_t in_hand = elementsInHand(context.shape.element_size_bytes);
  ElementBytes elements(context.shape.element_size_bytes, in_hand);
  Writer<Validate::Full> writer(context);
  for (std::uint64_t i = 0; i < in_hand; ++i) {
    elements.select(i);
    writer.writeNext(elements);
  }
  std::uint64_t sequence = 0;
  SlotWork(context, context.number).forEach([&](SlotSeat& seat) {
    const std::uint64_t before = sequence;
    sequence = sendUntilStopped<Q>(context, queue, seat, elements, writer, sequence);
    seat.producerEnded(sequence - before);
  });
  context.findings->sent = sequence;
}

/// A consumer's stamps in one slot: first it skips, then there is one every 256 messages.
class SlotPace {
 public:
  SlotPace(const SlotSeat& seat, const Clock& clock) noexcept
      : clock_(clock), sheet_(seat.sheet()), stamps_(seat.stamps()) {
    const SlotTableShape& shape = seat.shape();
    const std::uint64_t now = clock.now();
    skip_until_ = now + slotTicks(shape.skip_ns, clock);
    length_ = slotTicks(shape.slot_ns, clock);
    skip_messages_ = shape.skip_messages;
  }

  /// After every kMessagesPerStamp messages: true once, when the measured part is over.
  bool stamp(std::uint64_t received) noexcept {
    if (is_over_) return false;
    const std::uint64_t now = clock_.now();
    if (sheet_.began == 0) {
      if (received >= skip_messages_ && now >= skip_until_) {
        first_ = received;
        sheet_.began = now;
      }
      return false;
    }
    if (sheet_.stamps < stamps_.size()) stamps_[sheet_.stamps++] = now;
    if (now - sheet_.began < length_ && sheet_.stamps < stamps_.size()) return false;
    sheet_.ended = now;
    sheet_.messages = received - first_;
    is_over_ = true;
    return true;
  }

 private:
  Clock clock_;
  SlotSheet& sheet_;
  std::span<std::uint64_t> stamps_;
  std::uint64_t skip_until_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t skip_messages_ = 0;
  std::uint64_t first_ = 0;
  bool is_over_ = false;
};

/// Of one slot: takes and checks everything, also what comes after the measured part; how much.
template <MeasurableQueue Q>
[[gnu::flatten]] std::uint64_t receiveSlot(WorkerContext& context, typename Q::Consumer& queue,
                                           SlotSeat& seat, ElementBytes& element,
                                           Checker<Validate::Full>& checker, Delay& delay) {
  SlotPace pace(seat, context.clock);
  SlotPatience patience(context.clock);
  const bool delays = context.injection.any();
  Wait wait = context.wait;
  std::uint64_t expected = checker.firstExpected();
  std::uint64_t received = 0;
  for (;;) {
    if (attemptPop(queue, element.data(), wait)) {
      if (delays) [[unlikely]]
        element.writeFirst(delay.strike(element.firstWord()));
      expected = checker.check(element, expected);
      if ((++received & (kMessagesPerStamp - 1)) != 0) continue;
      if (pace.stamp(received)) seat.stopMeasuring();
      if (seat.isStopped()) wait = Wait::Spin;  // nobody wakes who sleeps on what is done with
    } else if (seat.allProducersEnded()) {
      if (seat.allReceived(received)) break;
      if (patience.isOver()) {
        seat.giveUp();
        break;
      }
    } else {
      giveWay(wait);
    }
    checker.settle(expected);
  }
  checker.settle(expected);
  return received;
}

/// Throughput, receiving side.
template <MeasurableQueue Q>
void consumeSlots(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  Checker<Validate::Full> checker(context);
  Delay delay(context.injection, context.clock);
  SlotWork(context, context.shape.producers + context.number).forEach([&](SlotSeat& seat) {
    context.findings->received += receiveSlot<Q>(context, queue, seat, element, checker, delay);
  });
}

// --- ping-pong ----------------------------------------------------------------------------------

/// A pause of random length before each round trip, up to some 128 cycles. Without it both sides
/// look for their messages in step with each other, and a round trip takes a whole number of looks:
/// a delay of 10 ns then adds nothing, or a look of 25.
class Dither {
 public:
  void pause() noexcept {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
    for (std::uint64_t i = state_ >> 57; i > 0; --i) asm volatile("");
  }

 private:
  std::uint64_t state_ = 1;
};

/// Round trip, asking side.
template <MeasurableQueue Q>
void pingSlots(WorkerContext& context) {
  typename Q::Producer requests(context.places[0], context.shape);
  typename Q::Consumer replies(context.places[1 + context.number], replyShape(context.shape));
  ElementBytes question(context.shape.element_size_bytes);
  ElementBytes answer(context.shape.element_size_bytes);
  context.traffic->prefaultProducer(context.number);
  GapWatch watch(context.clock, context.traffic->producerGaps(context.number));
  const Wait wait = context.wait;
  Dither dither;
  std::uint64_t sent = 0;
  const auto roundTrip = [&](CallTimes& asked, CallTimes& answered) {
    dither.pause();
    question.write(Stamp{context.number, sent});
    const auto push = [&] { return attemptPush(requests, question.data(), wait); };
    if (!persistInSlot(context, [&] { return watched(watch, asked, push); })) return false;
    ++sent;
    const auto pop = [&] { return attemptPop(replies, answer.data(), wait); };
    if (!persistInSlot(context, [&] { return watched(watch, answered, pop); })) return false;
    ++context.findings->received;
    std::optional<Stamp> stamp = answer.readWhole();
    if (stamp && stamp->producer != context.number) stamp.reset();  // somebody else's reply
    enter(context, stamp);
    return true;
  };
  SlotWork(context, context.number).forEach([&](SlotSeat& seat) {
    SlotSheet& sheet = seat.sheet();
    const std::span<std::uint64_t> stamps = seat.stamps();
    const std::uint64_t before = sent;
    watch.start();
    const std::uint64_t start = context.clock.now();
    sheet.began = start + slotTicks(seat.shape().skip_ns, context.clock);
    const std::uint64_t end = sheet.began + slotTicks(seat.shape().slot_ns, context.clock);
    for (std::uint64_t now = start; now < end && sheet.stamps + 1 < stamps.size();) {
      CallTimes asked;
      CallTimes answered;
      if (!roundTrip(asked, answered)) {
        seat.giveUp();
        break;
      }
      now = answered.moved;
      if (asked.begun < sheet.began) continue;
      stamps[sheet.stamps++] = asked.begun;
      stamps[sheet.stamps++] = now;
      ++sheet.messages;
    }
    sheet.ended = context.clock.now();
    seat.stopMeasuring();
    seat.producerEnded(sent - before);
  });
  context.findings->sent = sent;
}

/// Round trip, answering side.
template <MeasurableQueue Q>
void pongSlots(WorkerContext& context) {
  typename Q::Consumer requests(context.places[0], context.shape);
  std::deque<typename Q::Producer> replies;  // a deque, for its elements need not be movable
  for (std::uint32_t p = 0; p < context.shape.producers; ++p) {
    replies.emplace_back(context.places[1 + p], replyShape(context.shape));
  }
  ElementBytes element(context.shape.element_size_bytes);
  context.traffic->prefaultConsumer(context.number);
  GapWatch watch(context.clock, context.traffic->consumerGaps(context.number));
  Delay delay(context.injection, context.clock);
  const auto answer = [&](CallTimes& times) {
    const std::optional<Stamp> stamp = element.read();
    if (!stamp || stamp->producer >= context.shape.producers) {
      ++context.findings->torn;
      return;
    }
    auto& reply = replies[stamp->producer];
    const auto push = [&] { return attemptPush(reply, element.data(), context.wait); };
    persistInSlot(context, [&] { return watched(watch, times, push); });
  };
  SlotWork(context, context.shape.producers + context.number).forEach([&](SlotSeat& seat) {
    watch.start();
    for (;;) {
      CallTimes times;
      const Wait wait = seat.isStopped() ? Wait::Spin : context.wait;
      const auto pop = [&] {
        if (!attemptPop(requests, element.data(), wait)) return false;
        if (context.injection.any()) [[unlikely]]
          element.writeFirst(delay.strike(element.firstWord()));
        return true;
      };
      if (watched(watch, times, pop)) {
        answer(times);
        continue;
      }
      if (seat.allProducersEnded()) break;
      giveWay(context.wait);
    }
  });
}

// --- paced --------------------------------------------------------------------------------------

/// Open loop, sending side: by the plan of each slot, whatever becomes of the messages.
template <MeasurableQueue Q>
void sendPlannedSlots(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  const Traffic& traffic = *context.traffic;
  const std::span<const std::uint64_t> planned = traffic.planned(context.number);
  const std::span<std::uint64_t> sent = traffic.sent(context.number);
  traffic.prefaultProducer(context.number);
  if (context.slots->shape().tries_senders) {
    const std::uint64_t end = context.slots->firstPlanned(context.number, 1);
    traffic.generatorNote(context.number) = latenessWithoutQueue(context, planned.first(end));
  }
  GapWatch watch(context.clock, traffic.producerGaps(context.number));
  const auto send = [&](std::uint64_t due, std::uint64_t give_up, std::uint64_t& when) {
    for (;;) {
      const std::uint64_t now = watch.betweenCalls();
      if (now >= due) {
        if (now > give_up) return false;
        if (attemptPush(queue, element.data(), context.wait)) {
          watch.afterMove();
          when = now;
          return true;
        }
        watch.afterTry();
      }
      giveWay(context.wait);
    }
  };
  SlotWork(context, context.number).forEach([&](SlotSeat& seat) {
    const std::uint64_t first = context.slots->firstPlanned(context.number, seat.number());
    const std::uint64_t end = context.slots->firstPlanned(context.number, seat.number() + 1);
    const std::uint64_t give_up =
        seat.origin() + slotTicks(seat.shape().slot_ns + SlotPatience::kNs, context.clock);
    std::uint64_t next = first;
    watch.start();
    for (; next < end; ++next) {
      element.write(Stamp{context.number, next});
      if (!send(seat.origin() + planned[next], give_up, sent[next])) {
        seat.giveUp();
        break;
      }
    }
    context.findings->sent += next - first;
    seat.stopMeasuring();
    seat.producerEnded(next - first);
  });
}

/// Open loop, receiving side: a stamp for each message.
template <MeasurableQueue Q>
void receivePlannedSlots(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  const Traffic& traffic = *context.traffic;
  traffic.prefaultConsumer(context.number);
  GapWatch watch(context.clock, traffic.consumerGaps(context.number));
  Delay delay(context.injection, context.clock);
  Sampler sampler;
  SlotWork(context, context.shape.producers + context.number).forEach([&](SlotSeat& seat) {
    SlotPatience patience(context.clock);
    std::uint64_t received = 0;
    watch.start();
    for (;;) {
      watch.betweenCalls();
      const Wait wait = seat.isStopped() ? Wait::Spin : context.wait;
      if (attemptPop(queue, element.data(), wait)) {
        if (context.injection.any()) [[unlikely]]
          element.writeFirst(delay.strike(element.firstWord()));
        const std::uint64_t now = watch.afterMove();
        const std::optional<Stamp> stamp = sampler.picks() ? element.readWhole() : element.read();
        enter(context, stamp);
        stampArrival(traffic, stamp, now);
        ++received;
        continue;
      }
      watch.afterTry();
      if (seat.allReceived(received)) break;
      if (seat.allProducersEnded() && patience.isOver()) {
        seat.giveUp();
        break;
      }
      giveWay(context.wait);
    }
    context.findings->received += received;
  });
}

}  // namespace ringside::harness
