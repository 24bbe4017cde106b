#include "ringside/mapped_memory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstring>
#include <stdexcept>

#include "kernel_facts.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

const MemoryOptions kBasePages{.huge_pages = HugePages::Never};

/// The Errc-comparable code of what `make` throws; no error when it throws nothing.
template <class Make>
std::error_code thrownBy(Make&& make) {
  try {
    make();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

bool exists(const std::string& path) {
  struct ::stat facts = {};
  return ::stat(path.c_str(), &facts) == 0;
}

TEST(LocalMemTest, RoundsItsSizeUpToThePageSizeObtained) {
  const LocalMem memory(1, kBasePages);
  EXPECT_EQ(memory.size(), basePageBytes());
  EXPECT_EQ(memory.pageSize(), basePageBytes());
}

TEST(LocalMemTest, TakesWhatComesWhenHugePagesAreTried) {
  LocalMem memory(3 * hugePageBytes() + 1);
  EXPECT_EQ(memory.prefault(), 0);
  EXPECT_GE(memory.size(), 3 * hugePageBytes() + 1);
  EXPECT_GE(memory.pageSize(), basePageBytes());
}

TEST(LocalMemTest, GetReachesEachByteAndNothingBeyond) {
  LocalMem memory(4096, kBasePages);
  std::memset(memory.get(), 7, memory.size());
  EXPECT_EQ(*static_cast<unsigned char*>(memory.get(memory.size() - 1)), 7);
  EXPECT_THROW(memory.get(memory.size()), std::out_of_range);
}

TEST(LocalMemTest, IsEmptyAfterItWasMovedFrom) {
  LocalMem first(4096, kBasePages);
  const LocalMem second = std::move(first);
  EXPECT_THROW(first.get(), std::runtime_error);
  EXPECT_EQ(first.pageSize(), 0U);
  EXPECT_NE(second.get(), nullptr);
}

TEST(LocalMemTest, SurvivesMovingOntoItself) {
  LocalMem memory(4096, kBasePages);
  LocalMem& same = memory;
  memory = std::move(same);
  EXPECT_NE(memory.get(), nullptr);
}

TEST(LocalMemTest, RefusesSizeZero) {
  EXPECT_EQ(thrownBy([] { LocalMem(0); }), Errc::InvalidParam);
}

TEST(LocalMemTest, RequireThrowsWhereNoHugePageIsFree) {
  const std::error_code cause =
      thrownBy([] { LocalMem(64ULL << 40, {.huge_pages = HugePages::Require}); });
  EXPECT_EQ(cause, Errc::OutOfMemory);
}

TEST(LocalMemTest, ReportsTheBytesItLocked) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
  LocalMem memory(4096, kBasePages);
  EXPECT_EQ(memory.lockedBytes(), 0U);
  if (memory.mlock() == -1) GTEST_SKIP() << "this process may lock nothing";
  EXPECT_EQ(memory.lockedBytes(), memory.size());
}

TEST(LocalMemTest, ReportsTheNodesOfPagesThatWereTouched) {
  LocalMem memory(8 * 4096, kBasePages);
  if (memory.prefault() != 0) GTEST_SKIP() << "this kernel can't populate";
  std::uint64_t pages = 0;
  for (const auto& [node, count] : memory.nodePages()) pages += count;
  if (pages == 0) GTEST_SKIP() << "no NUMA here";
  EXPECT_EQ(pages, memory.size() / basePageBytes());
}

TEST(LocalMemTest, RefusesToBindToANodeThatIsNotThere) {
  LocalMem memory(4096, kBasePages);
  EXPECT_EQ(memory.mbind(-1), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(memory.mbind(1023), -1);
}

TEST(LocalMemTest, TakesEachAdvice) {
  LocalMem memory(4096, kBasePages);
  for (const Advice advice :
       {Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed}) {
    EXPECT_EQ(memory.advise(advice), 0);
  }
}

TEST(ShmMemTest, TheSecondToOpenSeesWhatTheFirstWrote) {
  const ShmName name;
  ShmMem first(4096, name.str());
  *static_cast<int*>(first.get(64)) = 42;
  ShmMem second(4096, "/" + name.str());
  EXPECT_TRUE(first.created());
  EXPECT_FALSE(second.created());
  EXPECT_EQ(*static_cast<int*>(second.get(64)), 42);
}

TEST(ShmMemTest, RefusesASegmentOfAnotherSize) {
  const ShmName name;
  const ShmMem first(4096, name.str());
  EXPECT_EQ(thrownBy([&] { ShmMem(8192, name.str()); }), Errc::InvalidParam);
}

TEST(ShmMemTest, HasTheModeThatWasAskedWhateverTheUmask) {
  const ShmName name;
  const ::mode_t old_mask = ::umask(0777);
  const ShmMem memory(4096, name.str(), {.mode = 0640});
  ::umask(old_mask);
  struct ::stat facts = {};
  ASSERT_EQ(::stat(name.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
}

TEST(ShmMemTest, RefusesAModeForEverybody) {
  const ShmName name;
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str(), {.mode = 0666}); }), Errc::InvalidParam);
  EXPECT_FALSE(exists(name.path()));
}

TEST(ShmMemTest, RefusesASegmentThatMoreMayOpenThanWasAskedFor) {
  const ShmName name;
  const ShmMem group(4096, name.str(), {.mode = 0660});
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str()); }), Errc::PermissionDenied);
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str(), {.mode = 0660}); }), std::error_code());
}

TEST(ShmMemTest, AFolderOfThatNameIsNoSegment) {
  const ShmName name;
  ASSERT_EQ(::mkdir(name.path().c_str(), 0700), 0);
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str()); }), Errc::InvalidParam);
  ::rmdir(name.path().c_str());
}

TEST(ShmMemTest, LockedBytesAreNotAShareOfThem) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
  const ShmName name;
  ShmMem first(65536, name.str(), kBasePages);
  ShmMem second(65536, name.str(), kBasePages);
  std::memset(second.get(), 1, second.size());
  if (first.mlock() == -1) GTEST_SKIP() << "this process may lock nothing";
  EXPECT_EQ(first.lockedBytes(), first.size());
  EXPECT_EQ(second.lockedBytes(), 0U);
}

TEST(ShmMemTest, StaysUsableAfterItsNameIsGone) {
  const ShmName name;
  ShmMem memory(4096, name.str());
  EXPECT_EQ(ShmMem::unlink(name.str()), 0);
  EXPECT_FALSE(exists(name.path()));
  std::memset(memory.get(), 1, memory.size());
}

TEST(ShmMemTest, UnlinkOfWhatIsNotThereSucceeds) {
  EXPECT_EQ(ShmMem::unlink("ringside-test-never-made"), 0);
}

TEST(ShmMemTest, RefusesNamesOutsideTheRule) {
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("a/b"), std::string(".."),
        std::string(".hidden"), std::string("a b"), std::string("tab\t"), std::string(201, 'x')}) {
    EXPECT_EQ(thrownBy([&] { ShmMem(4096, name); }), Errc::InvalidParam) << name;
    EXPECT_EQ(ShmMem::unlink(name), -1) << name;
    EXPECT_EQ(lastError, Errc::InvalidParam) << name;
  }
}

TEST(ShmMemTest, AFullFileSystemIsAnErrorAndLeavesNothing) {
  const ShmName name;
  struct ::statvfs facts = {};
  ASSERT_EQ(::statvfs("/dev/shm", &facts), 0);
  if (facts.f_blocks == 0) GTEST_SKIP() << "/dev/shm has no limit here";
  const std::size_t too_much = facts.f_blocks * facts.f_frsize + (1U << 20);
  const MemoryOptions base_pages{.huge_pages = HugePages::Never};
  EXPECT_EQ(thrownBy([&] { ShmMem(too_much, name.str(), base_pages); }), Errc::OutOfMemory);
  EXPECT_FALSE(exists(name.path()));
}

TEST(ShmMemTest, AFailedInitialisationLeavesNoName) {
  const ShmName name;
  const auto refuse = [](void*, std::size_t) { throw std::runtime_error("no"); };
  EXPECT_THROW(ShmMem(4096, name.str(), {}, refuse, [](int, std::size_t) {}), std::runtime_error);
  EXPECT_FALSE(exists(name.path()));
}

TEST(ShmMemTest, MovesItsMappingAndItsDescriptor) {
  const ShmName name;
  ShmMem first(4096, name.str());
  ShmMem second = std::move(first);
  EXPECT_THROW(first.get(), std::runtime_error);
  EXPECT_EQ(first.descriptor(), -1);
  EXPECT_GE(second.descriptor(), 0);
  EXPECT_FALSE(first.created());
  first = std::move(second);
  EXPECT_NE(first.get(), nullptr);
  EXPECT_EQ(second.descriptor(), -1);
}

}  // namespace
}  // namespace ringside
