// The queues that can be measured, each with the loops of every workload instantiated for its own
// type: inside a timed loop nothing is virtual.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/any_queue.hpp"
#include "harness/queue_contract.hpp"
#include "harness/workloads/bare.hpp"
#include "harness/workloads/duplex.hpp"
#include "harness/workloads/paced.hpp"
#include "harness/workloads/ping_pong.hpp"
#include "harness/workloads/slots.hpp"
#include "harness/workloads/stream.hpp"
#include "harness/workloads/throughput.hpp"

namespace ringside::harness {

/// The loops of all workloads, and then those of a gate.
constexpr std::size_t kLoopCount = kWorkloadCount + kSlotKindCount;
constexpr std::size_t loopsOf(SlotKind kind) { return kWorkloadCount + index(kind); }

struct QueueEntry {
  std::string_view name;
  std::string_view summary;
  QueueLimits limits;
  std::uint64_t (*bytesNeeded)(const QueueShape&) = nullptr;
  void (*create)(const Place&, const QueueShape&) = nullptr;
  /// Where the adapter offers it; see measurable_queue.hpp.
  HeldQueue (*hold)(const Place&, const QueueShape&) = nullptr;
  WorkloadLoops loops[kLoopCount];  ///< null where it cannot be measured so
  WorkloadLoops bare;               ///< the same as `throughput` with nothing but pushes and pops
  AnyQueue any;
  bool both_ways = false;        ///< one of it carries what is sent and what is answered
  std::string_view origin = {};  ///< the file of the plug-in that it came from; empty: this program
  /// Why it cannot be used: limits() of its adapter crashed. Else empty. Only a plug-in's can have
  /// one, and then has no loops.
  std::string trouble = {};
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

struct SnapshotEntry;

/// What a macro such as RINGSIDE_QUEUE leaves: who makes an entry, and nothing that has run yet but
/// the macro itself.
struct Entrant {
  enum class Kind : std::uint8_t { Queue, Pattern, Snapshot };
  using Make = QueueEntry (*)(std::string_view name, std::string_view summary);
  using MakeSnapshot = SnapshotEntry (*)(std::string_view name, std::string_view summary);

  Kind kind = Kind::Queue;
  std::string_view name;
  std::string_view summary;
  Make make = nullptr;                   ///< of a queue or pattern
  MakeSnapshot make_snapshot = nullptr;  ///< of a snapshot
};
/// In the program: makes the entry and enters it, as enterQueue. In a plug-in: keeps the entrant
/// until the program asks for it (plugin/plugin_entry.cpp). Its value means nothing.
bool enter(const Entrant& entrant);
/// The same of a plug-in's, in the program.
void enterFrom(std::string_view origin, const Entrant& entrant);

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
  entry.loops[loopsOf(SlotKind::Throughput)] = {produceSlots<Q>, consumeSlots<Q>};
  entry.loops[loopsOf(SlotKind::PingPong)] = {pingSlots<Q>, pongSlots<Q>};
  entry.loops[loopsOf(SlotKind::Paced)] = {sendPlannedSlots<Q>, receivePlannedSlots<Q>};
  return entry;
}

}  // namespace ringside::harness

/// RINGSIDE_QUEUE(name, Type, "summary"): enters Type when the program starts, or when the plug-in
/// is loaded. `name` is an identifier, in a scenario its name.
#define RINGSIDE_QUEUE(name, Type, summary)                                                \
  [[maybe_unused]] static const bool ringside_entered_##name = ::ringside::harness::enter( \
      {::ringside::harness::Entrant::Kind::Queue, #name, summary,                          \
       [](std::string_view called, std::string_view described) {                           \
         return ::ringside::harness::makeEntry<Type>(called, described);                   \
       }})
