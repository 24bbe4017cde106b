#include "harness/round_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/contest.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

const Topology kTwoCores = Topology::synthetic("l3:1 core:2 pu:1");

Plan planOf(bool compares) {
  const ScratchSuite file(
      std::string("[suite]\nname = \"s\"\nquestion = \"?\"\n") +
      (compares ? "subjects = [\"spsc\"]\n" : "") +
      "[[scenario]]\nname = \"one\"\nworkload = \"throughput\"\n[scenario.sweep]\n"
      "queue = [\"mpmc\", \"mpsc\", \"spsc\", \"pipe\"]\nelement_size_bytes = [8, 64, 256]\n"
      "[[scenario]]\nname = \"asleep\"\nworkload = \"throughput\"\nwait = \"block\"\n"
      "[scenario.sweep]\nqueue = [\"spsc\", \"mpmc\"]\nelement_size_bytes = 64\n");
  return makePlan(file.read(), kTwoCores, kPlenty);
}

TEST(RoundOrderTest, IsThatOfThePlanWhereNothingIsCompared) {
  const Plan plan = planOf(false);
  const std::vector<std::size_t> order = orderOfRound(plan, 3);
  EXPECT_EQ(order.size(), plan.cells.size());
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(RoundOrderTest, HasEveryCellOnceInEveryRound) {
  const Plan plan = planOf(true);
  for (std::uint32_t round = 0; round < 5; ++round) {
    std::vector<std::size_t> order = orderOfRound(plan, round);
    std::sort(order.begin(), order.end());
    ASSERT_EQ(order.size(), plan.cells.size());
    for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(RoundOrderTest, PutsCellsThatDifferInQueueAndWaitAloneSideBySide) {
  const Plan plan = planOf(true);
  const std::vector<std::size_t> order = orderOfRound(plan, 1);
  std::size_t changes = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    changes += results::contestOf(plan.cells[order[i]].axes) !=
                       results::contestOf(plan.cells[order[i - 1]].axes)
                   ? 1
                   : 0;
  }
  EXPECT_EQ(changes, 2U);  // three sizes
}

TEST(RoundOrderTest, DiffersFromRoundToRoundAndIsTheSameForARound) {
  const Plan plan = planOf(true);
  EXPECT_EQ(orderOfRound(plan, 2), orderOfRound(planOf(true), 2));
  std::size_t different = 0;
  for (std::uint32_t round = 1; round < 6; ++round) {
    different += orderOfRound(plan, round) != orderOfRound(plan, 0) ? 1 : 0;
  }
  EXPECT_GE(different, 4U);
}

}  // namespace
}  // namespace ringside::harness
