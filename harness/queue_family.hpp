// Queues that are templates over what they hold. An adapter gets the size of its elements when it
// runs, such a queue when it is compiled: so the adapter is a template over the size in bytes, and
// over the capacity where that is a parameter of the queue too,
//
//   template <std::uint64_t kBytes> struct MyQueue { … };                          // or
//   template <std::uint64_t kBytes, std::uint64_t kCapacity> struct MyQueue { … };
//   RINGSIDE_SIZED_QUEUE(my_queue, MyQueue, "what it is, in a line")
//
// each of which fulfils MeasurableQueue by itself. It is entered under one name, for the sizes and
// capacities below; a cell with another is skipped, and says so. Which one a worker runs is settled
// once, where a loop is entered: inside it, the queue's type is what it would be anywhere.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/registry.hpp"

namespace ringside::harness {

template <std::uint64_t... kNumbers>
struct Numbers {
  static constexpr std::array<std::uint64_t, sizeof...(kNumbers)> kAll = {kNumbers...};
};

/// In bytes; the suite `peers` sweeps them.
using UsualSizes = Numbers<8, 64, 256, 1472, 4096>;
/// Of a queue whose capacity is a parameter.
using UsualCapacities = Numbers<144, 1024>;
/// What such a queue is verified with: small ones wrap often. Its loops are not built for them.
using TrialCapacities = Numbers<1, 3>;

/// A value of so many bytes that a queue copies as one thing, on a cache line where its size is a
/// multiple of one: as the harness's own elements lie. It may stand for what was written as words.
template <std::uint64_t kBytes>
struct [[gnu::may_alias]] ElementOf {
  static constexpr std::uint64_t kLargestDivisor = kBytes & (~kBytes + 1);  ///< a power of two
  alignas(kLargestDivisor < 64 ? kLargestDivisor : 64) std::byte bytes[kBytes];
};

/// The queue built for one size, and for one capacity; 0 where it takes any.
struct FamilyMember {
  std::uint64_t element_size_bytes = 0;
  std::uint64_t capacity = 0;
  QueueEntry entry;
};

/// The member that takes this shape. Throws std::invalid_argument when there is none.
inline const QueueEntry& memberFor(const std::vector<FamilyMember>& members,
                                   const QueueShape& shape) {
  for (const FamilyMember& member : members) {
    const bool fits = member.capacity == 0 || member.capacity == shape.capacity;
    if (member.element_size_bytes == shape.element_size_bytes && fits) return member.entry;
  }
  throw std::invalid_argument(std::string(members.front().entry.name) + " was not built for " +
                              std::to_string(shape.capacity) + " elements of " +
                              std::to_string(shape.element_size_bytes) + " bytes");
}

/// A template over the size.
template <template <std::uint64_t> class Q, class Sizes>
struct SizedFamily;
template <template <std::uint64_t> class Q, std::uint64_t... kSizes>
struct SizedFamily<Q, Numbers<kSizes...>> {
  static const std::vector<FamilyMember>& members(std::string_view name = {},
                                                  std::string_view summary = {}) {
    static const std::vector<FamilyMember> all = {
        {kSizes, 0, makeEntry<Q<kSizes>>(name, summary)}...};
    return all;
  }
  static void limit(QueueLimits& limits) { limits.element_sizes = Numbers<kSizes...>::kAll; }
};

/// A template over the size and the capacity.
template <template <std::uint64_t, std::uint64_t> class Q, class Sizes, class Capacities,
          class Trials>
struct FixedFamily;
template <template <std::uint64_t, std::uint64_t> class Q, std::uint64_t... kSizes,
          class Capacities, class Trials>
struct FixedFamily<Q, Numbers<kSizes...>, Capacities, Trials> {
  static const std::vector<FamilyMember>& members(std::string_view name = {},
                                                  std::string_view summary = {}) {
    static const std::vector<FamilyMember> all = [&] {
      std::vector<FamilyMember> some;
      (enterSize<kSizes>(some, name, summary, Capacities{}, Trials{}), ...);
      return some;
    }();
    return all;
  }
  static void limit(QueueLimits& limits) {
    limits.element_sizes = Numbers<kSizes...>::kAll;
    limits.capacities = Capacities::kAll;
    limits.trial_capacities = Trials::kAll;
  }

 private:
  template <std::uint64_t kBytes, std::uint64_t... kCapacities, std::uint64_t... kTrials>
  static void enterSize(std::vector<FamilyMember>& some, std::string_view name,
                        std::string_view summary, Numbers<kCapacities...>, Numbers<kTrials...>) {
    (some.push_back({kBytes, kCapacities, makeEntry<Q<kBytes, kCapacities>>(name, summary)}), ...);
    (some.push_back({kBytes, kTrials, makeTrialEntry<Q<kBytes, kTrials>>(name, summary)}), ...);
  }
};

/// A loop of a family: that of the member which takes the shape.
template <class Family, std::size_t kLoops>
void produceBySize(WorkerContext& context) {
  memberFor(Family::members(), context.shape).loops[kLoops].produce(context);
}
template <class Family, std::size_t kLoops>
void consumeBySize(WorkerContext& context) {
  memberFor(Family::members(), context.shape).loops[kLoops].consume(context);
}

template <class Family>
AnyQueue anyOfFamily(const Abilities& abilities) {
  return {abilities,
          [](const Place& place, const QueueShape& shape) -> std::unique_ptr<AnyProducer> {
            return memberFor(Family::members(), shape).any.producer(place, shape);
          },
          [](const Place& place, const QueueShape& shape) -> std::unique_ptr<AnyConsumer> {
            return memberFor(Family::members(), shape).any.consumer(place, shape);
          }};
}

/// All members under one name.
template <class Family>
QueueEntry makeFamilyEntry(std::string_view name, std::string_view summary) {
  const QueueEntry& first = Family::members(name, summary).front().entry;
  QueueEntry entry = first;
  Family::limit(entry.limits);
  entry.bytesNeeded = [](const QueueShape& shape) -> std::uint64_t {
    return memberFor(Family::members(), shape).bytesNeeded(shape);
  };
  entry.create = [](const Place& place, const QueueShape& shape) {
    memberFor(Family::members(), shape).create(place, shape);
  };
  if (first.hold != nullptr) {
    entry.hold = [](const Place& place, const QueueShape& shape) -> HeldQueue {
      return memberFor(Family::members(), shape).hold(place, shape);
    };
  }
  [&]<std::size_t... kLoops>(std::index_sequence<kLoops...>) {
    const auto enter = [&](WorkloadLoops& loops, const WorkloadLoops& all) {
      if (loops.produce != nullptr) loops = all;
    };
    (enter(entry.loops[kLoops], {produceBySize<Family, kLoops>, consumeBySize<Family, kLoops>}),
     ...);
  }
  (std::make_index_sequence<kLoopCount>{});
  entry.bare = {[](WorkerContext& context) {
                  memberFor(Family::members(), context.shape).bare.produce(context);
                },
                [](WorkerContext& context) {
                  memberFor(Family::members(), context.shape).bare.consume(context);
                }};
  entry.any = anyOfFamily<Family>(first.any.abilities);
  return entry;
}

template <template <std::uint64_t> class Q, class Sizes = UsualSizes>
QueueEntry makeSizedEntry(std::string_view name, std::string_view summary) {
  return makeFamilyEntry<SizedFamily<Q, Sizes>>(name, summary);
}
template <template <std::uint64_t, std::uint64_t> class Q, class Sizes = UsualSizes,
          class Capacities = UsualCapacities, class Trials = TrialCapacities>
QueueEntry makeSizedEntry(std::string_view name, std::string_view summary) {
  return makeFamilyEntry<FixedFamily<Q, Sizes, Capacities, Trials>>(name, summary);
}

}  // namespace ringside::harness

/// RINGSIDE_SIZED_QUEUE(name, Template, "summary"): enters all of them when the program starts, or
/// when the plug-in is loaded. Other sizes, and then capacities, than the usual ones may follow:
/// Numbers<8, 100>, Numbers<64>.
#define RINGSIDE_SIZED_QUEUE(name, Template, summary, ...)                                 \
  [[maybe_unused]] static const bool ringside_entered_##name = ::ringside::harness::enter( \
      {::ringside::harness::Entrant::Kind::Queue, #name, summary,                          \
       [](std::string_view called, std::string_view described) {                           \
         return ::ringside::harness::makeSizedEntry<Template __VA_OPT__(, ) __VA_ARGS__>(  \
             called, described);                                                           \
       }})
