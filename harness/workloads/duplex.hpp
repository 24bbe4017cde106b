// The workload duplex: two processes, each of which sends as fast as it can and takes what the
// other one sends.
#pragma once

#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// Side A is the cell's producer, side B its consumer; both send and receive.
enum class ChannelSide : std::uint8_t { A, B };

inline bool allSidesDone(const WorkerContext& context) noexcept {
  return context.control->words().producers_done.load(std::memory_order_acquire) ==
         context.control->workerCount();
}

/// One side of both directions. What is stamped says which side sent it, so that what comes back to
/// its sender is found.
template <class Outgoing, class Incoming>
void exchange(WorkerContext& context, ChannelSide side, Outgoing& outgoing, Incoming& incoming) {
  const std::uint32_t own = side == ChannelSide::A ? 0 : 1;
  ElementBytes to_send(context.shape.element_size_bytes);
  ElementBytes element(context.shape.element_size_bytes);
  waitAtStartLine(context);
  Stopwatch stopwatch(context.clock);
  Sampler sampler;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  bool sending = true;
  int tries_when_done = 0;
  to_send.write({own, sent});
  for (std::uint64_t turn = 0; tries_when_done < kTriesWhenDone; ++turn) {
    const bool pushed = sending && sent < kMaxSequence && outgoing.tryPush(to_send.data());
    if (pushed) to_send.write({own, ++sent});
    const bool popped = incoming.tryPop(element.data());
    if (popped) {
      std::optional<Stamp> stamp = sampler.picks() ? element.readWhole() : element.read();
      // The ledger knows one sender, the other side, by the number 0.
      if (stamp) stamp->producer = stamp->producer == 1 - own ? 0 : kMaxWorkersPerRole;
      enter(context, stamp);
      ++received;
    } else if (allSidesDone(context)) {
      ++tries_when_done;
    }
    if (!pushed && !popped) giveWay(context.wait);
    if (turn % kLookEvery != 0 && (pushed || popped)) continue;
    const Phase phase = phaseOf(context);
    stopwatch.look(phase, received);
    if (sending && (phase == Phase::Stop || sent == kMaxSequence)) {
      sending = false;
      producerDone(context, sent);
    }
  }
  context.findings->received = received;
  stopwatch.report(*context.findings);
  noteSegmentFacts(context);
}

/// Over a queue for each direction.
template <MeasurableQueue Q, ChannelSide kSide>
void exchangeOverTwo(WorkerContext& context) {
  constexpr std::size_t kOut = kSide == ChannelSide::A ? 0 : 1;
  typename Q::Producer outgoing(context.places[kOut], context.shape);
  typename Q::Consumer incoming(context.places[1 - kOut], context.shape);
  exchange(context, kSide, outgoing, incoming);
}

}  // namespace ringside::harness
