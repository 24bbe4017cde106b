// What the loops that are timed have in common. They are written once, one file a workload beside
// this one, and instantiated for each queue; they allocate nothing, call nothing virtual, and look
// at the parent's phase only every kLookEvery messages or when the queue makes them wait.
#pragma once

#include <sched.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "harness/clock.hpp"
#include "harness/control.hpp"
#include "harness/element.hpp"
#include "harness/injection.hpp"
#include "harness/queue_contract.hpp"

namespace ringside::harness {

class SlotTable;
class Traffic;

enum class Workload : std::uint8_t { Throughput, PingPong, Stream, Duplex, Snapshot, Paced, Slo };
constexpr std::size_t kWorkloadCount = 7;
constexpr std::size_t index(Workload workload) { return static_cast<std::size_t>(workload); }
/// The one whose loops it runs: slo is paced at rates that it chooses.
constexpr Workload loopsOf(Workload workload) {
  return workload == Workload::Slo ? Workload::Paced : workload;
}

constexpr std::uint64_t kLookEvery = 256;
/// From this size on a loop looks at every message: kLookEvery of them would take longer than a
/// phase.
constexpr std::uint64_t kLargeElementBytes = 4096;

/// Tries on an empty queue before a consumer believes that nothing comes any more. A queue may say
/// "empty" while another consumer is in the middle of an operation.
constexpr int kTriesWhenDone = 64;

/// All that a loop gets. `places[0]` is the queue from producers to consumers; in a ping-pong,
/// `places[1 + p]` is the one that brings producer p its replies.
struct WorkerContext {
  std::uint32_t number = 0;  ///< among the workers of its role
  QueueShape shape;
  Wait wait = Wait::Spin;
  Clock clock;
  std::span<const Place> places;
  const Control* control = nullptr;
  WorkerFindings* findings = nullptr;
  std::optional<Ledger> ledger = std::nullopt;
  const Traffic* traffic = nullptr;  ///< what is noted about time
  std::uint64_t measure_ns = 0;      ///< how long the measured phase is to be
  Validate validate = Validate::Full;
  std::uint32_t batch = 1;  ///< elements in one call, as many as fit
  /// By what the memory of places[0] is found in this process.
  RingFiles ring_files = {};
  CanaryRole canary = CanaryRole::None;
  const SlotTable* slots = nullptr;  ///< of a gate; see slots.hpp
  Injection injection = {};          ///< the same, of a self-test
};

using WorkerLoop = void (*)(WorkerContext&);

struct WorkloadLoops {
  WorkerLoop produce = nullptr;
  WorkerLoop consume = nullptr;
};

/// The shape of a queue that carries replies: from all consumers to one producer.
inline QueueShape replyShape(const QueueShape& shape) {
  QueueShape reply = shape;
  reply.producers = shape.consumers;
  reply.consumers = 1;
  return reply;
}

/// Ready: everything is attached, and the canary has been measured. Returns when the parent starts
/// the warm-up.
void waitAtStartLine(WorkerContext& context);
/// Measures the canary again and notes what the kernel says about the ring's memory in this
/// process, after the timed phase: at the end of each loop, while the queue is attached. Control
/// plane.
void noteSegmentFacts(WorkerContext& context);

inline Phase phaseOf(const WorkerContext& context) noexcept {
  // relaxed: the phase says when, not what; nothing is published with it.
  return context.control->words().phase.load(std::memory_order_relaxed);
}

/// The loops look when `messages & lookMask(context)` is 0.
inline std::uint64_t lookMask(const WorkerContext& context) noexcept {
  return context.shape.element_size_bytes < kLargeElementBytes ? kLookEvery - 1 : 0;
}

/// Between tries. Who blocks has waited in the try itself.
inline void giveWay(Wait wait) noexcept {
  if (wait == Wait::Yield) {
    ::sched_yield();
  } else {
    pauseCore();
  }
}

/// Time and messages of the measured phase, taken by the worker itself when it sees the phase
/// change, so that a late look costs no accuracy.
class Stopwatch {
 public:
  explicit Stopwatch(const Clock& clock) : clock_(clock) {}

  void look(Phase phase, std::uint64_t messages) noexcept {
    if (phase == seen_) return;
    if (phase == Phase::Measure) start(messages);
    if (phase == Phase::Stop && seen_ == Phase::Measure) stop(messages);
    seen_ = phase;
  }
  bool measuring() const noexcept { return seen_ == Phase::Measure; }
  void report(WorkerFindings& findings) const noexcept {
    findings.measured = messages_;
    findings.measured_ns = ns_;
    reportProof(findings);
  }
  /// The same of a worker whose messages are counted by the other side.
  void reportProof(WorkerFindings& findings) const noexcept {
    findings.proof.cpu_at_start = cpu_at_start_;
    findings.proof.wall_ns = ns_;
    findings.proof.timed = timed_;
  }

 private:
  // The readings take some microseconds: before the one stamp, and after the other.
  void start(std::uint64_t messages) noexcept {
    cpu_at_start_ = ::sched_getcpu();
    timed_ = readUsage();
    begin_messages_ = messages;
    begin_ = clock_.now();
  }
  void stop(std::uint64_t messages) noexcept {
    ns_ = clock_.nsBetween(begin_, clock_.now());
    messages_ = messages - begin_messages_;
    timed_ = readUsage() - timed_;
  }

  Clock clock_;
  Phase seen_ = Phase::WarmUp;
  std::uint64_t begin_ = 0;
  std::uint64_t begin_messages_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t ns_ = 0;
  int cpu_at_start_ = -1;
  Usage timed_;  ///< at the start; after the stop, what was used in between
};

inline void producerDone(WorkerContext& context, std::uint64_t sent) noexcept {
  context.findings->sent = sent;
  context.findings->out_of_numbers |= sent >= kMaxSequence;
  // SYNC: allProducersDone(): all that was pushed is in the queue.
  context.control->words().producers_done.fetch_add(1, std::memory_order_release);
}

inline bool allProducersDone(const WorkerContext& context) noexcept {
  return context.control->words().producers_done.load(std::memory_order_acquire) ==
         context.control->shape().producers;
}

/// Picks one message in 64 or so, the first one among them, to be compared byte by byte. At no
/// fixed distance: a fault that comes with a period must not hide between them.
class Sampler {
 public:
  bool picks() noexcept {
    if (--left_ != 0) [[likely]]
      return false;
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
    left_ = 1 + static_cast<std::uint32_t>(state_ >> 57);
    return true;
  }

 private:
  std::uint64_t state_ = 1;
  std::uint32_t left_ = 1;
};

/// Enters what was received into the ledger; what is damaged or was never sent here is torn.
inline void enter(WorkerContext& context, const std::optional<Stamp>& stamp) noexcept {
  if (!stamp || !context.ledger->enter(stamp->producer, stamp->sequence)) {
    ++context.findings->torn;
  }
}

/// Repeats `attempt` until it succeeds; false when it has not a second after the stop.
template <class Attempt>
bool persist(WorkerContext& context, Attempt&& attempt) noexcept {
  constexpr std::uint64_t kPatienceNs = 1'000'000'000;
  std::uint64_t stopped_at = 0;
  for (std::uint64_t tries = 1; !attempt(); ++tries) {
    giveWay(context.wait);
    const bool looks = tries % kLookEvery == 0 || context.wait == Wait::Block;  // that takes long
    if (!looks || phaseOf(context) != Phase::Stop) continue;
    if (stopped_at == 0) stopped_at = context.clock.now();
    if (context.clock.nsBetween(stopped_at, context.clock.now()) > kPatienceNs) return false;
  }
  return true;
}

}  // namespace ringside::harness
