// Memory on NUMA nodes, checked against move_pages(2). Needs two nodes, as ci/vm-test has them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "forked.hpp"
#include "kernel_facts.hpp"
#include "memory_kinds.hpp"
#include "stepped_child.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

constexpr std::size_t kPages = 64;

MemoryOptions onNodes(const std::vector<int>& nodes, NumaPolicy policy = NumaPolicy::Bind) {
  return {.huge_pages = HugePages::Never, .numa_nodes = nodes, .numa_policy = policy};
}

bool hasTwoNodes() {
  std::string nodes;
  std::ifstream("/sys/devices/system/node/has_memory") >> nodes;
  return (nodes.starts_with("0-") || nodes.starts_with("0,1")) && canBind();
}

/// What all these tests need.
class TwoNodesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (hasTwoNodes()) return;
    ASSERT_FALSE(inTestMachine()) << "it should have two NUMA nodes";
    GTEST_SKIP() << "this machine has no two NUMA nodes to bind to; ci/vm-test has";
  }
};

void touch(Mapping& memory) { std::memset(memory.get(), 1, memory.size()); }

void touchInChild(Mapping& memory) {
  ASSERT_EQ(resultOf(inChild([&] {
              touch(memory);
              return 0;
            })),
            0);
}

/// The node of each page of memory, touched by this process first: only then does the kernel tell.
std::vector<int> touchedNodes(Mapping& memory) {
  auto* const bytes = static_cast<volatile char*>(memory.get());
  for (std::size_t i = 0; i < memory.size(); i += basePageBytes()) bytes[i] = bytes[i];
  return nodesOf(memory.get(), memory.size());
}

bool isAllOn(int node, Mapping& memory) {
  const std::vector<int> nodes = touchedNodes(memory);
  return std::count(nodes.begin(), nodes.end(), node) == static_cast<long>(nodes.size());
}

/// Each page on another node than the one before it.
bool alternates(Mapping& memory) {
  const std::vector<int> nodes = touchedNodes(memory);
  return std::adjacent_find(nodes.begin(), nodes.end()) == nodes.end();
}

template <class Kind>
class NumaTest : public TwoNodesTest {
 protected:
  auto make(const MemoryOptions& options = kBasePages) const {
    return kind_.make(kPages * basePageBytes(), options);
  }

  Kind kind_;
};
using PlacedKinds = ::testing::Types<LocalKind, AnonKind, MemfdKind, UnnamedShmKind, NamedShmKind,
                                     SysvKind, KeyedSysvKind>;
TYPED_TEST_SUITE(NumaTest, PlacedKinds, MemoryKindNames);

TYPED_TEST(NumaTest, BindDecidesWherePagesThatAreTouchedLaterLie) {
  for (const int node : {1, 0}) {
    const TypeParam other;
    auto bound = other.make(kPages * basePageBytes());
    ASSERT_EQ(bound.mbind(node), 0);
    EXPECT_TRUE(isAllOn(node, bound));
  }
}

TYPED_TEST(NumaTest, BindMovesPagesThatWereTouchedAndKeepsTheirContents) {
  auto memory = this->make();
  touch(memory);
  for (const int node : {1, 0, 1}) {
    ASSERT_EQ(memory.mbind(node), 0);
    EXPECT_TRUE(isAllOn(node, memory));
  }
  const auto* bytes = static_cast<const char*>(memory.get());
  EXPECT_EQ(std::count(bytes, bytes + memory.size(), 1), static_cast<long>(memory.size()));
}

TYPED_TEST(NumaTest, IsMadeOnTheNodeThatItsOptionsSay) {
  for (const int node : {1, 0}) {
    const TypeParam kind;
    auto memory = kind.make(kPages * basePageBytes(), onNodes({node}));
    EXPECT_TRUE(isAllOn(node, memory));
  }
}

TYPED_TEST(NumaTest, IsPrefaultedOnTheNodeThatItsOptionsSay) {
  MemoryOptions options = onNodes({1});
  options.prefault = true;
  const auto memory = this->make(options);
  const std::vector<int> nodes = nodesOf(memory.get(), memory.size());
  EXPECT_EQ(nodes, std::vector<int>(kPages, 1));
}

TYPED_TEST(NumaTest, WhatAForkedChildTouchesLiesOnTheNodeToo) {
  auto memory = this->make(onNodes({1}));
  touchInChild(memory);
  EXPECT_TRUE(isAllOn(1, memory));
}

TYPED_TEST(NumaTest, BindMovesPagesThatAForkedChildTouched) {
  auto memory = this->make(onNodes({0}));
  touchInChild(memory);
  ASSERT_EQ(memory.mbind(1), 0);
  EXPECT_TRUE(isAllOn(1, memory));
  touchInChild(memory);
  ASSERT_EQ(memory.mbind(0), 0);
  EXPECT_TRUE(isAllOn(0, memory));
}

TYPED_TEST(NumaTest, BindMovesPagesThatALivingChildHasMapped) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may move pages that others have mapped";
  auto memory = this->make(onNodes({0}));
  touch(memory);
  const Shared<std::atomic<int>> touched{0};
  const ::pid_t child = inChild([&] {
    touch(memory);
    *touched = 1;
    ::pause();
    return 0;
  });
  waitFor([&] { return *touched == 1; });
  EXPECT_EQ(memory.mbind(1), 0);
  EXPECT_TRUE(isAllOn(1, memory));
  killAndWait(child);
}

TYPED_TEST(NumaTest, InterleavedPagesAlternateWhenTheyAreTouchedLater) {
  auto memory = this->make(onNodes({0, 1}, NumaPolicy::Interleave));
  EXPECT_TRUE(alternates(memory));
}

TYPED_TEST(NumaTest, InterleavedPagesAlternateThoughTheyWereTouched) {
  auto memory = this->make(onNodes({1}));
  touch(memory);
  ASSERT_EQ(memory.mbind({0, 1}, NumaPolicy::Interleave), 0);
  EXPECT_TRUE(alternates(memory));
}

TYPED_TEST(NumaTest, InterleavedPagesAlternateThoughAForkedChildTouchedThem) {
  auto memory = this->make(onNodes({0}));
  touchInChild(memory);
  ASSERT_EQ(memory.mbind({0, 1}, NumaPolicy::Interleave), 0);
  EXPECT_TRUE(alternates(memory));
}

TYPED_TEST(NumaTest, APreferredNodeWithRoomGetsThePages) {
  auto memory = this->make(onNodes({1}, NumaPolicy::Preferred));
  EXPECT_TRUE(isAllOn(1, memory));
  EXPECT_EQ(memory.mbind({0, 1}, NumaPolicy::Preferred), 0);
}

TYPED_TEST(NumaTest, ANodeThatIsNotThereIsRefusedAndMovesNothing) {
  auto memory = this->make(onNodes({1}));
  touch(memory);
  const std::vector<std::vector<int>> lists = {{0, 7}, {7}, {-1}, {1023}, {1024}, {0, -1}, {}};
  for (const std::vector<int>& nodes : lists) {
    for (const auto policy : {NumaPolicy::Bind, NumaPolicy::Preferred, NumaPolicy::Interleave}) {
      lastError = {};
      EXPECT_EQ(memory.mbind(nodes, policy), -1);
      EXPECT_EQ(lastError, Errc::InvalidParam);
    }
  }
  EXPECT_TRUE(isAllOn(1, memory));
}

TYPED_TEST(NumaTest, AConstructorRefusesANodeThatIsNotThere) {
  for (const std::vector<int>& nodes : std::vector<std::vector<int>>{{0, 7}, {-1}, {1023}}) {
    EXPECT_EQ(thrownBy([&] { this->make(onNodes(nodes)); }), Errc::InvalidParam);
  }
  EXPECT_TRUE(this->make().created()) << "what failed has left nothing";
}

TYPED_TEST(NumaTest, NodePagesAgreesWithTheKernel) {
  auto memory = this->make(onNodes({0, 1}, NumaPolicy::Interleave));
  std::map<int, std::uint64_t> counted;
  for (const int node : touchedNodes(memory)) ++counted[node];
  EXPECT_EQ(counted.size(), 2U);
  EXPECT_EQ(memory.nodePages(), counted);
  ASSERT_EQ(memory.mbind(1), 0);
  EXPECT_EQ(memory.nodePages(), (std::map<int, std::uint64_t>{{1, kPages}}));
}

// --- growing ------------------------------------------------------------------------------------

template <class Kind>
class GrowingNumaTest : public NumaTest<Kind> {};
using GrowingPlacedKinds = ::testing::Types<LocalKind, MemfdKind, UnnamedShmKind, NamedShmKind>;
TYPED_TEST_SUITE(GrowingNumaTest, GrowingPlacedKinds, MemoryKindNames);

TYPED_TEST(GrowingNumaTest, GrowsOnTheSameNode) {
  for (const int node : {1, 0}) {
    const TypeParam kind;
    auto memory = kind.make(kPages * basePageBytes(), onNodes({node}));
    touch(memory);
    ASSERT_EQ(memory.resize(3 * kPages * basePageBytes()), 0);
    EXPECT_EQ(touchedNodes(memory), std::vector<int>(3 * kPages, node));
  }
}

TYPED_TEST(GrowingNumaTest, GrowsInterleaved) {
  auto memory = this->make(onNodes({0, 1}, NumaPolicy::Interleave));
  touch(memory);
  ASSERT_EQ(memory.resize(3 * kPages * basePageBytes()), 0);
  const auto on_first = memory.prefault() == 0 ? memory.nodePages()[0] : 0;
  EXPECT_GE(on_first, 3 * kPages / 2 - 1);
  EXPECT_LE(on_first, 3 * kPages / 2 + 1);
}

// --- what others made ---------------------------------------------------------------------------

using NamedNumaTest = TwoNodesTest;

TEST_F(NamedNumaTest, WhoOpensItMovesItToItsNodes) {
  const ShmName name;
  const std::size_t size = kPages * basePageBytes();
  ASSERT_EQ(resultOf(inChild([&] {
              ShmMem memory(size, name.str(), onNodes({0}));
              touch(memory);
              return 0;
            })),
            0);
  ShmMem memory(size, name.str(), onNodes({1}));
  EXPECT_TRUE(isAllOn(1, memory));
}

using FreeNumaTest = TwoNodesTest;

TEST_F(FreeNumaTest, BindsARangeOfAnyMemory) {
  const std::size_t page = basePageBytes();
  LocalMem memory(4 * page, onNodes({0}));
  touch(memory);
  ASSERT_EQ(ringside::mbind(memory.get(page), 2 * page, 1), 0);
  EXPECT_EQ(touchedNodes(memory), (std::vector<int>{0, 1, 1, 0}));
  ASSERT_EQ(ringside::mbind(memory.get(), 4 * page, {0, 1}, NumaPolicy::Interleave), 0);
  EXPECT_TRUE(alternates(memory));
}

}  // namespace
}  // namespace ringside
