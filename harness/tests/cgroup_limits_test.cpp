#include "harness/cgroup_limits.hpp"

#include <gtest/gtest.h>

#include "fake_tree.hpp"

namespace ringside::harness {
namespace {

TEST(CgroupLimitsTest, AreTheTightestOfAllGroupsAroundInVersion2) {
  const FakeTree tree{{"/proc/self/cgroup", "0::/a/b\n"},
                      {"/sys/fs/cgroup/a/b/cpu.max", "max 100000\n"},
                      {"/sys/fs/cgroup/a/cpu.max", "150000 100000\n"},
                      {"/sys/fs/cgroup/a/b/memory.max", "1073741824\n"},
                      {"/sys/fs/cgroup/a/memory.max", "2147483648\n"}};
  const CgroupLimits limits = cgroupLimits(tree.files());
  EXPECT_TRUE(limits.readable);
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory_bytes, 1U << 30);
}

TEST(CgroupLimitsTest, AreFoundWhereAContainerShowsOnlyItsOwnGroup) {
  const FakeTree tree{{"/proc/self/cgroup", "0::/docker/0123\n"},
                      {"/sys/fs/cgroup/cpu.max", "50000 100000\n"}};
  EXPECT_EQ(cgroupLimits(tree.files()).cpus, 0.5);
}

TEST(CgroupLimitsTest, AreReadInVersion1) {
  const FakeTree tree{{"/proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/c\n1:name=systemd:/\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us", "200000\n"},
                      {"/sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_period_us", "100000\n"},
                      {"/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "67108864\n"},
                      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}};
  const CgroupLimits limits = cgroupLimits(tree.files());
  EXPECT_EQ(limits.cpus, 2.0);
  EXPECT_EQ(limits.memory_bytes, 64U << 20);
}

TEST(CgroupLimitsTest, NoLimitIsReadableAndAbsent) {
  const FakeTree tree{{"/proc/self/cgroup", "3:cpu:/\n0::/\n"},
                      {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
                      {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
                      {"/sys/fs/cgroup/memory.max", "max\n"}};
  const CgroupLimits limits = cgroupLimits(tree.files());
  EXPECT_TRUE(limits.readable);
  EXPECT_FALSE(limits.cpus);
  EXPECT_FALSE(limits.memory_bytes);
}

TEST(CgroupLimitsTest, NothingToBeSeenIsNotReadable) {
  EXPECT_FALSE(cgroupLimits(FakeTree{}.files()).readable);
}

TEST(ContainerKindTest, IsToldByWhatContainersLeave) {
  EXPECT_EQ(containerKind(FakeTree{{"/.dockerenv", ""}}.files()), "docker");
  EXPECT_EQ(containerKind(FakeTree{{"/run/.containerenv", ""}}.files()), "podman");
  EXPECT_EQ(containerKind(FakeTree{{"/proc/1/cgroup", "0::/kubepods/pod1\n"}}.files()),
            "kubernetes");
  EXPECT_EQ(containerKind(FakeTree{{"/proc/1/environ", "container=systemd-nspawn"}}.files()),
            "container");
  EXPECT_EQ(containerKind(FakeTree{{"/proc/1/cgroup", "0::/init.scope\n"}}.files()), "");
}

}  // namespace
}  // namespace ringside::harness
