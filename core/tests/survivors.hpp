// What is left of a ring when one of its users was killed, and whether that is what was promised:
// everything confirmed once and in order, the rest whole or not at all, full capacity, free roles.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ringside/ringside.hpp"
#include "shm_name.hpp"
#include "stepped_child.hpp"
#include "whole_sample.hpp"

namespace ringside {

/// A policy, what becomes of what a dead consumer had taken, and how slots are laid out.
template <class P, Delivery kD = Delivery::AtMostOnce, Tuning kT = Tuning::Adaptive>
struct Surviving {
  using Policy = P;
  static constexpr Delivery kDelivery = kD;
  static constexpr Tuning kTuning = kT;
  static constexpr bool kOneProducer = std::is_same_v<P, Spsc>;
  static constexpr bool kOneConsumer = !std::is_same_v<P, Mpmc>;
};

using SurvivingKinds =
    ::testing::Types<Surviving<Spsc>, Surviving<Spsc, Delivery::AtMostOnce, Tuning::Throughput>,
                     Surviving<Mpsc>, Surviving<Mpmc>, Surviving<Mpmc, Delivery::AtLeastOnce>>;

struct SurvivingNames {
  template <class K>
  static std::string GetName(int) {
    if (K::kDelivery == Delivery::AtLeastOnce) return "MpmcAtLeastOnce";
    if (K::kTuning == Tuning::Throughput) return "SpscWithoutWords";
    if (K::kOneProducer) return "Spsc";
    return K::kOneConsumer ? "Mpsc" : "Mpmc";
  }
};

/// A watchdog: no survivor ever waits so long.
constexpr std::chrono::seconds kNeverReached{20};
/// More tries than a side makes before it looks whether a dead one is in its way, twice; also where
/// it has tried in vain at that position for long, for then looks are up to 256 tries apart.
constexpr int kTriesWithTwoLooks = 3 * Stall::kMostTries;

using Element = WholeSample<5>;  ///< small enough for slots with words

struct Delivered {
  std::vector<std::uint64_t> in_order;
  std::vector<std::uint64_t> again;  ///< flagged as redelivered
};

/// One ring and the survivors that use it: a producer and a consumer in the test's own process.
/// Elements are numbered from 1 on, each number once.
template <class K>
class Survivors {
 public:
  using Producer = typename K::Policy::Producer;
  using Consumer = typename K::Policy::Consumer;

  explicit Survivors(std::uint64_t capacity) : capacity_(capacity) { open(); }

  std::uint64_t capacity() const { return capacity_; }
  std::unique_ptr<Producer> newProducer() const {
    auto producer = std::make_unique<Producer>(name_.str(), sizeof(Element), capacity_, options());
    EXPECT_EQ(producer->open(), 0) << lastError.message();
    return producer;
  }
  std::unique_ptr<Consumer> newConsumer() const {
    auto consumer = std::make_unique<Consumer>(name_.str(), sizeof(Element), capacity_, options());
    EXPECT_EQ(consumer->open(), 0) << lastError.message();
    return consumer;
  }
  Producer& producer() { return *producer_; }
  Consumer& consumer() { return *consumer_; }
  const ShmName& name() const { return name_; }

  /// Gives up the roles that a victim could not have otherwise. The others stay attached, and what
  /// they have announced stands in the ring.
  void makeWayForProducer() {
    if (K::kOneProducer) producer_.reset();
  }
  void makeWayForConsumer() {
    if (K::kOneConsumer) consumer_.reset();
  }
  /// Takes back what was given up: a fresh attachment takes the place of the dead.
  void open() {
    if (!producer_) producer_ = newProducer();
    if (!consumer_) consumer_ = newConsumer();
  }

  std::uint64_t nextNumber() { return next_++; }
  /// Confirmed elements.
  std::vector<std::uint64_t> fill(std::uint64_t count) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i < count; ++i) {
      numbers.push_back(nextNumber());
      const Element element = Element::of(numbers.back());
      EXPECT_EQ(producer_->timedPush(&element, kNeverReached), 0) << lastError.message();
    }
    return numbers;
  }

  /// Everything that is to be had, with as many tries as a look at the dead takes.
  Delivered drain() {
    Delivered all;
    Element element{};
    for (int tries = 0; tries < kTriesWithTwoLooks; ++tries) {
      if (consumer_->tryPop(&element) == -1) continue;
      EXPECT_TRUE(element.whole()) << "torn";
      auto& list = consumer_->redelivered() ? all.again : all.in_order;
      list.push_back(element.words.front());
      tries = 0;
    }
    return all;
  }

  /// The ring holds its capacity and no more, and gives it back in order.
  void expectFullCapacity() {
    const std::vector<std::uint64_t> numbers = fill(capacity_);
    const Element one_more = Element::of(0);
    for (int i = 0; i < kTriesWithTwoLooks; ++i) {
      EXPECT_EQ(producer_->tryPush(&one_more), -1) << "more than the capacity";
    }
    EXPECT_EQ(drain().in_order, numbers);
    EXPECT_EQ(consumer_->pending(), 0U);
  }

  RepairCounts counts() const { return producer_->repairCounts(); }
  /// How many elements were counted as dropped since the last call.
  std::uint64_t newDrops() {
    const std::uint64_t before = drops_;
    drops_ = counts().drops;
    return drops_ - before;
  }

 private:
  static RingOptions options() {
    return {
        .memory = {.huge_pages = HugePages::Never}, .delivery = K::kDelivery, .tuning = K::kTuning};
  }

  ShmName name_;
  std::uint64_t capacity_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<Consumer> consumer_;
  std::uint64_t next_ = 1;
  std::uint64_t drops_ = 0;
};

/// One operation, and what is done before it and after its process was killed in it.
struct KilledWork {
  std::function<void()> before;
  SteppedWork work;
  std::function<void()> after;
  long least_points = 8;  ///< however many instructions the work has
};

/// Steps of one kind of work, about a second.
constexpr long kMostStepsOfAKind = kMostSteps / 8;

/// RINGSIDE_KILL_STEPS in the environment: that many times as many steps; 1 where it is not set.
inline long killSteps() {
  const char* const times = std::getenv("RINGSIDE_KILL_STEPS");
  return times != nullptr ? std::max(1L, std::atol(times)) : 1;
}

/// Lets the work be done once, then stops it at each of its instructions, or, where this would take
/// more steps, at some that are spread evenly; another `phase` takes others. Calls
/// `while_stopped(child)` and kills what is left of the child. More steps with killSteps(). False
/// where processes may not be traced.
template <class WhileStopped>
bool stopAtEachInstructionOf(const KilledWork& killed, WhileStopped&& while_stopped,
                             std::uint64_t phase = 0) {
  const long most_steps = kMostStepsOfAKind * killSteps();
  killed.before();
  const long steps = instructionsOf(killed.work);
  if (steps == 0) return false;
  killed.after();
  const long points = std::min(steps, std::max(killed.least_points, 2 * most_steps / steps));
  const long offset = static_cast<long>(phase) % std::max(1L, steps / points);
  for (long point = 0; point < points && !::testing::Test::HasFailure(); ++point) {
    const long instruction = offset + steps * point / points;
    SCOPED_TRACE("stopped at instruction " + std::to_string(instruction) + " of " +
                 std::to_string(steps));
    killed.before();
    {
      SteppedChild child(killed.work);
      stepTo(child, instruction);
      while_stopped(child);
    }
    killed.after();
  }
  return true;
}

/// The same for work that is killed where it stops.
inline bool killAtEachInstructionOf(const KilledWork& killed, std::uint64_t phase = 0) {
  return stopAtEachInstructionOf(
      killed, [](SteppedChild&) {}, phase);
}

}  // namespace ringside
