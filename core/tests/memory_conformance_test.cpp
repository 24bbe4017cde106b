// What holds for memory of every kind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "forked.hpp"
#include "kernel_facts.hpp"
#include "memory_bytes.hpp"
#include "memory_kinds.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kMlockDoesNothing = true;
#else
constexpr bool kMlockDoesNothing = false;
#endif

template <class Kind>
class MemoryTest : public ::testing::Test {
 protected:
  auto make(std::size_t size, const MemoryOptions& options = kBasePages,
            const Contents& contents = {}) const {
    return kind_.make(size, options, contents);
  }

  const std::size_t page_ = basePageBytes();
  Kind kind_;
};
TYPED_TEST_SUITE(MemoryTest, MemoryKinds, MemoryKindNames);

// --- what it is ---------------------------------------------------------------------------------

TYPED_TEST(MemoryTest, RoundsItsSizeUpToThePageSizeObtained) {
  const auto one_byte = this->make(1);
  EXPECT_EQ(one_byte.size(), this->page_);
  EXPECT_EQ(one_byte.pageSize(), this->page_);
  const TypeParam other;
  EXPECT_EQ(other.make(this->page_ + 1).size(), 2 * this->page_);
  const TypeParam third;
  EXPECT_EQ(third.make(2 * this->page_).size(), 2 * this->page_);
}

TYPED_TEST(MemoryTest, BeginsZeroed) {
  const auto memory = this->make(3 * this->page_);
  EXPECT_TRUE(isAll(memory, 0));
}

TYPED_TEST(MemoryTest, SaysThatItWasCreated) { EXPECT_TRUE(this->make(1).created()); }

TYPED_TEST(MemoryTest, GetReachesEachByteAndNothingBeyond) {
  auto memory = this->make(2 * this->page_);
  std::memset(memory.get(), 7, memory.size());
  EXPECT_EQ(byteAt(memory, 0), 7);
  EXPECT_EQ(byteAt(memory, memory.size() - 1), 7);
  EXPECT_THROW(memory.get(memory.size()), std::out_of_range);
  EXPECT_THROW(memory.get(SIZE_MAX), std::out_of_range);
}

TYPED_TEST(MemoryTest, GetOfConstMemoryReachesTheSameBytes) {
  auto memory = this->make(1);
  const auto& same = memory;
  EXPECT_EQ(same.get(), memory.get());
  EXPECT_EQ(same.get(memory.size() - 1), memory.get(memory.size() - 1));
  EXPECT_THROW(same.get(memory.size()), std::out_of_range);
}

TYPED_TEST(MemoryTest, ItsContentsAreMadeInZeroedMemoryOfTheWholeSize) {
  std::size_t seen_bytes = 0;
  const auto fill = [&](void* address, std::size_t size) {
    const auto* bytes = static_cast<unsigned char*>(address);
    if (std::all_of(bytes, bytes + size, [](unsigned char byte) { return byte == 0; })) {
      seen_bytes = size;
    }
    std::memset(address, 9, size);
  };
  const auto inspect = [](std::span<const std::byte>, std::size_t) {
    throw std::runtime_error("there is nothing to inspect");
  };
  const auto memory = this->make(this->page_ + 1, kBasePages, {fill, inspect});
  EXPECT_EQ(seen_bytes, memory.size());
  EXPECT_TRUE(isAll(memory, 9));
}

// --- moves --------------------------------------------------------------------------------------

TYPED_TEST(MemoryTest, IsEmptyAfterItWasMovedFrom) {
  auto first = this->make(1);
  void* const address = first.get();
  auto second = std::move(first);
  EXPECT_EQ(second.get(), address);
  EXPECT_THROW(first.get(), std::runtime_error);
  EXPECT_THROW(std::as_const(first).get(), std::runtime_error);
  EXPECT_EQ(first.size(), 0U);
  EXPECT_EQ(first.pageSize(), 0U);
  EXPECT_EQ(first.lockedBytes(), 0U);
  EXPECT_TRUE(first.nodePages().empty());
  EXPECT_FALSE(first.created());
  EXPECT_EQ(first.descriptor(), -1);
}

TYPED_TEST(MemoryTest, EachCallOnMovedFromMemoryFails) {
  auto memory = this->make(1);
  const auto other = std::move(memory);
  const std::function<int()> calls[] = {
      [&] { return memory.mbind(0); },   [&] { return memory.mbind({0}, NumaPolicy::Interleave); },
      [&] { return memory.mlock(); },    [&] { return memory.advise(Advice::Normal); },
      [&] { return memory.prefault(); }, [&] { return memory.resize(4096); },
  };
  for (const auto& call : calls) {
    lastError = {};
    EXPECT_EQ(call(), -1);
    EXPECT_EQ(lastError, Errc::OperationFailed);
  }
}

TYPED_TEST(MemoryTest, AnAssignedOneUnmapsAndClosesWhatItHadAtOnce) {
  auto first = this->make(5 * this->page_);
  const TypeParam other;
  auto second = other.make(3 * this->page_);
  byteAt(second, 0) = 3;
  void* const old_address = first.get();
  void* const address = second.get();
  const int old_descriptor = first.descriptor();
  first = std::move(second);
  EXPECT_FALSE(isMapped(old_address, 5 * this->page_));
  EXPECT_TRUE(old_descriptor < 0 || ::fcntl(old_descriptor, F_GETFD) == -1);
  EXPECT_EQ(first.get(), address);
  EXPECT_EQ(byteAt(first, 0), 3);
  EXPECT_THROW(second.get(), std::runtime_error);
}

TYPED_TEST(MemoryTest, IsUnmappedWithItsLastOwner) {
  const void* address = nullptr;
  const std::size_t descriptors = openDescriptors();
  {
    auto first = this->make(5 * this->page_);
    const auto second = std::move(first);
    address = second.get();
    EXPECT_TRUE(isMapped(address, 5 * this->page_));
  }
  EXPECT_FALSE(isMapped(address, 5 * this->page_));
  EXPECT_EQ(openDescriptors(), descriptors);
}

TYPED_TEST(MemoryTest, SurvivesMovingOntoItself) {
  auto memory = this->make(1);
  byteAt(memory, 0) = 5;
  auto& same = memory;
  memory = std::move(same);
  EXPECT_EQ(byteAt(memory, 0), 5);
}

TYPED_TEST(MemoryTest, MovesIntoMemoryOfAnyKind) {
  auto memory = this->make(1);
  byteAt(memory, 0) = 5;
  Mapping any = std::move(memory);
  EXPECT_EQ(byteAt(any, 0), 5);
  any = LocalMem(1, kBasePages);
  EXPECT_EQ(byteAt(any, 0), 0);
}

// --- what can be asked of it --------------------------------------------------------------------

TYPED_TEST(MemoryTest, TakesEachAdvice) {
  auto memory = this->make(4 * this->page_);
  for (const Advice advice :
       {Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed}) {
    EXPECT_EQ(memory.advise(advice), 0) << static_cast<int>(advice);
  }
  if (transparentHugePageBytes() == 0) GTEST_SKIP() << "this kernel has no transparent huge pages";
  EXPECT_EQ(memory.advise(Advice::HugePage), 0);
}

TYPED_TEST(MemoryTest, PrefaultTouchesEveryPageAndKeepsTheContents) {
  auto memory = this->make(16 * this->page_);
  byteAt(memory, this->page_) = 5;
  if (memory.prefault() == -1) GTEST_SKIP() << "this kernel can't populate";
  EXPECT_EQ(byteAt(memory, this->page_), 5);
  const auto nodes = memory.nodePages();
  if (nodes.empty()) GTEST_SKIP() << "this kernel knows no NUMA nodes";
  const auto add = [](std::uint64_t sum, const auto& node) { return sum + node.second; };
  EXPECT_EQ(std::accumulate(nodes.begin(), nodes.end(), std::uint64_t{0}, add), 16U);
}

TYPED_TEST(MemoryTest, IsPrefaultedWhereThatIsAsked) {
  const TypeParam untouched_kind;
  const auto untouched = untouched_kind.make(16 * this->page_);
  if (nodesOf(untouched.get(), untouched.size()).empty()) {
    GTEST_SKIP() << "this kernel does not say which pages are in memory";
  }
  const auto memory =
      this->make(16 * this->page_, {.huge_pages = HugePages::Never, .prefault = true});
  const std::vector<int> nodes = nodesOf(memory.get(), memory.size());
  EXPECT_TRUE(std::all_of(nodes.begin(), nodes.end(), [](int node) { return node >= 0; }));
}

TYPED_TEST(MemoryTest, ReportsTheBytesThatItLocked) {
  if (kMlockDoesNothing) GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
  auto memory = this->make(4 * this->page_);
  EXPECT_EQ(memory.lockedBytes(), 0U);
  if (memory.mlock() == -1) GTEST_SKIP() << "this process may lock nothing";
  EXPECT_EQ(memory.lockedBytes(), memory.size());
}

TYPED_TEST(MemoryTest, IsLockedWhereThatIsAsked) {
  if (kMlockDoesNothing) GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
  const LocalMem probe = LocalMem(this->page_, kBasePages);
  if (ringside::mlock(const_cast<void*>(probe.get()), probe.size()) == -1) {
    GTEST_SKIP() << "this process may lock nothing";
  }
  const auto memory = this->make(4 * this->page_, {.huge_pages = HugePages::Never, .lock = true});
  EXPECT_EQ(memory.lockedBytes(), memory.size());
}

/// Gives up the right to lock more than nothing, which root has.
bool giveUpLocking() {
  const ::rlimit nothing = {0, 0};
  ::__user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const ::__user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::setrlimit(RLIMIT_MEMLOCK, &nothing) == 0 && ::syscall(SYS_capset, &header, none) == 0;
}

TYPED_TEST(MemoryTest, MemoryThatCantBeLockedAsAskedIsNotMade) {
  if (kMlockDoesNothing) GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
  const int result = resultOf(inChild([&] {
    if (!giveUpLocking()) return 2;
    const std::error_code cause =
        thrownBy([&] { this->make(this->page_, {.huge_pages = HugePages::Never, .lock = true}); });
    return cause == Errc::PermissionDenied || cause == Errc::OutOfMemory ? 0 : 1;
  }));
  EXPECT_EQ(result, 0);
}

TYPED_TEST(MemoryTest, RefusesANodeThatIsNotThere) {
  auto memory = this->make(this->page_);
  if (!canBind()) GTEST_SKIP() << "nothing can be bound to NUMA nodes here";
  for (const std::vector<int>& nodes :
       std::vector<std::vector<int>>{{-1}, {1023}, {1024}, {0, 1023}, {0, -1}, {}}) {
    lastError = {};
    EXPECT_EQ(memory.mbind(nodes, NumaPolicy::Bind), -1);
    EXPECT_EQ(lastError, Errc::InvalidParam);
    const TypeParam other;
    const MemoryOptions options{.huge_pages = HugePages::Never, .numa_nodes = nodes};
    EXPECT_EQ(thrownBy([&] { other.make(this->page_, options); }),
              nodes.empty() ? std::error_condition() : Errc::InvalidParam);
  }
}

// --- sizes --------------------------------------------------------------------------------------

TYPED_TEST(MemoryTest, RefusesSizeZero) {
  EXPECT_EQ(thrownBy([&] { this->make(0); }), Errc::InvalidParam);
}

TYPED_TEST(MemoryTest, RefusesMoreThanThereCanBe) {
  EXPECT_EQ(thrownBy([&] { this->make(SIZE_MAX); }), Errc::InvalidParam);
  EXPECT_EQ(thrownBy([&] { this->make(std::size_t{1} << 62); }), Errc::OutOfMemory);
}

TYPED_TEST(MemoryTest, ASmallerSizeKeepsTheContentsAndUnmapsTheEnd) {
  auto memory = this->make(5 * this->page_);
  std::memset(memory.get(), 7, memory.size());
  const void* const end = memory.get(2 * this->page_);
  ASSERT_EQ(memory.resize(this->page_ + 1), 0);
  EXPECT_EQ(memory.size(), 2 * this->page_);
  EXPECT_TRUE(isAll(memory, 7));
  EXPECT_FALSE(isMapped(end, 1));
  EXPECT_THROW(memory.get(2 * this->page_), std::out_of_range);
}

TYPED_TEST(MemoryTest, TheSameSizeChangesNothing) {
  auto memory = this->make(2 * this->page_);
  void* const address = memory.get();
  EXPECT_EQ(memory.resize(this->page_ + 1), 0);
  EXPECT_EQ(memory.resize(2 * this->page_), 0);
  EXPECT_EQ(memory.get(), address);
}

TYPED_TEST(MemoryTest, ASizeThatCantBeChangesNothing) {
  auto memory = this->make(2 * this->page_);
  void* const address = memory.get();
  std::memset(address, 7, memory.size());
  EXPECT_EQ(memory.resize(0), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(memory.resize(SIZE_MAX), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(memory.resize(std::size_t{1} << 62), -1);
  EXPECT_TRUE(lastError == Errc::OutOfMemory || lastError == Errc::OperationFailed) << lastError;
  EXPECT_EQ(memory.get(), address);
  EXPECT_EQ(memory.size(), 2 * this->page_);
  EXPECT_TRUE(isAll(memory, 7));
}

// --- growing ------------------------------------------------------------------------------------

template <class Kind>
class GrowingMemoryTest : public MemoryTest<Kind> {};
TYPED_TEST_SUITE(GrowingMemoryTest, GrowingKinds, MemoryKindNames);

TYPED_TEST(GrowingMemoryTest, ALargerSizeKeepsTheContentsAndAddsZeroes) {
  auto memory = this->make(2 * this->page_);
  std::memset(memory.get(), 7, memory.size());
  ASSERT_EQ(memory.resize(600 * this->page_ - 1), 0);
  EXPECT_EQ(memory.size(), 600 * this->page_);
  EXPECT_TRUE(isAll(memory, 0, 2 * this->page_, 7));
  EXPECT_TRUE(isAll(memory, 2 * this->page_, memory.size(), 0));
  std::memset(memory.get(), 8, memory.size());
}

TYPED_TEST(GrowingMemoryTest, GrowsAgainAfterItShrank) {
  auto memory = this->make(4 * this->page_);
  byteAt(memory, 0) = 7;
  ASSERT_EQ(memory.resize(1), 0);
  ASSERT_EQ(memory.resize(8 * this->page_), 0);
  EXPECT_EQ(byteAt(memory, 0), 7);
  EXPECT_EQ(byteAt(memory, 8 * this->page_ - 1), 0);
}

TYPED_TEST(GrowingMemoryTest, GrowsLockedAndPrefaultedWhereThatWasAsked) {
  if (kMlockDoesNothing) GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
  auto memory = this->make(this->page_, {.huge_pages = HugePages::Never, .prefault = true});
  if (memory.mlock() == -1) GTEST_SKIP() << "this process may lock nothing";
  ASSERT_EQ(memory.resize(16 * this->page_), 0);
  EXPECT_EQ(memory.lockedBytes(), 16 * this->page_);
}

TYPED_TEST(GrowingMemoryTest, LockedMemoryDoesNotGrowBeyondTheLimit) {
  if (kMlockDoesNothing) GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
  const int result = resultOf(inChild([&] {
    auto memory = this->make(this->page_);
    if (memory.mlock() == -1) return 77;
    if (!giveUpLocking()) return 2;
    if (memory.resize(2 * this->page_) != -1) return 3;
    if (lastError != Errc::OutOfMemory && lastError != Errc::PermissionDenied) return 4;
    struct ::stat file = {};
    if (::fstat(memory.descriptor(), &file) == 0 && file.st_size > 4096) return 5;
    return memory.size() == this->page_ ? 0 : 6;
  }));
  if (result == 77) GTEST_SKIP() << "this process may lock nothing";
  EXPECT_EQ(result, 0);
}

template <class Kind>
class FixedMemoryTest : public MemoryTest<Kind> {};
TYPED_TEST_SUITE(FixedMemoryTest, FixedKinds, MemoryKindNames);

TYPED_TEST(FixedMemoryTest, StaysAsItIsWhenItIsToGrow) {
  auto memory = this->make(2 * this->page_);
  std::memset(memory.get(), 7, memory.size());
  void* const address = memory.get();
  EXPECT_EQ(memory.resize(3 * this->page_), -1);
  EXPECT_EQ(lastError, Errc::OperationFailed);
  EXPECT_EQ(memory.get(), address);
  EXPECT_EQ(memory.size(), 2 * this->page_);
  EXPECT_TRUE(isAll(memory, 7));
}

// --- failures -----------------------------------------------------------------------------------

/// What a constructor that failed could have left behind.
struct Traces {
  std::size_t descriptors = openDescriptors();
  std::size_t segments = sysvSegmentsOf(::getpid());
  std::size_t named = filesIn("/dev/shm", "ringside-test-" + std::to_string(::getpid()));

  bool operator==(const Traces&) const = default;
};

template <class Kind>
class FailedMemoryTest : public MemoryTest<Kind> {
 protected:
  static constexpr std::size_t kBytes = 8 << 20;
  static constexpr int kTimes = 8;

  /// Several failures, so that what they leave would show among what the test itself maps.
  void expectNothingLeft(const std::function<void()>& failing) {
    const Traces before;
    failing();
    const std::size_t mapped = mappedBytes();
    for (int i = 0; i < kTimes; ++i) failing();
    EXPECT_EQ(before, Traces());
    EXPECT_LT(mappedBytes(), mapped + kBytes);
    if constexpr (requires { this->kind_.path(); }) {
      EXPECT_FALSE(pathExists(this->kind_.path()));
    }
  }
};
TYPED_TEST_SUITE(FailedMemoryTest, MemoryKinds, MemoryKindNames);

TYPED_TEST(FailedMemoryTest, LeavesNothingWhenItsContentsCantBeMade) {
  const auto refuse = [](void*, std::size_t) { throw std::runtime_error("no"); };
  const auto accept = [](std::span<const std::byte>, std::size_t) {};
  this->expectNothingLeft([&] {
    EXPECT_THROW(this->make(this->kBytes, kBasePages, {refuse, accept}), std::runtime_error);
  });
}

TYPED_TEST(FailedMemoryTest, LeavesNothingWhenItsNodeIsNotThere) {
  const MemoryOptions nowhere{.huge_pages = HugePages::Never, .numa_nodes = {1023}};
  this->expectNothingLeft(
      [&] { EXPECT_THROW(this->make(this->kBytes, nowhere), std::system_error); });
}

TYPED_TEST(FailedMemoryTest, LeavesNothingWhenItIsTooLarge) {
  this->expectNothingLeft(
      [&] { EXPECT_THROW(this->make(std::size_t{1} << 62), std::system_error); });
}

TYPED_TEST(FailedMemoryTest, CanBeMadeWhenTheCauseIsGone) {
  const auto refuse = [](void*, std::size_t) { throw std::runtime_error("no"); };
  const auto accept = [](std::span<const std::byte>, std::size_t) {};
  EXPECT_THROW(this->make(4096, kBasePages, {refuse, accept}), std::runtime_error);
  const auto memory = this->make(8192, kBasePages, {[](void*, std::size_t) {}, accept});
  EXPECT_TRUE(memory.created());
}

}  // namespace
}  // namespace ringside
