// The workload paced: an open loop. Each producer sends by a plan that was made before, whatever
// becomes of its messages: when it is late it sends at once, skips nothing and plans nothing anew,
// and while the queue is full it keeps trying. Two stamps a message, in tables of their own
// (traffic.hpp); the parent works out response and service times afterwards.
#pragma once

#include "harness/traffic.hpp"
#include "harness/workloads/attempt.hpp"
#include "harness/workloads/loop.hpp"
#include "harness/workloads/null_run.hpp"

namespace ringside::harness {

/// When all is sent and something is still missing, consumers wait for it as long as this.
constexpr std::uint64_t kDrainNs = 1'000'000'000;

/// What a producer looks at while it waits: its own gaps, and the parent's phase.
struct PacedLooks {
  GapWatch& watch;
  Stopwatch& stopwatch;
};

/// Pushes at the planned time or, when that has passed, at once. The stamp is from just before the
/// try that succeeded; where that blocks, what it sleeps is service time. False when it is time to
/// give up.
template <class Producer>
bool sendOne(WorkerContext& context, PacedLooks looks, Producer& queue, const ElementBytes& element,
             std::uint64_t due, std::uint64_t& sent) noexcept {
  const std::uint64_t give_up =
      context.traffic->words().give_up_ticks.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t now = looks.watch.betweenCalls();
    if (now >= due) {
      if (now > give_up) return false;
      if (attemptPush(queue, element.data(), context.wait)) {
        looks.watch.afterMove();
        sent = now;
        return true;
      }
      looks.watch.afterTry();
    }
    looks.stopwatch.look(phaseOf(context), 0);  // its messages are counted by the other side
    giveWay(context.wait);
  }
}

template <MeasurableQueue Q>
void sendByPlan(WorkerContext& context) {
  typename Q::Producer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  const Traffic& traffic = *context.traffic;
  const std::span<const std::uint64_t> planned = traffic.planned(context.number);
  const std::span<std::uint64_t> sent = traffic.sent(context.number);
  traffic.prefaultProducer(context.number);
  traffic.generatorNote(context.number) = latenessWithoutQueue(context, planned);
  GapWatch watch(context.clock, traffic.producerGaps(context.number));
  waitAtStartLine(context);
  // relaxed: written before the phase that ends the wait, which is an acquire.
  const std::uint64_t origin = traffic.words().origin_ticks.load(std::memory_order_relaxed);
  Stopwatch stopwatch(context.clock);
  watch.start();
  std::uint64_t sequence = 0;
  for (; sequence < planned.size(); ++sequence) {
    element.write({context.number, sequence});
    const std::uint64_t due = origin + planned[sequence];
    stopwatch.look(phaseOf(context), 0);
    if (!sendOne(context, {watch, stopwatch}, queue, element, due, sent[sequence])) break;
  }
  stopwatch.look(Phase::Stop, 0);
  stopwatch.reportProof(*context.findings);
  producerDone(context, sequence);
  noteSegmentFacts(context);
}

/// Whether a consumer that found nothing is at its end: all came that was sent, or what is missing
/// has not come in the time to drain.
class Drain {
 public:
  explicit Drain(const WorkerContext& context) : context_(context) {}

  /// Nobody wakes who sleeps on a queue that is done with.
  Wait wait() const noexcept { return begun_ ? Wait::Spin : context_.wait; }

  /// `received` by this consumer so far.
  bool isOver(std::uint64_t received) noexcept {
    if (!allProducersDone(context_)) return false;
    begun_ = true;
    // relaxed: only a count; each consumer adds what it has itself taken since it last did.
    std::atomic<std::uint64_t>& all = context_.traffic->words().received;
    all.fetch_add(received - told_, std::memory_order_relaxed);
    told_ = received;
    if (all.load(std::memory_order_relaxed) >= allSent()) return ++quiet_ >= kTriesWhenDone;
    quiet_ = 0;
    const std::uint64_t now = context_.clock.now();
    if (since_ == 0) since_ = now;
    return context_.clock.nsBetween(since_, now) > kDrainNs;
  }

 private:
  std::uint64_t allSent() const noexcept {
    std::uint64_t sent = 0;
    for (std::uint32_t p = 0; p < context_.control->shape().producers; ++p) {
      sent += context_.control->producer(p).sent;
    }
    return sent;
  }

  const WorkerContext& context_;
  bool begun_ = false;
  std::uint64_t told_ = 0;
  std::uint64_t since_ = 0;
  int quiet_ = 0;  ///< a second delivery would come right behind
};

/// Notes when a message came; its first arrival counts.
inline void stampArrival(const Traffic& traffic, const std::optional<Stamp>& stamp,
                         std::uint64_t now) noexcept {
  if (!stamp || stamp->producer >= traffic.shape().producers) return;
  const std::span<std::uint64_t> received = traffic.received(stamp->producer);
  if (stamp->sequence < received.size() && received[stamp->sequence] == 0) {
    received[stamp->sequence] = now;
  }
}

template <MeasurableQueue Q>
void receiveStamped(WorkerContext& context) {
  typename Q::Consumer queue(context.places[0], context.shape);
  ElementBytes element(context.shape.element_size_bytes);
  const Traffic& traffic = *context.traffic;
  traffic.prefaultConsumer(context.number);
  GapWatch watch(context.clock, traffic.consumerGaps(context.number));
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  Sampler sampler;
  Drain drain(context);
  std::uint64_t received = 0;
  watch.start();
  for (std::uint64_t tries = 1;; ++tries) {
    watch.betweenCalls();
    if (attemptPop(queue, element.data(), drain.wait())) {
      const std::uint64_t now = watch.afterMove();
      const std::optional<Stamp> stamp = sampler.picks() ? element.readWhole() : element.read();
      enter(context, stamp);
      stampArrival(traffic, stamp, now);
      ++received;
    } else {
      watch.afterTry();
      if (drain.isOver(received)) break;
      giveWay(context.wait);
    }
    const bool looks = tries % kLookEvery == 0 || context.wait == Wait::Block;  // that takes long
    if (looks) stopwatch.look(phaseOf(context), received);
  }
  stopwatch.look(Phase::Stop, received);
  context.findings->received = received;
  stopwatch.report(*context.findings);
  noteSegmentFacts(context);
}

}  // namespace ringside::harness
