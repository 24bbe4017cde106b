// Rings between processes, by name: Producer, Consumer and the duplex Endpoint, for each policy.
// Every call returns 0, or -1 with lastError. One object is used by one thread at a time, which a
// debug build asserts; of an Endpoint one thread may send while one receives. When a process dies
// in the middle of a call the others go on: see the core's README.
//
//   ringside::Spsc::Producer producer("channel", 1024, 64);
//   if (producer.open() == -1) …                    // lastError says why
//   producer.tryPush(&message);                     // -1 and TemporaryError when full
#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "ringside/calls.hpp"
#include "ringside/process_mark.hpp"
#include "ringside/sequenced_ring.hpp"
#include "ringside/spsc_ring.hpp"

namespace ringside {

/// What Producer and Consumer have in common: a ring by name and one side of it. A handle is one
/// attachment and stays where it was made.
template <class Policy, class Side, Role kRole>
class Channel {
 public:
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Creates the ring, or opens the one of this name if its policy, element size and capacity are
  /// these. InUse when already open here, or when the role is exclusive and its holder lives;
  /// InvalidParam for a bad name, an impossible size, or a ring of another kind.
  int open() noexcept {
    if (opened()) return fail(Errc::InUse);
    try {
      const Geometry geometry = makeGeometry(Policy::kKind, element_size_bytes_, capacity_,
                                             options_.delivery, options_.tuning);
      close();  // what a forked child has of its parent
      segment_.emplace(RingSegment::in<ShmMem>(geometry, options_.memory, name_));
      const Attachment attachment = segment_->attach(kRole);
      side_.emplace(segment_->view(), attachment, options_.wait);
      mark_ = segment_->memory().mark();
      return 0;
    } catch (const std::system_error& error) {
      close();
      return fail(error.code());
    } catch (const std::bad_alloc&) {
      close();
      return fail(Errc::OutOfMemory);
    }
  }
  /// False also in a forked child whose parent had opened it, and when its file was truncated.
  bool opened() const noexcept { return side_ && mark_->isHere(); }
  /// Gives the role back. The ring and what is in it stay until unlinked. No claim may be out.
  void close() noexcept {
    assert(!opened() || side_->state() != SideState::ClaimOut);
    side_.reset();
    segment_.reset();
  }
  /// The memory behind it, nullptr when not open.
  const Mapping* memory() const noexcept { return opened() ? &segment_->memory() : nullptr; }
  /// What was repaired in this ring since it was made; all 0 when not open.
  RepairCounts repairCounts() const noexcept {
    return opened() ? view().repairCounts() : RepairCounts{};
  }
  /// Why every call is OperationFailed although it was opened; empty when the ring is not damaged.
  std::string describeDamage() const {
    const bool truncated = segment_ && segment_->memory().truncated();
    return truncated || opened() ? view().describeDamage() : "";
  }

 protected:
  Channel(std::string name, std::uint64_t element_size_bytes, std::uint64_t capacity,
          const RingOptions& options)
      : name_(std::move(name)),
        element_size_bytes_(element_size_bytes),
        capacity_(capacity),
        options_(options) {}
  ~Channel() = default;

  /// nullptr with OperationFailed when not open.
  Side* side() noexcept {
    if (opened()) [[likely]]
      return &*side_;
    fail(Errc::OperationFailed);
    return nullptr;
  }
  const RingView& view() const noexcept { return segment_->view(); }

 private:
  std::string name_;
  std::uint64_t element_size_bytes_;
  std::uint64_t capacity_;
  RingOptions options_;
  std::optional<RingSegment> segment_;
  std::optional<Side> side_;
  std::optional<ProcessMark> mark_;  ///< of who opened it
};

/// The side that puts elements in, copied or in place (tryClaim, claim, timedClaim).
template <class Policy>
class BasicProducer
    : public Channel<Policy, PushSide<typename Policy::Writer>, Role::Producer>,
      public PushCalls<BasicProducer<Policy>, PushSide<typename Policy::Writer>, void> {
 public:
  /// Nothing happens before open(). Defaults as in the documents: 1472 bytes, 144 elements.
  explicit BasicProducer(std::string name,
                         std::uint64_t element_size_bytes = kDefaultElementSizeBytes,
                         std::uint64_t capacity = kDefaultCapacity, const RingOptions& options = {})
      : BasicProducer::Channel(std::move(name), element_size_bytes, capacity, options) {}

  /// -1 with TemporaryError when full, InvalidParam for nullptr, OperationFailed when not open.
  int tryPush(const void* element) noexcept { return this->tryPushAt(element); }
  /// How many of `count` elements, side by side, fitted; 0 of more than 0 sets lastError as above.
  std::size_t tryPush(const void* elements, std::size_t count) noexcept {
    return this->tryPushMany(elements, count);
  }
  /// Waits without bound.
  int push(const void* element) noexcept { return this->pushUntil(element, std::nullopt); }
  /// -1 with TimedOut when it stayed full for `timeout`.
  int timedPush(const void* element, Timeout timeout) noexcept {
    return this->pushWithin(element, timeout);
  }

  /// Free slots, 0..capacity; 0 when not open.
  std::uint64_t available() const noexcept { return this->opened() ? this->view().available() : 0; }
  bool full() const noexcept { return available() == 0; }

 private:
  friend PushCalls<BasicProducer, PushSide<typename Policy::Writer>, void>;
  auto* pushSide() noexcept { return this->side(); }
};

/// The side that takes elements out, copied or in place (tryTake, take, timedTake).
template <class Policy>
class BasicConsumer
    : public Channel<Policy, PopSide<typename Policy::Reader>, Role::Consumer>,
      public PopCalls<BasicConsumer<Policy>, PopSide<typename Policy::Reader>, void> {
 public:
  /// As BasicProducer's.
  explicit BasicConsumer(std::string name,
                         std::uint64_t element_size_bytes = kDefaultElementSizeBytes,
                         std::uint64_t capacity = kDefaultCapacity, const RingOptions& options = {})
      : BasicConsumer::Channel(std::move(name), element_size_bytes, capacity, options) {}

  /// -1 with TemporaryError when empty, InvalidParam for nullptr, OperationFailed when not open.
  int tryPop(void* element) noexcept { return this->tryPopAt(element); }
  /// How many elements, at most `count`, were taken; 0 of more than 0 sets lastError as above.
  std::size_t tryPop(void* elements, std::size_t count) noexcept {
    return this->tryPopMany(elements, count);
  }
  /// Waits without bound.
  int pop(void* element) noexcept { return this->popUntil(element, std::nullopt); }
  /// -1 with TimedOut when it stayed empty for `timeout`.
  int timedPop(void* element, Timeout timeout) noexcept {
    return this->popWithin(element, timeout);
  }

  /// Filled slots, 0..capacity; aborted ones count until they are stepped over. 0 when not open.
  std::uint64_t pending() const noexcept { return this->opened() ? this->view().pending() : 0; }
  bool empty() const noexcept { return pending() == 0; }

 private:
  friend PopCalls<BasicConsumer, PopSide<typename Policy::Reader>, void>;
  auto* popSide() noexcept { return this->side(); }
};

/// One side of a duplex channel: two rings, `name_AB` and `name_BA`.
template <class Policy>
class BasicEndpoint {
 public:
  enum class Side { A, B };

  BasicEndpoint(Side side, const std::string& name,
                std::uint64_t element_size_bytes = kDefaultElementSizeBytes,
                std::uint64_t capacity = kDefaultCapacity, const RingOptions& options = {})
      : producer_(name + (side == Side::A ? "_AB" : "_BA"), element_size_bytes, capacity, options),
        consumer_(name + (side == Side::A ? "_BA" : "_AB"), element_size_bytes, capacity, options) {
  }

  /// Opens both rings, or neither. A ring that was created on the way keeps its name.
  int open() noexcept {
    if (producer_.open() == -1) return -1;
    if (consumer_.open() == 0) return 0;
    producer_.close();
    return -1;
  }
  bool opened() const noexcept { return producer_.opened() && consumer_.opened(); }
  void close() noexcept {
    producer_.close();
    consumer_.close();
  }

  int trySend(const void* element) noexcept { return producer_.tryPush(element); }
  int send(const void* element) noexcept { return producer_.push(element); }
  int timedSend(const void* element, Timeout timeout) noexcept {
    return producer_.timedPush(element, timeout);
  }
  int tryReceive(void* element) noexcept { return consumer_.tryPop(element); }
  int receive(void* element) noexcept { return consumer_.pop(element); }
  int timedReceive(void* element, Timeout timeout) noexcept {
    return consumer_.timedPop(element, timeout);
  }

  auto tryClaim(std::size_t count = 1) noexcept { return producer_.tryClaim(count); }
  auto claim(std::size_t count = 1) noexcept { return producer_.claim(count); }
  auto timedClaim(std::size_t count, Timeout timeout) noexcept {
    return producer_.timedClaim(count, timeout);
  }
  auto tryTake(std::size_t count = 1) noexcept { return consumer_.tryTake(count); }
  auto take(std::size_t count = 1) noexcept { return consumer_.take(count); }
  auto timedTake(std::size_t count, Timeout timeout) noexcept {
    return consumer_.timedTake(count, timeout);
  }

  std::uint64_t available() const noexcept { return producer_.available(); }
  bool full() const noexcept { return producer_.full(); }
  std::uint64_t pending() const noexcept { return consumer_.pending(); }
  bool empty() const noexcept { return consumer_.empty(); }

 private:
  BasicProducer<Policy> producer_;
  BasicConsumer<Policy> consumer_;
};

/// Single producer, single consumer.
struct Spsc {
  static constexpr PolicyKind kKind = PolicyKind::Spsc;
  using Writer = SpscWriter;
  using Reader = SpscReader;
  using Producer = BasicProducer<Spsc>;
  using Consumer = BasicConsumer<Spsc>;
  using Endpoint = BasicEndpoint<Spsc>;
};

/// Multiple producers, single consumer.
struct Mpsc {
  static constexpr PolicyKind kKind = PolicyKind::Mpsc;
  using Writer = SequencedWriter;
  using Reader = SequencedReader;
  using Producer = BasicProducer<Mpsc>;
  using Consumer = BasicConsumer<Mpsc>;
  using Endpoint = BasicEndpoint<Mpsc>;
};

/// Multiple producers, multiple consumers.
struct Mpmc {
  static constexpr PolicyKind kKind = PolicyKind::Mpmc;
  using Writer = SequencedWriter;
  using Reader = SharedSequencedReader;
  using Producer = BasicProducer<Mpmc>;
  using Consumer = BasicConsumer<Mpmc>;
  using Endpoint = BasicEndpoint<Mpmc>;
};

}  // namespace ringside
