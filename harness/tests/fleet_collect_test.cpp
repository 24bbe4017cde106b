// What became of instances, from files alone, and what is made of those that came back.
#include "harness/fleet/collect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/fleet/engine.hpp"
#include "harness/fleet/status_table.hpp"
#include "harness/tests/compared_bundles.hpp"
#include "harness/usage_error.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::messageOf;
using results::writeText;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Knows of every instance what the test says, whatever it is.
class ToldEngine : public FleetEngine {
 public:
  explicit ToldEngine(Whereabouts where) : where_(std::move(where)) {}

  std::vector<FleetNode> nodesOf(const NodesAsked&) override { return {}; }
  Command onNode(const FleetFolder&, const FleetNode&, const Command& command) override {
    return command;
  }
  std::vector<Command> startCommands(const FleetFolder&,
                                     const std::vector<FleetInstance>&) override {
    return {};
  }
  void start(const FleetFolder&, const std::vector<FleetInstance>&,
             const results::Descriptor&) override {}
  void look(const FleetFolder&) override {}
  Whereabouts whereIs(const FleetInstance&) override { return where_; }

 private:
  Whereabouts where_;
};

class FleetCollectTest : public ::testing::Test {
 protected:
  /// A fleet whose instances have left nothing yet.
  FleetFolder makeFleet(std::vector<FleetNode> nodes, std::uint32_t rounds) {
    FleetFolder folder = FleetFolder::planned(scratch_.path() / "fleet",
                                              {.suite = "made", .nodes = {}, .rounds = rounds});
    fs::create_directories(folder.path() / "state");
    fs::create_directories(folder.path() / "bundles");
    folder.describe(std::move(nodes));
    return folder;
  }

  static void end(const FleetFolder& folder, const std::string& instance, int code) {
    writeText(folder.stateOf(instance, "exit"), std::to_string(code) + "\n");
  }

  static void measure(const FleetFolder& folder, const std::string& instance,
                      const MadeMachine& machine = {}, const std::string& cell = "made/one") {
    results::Bundle bundle = results::Bundle::create(folder.bundleOf(instance));
    results::Record record = madeRecord(1e6);
    record.cell = cell;
    bundle.append(record);
    bundle.writeFile("environment.json", environmentOf(machine));
    end(folder, instance, 0);
  }

  static std::vector<InstanceStatus> look(const FleetFolder& folder, Whereabouts others = {}) {
    ToldEngine engine(std::move(others));
    return statusOf(folder, engine);
  }

  static std::vector<std::string> statesOf(const std::vector<InstanceStatus>& all) {
    std::vector<std::string> states;
    for (const InstanceStatus& status : all) states.emplace_back(toString(status.state));
    return states;
  }

  results::ScratchFolder scratch_;
};

TEST_F(FleetCollectTest, FilesSayWhatHasEndedAndTheEngineWhereTheRestIs) {
  const FleetFolder folder = makeFleet({{"a", "a"}, {"b", "b"}, {"c", "c"}}, 1);
  measure(folder, "a-r1");
  end(folder, "b-r1", 2);
  const auto all = look(folder, {InstanceState::Running, ""});
  EXPECT_THAT(statesOf(all), ElementsAre("done", "failed", "running"));
  EXPECT_EQ(summaryOf(all), "1 done, 1 failed, 1 running");
  EXPECT_TRUE(all[0].has_all_records);
  EXPECT_FALSE(all[1].has_all_records);
}

TEST_F(FleetCollectTest, ARunThatFoundFaultsHasAllItsRecords) {
  const FleetFolder folder = makeFleet({{"a", "a"}}, 1);
  measure(folder, "a-r1");
  end(folder, "a-r1", 3);
  const auto all = look(folder);
  EXPECT_EQ(all[0].state, InstanceState::Failed);
  EXPECT_TRUE(all[0].has_all_records);
  EXPECT_EQ(textOf({all[0], true}),
            "node a: round 1 failed: integrity violation (exit code 3); its records are in");
}

TEST_F(FleetCollectTest, ABundleThatWasRemovedIsLost) {
  const FleetFolder folder = makeFleet({{"a", "a"}}, 1);
  end(folder, "a-r1", 0);
  const auto all = look(folder);
  EXPECT_EQ(all[0].state, InstanceState::Lost);
  EXPECT_THAT(all[0].why, HasSubstr("not there any more"));
}

TEST_F(FleetCollectTest, CodesOfShellsAndSignalsAreSaidInWords) {
  const FleetFolder folder = makeFleet({{"a", "a"}, {"b", "b"}}, 1);
  end(folder, "a-r1", 127);
  end(folder, "b-r1", 137);
  const auto all = look(folder);
  EXPECT_EQ(all[0].why, "the program cannot be started there");
  EXPECT_EQ(all[1].why, "ended by signal 9");
}

TEST_F(FleetCollectTest, RoundsOfANodeBecomeOneBundleAndAnotherNodeStaysApart) {
  const FleetFolder folder = makeFleet({{"a", "a"}, {"b", "b"}}, 2);
  for (const char* name : {"a-r1", "b-r1", "a-r2"}) measure(folder, name);
  const Collected collected = collect(folder, look(folder, {InstanceState::Lost, "node down"}));
  ASSERT_EQ(collected.bundles.size(), 2U);
  EXPECT_EQ(collected.bundles[0].folder, folder.path() / "merged/a");
  EXPECT_EQ(results::readRecords(collected.bundles[0].folder).size(), 2U);
  EXPECT_EQ(collected.bundles[1].folder, folder.bundleOf("b-r1"));
  ASSERT_EQ(collected.gaps.size(), 1U);
  EXPECT_EQ(textOf(collected.gaps[0]), "node b: round 2 lost: node down");
}

TEST_F(FleetCollectTest, WhatIsMissingStandsInAFile) {
  const FleetFolder folder = makeFleet({{"a", "a"}}, 2);
  measure(folder, "a-r1");
  collect(folder, look(folder, {InstanceState::Waiting, "Reservation"}));
  const auto json = nlohmann::json::parse(results::readText(folder.path() / "collected.json"));
  EXPECT_EQ(json.at("bundles")[0].at("folder"), "bundles/a-r1");
  EXPECT_EQ(json.at("gaps")[0].at("instance"), "a-r2");
  EXPECT_EQ(json.at("gaps")[0].at("why"), "Reservation");
}

TEST_F(FleetCollectTest, ANodeThatChangedBetweenItsRoundsHasTwoBundles) {
  const FleetFolder folder = makeFleet({{"a", "a"}}, 2);
  measure(folder, "a-r1");
  measure(folder, "a-r2", {.governor = "powersave"});
  const Collected collected = collect(folder, look(folder));
  EXPECT_EQ(collected.bundles.size(), 2U);
  EXPECT_THAT(collected.gaps, IsEmpty());
}

TEST_F(FleetCollectTest, ShardsOfSeveralMachinesAndRoundsMakeTheWholeSuite) {
  const FleetFolder folder = makeFleet({{"a", "a", Shard{1, 2}}, {"b", "b", Shard{2, 2}}}, 2);
  const MadeMachine other = {.host = "two", .id = "id-two", .fingerprint = "2222222222222222"};
  measure(folder, "a-s1of2-r1", {}, "made/one");
  measure(folder, "b-s2of2-r1", other, "made/other");
  measure(folder, "a-s1of2-r2", {}, "made/one");
  measure(folder, "b-s2of2-r2", other, "made/other");
  const Collected collected = collect(folder, look(folder));
  ASSERT_EQ(collected.bundles.size(), 1U);
  EXPECT_EQ(collected.bundles[0].folder, folder.path() / "merged/a-and-1-more");
  EXPECT_THAT(collected.bundles[0].nodes, ElementsAre("a", "b"));
  EXPECT_EQ(results::readRecords(collected.bundles[0].folder).size(), 4U);
}

TEST_F(FleetCollectTest, CollectingAgainTakesWhatHasComeSince) {
  const FleetFolder folder = makeFleet({{"a", "a"}}, 3);
  measure(folder, "a-r1");
  measure(folder, "a-r2");
  collect(folder, look(folder));
  measure(folder, "a-r3");
  const Collected collected = collect(folder, look(folder));
  ASSERT_EQ(collected.bundles.size(), 1U);
  EXPECT_EQ(results::readRecords(collected.bundles[0].folder).size(), 3U);
}

TEST_F(FleetCollectTest, AFolderThatIsNoFleetIsRefused) {
  EXPECT_THAT(messageOf<UsageError>([&] { FleetFolder::open(scratch_.path()); }),
              HasSubstr("this is no fleet"));
}

TEST_F(FleetCollectTest, OnlyOneProcessStartsInstancesAtATime) {
  const FleetFolder folder = makeFleet({{"a", "a"}}, 1);
  const auto lock = folder.lock();
  ASSERT_TRUE(lock);
  EXPECT_FALSE(folder.lock());
}

}  // namespace
}  // namespace ringside::harness
