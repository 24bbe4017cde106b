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

TEST(RegistryTest, EveryQueueHasALoopForBothSidesOfEveryWorkload) {
  for (const QueueEntry& entry : allQueues()) {
    for (const WorkloadLoops& loops : entry.loops) {
      EXPECT_NE(loops.produce, nullptr) << entry.name;
      EXPECT_NE(loops.consume, nullptr) << entry.name;
    }
  }
}

TEST(RegistryTest, MoreCapacityNeverNeedsLessMemory) {
  for (const QueueEntry& entry : allQueues()) {
    const std::uint64_t less = entry.bytesNeeded({.element_size_bytes = 64, .capacity = 8});
    const std::uint64_t more = entry.bytesNeeded({.element_size_bytes = 64, .capacity = 8000});
    EXPECT_LE(less, more) << entry.name;
  }
}

}  // namespace
}  // namespace ringside::harness
