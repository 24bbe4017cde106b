// Memory on reserved huge pages, checked against smaps and the pool. Needs 64 free pages of 2 MiB,
// as ci/vm-test has them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "forked.hpp"
#include "huge_page_pool.hpp"
#include "memory_bytes.hpp"
#include "memory_kinds.hpp"
#include "stepped_child.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

/// A mapped file in a hugetlbfs.
struct HugeFileKind {
  static constexpr const char* kName = "FileMem";
  using Memory = FileMem;

  FileMem make(std::size_t size, const MemoryOptions& options = kRequireHuge,
               const Contents& contents = {}) const {
    return FileMem(size, path(), options, contents);
  }
  std::string path() const { return hugePageFolder() + "/" + name.str(); }
  ~HugeFileKind() { ::unlink(path().c_str()); }

  ShmName name;
};

template <class Kind>
class HugePageTest : public HugePagePoolTest {
 protected:
  auto make(std::size_t size, const MemoryOptions& options = kRequireHuge,
            const Contents& contents = {}) const {
    return kind_.make(size, options, contents);
  }

  Kind kind_;
};
using HugeKinds = ::testing::Types<LocalKind, AnonKind, MemfdKind, UnnamedShmKind, NamedShmKind,
                                   HugeFileKind, SysvKind, KeyedSysvKind>;
TYPED_TEST_SUITE(HugePageTest, HugeKinds, MemoryKindNames);

// --- what was obtained --------------------------------------------------------------------------

TYPED_TEST(HugePageTest, RequireGivesWhatTheKernelSaysItGave) {
  const auto memory = this->make(1);
  EXPECT_EQ(memory.pageSize(), kHugePageBytes);
  EXPECT_EQ(kernelPageBytesAt(memory.get()), kHugePageBytes);
  EXPECT_EQ(memory.size(), kHugePageBytes);
}

TYPED_TEST(HugePageTest, RoundsItsSizeUpToHugePages) {
  auto memory = this->make(2 * kHugePageBytes + 1);
  EXPECT_EQ(memory.size(), 3 * kHugePageBytes);
  EXPECT_TRUE(isAll(memory, 0));
  std::memset(memory.get(), 7, memory.size());
  EXPECT_TRUE(isAll(memory, 7));
  EXPECT_LE(hugePagePool().free, this->before_.free - 3);
}

TYPED_TEST(HugePageTest, TheDefaultSizeIsTheKernels) {
  if (numberIn("/proc/meminfo", "Hugepagesize:") != kHugePageBytes / 1024) {
    GTEST_SKIP() << "the default of this kernel is not 2 MiB";
  }
  EXPECT_EQ(this->make(1, {.huge_pages = HugePages::Require}).pageSize(), kHugePageBytes);
}

TYPED_TEST(HugePageTest, IsMovedAsItIs) {
  auto first = this->make(kHugePageBytes);
  byteAt(first, 0) = 7;
  const HugePagePool before = hugePagePool();
  auto second = std::move(first);
  EXPECT_EQ(byteAt(second, 0), 7);
  EXPECT_EQ(second.pageSize(), kHugePageBytes);
  EXPECT_EQ(hugePagePool(), before);
  const TypeParam other;
  second = other.make(kHugePageBytes);
  EXPECT_EQ(byteAt(second, 0), 0);
}

TYPED_TEST(HugePageTest, EveryPageCanBePrefaulted) {
  auto memory = this->make(3 * kHugePageBytes);
  ASSERT_EQ(memory.prefault(), 0);
  const auto nodes = memory.nodePages();
  const auto add = [](std::uint64_t sum, const auto& node) { return sum + node.second; };
  const std::uint64_t pages = std::accumulate(nodes.begin(), nodes.end(), std::uint64_t{0}, add);
  EXPECT_TRUE(nodes.empty() || pages == memory.size() / 4096) << pages;
}

TYPED_TEST(HugePageTest, TakesEachAdvice) {
  auto memory = this->make(kHugePageBytes);
  for (const Advice advice : {Advice::Normal, Advice::Sequential, Advice::Random}) {
    EXPECT_EQ(memory.advise(advice), 0) << static_cast<int>(advice);
  }
}

TYPED_TEST(HugePageTest, CanBeLocked) {
  auto memory = this->make(kHugePageBytes, {.huge_pages = HugePages::Require, .lock = true});
  EXPECT_EQ(memory.mlock(), 0);
  ASSERT_EQ(memory.prefault(), 0);  // AddressSanitizer makes mlock do nothing
  EXPECT_EQ(memory.lockedBytes(), memory.size());
}

// --- sizes --------------------------------------------------------------------------------------

TYPED_TEST(HugePageTest, ASmallerSizeKeepsTheContents) {
  auto memory = this->make(3 * kHugePageBytes);
  std::memset(memory.get(), 7, memory.size());
  ASSERT_EQ(memory.resize(1), 0);
  EXPECT_EQ(memory.size(), kHugePageBytes);
  EXPECT_TRUE(isAll(memory, 7));
}

TYPED_TEST(HugePageTest, WhatHasAFileGrowsAndTheRestStaysAsItIs) {
  auto memory = this->make(kHugePageBytes);
  std::memset(memory.get(), 7, memory.size());
  const bool grows = memory.descriptor() >= 0;
  EXPECT_EQ(memory.resize(2 * kHugePageBytes + 1), grows ? 0 : -1);
  EXPECT_EQ(memory.size(), grows ? 3 * kHugePageBytes : kHugePageBytes);
  EXPECT_EQ(memory.pageSize(), kHugePageBytes);
  EXPECT_TRUE(isAll(memory, 0, kHugePageBytes, 7));
  EXPECT_TRUE(!grows || isAll(memory, kHugePageBytes, memory.size(), 0));
}

TYPED_TEST(HugePageTest, GrowingBeyondThePoolChangesNothing) {
  auto memory = this->make(kHugePageBytes);
  std::memset(memory.get(), 7, memory.size());
  const HugePagePool before = hugePagePool();
  EXPECT_EQ(memory.resize((before.free + 2) * kHugePageBytes), -1);
  EXPECT_TRUE(lastError == Errc::OutOfMemory || lastError == Errc::OperationFailed) << lastError;
  EXPECT_EQ(hugePagePool(), before);
  EXPECT_EQ(memory.size(), kHugePageBytes);
  EXPECT_TRUE(isAll(memory, 0, kHugePageBytes, 7));
  const TypeParam other;
  EXPECT_EQ(other.make(before.free * kHugePageBytes, kRequireHuge).pageSize(), kHugePageBytes);
}

// --- failures -----------------------------------------------------------------------------------

TYPED_TEST(HugePageTest, AFailedConstructorGivesThePagesBack) {
  const auto refuse = [](void* address, std::size_t size) {
    std::memset(address, 1, size);
    throw std::runtime_error("no");
  };
  const auto accept = [](std::span<const std::byte>, std::size_t) {};
  EXPECT_THROW(this->make(3 * kHugePageBytes, kRequireHuge, {refuse, accept}), std::runtime_error);
  EXPECT_EQ(hugePagePool(), this->before_);
  EXPECT_THROW(
      this->make(3 * kHugePageBytes,
                 {.huge_pages = HugePages::Require, .prefault = true, .numa_nodes = {1023}}),
      std::system_error);
  EXPECT_EQ(hugePagePool(), this->before_);
}

TYPED_TEST(HugePageTest, MoreThanThePoolHasIsAnErrorThatSaysWhatToDo) {
  const std::size_t too_much = (this->before_.free + 1) * kHugePageBytes;
  std::string message;
  EXPECT_EQ(thrownBy([&] { this->make(too_much); }, message), Errc::OutOfMemory);
  EXPECT_NE(message.find("nr_hugepages"), std::string::npos) << message;
  EXPECT_EQ(hugePagePool(), this->before_);
}

// --- over fork ----------------------------------------------------------------------------------

TYPED_TEST(HugePageTest, AForkedChildHasIt) {
  auto memory = this->make(2 * kHugePageBytes);
  byteAt(memory, 0) = 7;
  EXPECT_EQ(resultOf(inChild([&] {
              if (byteAt(memory, 0) != 7) return 1;
              byteAt(memory, kHugePageBytes) = 8;
              return 0;
            })),
            0);
  const bool is_shared = !std::is_same_v<TypeParam, LocalKind>;
  EXPECT_EQ(byteAt(memory, kHugePageBytes), is_shared ? 8 : 0);
}

TYPED_TEST(HugePageTest, AKilledProcessGivesItsPagesBack) {
  const Shared<std::atomic<int>> made{0};
  const ::pid_t child = inChild([&] {
    auto memory = this->make(2 * kHugePageBytes);
    byteAt(memory, 0) = 7;
    *made = 1;
    ::pause();
    return 0;
  });
  waitFor([&] { return *made == 1; });
  EXPECT_LT(hugePagePool().free, this->before_.free);
  killAndWait(child);
}

// --- try and never ------------------------------------------------------------------------------

/// The kinds that choose their pages themselves: a file's are decided by its path.
template <class Kind>
class ChosenHugePageTest : public HugePageTest<Kind> {
 protected:
  /// All but one page of the pool.
  LocalMem takeTheRest() const {
    return LocalMem((this->before_.free - 1) * kHugePageBytes, kRequireHuge);
  }
};
using ChoosingKinds = ::testing::Types<LocalKind, AnonKind, MemfdKind, UnnamedShmKind, NamedShmKind,
                                       SysvKind, KeyedSysvKind>;
TYPED_TEST_SUITE(ChosenHugePageTest, ChoosingKinds, MemoryKindNames);

TYPED_TEST(ChosenHugePageTest, TryTakesThemWhereTheMemoryFillsOne) {
  EXPECT_EQ(this->make(kHugePageBytes, kTryHuge).pageSize(), kHugePageBytes);
  const TypeParam small;
  const auto memory = small.make(kHugePageBytes - 1, kTryHuge);
  EXPECT_EQ(memory.size(), kHugePageBytes) << "rounded up to base pages";
  EXPECT_EQ(kernelPageBytesAt(memory.get()), 4096U);
}

TYPED_TEST(ChosenHugePageTest, TryTakesWhatComesWhenTooFewAreFree) {
  const LocalMem rest = this->takeTheRest();
  const HugePagePool before = hugePagePool();
  auto memory = this->make(2 * kHugePageBytes, kTryHuge);
  EXPECT_EQ(kernelPageBytesAt(memory.get()), 4096U);
  EXPECT_GE(memory.pageSize(), 4096U);
  std::memset(memory.get(), 7, memory.size());
  EXPECT_EQ(hugePagePool(), before);
}

TYPED_TEST(ChosenHugePageTest, RequireFailsWhenTooFewAreFree) {
  const LocalMem rest = this->takeTheRest();
  const HugePagePool before = hugePagePool();
  EXPECT_EQ(thrownBy([&] { this->make(2 * kHugePageBytes); }), Errc::OutOfMemory);
  EXPECT_EQ(hugePagePool(), before);
  EXPECT_EQ(this->make(kHugePageBytes).pageSize(), kHugePageBytes) << "one is left";
}

TYPED_TEST(ChosenHugePageTest, PagesOfASizeThatNobodyReservedAreAnError) {
  const std::size_t reserved =
      numberIn("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages");
  if (reserved > 0) GTEST_SKIP() << "this machine has pages of 1 GiB";
  const MemoryOptions options{.huge_pages = HugePages::Require,
                              .huge_page_size = HugePageSize::OneGiB};
  EXPECT_EQ(thrownBy([&] { this->make(4096, options); }), Errc::OutOfMemory);
}

TYPED_TEST(ChosenHugePageTest, NeverTakesNeitherReservedNorTransparentOnes) {
  auto memory = this->make(4 * kHugePageBytes, kBasePages);
  std::memset(memory.get(), 7, memory.size());
  EXPECT_EQ(memory.pageSize(), 4096U);
  EXPECT_EQ(smapsBytesAt(memory.get(memory.size() / 2), "AnonHugePages:"), 0U);
  EXPECT_EQ(smapsBytesAt(memory.get(memory.size() / 2), "ShmemPmdMapped:"), 0U);
  EXPECT_EQ(hugePagePool(), this->before_);
}

// --- on nodes -----------------------------------------------------------------------------------

std::size_t freeOnNode(int node) {
  return numberIn("/sys/devices/system/node/node" + std::to_string(node) +
                  "/hugepages/hugepages-2048kB/free_hugepages");
}

template <class Kind>
class HugePageNumaTest : public HugePageTest<Kind> {
 protected:
  void SetUp() override {
    HugePageTest<Kind>::SetUp();
    if (freeOnNode(0) > 0 && freeOnNode(1) > 0 && canBind()) return;
    ASSERT_FALSE(inTestMachine()) << "two NUMA nodes of it should have huge pages";
    GTEST_SKIP() << "this machine has no two NUMA nodes with huge pages; ci/vm-test has";
  }
  static MemoryOptions onNodes(HugePages huge_pages, const std::vector<int>& nodes,
                               NumaPolicy policy = NumaPolicy::Bind) {
    return {.huge_pages = huge_pages, .numa_nodes = nodes, .numa_policy = policy};
  }
  static bool isAllOn(int node, Mapping& memory) {
    for (std::size_t i = 0; i < memory.size(); i += kHugePageBytes) byteAt(memory, i) = 1;
    const std::vector<int> nodes = nodesOf(memory.get(), memory.size());
    return std::count(nodes.begin(), nodes.end(), node) == static_cast<long>(nodes.size());
  }
};
TYPED_TEST_SUITE(HugePageNumaTest, HugeKinds, MemoryKindNames);

TYPED_TEST(HugePageNumaTest, AreTakenOfTheNodeThatTheOptionsSay) {
  for (const int node : {1, 0}) {
    const TypeParam kind;
    auto memory = kind.make(4 * kHugePageBytes, this->onNodes(HugePages::Require, {node}));
    EXPECT_EQ(memory.pageSize(), kHugePageBytes);
    EXPECT_TRUE(this->isAllOn(node, memory));
  }
}

TYPED_TEST(HugePageNumaTest, AreMovedToAnotherNode) {
  auto memory = this->make(4 * kHugePageBytes, this->onNodes(HugePages::Require, {0}));
  byteAt(memory, 5) = 7;
  ASSERT_EQ(memory.mbind(1), 0);
  EXPECT_TRUE(this->isAllOn(1, memory));
  EXPECT_EQ(byteAt(memory, 5), 7);
}

TYPED_TEST(HugePageNumaTest, AreInterleavedPageByPage) {
  auto memory = this->make(6 * kHugePageBytes,
                           this->onNodes(HugePages::Require, {0, 1}, NumaPolicy::Interleave));
  ASSERT_EQ(memory.prefault(), 0);
  const std::vector<int> nodes = nodesOf(memory.get(), memory.size());
  for (std::size_t i = 512; i < nodes.size(); i += 512) EXPECT_NE(nodes[i], nodes[i - 512]);
}

TYPED_TEST(HugePageNumaTest, GrowOnTheSameNode) {
  auto memory = this->make(2 * kHugePageBytes, this->onNodes(HugePages::Require, {1}));
  EXPECT_TRUE(memory.resize(6 * kHugePageBytes) == 0 || lastError == Errc::OperationFailed);
  EXPECT_TRUE(this->isAllOn(1, memory));
}

TYPED_TEST(HugePageNumaTest, MoreThanTheNodeHasIsAnErrorAndNoSigbus) {
  const std::size_t too_much = (freeOnNode(1) + 1) * kHugePageBytes;
  EXPECT_EQ(thrownBy([&] { this->make(too_much, this->onNodes(HugePages::Require, {1})); }),
            Errc::OutOfMemory);
  EXPECT_EQ(hugePagePool(), this->before_);
}

TYPED_TEST(HugePageNumaTest, BindingMoreThanTheNodeHasIsDoneOrAnErrorAndNoSigbus) {
  auto memory = this->make((freeOnNode(1) + 1) * kHugePageBytes);
  const bool is_bound = memory.mbind(1) == 0;  // the kernel may move one to a page of its own
  EXPECT_TRUE(is_bound || lastError == Errc::OutOfMemory) << lastError;
  EXPECT_EQ(this->isAllOn(1, memory), is_bound);
}

TYPED_TEST(HugePageNumaTest, GrowingBeyondTheNodeChangesNothing) {
  auto memory = this->make(2 * kHugePageBytes, this->onNodes(HugePages::Require, {1}));
  std::memset(memory.get(), 7, memory.size());
  const HugePagePool before = hugePagePool();
  EXPECT_EQ(memory.resize((freeOnNode(1) + 3) * kHugePageBytes), -1);
  EXPECT_TRUE(lastError == Errc::OutOfMemory || lastError == Errc::OperationFailed) << lastError;
  EXPECT_EQ(memory.size(), 2 * kHugePageBytes);
  EXPECT_TRUE(isAll(memory, 7));
  EXPECT_EQ(hugePagePool().free, before.free);
  if constexpr (requires { this->kind_.path(); }) {
    EXPECT_EQ(this->make(2 * kHugePageBytes).size(), 2 * kHugePageBytes)
        << "others find it as it was";
  }
}

template <class Kind>
class ChosenHugePageNumaTest : public HugePageNumaTest<Kind> {};
TYPED_TEST_SUITE(ChosenHugePageNumaTest, ChoosingKinds, MemoryKindNames);

TYPED_TEST(ChosenHugePageNumaTest, TryTakesWhatComesWhenTheNodeHasTooFew) {
  const std::size_t too_much = (freeOnNode(1) + 1) * kHugePageBytes;
  auto memory = this->make(too_much, this->onNodes(HugePages::Try, {1}));
  EXPECT_EQ(kernelPageBytesAt(memory.get()), 4096U);
  EXPECT_EQ(hugePagePool(), this->before_);
}

}  // namespace
}  // namespace ringside
