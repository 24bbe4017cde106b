// What every adapter promises, in one process: the registry is walked, so a new queue is tested as
// soon as it is entered.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <set>
#include <system_error>

#include "harness/janitor.hpp"
#include "harness/registry.hpp"

namespace ringside::harness {
namespace {

TEST(RegistryTest, NamesAreSortedAndUnique) {
  std::string_view last;
  for (const QueueEntry& entry : allQueues()) {
    EXPECT_LT(last, entry.name);
    EXPECT_FALSE(entry.summary.empty());
    last = entry.name;
  }
}

TEST(RegistryTest, FindsByNameAndNothingElse) {
  ASSERT_NE(findQueue("spsc"), nullptr);
  EXPECT_EQ(findQueue("spsc")->limits.max_producers, 1U);
  EXPECT_EQ(findQueue("nobody"), nullptr);
}

TEST(RegistryTest, RefusesANameThatIsTaken) {
  EXPECT_THROW(enterQueue(*findQueue("spsc")), std::logic_error);
}

TEST(RegistryTest, EveryQueueHasALoopForBothSidesOfTheWorkloadsThatNeedNoMore) {
  for (const QueueEntry& entry : allQueues()) {
    for (const Workload workload : {Workload::Throughput, Workload::PingPong, Workload::Duplex}) {
      EXPECT_NE(entry.loops[index(workload)].produce, nullptr) << entry.name;
      EXPECT_NE(entry.loops[index(workload)].consume, nullptr) << entry.name;
    }
  }
}

TEST(RegistryTest, EveryPatternHasBothLoopsOfSomeWorkload) {
  EXPECT_FALSE(allPatterns().empty());
  for (const QueueEntry& entry : allPatterns()) {
    int workloads = 0;
    for (const WorkloadLoops& loops : entry.loops) {
      EXPECT_EQ(loops.produce == nullptr, loops.consume == nullptr) << entry.name;
      workloads += loops.produce != nullptr;
    }
    EXPECT_GT(workloads, 0) << entry.name;
    EXPECT_EQ(findMeasured(entry.name), &entry);
    EXPECT_EQ(findQueue(entry.name), nullptr) << entry.name << " is no queue";
  }
}

TEST(RegistryTest, APatternMayNotHaveTheNameOfAQueue) {
  EXPECT_THROW(enterPattern(*findQueue("spsc")), std::logic_error);
}

TEST(RegistryTest, MoreCapacityNeverNeedsLessMemory) {
  for (const QueueEntry& entry : allQueues()) {
    const auto& built_for = entry.limits.capacities;
    const std::uint64_t few = built_for.empty() ? 8 : built_for.front();
    const std::uint64_t many = built_for.empty() ? 8000 : built_for.back();
    const std::uint64_t less = entry.bytesNeeded({.element_size_bytes = 64, .capacity = few});
    const std::uint64_t more = entry.bytesNeeded({.element_size_bytes = 64, .capacity = many});
    EXPECT_LE(less, more) << entry.name;
  }
}

/// A queue in this process, whoever makes its memory.
class OpenQueue {
 public:
  OpenQueue(const QueueEntry& entry, const QueueShape& shape) : limits_(entry.limits) {
    static int number = 0;
    place_.name =
        "ringside-queues-test-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    if (limits_.inherited_only || limits_.threads_only) {
      place_.backing = Backing::Anon;
      const HeldQueue held = entry.hold(place_, shape);
      place_.held = held.object;
      place_.memory = held.memory;
    } else if (limits_.provision == Provision::Harness) {
      memory_.emplace(AnonMem(entry.bytesNeeded(shape), shape.memory));
      place_.memory = {static_cast<std::byte*>(memory_->get()), memory_->size()};
    }
    entry.create(place_, shape);
    producer = entry.any.producer(place_, shape);
    consumer = entry.any.consumer(place_, shape);
  }
  OpenQueue(const OpenQueue&) = delete;
  OpenQueue& operator=(const OpenQueue&) = delete;
  ~OpenQueue() {
    producer.reset();
    consumer.reset();
    removeSegments(place_.name);
  }

 private:
  const QueueLimits& limits_;
  std::optional<Mapping> memory_;
  Place place_;

 public:
  std::unique_ptr<AnyProducer> producer;
  std::unique_ptr<AnyConsumer> consumer;
};

/// All queues but those that are wrong on purpose, at each size and capacity that they were built
/// for, or at some; what the limits of this system do not allow is left out.
class EveryQueueTest : public ::testing::Test {
 protected:
  using Check = std::function<void(const QueueEntry&, const QueueShape&, OpenQueue&)>;

  static void forEach(const Check& check) {
    for (const QueueEntry& entry : allQueues()) {
      if (entry.summary == "test only") continue;
      for (const std::uint64_t size : sizesOf(entry.limits)) {
        for (const std::uint64_t capacity : capacitiesOf(entry.limits)) {
          tryShape(entry, {.element_size_bytes = size, .capacity = capacity}, check);
        }
      }
    }
  }

 private:
  static std::vector<std::uint64_t> sizesOf(const QueueLimits& limits) {
    const auto& built_for = limits.element_sizes;
    if (!built_for.empty()) return {built_for.begin(), built_for.end()};
    return {8, 136, 1472};
  }
  static std::vector<std::uint64_t> capacitiesOf(const QueueLimits& limits) {
    if (limits.capacities.empty()) return {1, 3, 10};
    std::vector<std::uint64_t> all(limits.capacities.begin(), limits.capacities.end());
    all.insert(all.end(), limits.trial_capacities.begin(), limits.trial_capacities.end());
    return all;
  }
  static void tryShape(const QueueEntry& entry, QueueShape shape, const Check& check) {
    SCOPED_TRACE(std::string(entry.name) + ", " + std::to_string(shape.capacity) + " elements of " +
                 std::to_string(shape.element_size_bytes) + " bytes");
    shape.memory.huge_pages = HugePages::Never;
    std::unique_ptr<OpenQueue> queue;
    try {
      queue = std::make_unique<OpenQueue>(entry, shape);
    } catch (const std::system_error& error) {
      const bool is_limit = error.code() == std::errc::operation_not_permitted ||
                            error.code() == std::errc::not_enough_memory;
      EXPECT_TRUE(is_limit) << error.what();
      return;
    }
    check(entry, shape, *queue);
  }
};

/// Until it is full; how many. The first one is number `first`.
std::uint64_t fill(OpenQueue& queue, ElementBytes& element, std::uint64_t first) {
  constexpr std::uint64_t kMost = 100'000;
  std::uint64_t pushed = 0;
  for (; pushed < kMost; ++pushed) {
    element.write({3, first + pushed});
    if (!queue.producer->tryPush(element.data())) break;
  }
  return pushed;
}

void expectWhole(const ElementBytes& element, std::uint64_t number) {
  const std::optional<Stamp> stamp = element.readWhole();
  ASSERT_TRUE(stamp) << "element " << number << " is torn";
  EXPECT_EQ(stamp->producer, 3U);
  ASSERT_EQ(stamp->sequence, number);
}

TEST_F(EveryQueueTest, HoldsItsCapacityAndGivesBackWholeElementsInOrderLapAfterLap) {
  forEach([](const QueueEntry& entry, const QueueShape& shape, OpenQueue& queue) {
    ElementBytes element(shape.element_size_bytes);
    ElementBytes received(shape.element_size_bytes);
    std::uint64_t next = 0;
    for (int lap = 0; lap < 3; ++lap) {
      const std::uint64_t held = fill(queue, element, next);
      if (entry.limits.exact_capacity) {
        EXPECT_EQ(held, shape.capacity);
      }
      ASSERT_GT(held, 0U);
      for (std::uint64_t i = 0; i < held; ++i) {
        ASSERT_TRUE(queue.consumer->tryPop(received.data())) << i << " of " << held;
        expectWhole(received, next + i);
      }
      EXPECT_FALSE(queue.consumer->tryPop(received.data()));
      next += held;
    }
  });
}

TEST_F(EveryQueueTest, MovesBatchesInOrderWhereItHasThem) {
  forEach([](const QueueEntry& entry, const QueueShape& shape, OpenQueue& queue) {
    if (!entry.any.abilities.batch) return;
    constexpr std::uint64_t kBatch = 2;
    ElementBytes elements(shape.element_size_bytes, kBatch);
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    for (int turn = 0; turn < 50; ++turn) {
      for (std::uint64_t i = 0; i < kBatch; ++i) {
        elements.select(i);
        elements.write({3, pushed + i});
      }
      pushed += queue.producer->tryPush(elements.data(), kBatch);
      const std::uint64_t now = queue.consumer->tryPop(elements.data(), kBatch);
      for (std::uint64_t i = 0; i < now; ++i) {
        elements.select(i);
        expectWhole(elements, popped + i);
      }
      popped += now;
    }
    EXPECT_EQ(popped, pushed);
    EXPECT_TRUE(pushed >= 50 || shape.capacity < kBatch) << pushed;
  });
}

TEST_F(EveryQueueTest, CallsThatBlockComeBackWithAnElementOrAfterTheirTime) {
  forEach([](const QueueEntry& entry, const QueueShape& shape, OpenQueue& queue) {
    if (!entry.any.abilities.blocking) return;
    constexpr std::chrono::milliseconds kShort{2};
    constexpr std::chrono::seconds kLong{20};
    ElementBytes element(shape.element_size_bytes);
    EXPECT_FALSE(queue.consumer->popFor(element.data(), kShort));
    element.write({3, 0});
    ASSERT_TRUE(queue.producer->pushFor(element.data(), kLong));
    ASSERT_TRUE(queue.consumer->popFor(element.data(), kLong));
    expectWhole(element, 0);
    fill(queue, element, 1);
    EXPECT_FALSE(queue.producer->pushFor(element.data(), kShort));
    ASSERT_TRUE(queue.consumer->popFor(element.data(), kLong));
    expectWhole(element, 1);
  });
}

TEST(RegistryTest, AFamilyHasNoMemberForAShapeThatItWasNotBuiltFor) {
  for (const QueueEntry& entry : allQueues()) {
    if (entry.limits.element_sizes.empty()) continue;
    EXPECT_THROW(entry.bytesNeeded({.element_size_bytes = 13, .capacity = 144}),
                 std::invalid_argument)
        << entry.name;
  }
}

}  // namespace
}  // namespace ringside::harness
