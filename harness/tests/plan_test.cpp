#include "harness/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const Topology kTwoCores = Topology::synthetic("l3:1 core:2 pu:1");

Plan planOf(const std::string& sweep, const std::string& workload = "throughput",
            const MemoryLimits& limits = kPlenty, const Topology& machine = kTwoCores) {
  const ScratchSuite file(suiteWith(sweep, workload));
  return makePlan(file.read(), machine, limits);
}

std::string refusalOf(const std::string& sweep, const MemoryLimits& limits = kPlenty) {
  try {
    planOf(sweep, "throughput", limits);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PlanTest, HasEveryCombinationOnceWithANameOfItsOwn) {
  const Plan plan = planOf(
      "queue = [\"mpsc\", \"mpmc\"]\ncapacity = [1, 2, 3]\nelement_size_bytes = [8, 64]\n"
      "wait = [\"spin\", \"yield\"]\nhuge_pages = [\"never\", \"try\"]\n"
      "lock_memory = [false, true]");
  EXPECT_THAT(plan.cells, SizeIs(2 * 3 * 2 * 2 * 2 * 2));
  std::set<std::string> names;
  for (const Cell& cell : plan.cells) names.insert(cell.name);
  EXPECT_EQ(names.size(), plan.cells.size());
}

TEST(PlanTest, SkipsAQueueThatWasLeftOutWithTheReason) {
  static const bool entered =
      enterAbsentQueue("left_out_here", "package libnone-dev was not found when this was built");
  ASSERT_TRUE(entered);
  const Plan plan = planOf("queue = [\"spsc\", \"left_out_here\"]");
  EXPECT_FALSE(plan.cells.at(0).skip_reason);
  EXPECT_EQ(plan.cells.at(1).skip_reason,
            "left out: package libnone-dev was not found when this was built");
}

TEST(PlanTest, SkipsACapacityThatAQueueWasNotBuiltFor) {
  static constexpr std::uint64_t kCapacities[] = {144, 1024};
  QueueEntry fixed = *findQueue("robust_mutex");
  fixed.name = "fixed_here";
  fixed.limits.capacities = kCapacities;
  static const bool entered = enterQueue(fixed);
  ASSERT_TRUE(entered);
  const Plan plan = planOf("queue = \"fixed_here\"\ncapacity = [144, 145]");
  EXPECT_FALSE(plan.cells.at(0).skip_reason);
  EXPECT_EQ(plan.cells.at(1).skip_reason,
            "fixed_here was built for a capacity of 144 or 1024, not of 145");
}

TEST(PlanTest, NamesACellByWhatItIs) {
  const Plan plan = planOf("queue = \"spsc\"\nelement_size_bytes = 64\ncapacity = 1024");
  EXPECT_EQ(plan.cells.at(0).name, "s/one/spsc/1p1c/el=64/cap=1024/same_l3");
  EXPECT_EQ(plan.cells[0].axes.wait, "spin");
}

TEST(PlanTest, WorkersThatShareACpuYieldAndSaySo) {
  const Plan plan = planOf("queue = \"mpmc\"\nproducers = 2\nconsumers = 2");
  EXPECT_EQ(plan.cells.at(0).axes.wait, "yield");
  EXPECT_THAT(plan.cells[0].notes.at(0), HasSubstr("4 workers share 2 CPUs"));
}

TEST(PlanTest, SkipsWhatAQueueCannotDoAmongThingsThatItCan) {
  const Plan plan = planOf("queue = [\"spsc\", \"mpsc\"]\nproducers = [1, 2]");
  int skipped = 0;
  for (const Cell& cell : plan.cells) skipped += cell.skip_reason.has_value();
  EXPECT_EQ(skipped, 1);
}

TEST(PlanTest, RefusesAQueueThatTakesNoneOfTheShapes) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nproducers = 2"),
              AllOf(HasSubstr(".toml:9:"), HasSubstr("'spsc'"), HasSubstr("at most 1 producer")));
  EXPECT_THAT(refusalOf("queue = \"mpsc\"\nconsumers = [2, 3]"), HasSubstr("'mpsc'"));
}

TEST(PlanTest, RefusesMoreMemoryThanThereIs) {
  const MemoryLimits small{.total_bytes = 1 << 20, .shm_free_bytes = 1 << 20};
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nelement_size_bytes = 1048576", small),
              AllOf(HasSubstr(".toml:9:"), HasSubstr("need"), HasSubstr("smaller")));
  EXPECT_THAT(refusalOf("queue = \"mpmc\"\nelement_size_bytes = 16777216\ncapacity = 67108864"),
              HasSubstr("67108864 elements of 16777216 bytes"));
}

TEST(PlanTest, SkipsWhatDoesNotFitIntoSharedMemory) {
  const MemoryLimits little{.total_bytes = 1 << 30, .shm_free_bytes = 1 << 20};
  const Plan plan =
      planOf("queue = \"spsc\"\nelement_size_bytes = [64, 1048576]", "throughput", little);
  EXPECT_FALSE(plan.cells.at(0).skip_reason);
  EXPECT_THAT(plan.cells.at(1).skip_reason.value_or(""), HasSubstr("/dev/shm"));
}

TEST(PlanTest, SkipsAPlacementThatIsNotHere) {
  const Plan plan = planOf("queue = \"spsc\"\nplacement = [\"same_l3\", \"cross_package\"]");
  EXPECT_FALSE(plan.cells.at(0).skip_reason);
  EXPECT_THAT(plan.cells.at(1).skip_reason.value_or(""), HasSubstr("cross_package"));
  EXPECT_EQ(plan.runnable(), 1U);
}

TEST(PlanTest, RefusesACpuOutsideOfTheMask) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nplacement = \"cpus:0,7\""),
              AllOf(HasSubstr(".toml:9:"), HasSubstr("CPU 7"), HasSubstr("0-1")));
}

TEST(PlanTest, SkipsElementsThatAQueueDoesNotTake) {
  const Plan plan = planOf("queue = \"pipe\"\nelement_size_bytes = [64, 8192]");
  EXPECT_FALSE(plan.cells.at(0).skip_reason);
  EXPECT_THAT(plan.cells.at(1).skip_reason.value_or(""), HasSubstr("at most 4096 bytes"));
}

TEST(PlanTest, SaysWhereACapacityIsNotANumberOfElements) {
  EXPECT_THAT(planOf("queue = \"pipe\"").cells.at(0).notes.at(0), HasSubstr("bytes"));
}

// How long it takes is printed by planning_bench.
TEST(PlanTest, HasEveryCellOfALargeMachineWithCpusOfItsOwn) {
  const Topology largest = Topology::synthetic("pack:2 numa:2 l3:9 l2:8 core:1 pu:2");  // 576 CPUs
  const Plan plan = planOf(
      "queue = \"mpmc\"\nproducers = [1, 2, 16, 64]\nconsumers = [1, 2, 16, 64]\n"
      "element_size_bytes = [8, 64, 1472]\ncapacity = [1, 144, 1024]\n"
      "placement = [\"auto\", \"same_core\", \"same_l3\", \"same_node\", \"cross_node\", "
      "\"cross_package\", \"same_l2\"]",
      "throughput", kPlenty, largest);
  std::uint64_t skipped = 0;
  for (const Cell& cell : plan.cells) {
    if (cell.skip_reason) {
      EXPECT_EQ(cell.axes.placement, "same_l2") << *cell.skip_reason;
      ++skipped;
      continue;
    }
    EXPECT_EQ(cell.placing.producer_cpus.size(), cell.axes.producers);
    EXPECT_EQ(cell.placing.consumer_cpus.size(), cell.axes.consumers);
  }
  EXPECT_EQ(skipped, 16U * 9U);
  EXPECT_GE(plan.cells.size(), 16U * 9U * 6U);
}

TEST(PlanTest, EstimatesTheTimeOfWhatRuns) {
  const Plan plan = planOf("queue = \"spsc\"\nplacement = [\"same_l3\", \"cross_package\"]");
  EXPECT_GE(plan.estimate(), std::chrono::milliseconds(5 * 250));
  EXPECT_LT(plan.estimate(), std::chrono::milliseconds(2 * 5 * 250));
}

}  // namespace
}  // namespace ringside::harness
