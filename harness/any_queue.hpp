// The two sides of any queue that was entered, their types forgotten: what verifies a queue calls
// it by these, for it asks about right and wrong and not about time. What an adapter does not offer
// beyond MeasurableQueue is told by Abilities, and not tried.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "harness/queue_contract.hpp"

namespace ringside::harness {

/// What an adapter offers beyond MeasurableQueue, by queue_contract.hpp. Each is there when its
/// sides have the call:
///   batch          tryPush(from, n) and tryPop(to, n) → how many
///   blocking       pushFor(from, timeout) and popFor(to, timeout) → bool
///   certain_empty  consumer.empty(): at one instant of the call there was nothing in it
///   redelivers     consumer.redelivered(): what came last may have come before
///   counts_drops   consumer.drops(): elements that the queue says it gave up since it was made
struct Abilities {
  bool batch = false;
  bool blocking = false;
  bool certain_empty = false;
  bool redelivers = false;
  bool counts_drops = false;
};

class AnyProducer {
 public:
  virtual ~AnyProducer() = default;
  virtual bool tryPush(const void* element) = 0;
  virtual std::size_t tryPush(const void* elements, std::size_t count) = 0;
  virtual bool pushFor(const void* element, std::chrono::nanoseconds timeout) = 0;
};

class AnyConsumer {
 public:
  virtual ~AnyConsumer() = default;
  virtual bool tryPop(void* element) = 0;
  virtual std::size_t tryPop(void* elements, std::size_t count) = 0;
  virtual bool popFor(void* element, std::chrono::nanoseconds timeout) = 0;
  virtual bool empty() = 0;
  virtual bool redelivered() = 0;
  virtual std::uint64_t drops() = 0;
};

template <MeasurableQueue Q>
constexpr Abilities abilitiesOf() {
  return {.batch = PushesBatches<typename Q::Producer> && PopsBatches<typename Q::Consumer>,
          .blocking = PushesBlocking<typename Q::Producer> && PopsBlocking<typename Q::Consumer>,
          .certain_empty = KnowsEmpty<typename Q::Consumer>,
          .redelivers = FlagsRedelivered<typename Q::Consumer>,
          .counts_drops = CountsDrops<typename Q::Consumer>};
}

/// A producer of this queue. What is not among its abilities does nothing.
template <MeasurableQueue Q>
class ProducerOf final : public AnyProducer {
 public:
  ProducerOf(const Place& place, const QueueShape& shape) : producer_(place, shape) {}
  bool tryPush(const void* element) override { return producer_.tryPush(element); }
  std::size_t tryPush(const void* elements, std::size_t count) override {
    if constexpr (PushesBatches<typename Q::Producer>) return producer_.tryPush(elements, count);
    return 0;
  }
  bool pushFor(const void* element, std::chrono::nanoseconds timeout) override {
    if constexpr (PushesBlocking<typename Q::Producer>) return producer_.pushFor(element, timeout);
    return false;
  }

 private:
  typename Q::Producer producer_;
};

/// A consumer of this queue. What is not among its abilities does nothing.
template <MeasurableQueue Q>
class ConsumerOf final : public AnyConsumer {
 public:
  ConsumerOf(const Place& place, const QueueShape& shape) : consumer_(place, shape) {}
  bool tryPop(void* element) override { return consumer_.tryPop(element); }
  std::size_t tryPop(void* elements, std::size_t count) override {
    if constexpr (PopsBatches<typename Q::Consumer>) return consumer_.tryPop(elements, count);
    return 0;
  }
  bool popFor(void* element, std::chrono::nanoseconds timeout) override {
    if constexpr (PopsBlocking<typename Q::Consumer>) return consumer_.popFor(element, timeout);
    return false;
  }
  bool empty() override {
    if constexpr (KnowsEmpty<typename Q::Consumer>) return consumer_.empty();
    return false;
  }
  bool redelivered() override {
    if constexpr (FlagsRedelivered<typename Q::Consumer>) return consumer_.redelivered();
    return false;
  }
  std::uint64_t drops() override {
    if constexpr (CountsDrops<typename Q::Consumer>) return consumer_.drops();
    return 0;
  }

 private:
  typename Q::Consumer consumer_;
};

/// How a queue is verified. Both throw what the adapter's constructors throw.
struct AnyQueue {
  Abilities abilities;
  std::unique_ptr<AnyProducer> (*producer)(const Place&, const QueueShape&) = nullptr;
  std::unique_ptr<AnyConsumer> (*consumer)(const Place&, const QueueShape&) = nullptr;
};

template <MeasurableQueue Q>
constexpr AnyQueue anyQueue() {
  return {abilitiesOf<Q>(),
          [](const Place& place, const QueueShape& shape) -> std::unique_ptr<AnyProducer> {
            return std::make_unique<ProducerOf<Q>>(place, shape);
          },
          [](const Place& place, const QueueShape& shape) -> std::unique_ptr<AnyConsumer> {
            return std::make_unique<ConsumerOf<Q>>(place, shape);
          }};
}

}  // namespace ringside::harness
