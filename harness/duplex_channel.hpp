// Channels that carry both directions by themselves, measured with ping_pong and duplex. An adapter
// is one file in queues/ with a struct such as
//
//   struct MyChannel {
//     static QueueLimits limits();                            // one process on each side
//     static std::uint64_t bytesNeeded(const QueueShape&);    // of both directions
//     static void create(const Place&, const QueueShape&);    // by the parent, once
//     class End {
//       End(ChannelSide, const Place&, const QueueShape&);
//       bool tryPush(const void*);  bool tryPop(void*);
//     };
//   };
//   RINGSIDE_DUPLEX(my_channel, MyChannel, "what it is, in a line")
//
// Nothing may be thrown from tryPush and tryPop. A queue needs none of this: the workload duplex
// takes two of it.
#pragma once

#include <concepts>

#include "harness/registry.hpp"

namespace ringside::harness {

template <class C>
concept MeasurableChannel = requires(const Place& place, const QueueShape& shape,
                                     typename C::End& end, const void* from, void* to) {
  { C::limits() } -> std::same_as<QueueLimits>;
  { C::bytesNeeded(shape) } -> std::convertible_to<std::uint64_t>;
  C::create(place, shape);
  requires std::constructible_from<typename C::End, ChannelSide, const Place&, const QueueShape&>;
  { end.tryPush(from) } -> std::same_as<bool>;
  { end.tryPop(to) } -> std::same_as<bool>;
};

template <MeasurableChannel C>
QueueEntry makeChannelEntry(std::string_view name, std::string_view summary) {
  QueueEntry entry;
  entry.name = name;
  entry.summary = summary;
  entry.limits = C::limits();
  entry.both_ways = true;
  entry.bytesNeeded = [](const QueueShape& shape) -> std::uint64_t {
    return C::bytesNeeded(shape);
  };
  entry.create = [](const Place& place, const QueueShape& shape) { C::create(place, shape); };
  using End = typename C::End;
  entry.loops[index(Workload::PingPong)] = {
      [](WorkerContext& context) {
        End end(ChannelSide::A, context.places[0], context.shape);
        pingOver(context, end, end);
      },
      [](WorkerContext& context) {
        End end(ChannelSide::B, context.places[0], context.shape);
        End* const by_asker = &end;  // there is one
        pongOver(context, end, by_asker);
      }};
  entry.loops[index(Workload::Duplex)] = {
      [](WorkerContext& context) {
        End end(ChannelSide::A, context.places[0], context.shape);
        exchange(context, ChannelSide::A, end, end);
      },
      [](WorkerContext& context) {
        End end(ChannelSide::B, context.places[0], context.shape);
        exchange(context, ChannelSide::B, end, end);
      }};
  return entry;
}

}  // namespace ringside::harness

/// Enters Type when the program starts, or when the plug-in is loaded.
#define RINGSIDE_DUPLEX(name, Type, summary)                                               \
  [[maybe_unused]] static const bool ringside_entered_##name = ::ringside::harness::enter( \
      {::ringside::harness::Entrant::Kind::Pattern, #name, summary,                        \
       [](std::string_view called, std::string_view described) {                           \
         return ::ringside::harness::makeChannelEntry<Type>(called, described);            \
       }})
