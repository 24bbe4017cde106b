#include "harness/topology.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::harness {
namespace {

// 2 packages × 2 NUMA nodes × 1 L3 × 2 L2 × 2 cores × 2 threads = 32 CPUs, numbered in that order.
constexpr const char* kBigMachine = "pack:2 numa:2 l3:1 l2:2 core:2 pu:2";

TEST(TopologyTest, NamesTheNearestThingThatTwoCpusShare) {
  const Topology topology = Topology::synthetic(kBigMachine);
  ASSERT_EQ(topology.cpus().size(), 32U);
  EXPECT_EQ(topology.relation(0, 0), Relation::SameCpu);
  EXPECT_EQ(topology.relation(0, 1), Relation::SameCore);
  EXPECT_EQ(topology.relation(0, 2), Relation::SameL2);
  EXPECT_EQ(topology.relation(0, 4), Relation::SameL3);
  EXPECT_EQ(topology.relation(0, 8), Relation::CrossNode);
  EXPECT_EQ(topology.relation(0, 16), Relation::CrossPackage);
}

TEST(TopologyTest, KnowsCpusThatShareOnlyTheirNode) {
  const Topology topology = Topology::synthetic("numa:1 core:4 pu:1");
  EXPECT_EQ(topology.relation(0, 3), Relation::SameNode);
}

TEST(TopologyTest, RepresentsEachRelationThatExistsAndNoOther) {
  const Topology topology = Topology::synthetic("pack:1 l3:1 core:2 pu:1");
  const auto pair = topology.representative(Relation::SameL3);
  ASSERT_TRUE(pair.has_value());
  EXPECT_EQ(topology.relation(pair->first, pair->second), Relation::SameL3);
  EXPECT_FALSE(topology.representative(Relation::SameCore).has_value());
  EXPECT_FALSE(topology.representative(Relation::CrossPackage).has_value());
}

TEST(TopologyTest, ReadsEachRelationByItsName) {
  for (const Relation relation : kPlaceableRelations) {
    EXPECT_EQ(parseRelation(toString(relation)), relation);
  }
  EXPECT_FALSE(parseRelation("beside").has_value());
}

TEST(TopologyTest, RefusesADescriptionThatIsNone) {
  EXPECT_THROW(Topology::synthetic("bananas:2"), std::runtime_error);
}

/// Runs `check` in a child that may use only the first CPU of this process; its exit code.
int withOneCpu(int (*check)(int cpu)) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    const int cpu = Topology::ofThisMachine().cpus().front().cpu;
    ::cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    ::_exit(::sched_setaffinity(0, sizeof only, &only) == 0 ? check(cpu) : 99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(TopologyTest, NeverLeavesTheMaskItWasGiven) {
  EXPECT_EQ(withOneCpu([](int cpu) {
              const Topology topology = Topology::ofThisMachine();
              return topology.cpus().size() == 1 && topology.allows(cpu) ? 0 : 1;
            }),
            0);
}

TEST(TopologyTest, PinsAndReadsThePinBack) {
  EXPECT_EQ(withOneCpu([](int cpu) {
              const Topology topology = Topology::ofThisMachine();
              if (!topology.pinThisThread(cpu).empty()) return 1;
              return ::sched_getcpu() == cpu ? 0 : 2;
            }),
            0);
}

TEST(TopologyTest, SaysWhenAPinIsNotToBeHad) {
  EXPECT_EQ(withOneCpu([](int) {
              const std::string trouble = Topology::ofThisMachine().pinThisThread(4000);
              return trouble.find("asked for CPU 4000") != std::string::npos ? 0 : 1;
            }),
            0);
}

TEST(CpuListTest, JoinsNeighbours) {
  EXPECT_EQ(cpuList({3, 0, 1, 2, 7}), "0-3,7");
  EXPECT_EQ(cpuList({5}), "5");
  EXPECT_EQ(cpuList({}), "");
}

}  // namespace
}  // namespace ringside::harness
