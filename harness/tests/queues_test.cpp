// What every adapter promises, in one process: the registry is walked, so a new queue is tested as
// soon as it is entered.
#include <gtest/gtest.h>

#include <set>

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

}  // namespace
}  // namespace ringside::harness
