// Two configurations of this host: what --a and --b may say, and which cells belong together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/duet/configured_cells.hpp"
#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(const std::function<void()>& refused) {
  try {
    refused();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusalOf(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return refusal([&] { parseConfigurations(a, b); });
}

TEST(ConfigurationTest, IsCalledByItsKeysAndValues) {
  const BothConfigurations sides = parseConfigurations({"huge_pages = never", "lock_memory=false"},
                                                       {"huge_pages='require',lock_memory=true"});
  EXPECT_EQ(sides[0].label(), "huge_pages=never, lock_memory=false");
  EXPECT_THAT(sides[1].overrides(), ElementsAre("huge_pages=require", "lock_memory=true"));
}

TEST(ConfigurationTest, TakesNodesByTheirNumbers) {
  const BothConfigurations sides = parseConfigurations({"numa_node=0"}, {"numa_node=producer"});
  EXPECT_EQ(sides[0].label(), "numa_node=0");
}

TEST(ConfigurationTest, TheSameOnBothSidesComparesNothing) {
  EXPECT_THAT(refusalOf({"huge_pages=never"}, {"huge_pages=\"never\""}),
              AllOf(HasSubstr("--a and --b"), HasSubstr("huge_pages=never"),
                    HasSubstr("nothing to compare")));
  EXPECT_THAT(refusalOf({"wait=spin,tuning=latency"}, {"tuning=latency,wait=spin"}),
              HasSubstr("nothing to compare"));
}

TEST(ConfigurationTest, AKeyOfOneSideIsNamedOnBoth) {
  EXPECT_THAT(refusalOf({"huge_pages=never", "wait=spin"}, {"huge_pages=try"}),
              AllOf(HasSubstr("--b: it does not say wait"), HasSubstr("wait=spin")));
  EXPECT_THAT(refusalOf({}, {"huge_pages=try"}), HasSubstr("--a: it does not say huge_pages"));
}

TEST(ConfigurationTest, AnUnknownKeyIsRefusedWithWhatIsNear) {
  EXPECT_THAT(refusalOf({"hugepage=never"}, {"hugepage=try"}),
              AllOf(HasSubstr("--a hugepage=never: unknown key 'hugepage'"),
                    HasSubstr("did you mean 'huge_pages'?"), HasSubstr("lock_memory")));
}

TEST(ConfigurationTest, AValueThatCannotStandThereIsRefused) {
  EXPECT_THAT(refusalOf({"huge_pages=nevr"}, {"huge_pages=try"}),
              AllOf(HasSubstr("--a huge_pages=nevr"), HasSubstr("did you mean 'never'?")));
  EXPECT_THAT(refusalOf({"lock_memory=1"}, {"lock_memory=true"}), HasSubstr("true or false"));
  EXPECT_THAT(refusalOf({"wait=[spin,block]"}, {"wait=yield"}), HasSubstr("one value of each key"));
  EXPECT_THAT(refusalOf({"wait"}, {"wait=yield"}), HasSubstr("write KEY=VALUE"));
  EXPECT_THAT(refusalOf({"wait=spin", "wait=block"}, {"wait=yield"}), HasSubstr("stands twice"));
}

TEST(ConfigurationTest, ABootParameterIsComparedOverTwoBoots) {
  for (const std::string key : {"mitigations", "isolcpus", "nohz_full", "default_hugepagesz"}) {
    EXPECT_THAT(refusalOf({key + "=off"}, {key + "=auto"}),
                AllOf(HasSubstr(key + " is a boot parameter"),
                      HasSubstr("ringside compare BUNDLE BUNDLE --by cmdline")));
  }
}

TEST(ConfigurationTest, AxesAndSettingsOfTheHostStandSideBySide) {
  const BothConfigurations sides =
      parseConfigurations({"governor=powersave", "wait=spin", "sysctl.net.ipv4.tcp_rmem=1 2,3"},
                          {"sysctl.net.ipv4.tcp_rmem=4 5 6,wait=yield,governor=performance"});
  EXPECT_EQ(sides[0].label(), "governor=powersave, wait=spin, sysctl.net.ipv4.tcp_rmem=1 2,3");
  EXPECT_THAT(sides[0].overrides(), ElementsAre("wait=spin"));
  EXPECT_EQ(sides[0].host().size(), 2U);
  EXPECT_EQ(sides[1].valueOf("sysctl.net.ipv4.tcp_rmem"), "4 5 6");
  EXPECT_EQ(sides[1].valueOf("thp"), "");
}

TEST(ConfigurationTest, WhatIsNoKernelParameterIsRefused) {
  for (const std::string key : {"sysctl.", "sysctl./etc/passwd", "sysctl.vm/../../etc"}) {
    EXPECT_THAT(refusalOf({key + "=1"}, {key + "=2"}), HasSubstr("sysctl.vm.swappiness"));
  }
  EXPECT_THAT(refusalOf({"thp="}, {"thp=always"}), HasSubstr("there is no value"));
}

TEST(ConfigurationTest, AnotherCellIsNoConfiguration) {
  EXPECT_THAT(
      refusalOf({"element_size_bytes=8"}, {"element_size_bytes=64"}),
      AllOf(HasSubstr("both sides must do the same work"), HasSubstr("--by element_size_bytes")));
  EXPECT_THAT(refusalOf({"placement=cpus:0,1"}, {"placement=cpus:0,2"}), HasSubstr("same CPUs"));
  EXPECT_THAT(refusalOf({"queue=spsc"}, {"queue=mpmc"}), HasSubstr("same queue"));
  EXPECT_THAT(refusalOf({"validate=off"}, {"validate=full"}), HasSubstr("fully validated"));
}

TEST(ConfigurationTest, EveryKeyIsAnAxisThatMakesNoOtherCell) {
  const std::vector<std::string_view> keys = configurationKeys();
  EXPECT_THAT(keys, AllOf(Contains("huge_pages"), Contains("memory"), Contains("wait")));
  EXPECT_THAT(keys, AllOf(Not(Contains("queue")), Not(Contains("seed"))));
}

// --- cells --------------------------------------------------------------------------------------

constexpr const char* kSuite =
    "[suite]\nname = \"made\"\nquestion = \"?\"\n"
    "[[scenario]]\nname = \"one\"\nworkload = \"ping_pong\"\n"
    "[scenario.sweep]\nqueue = [\"spsc\", \"pipe\"]\nelement_size_bytes = [8, 64]\n"
    "huge_pages = [\"never\", \"try\"]\n";

class ConfiguredCellsTest : public ::testing::Test {
 protected:
  ConfiguredCells cells(const std::vector<std::string>& a, const std::vector<std::string>& b,
                        const std::vector<std::string>& overrides = {}) const {
    return configuredCells(suite_.path(), overrides, parseConfigurations(a, b), machine_,
                           {.total_bytes = 1ULL << 40, .shm_free_bytes = 1ULL << 40});
  }

  ScratchFile suite_{".toml", kSuite};
  Topology machine_ = Topology::synthetic("pack:1 l3:1 l2:2 core:1 pu:1");
};

TEST_F(ConfiguredCellsTest, AreCalledWithoutWhatSetsThemApart) {
  const ConfiguredCells found = cells({"huge_pages=never"}, {"huge_pages=require"});
  ASSERT_EQ(found.plan.cells.size(), 4U);
  const std::string name = "made/one/spsc/1p1c/el=8/cap=144/same_l3";
  EXPECT_EQ(found.plan.cells.front().name, name);
  EXPECT_FALSE(found.plan.cells.front().skip_reason.has_value());
  EXPECT_EQ(found.sides[0].names.at(name), name);
  EXPECT_EQ(found.sides[1].names.at(name), name + "/huge=require");
}

TEST_F(ConfiguredCellsTest, OfSeveralKeysLoseAllOfThem) {
  const ConfiguredCells found =
      cells({"lock_memory=false,memory=memfd,wait=spin"},
            {"lock_memory=true,memory=anon,wait=yield"}, {"huge_pages=never", "queue=spsc"});
  ASSERT_EQ(found.plan.cells.size(), 2U);
  const std::string name = "made/one/spsc/1p1c/el=64/cap=144/same_l3";
  EXPECT_EQ(found.plan.cells.back().name, name);
  EXPECT_EQ(found.sides[0].names.at(name), name + "/mem=memfd/wait=spin");
  EXPECT_EQ(found.sides[1].names.at(name), name + "/mem=anon/locked/wait=yield");
}

TEST_F(ConfiguredCellsTest, EachSideRunsItsOwnCells) {
  const ConfiguredCells found = cells({"huge_pages=never"}, {"huge_pages=require"});
  for (const auto& [name, own] : found.sides[1].names) {
    const auto cell =
        std::find_if(found.sides[1].plan.cells.begin(), found.sides[1].plan.cells.end(),
                     [&](const Cell& one) { return one.name == own; });
    ASSERT_NE(cell, found.sides[1].plan.cells.end()) << own;
    EXPECT_EQ(cell->axes.huge_pages, "require");
  }
  EXPECT_THAT(toToml(found.sides[1].suite), HasSubstr("huge_pages = ['require']"));
}

TEST_F(ConfiguredCellsTest, WhatOneSideCannotRunIsSkippedAndSaysWhose) {
  const ConfiguredCells found = cells({"wait=spin"}, {"wait=block"}, {"huge_pages=never"});
  ASSERT_EQ(found.plan.cells.size(), 4U);
  for (const Cell& cell : found.plan.cells) {
    if (cell.queue->name == "spsc") {
      EXPECT_FALSE(cell.skip_reason.has_value()) << *cell.skip_reason;
    } else {
      EXPECT_THAT(cell.skip_reason.value_or(""),
                  AllOf(HasSubstr("wait=block: "), HasSubstr("pipe")));
    }
  }
}

TEST_F(ConfiguredCellsTest, WhatOneSideDoesNotHaveAtAllIsSkipped) {
  const ConfiguredCells found =
      cells({"wait=spin"}, {"wait=block"}, {"huge_pages=never", "queue=all"});
  const auto pipe = std::find_if(found.plan.cells.begin(), found.plan.cells.end(),
                                 [](const Cell& cell) { return cell.queue->name == "pipe"; });
  ASSERT_NE(pipe, found.plan.cells.end());
  EXPECT_EQ(pipe->skip_reason, "wait=block has no such cell");
}

TEST_F(ConfiguredCellsTest, AnOverrideOfTheSameKeyIsRefused) {
  EXPECT_THAT(refusal([&] { cells({"wait=spin"}, {"wait=block"}, {"wait=yield"}); }),
              AllOf(HasSubstr("-a wait=yield"), HasSubstr("leave it out")));
}

TEST_F(ConfiguredCellsTest, AnAxisThatNoScenarioTakesIsRefusedByThePlan) {
  EXPECT_THAT(refusal([&] { cells({"wait=spin"}, {"wait=yield"}, {"rate_per_s=1000"}); }),
              HasSubstr("no scenario has workload"));
}

}  // namespace
}  // namespace ringside::harness
