// The queues that can be measured, each with the loops of every workload instantiated for its own
// type: inside a timed loop nothing is virtual.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "harness/any_queue.hpp"
#include "harness/measurable_queue.hpp"
#include "harness/workloads/bare.hpp"
#include "harness/workloads/duplex.hpp"
#include "harness/workloads/paced.hpp"
#include "harness/workloads/ping_pong.hpp"
#include "harness/workloads/stream.hpp"
#include "harness/workloads/throughput.hpp"

namespace ringside::harness {

struct QueueEntry {
  std::string_view name;
  std::string_view summary;
  QueueLimits limits;
  std::uint64_t (*bytesNeeded)(const QueueShape&) = nullptr;
  void (*create)(const Place&, const QueueShape&) = nullptr;
  /// Where the adapter offers it; see measurable_queue.hpp.
  HeldQueue (*hold)(const Place&, const QueueShape&) = nullptr;
  WorkloadLoops loops[kWorkloadCount];  ///< null where it cannot be measured so
  WorkloadLoops bare;  ///< the same as `throughput` with nothing but pushes and pops
  AnyQueue any;
  bool both_ways = false;  ///< one of it carries what is sent and what is answered
  /// Of an absent one, why: "package libck-dev was not found when this was built". Else empty.
  std::string_view left_out = {};
};

/// All queues of this program, in the order of their names.
const std::vector<QueueEntry>& allQueues();
/// nullptr for an unknown name.
const QueueEntry* findQueue(std::string_view name);

/// Enters a queue; its value means nothing. Throws std::logic_error for a name that is taken.
bool enterQueue(const QueueEntry& entry);

/// Queues that this program could have, had their package been there when it was built: without
/// loops, and with the reason. In the order of their names.
const std::vector<QueueEntry>& absentQueues();
/// As enterQueue; `why` as in QueueEntry::left_out.
bool enterAbsentQueue(std::string_view name, std::string_view why);

/// What is measured and is no queue: channels that carry both directions, values that are replaced.
/// Each has the loops of some workloads only. In the order of their names.
const std::vector<QueueEntry>& allPatterns();
/// As enterQueue.
bool enterPattern(const QueueEntry& entry);
/// A queue, also an absent one, or a pattern; nullptr for an unknown name.
const QueueEntry* findMeasured(std::string_view name);

/// Without loops: it can be verified, and not measured.
template <MeasurableQueue Q>
QueueEntry makeTrialEntry(std::string_view name, std::string_view summary) {
  QueueEntry entry{
      .name = name,
      .summary = summary,
      .limits = Q::limits(),
      .bytesNeeded = [](const QueueShape& shape) -> std::uint64_t { return Q::bytesNeeded(shape); },
      .create = [](const Place& place, const QueueShape& shape) { Q::create(place, shape); },
      .loops = {},
      .bare = {},
      .any = anyQueue<Q>()};
  if constexpr (ChoosesBacking<Q>) entry.hold = Q::hold;
  return entry;
}

template <MeasurableQueue Q>
QueueEntry makeEntry(std::string_view name, std::string_view summary) {
  QueueEntry entry = makeTrialEntry<Q>(name, summary);
  entry.bare = {produceBare<Q>, consumeBare<Q>};
  entry.loops[index(Workload::Throughput)] = {produceSaturated<Q>, consumeSaturated<Q>};
  entry.loops[index(Workload::PingPong)] = {ping<Q>, pong<Q>};
  if constexpr (InPlaceQueue<Q>) {
    entry.loops[index(Workload::Stream)] = {produceInPlace<Q>, consumeInPlace<Q>};
  }
  entry.loops[index(Workload::Duplex)] = {exchangeOverTwo<Q, ChannelSide::A>,
                                          exchangeOverTwo<Q, ChannelSide::B>};
  entry.loops[index(Workload::Paced)] = {sendByPlan<Q>, receiveStamped<Q>};
  return entry;
}

}  // namespace ringside::harness

/// RINGSIDE_QUEUE(name, Type, "summary"): enters Type when the program starts.
#define RINGSIDE_QUEUE(name, Type, summary)                    \
  [[maybe_unused]] static const bool ringside_entered_##name = \
      ::ringside::harness::enterQueue(::ringside::harness::makeEntry<Type>(#name, summary))
