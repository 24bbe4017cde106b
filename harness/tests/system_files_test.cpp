#include "harness/system_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_tree.hpp"

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SystemFilesTest, ReadsBelowItsRootOnly) {
  const FakeTree tree{{"/proc/loadavg", "0.5 0.4 0.3 1/100 7\n"}};
  EXPECT_EQ(tree.files().line("/proc/loadavg"), "0.5 0.4 0.3 1/100 7");
  EXPECT_FALSE(tree.files().exists("/proc/version"));
  EXPECT_FALSE(tree.files().isThisMachine());
  EXPECT_TRUE(SystemFiles().isThisMachine());
}

TEST(SystemFilesTest, WhatIsMissingIsAbsentAndWhatIsEmptyIsEmpty) {
  const FakeTree tree{{"/sys/empty", ""}, {"/sys/folder/file", "x"}};
  EXPECT_EQ(tree.files().line("/sys/missing"), std::nullopt);
  EXPECT_EQ(tree.files().line("/sys/folder"), std::nullopt);
  EXPECT_EQ(tree.files().line("/sys/empty"), "");
  EXPECT_EQ(tree.files().number("/sys/empty"), std::nullopt);
}

TEST(SystemFilesTest, ReadsFilesOfProcWhichHaveNoSize) {
  EXPECT_TRUE(SystemFiles().valueOf("/proc/self/status", "Cpus_allowed_list").has_value());
}

TEST(SystemFilesTest, TakesTheChosenOneAndTheWholeLineWhereNothingIsChosen) {
  const FakeTree tree{{"/a", "always [madvise] never\n"}, {"/b", "performance\n"}, {"/c", "]x["}};
  EXPECT_EQ(tree.files().chosen("/a"), "madvise");
  EXPECT_EQ(tree.files().chosen("/b"), "performance");
  EXPECT_EQ(tree.files().chosen("/c"), "]x[");
}

TEST(SystemFilesTest, FindsTheValueOfAKeyAndNotOfALongerOne) {
  const FakeTree tree{{"/proc/cpuinfo", "model\t\t: 167\nmodel name\t: Fast: one\nflags : a b\n"}};
  EXPECT_EQ(tree.files().valueOf("/proc/cpuinfo", "model"), "167");
  EXPECT_EQ(tree.files().valueOf("/proc/cpuinfo", "model name"), "Fast: one");
  EXPECT_EQ(tree.files().valueOf("/proc/cpuinfo", "mod"), std::nullopt);
}

TEST(SystemFilesTest, ReadsWholeNumbersOnly) {
  const FakeTree tree{{"/a", "64\n"}, {"/b", "64 kB\n"}, {"/c", "-1\n"}};
  EXPECT_EQ(tree.files().number("/a"), 64U);
  EXPECT_EQ(tree.files().number("/b"), std::nullopt);
  EXPECT_EQ(tree.files().number("/c"), std::nullopt);
}

TEST(SystemFilesTest, SortsNamesByTheirNumbers) {
  const FakeTree tree{{"/n/node10/x", ""}, {"/n/node9/x", ""}, {"/n/node0/x", ""}, {"/n/has", ""}};
  EXPECT_THAT(tree.files().names("/n", "node"), ElementsAre("node0", "node9", "node10"));
  EXPECT_THAT(tree.files().names("/missing"), IsEmpty());
}

TEST(CpuListTest, IsParsedAsTheKernelWritesIt) {
  EXPECT_THAT(*parseCpuList("0-2,8\n"), ElementsAre(0, 1, 2, 8));
  EXPECT_THAT(*parseCpuList("\n"), IsEmpty());
  for (const char* bad : {"a", "3-1", "0-", "1,,2", "0-99999999"}) {
    EXPECT_EQ(parseCpuList(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace ringside::harness
