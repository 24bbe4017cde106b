#include "harness/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fake_tree.hpp"
#include "harness/fingerprint.hpp"
#include "harness/fnv1a.hpp"

namespace ringside::harness {
namespace {

using ::testing::MatchesRegex;

TEST(EnvironmentTest, HasEverySectionOfTheDesign) {
  Session session(Topology::ofThisMachine());
  session.setFloors({{Relation::SameL3, 52.5}});
  const auto json = nlohmann::json::parse(describeEnvironment(session));
  for (const char* place : {"/machine/host",
                            "/machine/hypervisor",
                            "/machine/container",
                            "/machine/run_delay_ns",
                            "/cpu/model",
                            "/cpu/microcode",
                            "/cpu/governor",
                            "/cpu/boost",
                            "/cpu/smt",
                            "/cpu/isolated",
                            "/kernel/release",
                            "/kernel/command_line",
                            "/kernel/numa_balancing",
                            "/memory/transparent_huge_pages",
                            "/memory/shmem_huge_pages",
                            "/memory/huge_page_pools",
                            "/memory/nodes",
                            "/limits/locked_bytes",
                            "/limits/shm_bytes",
                            "/limits/cgroup_cpus",
                            "/limits/cgroup_memory_bytes",
                            "/clock/kernel_source",
                            "/topology/summary",
                            "/topology/placements",
                            "/topology/cpus/0/l3_bytes",
                            "/build/compiler",
                            "/working_tree/revision",
                            "/fingerprint/machine"}) {
    EXPECT_TRUE(json.contains(nlohmann::json::json_pointer(place))) << place;
  }
  EXPECT_EQ(json["floor_ns"]["same_l3"], 52.5);
  EXPECT_GT(json["checks"].size(), 10U);
  EXPECT_TRUE(json["checks"][0].contains("verdict"));
}

FakeTree someMachine() {
  return FakeTree{{"/etc/machine-id", "0123456789abcdef0123456789abcdef\n"},
                  {"/proc/cpuinfo", "model name : Fast\nmicrocode : 0x1\nflags : tsc\n"},
                  {"/proc/cmdline", "ro quiet\n"},
                  {"/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"}};
}

const Topology kTwoCores = Topology::synthetic("l3:1 core:2 pu:1");

std::string machineOf(const FakeTree& tree, const Topology& topology = kTwoCores) {
  return fingerprint(tree.files(), topology)["machine"].get<std::string>();
}

TEST(FingerprintTest, IsTheSameForTheSameMachine) {
  const FakeTree one = someMachine();
  const FakeTree other = someMachine();
  EXPECT_THAT(machineOf(one), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(machineOf(one), machineOf(other));
}

TEST(FingerprintTest, IsAnotherForEachFactThatDiffers) {
  const FakeTree usual = someMachine();
  const std::string known = machineOf(usual);
  for (const auto& [path, text] :
       {std::pair("/etc/machine-id", "fedcba9876543210\n"),
        std::pair("/proc/cpuinfo", "model name : Fast\nmicrocode : 0x2\nflags : tsc\n"),
        std::pair("/proc/cpuinfo", "model name : Fast\nmicrocode : 0x1\nflags : hypervisor\n"),
        std::pair("/proc/cmdline", "ro nohz_full=1\n"),
        std::pair("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"),
        std::pair("/sys/devices/system/cpu/cpufreq/boost", "1\n"), std::pair("/.dockerenv", "")}) {
    const FakeTree changed = someMachine();
    changed.write(path, text);
    EXPECT_NE(machineOf(changed), known) << path;
  }
  EXPECT_NE(machineOf(usual, Topology::synthetic("l3:1 core:4 pu:1")), known);
}

TEST(FingerprintTest, ListsItsFactsAndKeepsTheMachinesNameToItself) {
  const auto whole = fingerprint(someMachine().files(), kTwoCores);
  EXPECT_EQ(whole["facts"]["cpu"], "Fast");
  EXPECT_EQ(whole["facts"]["governor"], "none");
  EXPECT_EQ(whole.dump().find("0123456789abcdef0123456789abcdef"), std::string::npos);
  EXPECT_THAT(whole["program_facts"]["binary_hash"].get<std::string>(),
              MatchesRegex("[0-9a-f]{16}"));
}

// Values of the page that defines it.
TEST(FingerprintTest, HashesAsFnvDoes) {
  EXPECT_EQ(fnv1a(""), "cbf29ce484222325");
  EXPECT_EQ(fnv1a("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(fnv1a("foobar"), "85944171f73967e8");
}

}  // namespace
}  // namespace ringside::harness
