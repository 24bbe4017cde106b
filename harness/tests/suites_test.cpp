// Every suite that is shipped, as it stands in scenarios/: it can be read, begins with its
// question, and has a plan on this machine and on a large one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "harness/schedule.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

std::vector<std::string> shippedSuites() {
  std::vector<std::string> names;
  const std::filesystem::path folder = std::filesystem::path(RINGSIDE_SOURCE_FOLDER) / "scenarios";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ShippedSuiteTest : public ::testing::TestWithParam<std::string> {
 protected:
  static Suite suite() {
    return readSuite(
        std::filesystem::path(RINGSIDE_SOURCE_FOLDER) / "scenarios" / (GetParam() + ".toml"), {});
  }
  static void expectPlan(const Topology& topology) {
    const Suite read = suite();
    const Plan plan = makePlan(read, topology, kPlenty);
    EXPECT_FALSE(plan.cells.empty());
    std::set<std::string> scenarios;
    for (const Cell& cell : plan.cells) {
      scenarios.insert(cell.scenario);
      EXPECT_NE(cell.skip_reason, "") << cell.name;
    }
    EXPECT_EQ(scenarios.size(), read.scenarios.size());
    // A repetition is a matter of seconds, so that Ctrl-C, shards and budgets mean something.
    for (const Cell& cell : plan.cells) {
      EXPECT_LE(timeOfRepetition(cell), std::chrono::seconds(30)) << cell.name;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Suites, ShippedSuiteTest, ::testing::ValuesIn(shippedSuites()),
                         [](const auto& test) { return test.param; });

TEST_P(ShippedSuiteTest, BeginsWithItsQuestionAndIsCalledAsItsFile) {
  EXPECT_EQ(suite().name, GetParam());
  EXPECT_THAT(suite().question, ::testing::HasSubstr("?"));
}

TEST_P(ShippedSuiteTest, HasAPlanOnThisMachine) { expectPlan(Topology::ofThisMachine()); }

TEST_P(ShippedSuiteTest, HasAPlanOnALargeMachine) {
  expectPlan(Topology::synthetic("pack:2 numa:4 l3:1 core:16 pu:2"));
}

TEST_P(ShippedSuiteTest, IsTheSameWhenItIsWrittenOutInFull) {
  const ScratchSuite written(toToml(suite()));
  const Topology topology = Topology::synthetic("l3:1 core:2 pu:1");
  const Plan before = makePlan(suite(), topology, kPlenty);
  const Plan after = makePlan(written.read(), topology, kPlenty);
  ASSERT_EQ(before.cells.size(), after.cells.size());
  for (std::size_t i = 0; i < before.cells.size(); ++i) {
    EXPECT_EQ(before.cells[i].name, after.cells[i].name);
    EXPECT_EQ(before.cells[i].axes, after.cells[i].axes);
  }
}

TEST(ShippedSuitesTest, AreAtLeastTheseOfThePatternsAndTheLongRuns) {
  EXPECT_THAT(shippedSuites(),
              ::testing::IsSupersetOf({"ci", "endpoints", "large", "patterns", "quick", "soak"}));
}

TEST(ShippedSuitesTest, CiTakesUnderAMinuteOnTwoCores) {
  const Suite ci =
      readSuite(std::filesystem::path(RINGSIDE_SOURCE_FOLDER) / "scenarios/ci.toml", {});
  const Plan plan = makePlan(ci, Topology::synthetic("l3:1 core:2 pu:1"), kPlenty);
  EXPECT_LT(plan.estimate(), std::chrono::seconds(50));
}

}  // namespace
}  // namespace ringside::harness
