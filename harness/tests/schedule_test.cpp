#include "harness/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

const Topology kTwoCores = Topology::synthetic("l3:1 core:2 pu:1");
const Topology kManyCores = Topology::synthetic("pack:2 numa:4 l3:1 core:8 pu:2");

/// Two scenarios: 12 cells of a tenth of a second, and 3 of half a second, one of which needs two
/// packages; 5 repetitions of all take 12.3 s.
Suite twoScenarios() {
  const ScratchSuite file(
      "[suite]\nname = \"s\"\nquestion = \"?\"\n[defaults]\nrepetitions = 5\nwarmup_ms = 0\n"
      "[[scenario]]\nname = \"short\"\nworkload = \"throughput\"\nduration_ms = 100\n"
      "[scenario.sweep]\nqueue = [\"spsc\", \"mpsc\", \"mpmc\"]\nelement_size_bytes = [8, 64]\n"
      "capacity = [4, 144]\n"
      "[[scenario]]\nname = \"long\"\nworkload = \"ping_pong\"\nduration_ms = 500\n"
      "[scenario.sweep]\nqueue = \"spsc\"\nplacement = [\"auto\", \"unpinned\", "
      "\"cross_package\"]\n");
  return file.read();
}

Plan planOn(const Topology& topology, const Schedule& schedule = {}) {
  return makePlan(twoScenarios(), topology, kPlenty, schedule);
}

std::set<std::string> namesOf(const Plan& plan, bool runnable_only = false) {
  std::set<std::string> names;
  for (const Cell& cell : plan.cells) {
    if (!runnable_only || !cell.skip_reason) names.insert(cell.name);
  }
  return names;
}

Plan withBudget(const std::string& text) {
  return planOn(kTwoCores, {.budget = parseBudget(text), .shard = std::nullopt});
}

template <class Call>
std::string refusalOf(Call&& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(BudgetTest, IsATimeWithItsUnit) {
  EXPECT_EQ(parseBudget("90s").time, std::chrono::seconds(90));
  EXPECT_EQ(parseBudget("2m").time, std::chrono::minutes(2));
  EXPECT_EQ(parseBudget("1.5h").time, std::chrono::minutes(90));
  for (const char* wrong : {"", "90", "s", "0s", "-1m", "2 m", "2x", "1e", "nan s"}) {
    EXPECT_THAT(refusalOf([&] { parseBudget(wrong); }),
                AllOf(HasSubstr("--budget"), HasSubstr("90s, 2m or 1.5h")))
        << wrong;
  }
  EXPECT_THAT(refusalOf([] { parseBudget("721h"); }), HasSubstr("30 days"));
  EXPECT_THAT(refusalOf([] { parseBudget("infs"); }), HasSubstr("30 days"));
}

TEST(BudgetTest, ThatIsEnoughChangesNothing) {
  const Plan plan = withBudget("1h");
  EXPECT_EQ(plan.estimate(), planOn(kTwoCores).estimate());
  EXPECT_TRUE(plan.remarks.empty());
}

TEST(BudgetTest, CostsRepetitionsFirstAndThePlanSaysSo) {
  const milliseconds whole = planOn(kTwoCores).estimate();
  const Plan plan = withBudget("9s");  // of 12.3
  ASSERT_LT(milliseconds(9000), whole);
  EXPECT_EQ(plan.runnable(), 14U);
  EXPECT_LE(plan.estimate(), milliseconds(9000));
  for (const Cell& cell : plan.cells) {
    EXPECT_GE(cell.timing.repetitions, kLeastRepetitions);
    EXPECT_LT(cell.timing.repetitions, 5U);
    if (cell.skip_reason) continue;
    EXPECT_THAT(cell.notes, ::testing::Contains(HasSubstr("left out by --budget 9s")));
  }
  EXPECT_THAT(plan.remarks.at(0), AllOf(HasSubstr("budget 9s"), HasSubstr("14 of 14 cells")));
}

TEST(BudgetTest, ThenCellsButNoScenarioAndNoValueAsLongAsThereIsRoom) {
  const Plan plan = withBudget("4s");
  EXPECT_LE(plan.estimate(), milliseconds(4000));
  EXPECT_LT(plan.runnable(), 14U);
  std::set<std::string> scenarios;
  std::set<std::string> queues;
  std::set<std::uint64_t> sizes;
  std::set<std::uint64_t> capacities;
  for (const Cell& cell : plan.cells) {
    EXPECT_EQ(cell.timing.repetitions, kLeastRepetitions);
    if (cell.skip_reason) continue;
    scenarios.insert(cell.scenario);
    if (cell.scenario != "short") continue;
    queues.insert(cell.axes.queue);
    sizes.insert(cell.axes.element_size_bytes);
    capacities.insert(cell.axes.capacity);
  }
  EXPECT_EQ(scenarios.size(), 2U);
  EXPECT_EQ(queues.size(), 3U);
  EXPECT_EQ(sizes.size(), 2U);
  EXPECT_EQ(capacities.size(), 2U);
}

TEST(BudgetTest, WhatItLeavesOutIsSkippedWithTheReason) {
  const Plan plan = withBudget("4s");
  const auto left_out = std::count_if(plan.cells.begin(), plan.cells.end(), [](const Cell& cell) {
    return cell.skip_reason == "left out by --budget 4s";
  });
  EXPECT_EQ(static_cast<std::uint64_t>(left_out), 14 - plan.runnable());
  EXPECT_EQ(plan.cells.size(), 15U);
}

TEST(BudgetTest, LeavesFewerRepetitionsWhereNotOneCellFitsOtherwise) {
  const Plan plan = withBudget("0.2s");
  EXPECT_EQ(plan.runnable(), 1U);
  const std::string refusal = refusalOf([] { withBudget("0.05s"); });
  EXPECT_THAT(refusal,
              AllOf(HasSubstr("--budget 0.05s"), HasSubstr("s/short/"), HasSubstr("takes 0.1 s")));
}

TEST(BudgetTest, IsWatchedWhileTheSuiteRuns) {
  const Plan plan = planOn(kTwoCores);
  EXPECT_TRUE(TimeLeft().isEnoughFor(plan.cells[0]));
  EXPECT_TRUE(TimeLeft(parseBudget("1h"), milliseconds(0)).isEnoughFor(plan.cells[0]));
  const TimeLeft spent(parseBudget("1h"), std::chrono::hours(1));
  EXPECT_FALSE(spent.isEnoughFor(plan.cells[0]));
  EXPECT_EQ(spent.reason(), "left out by --budget 1h: the time was over");
}

TEST(ShardTest, IsOneOfSeveral) {
  EXPECT_EQ(parseShard("2/3").number, 2U);
  EXPECT_EQ(parseShard("2/3").count, 3U);
  for (const char* wrong : {"", "2", "0/3", "4/3", "1/0", "a/3", "1/3x", "-1/3", "1/10001"}) {
    EXPECT_THAT(refusalOf([&] { parseShard(wrong); }), HasSubstr("such as 2/3")) << wrong;
  }
}

class ShardsTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  static Plan shard(const Topology& topology, std::uint32_t number) {
    return planOn(topology, {.budget = std::nullopt, .shard = Shard{number, GetParam()}});
  }
};
INSTANTIATE_TEST_SUITE_P(Counts, ShardsTest, ::testing::Values(1, 2, 3, 4, 7, 40));

TEST_P(ShardsTest, TogetherHaveEveryCellOnce) {
  std::set<std::string> all;
  std::size_t cells = 0;
  for (std::uint32_t number = 1; number <= GetParam(); ++number) {
    const Plan plan = shard(kTwoCores, number);
    cells += plan.cells.size();
    all.merge(namesOf(plan));
  }
  EXPECT_EQ(all, namesOf(planOn(kTwoCores)));
  EXPECT_EQ(cells, all.size());
}

TEST_P(ShardsTest, AreTheSameOnAnyMachine) {
  for (std::uint32_t number = 1; number <= GetParam(); ++number) {
    std::set<std::size_t> here;
    std::set<std::size_t> there;
    for (const Cell& cell : shard(kTwoCores, number).cells) here.insert(cell.combination);
    for (const Cell& cell : shard(kManyCores, number).cells) there.insert(cell.combination);
    EXPECT_EQ(here, there) << number;
  }
}

TEST_P(ShardsTest, TakeAboutEquallyLong) {
  milliseconds longest{0};
  milliseconds shortest = milliseconds::max();
  for (std::uint32_t number = 1; number <= GetParam(); ++number) {
    const milliseconds time = shard(kManyCores, number).estimate();
    longest = std::max(longest, time);
    shortest = std::min(shortest, time);
  }
  // The longest cell is what cannot be divided.
  EXPECT_LE((longest - shortest).count(), 5 * 550);
}

TEST(ShardTest, GoesBeforeABudget) {
  const Schedule both{.budget = parseBudget("2s"), .shard = Shard{1, 2}};
  const Plan half = planOn(kTwoCores, {.budget = std::nullopt, .shard = Shard{1, 2}});
  const Plan plan = planOn(kTwoCores, both);
  EXPECT_EQ(namesOf(plan), namesOf(half));
  EXPECT_LT(plan.runnable(), half.runnable());
  EXPECT_EQ(plan.remarks.size(), 2U);
}

TEST(ShardTest, OfASuiteThatComparesQueuesHasWholeContests) {
  const ScratchSuite file(
      "[suite]\nname = \"s\"\nquestion = \"?\"\nsubjects = [\"spsc\"]\n[[scenario]]\n"
      "name = \"one\"\nworkload = \"throughput\"\n[scenario.sweep]\nqueue = \"all\"\n"
      "element_size_bytes = [8, 64, 256, 512, 1024]\ncapacity = [16, 32]\n");
  const Suite suite = file.read();
  const Topology machine = Topology::synthetic("l3:1 core:2 pu:1");
  const auto key = [](const Cell& cell) {
    return std::pair(cell.axes.element_size_bytes, cell.axes.capacity);
  };
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::set<std::uint32_t>> shards_of;
  std::size_t cells = 0;
  for (std::uint32_t number = 1; number <= 3; ++number) {
    const Plan part = makePlan(suite, machine, kPlenty, {.budget = {}, .shard = Shard{number, 3}});
    cells += part.cells.size();
    EXPECT_FALSE(part.cells.empty());
    for (const Cell& cell : part.cells) shards_of[key(cell)].insert(number);
  }
  EXPECT_EQ(cells, makePlan(suite, machine, kPlenty).cells.size());
  EXPECT_EQ(shards_of.size(), 10U);
  for (const auto& [shape, shards] : shards_of) EXPECT_EQ(shards.size(), 1U);
}

}  // namespace
}  // namespace ringside::harness
