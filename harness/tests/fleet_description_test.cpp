#include "harness/fleet/description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/fleet/shards.hpp"
#include "harness/usage_error.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::harness {
namespace {

using results::messageOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

FleetDescription fleetOf(std::vector<FleetNode> nodes, std::uint32_t rounds = 2) {
  return {.suite = "quick",
          .engine = EngineKind::Slurm,
          .nodes = std::move(nodes),
          .rounds = rounds,
          .files = {{"bin/ringside", "0123"}},
          .passed_on = {"--partition=bench"},
          .remote_folder = "there"};
}

std::vector<std::string> namesOf(const std::vector<FleetInstance>& instances) {
  std::vector<std::string> names;
  for (const FleetInstance& instance : instances) names.push_back(instance.name);
  return names;
}

std::string fingerprintOf(const std::string& machine, const std::string& kernel) {
  return nlohmann::ordered_json{{"facts", {{"machine_id_hash", machine}, {"kernel", kernel}}}}
      .dump();
}

TEST(FleetDescriptionTest, EachNodeHasItsFirstRoundBeforeAnyHasItsSecond) {
  const auto instances = instancesOf(fleetOf({{"a", "a"}, {"b", "b"}}));
  EXPECT_THAT(namesOf(instances), ElementsAre("a-r1", "b-r1", "a-r2", "b-r2"));
}

TEST(FleetDescriptionTest, AShardStandsInTheNameOfItsInstances) {
  const auto instances = instancesOf(fleetOf({{"a", "a", Shard{2, 3}}, {"b", "b"}}, 1));
  EXPECT_THAT(namesOf(instances), ElementsAre("a-s2of3-r1", "b-r1"));
  EXPECT_EQ(toString(*instances[0].shard), "2/3");
  EXPECT_FALSE(instances[1].shard);
}

TEST(FleetDescriptionTest, IsTheSameAfterItWasWrittenAndRead) {
  const FleetDescription fleet = fleetOf({{"user_x", "user@x", Shard{1, 2}}, {"b", "b"}});
  const std::string text = toJson(fleet);
  const FleetDescription read = parseFleet(text, "fleet.json");
  EXPECT_EQ(toJson(read), text);
  EXPECT_EQ(read.engine, EngineKind::Slurm);
  EXPECT_EQ(read.nodes[0].place, "user@x");
  EXPECT_THAT(read.passed_on, ElementsAre("--partition=bench"));
  EXPECT_EQ(read.files[0].sha256, "0123");
}

TEST(FleetDescriptionTest, SaysWhereTheBundleOfEachInstanceComesToBe) {
  const auto json = nlohmann::json::parse(toJson(fleetOf({{"a", "a"}}, 1)));
  ASSERT_EQ(json.at("instances").size(), 1U);
  EXPECT_EQ(json["instances"][0].at("bundle"), "bundles/a-r1");
}

TEST(FleetDescriptionTest, RefusesWhatIsNoDescription) {
  for (const char* text : {"", "[]", "{}", R"({"schema": 2})", R"({"schema": 1, "suite": 3})"}) {
    EXPECT_THAT(messageOf<UsageError>([&] { parseFleet(text, "x/fleet.json"); }),
                HasSubstr("x/fleet.json is damaged"))
        << text;
  }
  std::string other = toJson(fleetOf({{"a", "a"}}));
  other.replace(other.find("slurm"), 5, "swarm");
  EXPECT_THAT(messageOf<UsageError>([&] { parseFleet(other, "y"); }), HasSubstr("y is damaged"));
}

TEST(FleetDescriptionTest, NamesNodesSoThatFilesCanHaveThem) {
  EXPECT_EQ(nodeName("node-1.site"), "node-1.site");
  EXPECT_EQ(nodeName("me@host:22"), "me_host_22");
  EXPECT_EQ(nodeName("0-3,8"), "0-3_8");
  for (const char* place : {"", "-x", "../x", "@"}) {
    EXPECT_THAT(messageOf<UsageError>([&] { nodeName(place); }), HasSubstr("is no name of a node"));
  }
}

TEST(FleetDescriptionTest, RefusesNoNodeAndOneThatIsNamedTwice) {
  EXPECT_THAT(messageOf<UsageError>([] { refuseTwinNodes({}); }), HasSubstr("none is named"));
  EXPECT_THAT(messageOf<UsageError>([] {
                refuseTwinNodes({{"a", "a"}, {"a", "a"}});
              }),
              HasSubstr("node a is named twice"));
}

TEST(FleetShardsTest, NodesOfOneKindShareTheSuiteAndOthersRunAllOfIt) {
  const std::vector<FleetNode> nodes =
      inShards({{"a", "a"}, {"b", "b"}, {"c", "c"}}, {"old", "new", "old"});
  ASSERT_TRUE(nodes[0].shard && nodes[2].shard);
  EXPECT_EQ(toString(*nodes[0].shard), "1/2");
  EXPECT_EQ(toString(*nodes[2].shard), "2/2");
  EXPECT_FALSE(nodes[1].shard);
}

TEST(FleetShardsTest, OfOneKindAreMachinesThatDifferInWhoTheyAreAlone) {
  EXPECT_EQ(kindOf(fingerprintOf("one", "6.1")), kindOf(fingerprintOf("other", "6.1")));
  EXPECT_NE(kindOf(fingerprintOf("one", "6.1")), kindOf(fingerprintOf("one", "6.2")));
  EXPECT_THAT(messageOf<std::runtime_error>([] { kindOf("bash: not found"); }),
              HasSubstr("it printed: bash: not found"));
}

}  // namespace
}  // namespace ringside::harness
