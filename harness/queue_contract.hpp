// What an adapter is given, and what it offers, as types: the limits of a queue, the shape of one
// in a cell, the place where it is, and a concept for what must be there and for each part that may
// be. An adapter includes measurable_queue.hpp, which says what each call is to do.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "harness/backing.hpp"
#include "ringside/memory.hpp"
#include "ringside/segment.hpp"

namespace ringside::harness {

/// Whose memory a queue lives in.
enum class Provision {
  Harness,  ///< the harness maps bytesNeeded() zeroed bytes and hands them over
  Queue     ///< the queue makes something of its own by the name of the place
};

/// What a queue can do at all; the plan skips what is outside, with the reason.
struct QueueLimits {
  std::uint32_t max_producers = 1;
  std::uint32_t max_consumers = 1;
  std::uint64_t max_element_size_bytes = 16ULL << 20;
  std::uint64_t max_capacity = 1ULL << 26;
  /// The only ones it was built for; empty: all up to max_element_size_bytes.
  std::span<const std::uint64_t> element_sizes = {};
  /// The only ones it was built for; empty: all up to max_capacity.
  std::span<const std::uint64_t> capacities = {};
  /// Where `capacities` is not empty: small ones, that it can be verified with and not measured.
  std::span<const std::uint64_t> trial_capacities = {};
  /// What it gives up that others keep, in a few words; empty: it keeps the order of each producer,
  /// every try returns at once whoever stands still, and it works between processes. Who gives
  /// something up is shown apart from those that do not, and is no comparator of a contest.
  std::string_view gives_up = {};
  /// Its sides must be threads of one process: hold() makes it there.
  bool threads_only = false;
  /// It has no name by which it could be opened: hold() makes it in the parent, whatever memory is
  /// asked for, and workers find in Place::held what they were forked with.
  bool inherited_only = false;
  Provision provision = Provision::Harness;
  bool takes_memory_options = false;  ///< huge pages and locking can be asked for
  bool takes_tuning = false;          ///< QueueShape::tuning makes a difference
  bool exact_capacity = true;         ///< else `capacity_note` says what it holds instead
  std::string_view capacity_note = {};
  /// What a consumer had taken when it died comes again, flagged by its redelivered().
  bool at_least_once = false;
  /// Where it takes one producer or one consumer, the constructor of another one throws.
  bool refuses_seconds = false;
};

/// What one queue of a cell must hold, and for how many.
struct QueueShape {
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint64_t element_size_bytes = 64;
  std::uint64_t capacity = 144;
  MemoryOptions memory = {};
  Tuning tuning = Tuning::Adaptive;  ///< for queues that take one
};

/// One that a queue of these limits takes.
inline QueueShape someShapeOf(const QueueLimits& limits) {
  QueueShape shape;
  if (!limits.element_sizes.empty()) shape.element_size_bytes = limits.element_sizes.front();
  if (!limits.capacities.empty()) shape.capacity = limits.capacities.front();
  return shape;
}

/// Where one queue of a cell is. `name` follows the rule of shared-memory names and belongs to this
/// queue alone; whatever is made in /dev/shm must begin with it. `memory` is empty where the queue
/// provides its own.
struct Place {
  std::string name;
  std::span<std::byte> memory;
  Backing backing = Backing::PosixShm;
  std::string path = {};                 ///< of a File, else empty
  int descriptor = -1;                   ///< of a Memfd; it stays the harness's
  std::shared_ptr<void> held = nullptr;  ///< what the adapter's hold() returned as `object`
};

/// A queue that has no name: the object that keeps it, where it lies in this process, and the
/// descriptor of its memory, if it has one.
struct HeldQueue {
  std::shared_ptr<void> object;
  std::span<std::byte> memory;
  int descriptor = -1;
};

// --- what must be there -------------------------------------------------------------------------

template <class Q>
concept MeasurableQueue = requires(const Place& place, const QueueShape& shape,
                                   typename Q::Producer& producer, typename Q::Consumer& consumer,
                                   const void* from, void* to) {
  { Q::limits() } -> std::same_as<QueueLimits>;
  { Q::bytesNeeded(shape) } -> std::convertible_to<std::uint64_t>;
  Q::create(place, shape);
  requires std::constructible_from<typename Q::Producer, const Place&, const QueueShape&>;
  requires std::constructible_from<typename Q::Consumer, const Place&, const QueueShape&>;
  { producer.tryPush(from) } -> std::same_as<bool>;
  { consumer.tryPop(to) } -> std::same_as<bool>;
};

// --- what may be there --------------------------------------------------------------------------

/// Queues that make their own memory, of any backing.
template <class Q>
concept ChoosesBacking = requires(const Place& place, const QueueShape& shape) {
  { Q::hold(place, shape) } -> std::same_as<HeldQueue>;
};

/// Several elements in one call: the axis `batch`.
template <class P>
concept PushesBatches = requires(P& producer, const void* from, std::size_t n) {
  { producer.tryPush(from, n) } -> std::same_as<std::size_t>;
};
template <class C>
concept PopsBatches = requires(C& consumer, void* to, std::size_t n) {
  { consumer.tryPop(to, n) } -> std::same_as<std::size_t>;
};

/// Calls that sleep: `wait = "block"`.
template <class P>
concept PushesBlocking = requires(P& producer, const void* from, std::chrono::nanoseconds timeout) {
  { producer.pushFor(from, timeout) } -> std::same_as<bool>;
};
template <class C>
concept PopsBlocking = requires(C& consumer, void* to, std::chrono::nanoseconds timeout) {
  { consumer.popFor(to, timeout) } -> std::same_as<bool>;
};

/// Elements that are written and read where they lie: the workload `stream`.
template <class P>
concept ClaimsInPlace = requires(P& producer) {
  { producer.tryClaim() } -> std::same_as<void*>;
  producer.commit();
};
template <class C>
concept TakesInPlace = requires(C& consumer) {
  { consumer.tryTake() } -> std::same_as<const void*>;
  consumer.release();
};

/// What `ringside verify` needs to find more.
template <class C>
concept KnowsEmpty = requires(C& consumer) {
  { consumer.empty() } -> std::same_as<bool>;
};
template <class C>
concept FlagsRedelivered = requires(C& consumer) {
  { consumer.redelivered() } -> std::same_as<bool>;
};
template <class C>
concept CountsDrops = requires(C& consumer) {
  { consumer.drops() } -> std::convertible_to<std::uint64_t>;
};

template <class Q>
concept InPlaceQueue =
    MeasurableQueue<Q> && ClaimsInPlace<typename Q::Producer> && TakesInPlace<typename Q::Consumer>;

}  // namespace ringside::harness
