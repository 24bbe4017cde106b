// Named memory on reserved huge pages: a file in a hugetlbfs, and a link to it in /dev/shm. Whoever
// dies, and whenever, the pool is as full again once the name is gone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <optional>
#include <vector>

#include "forked.hpp"
#include "huge_page_pool.hpp"
#include "lock_file.hpp"
#include "memory_kinds.hpp"
#include "own_mounts.hpp"
#include "ringside/memory.hpp"
#include "ringside/segment_list.hpp"
#include "stepped_child.hpp"
#include "system_call_stops.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

const MemoryOptions kOpen{.huge_pages = HugePages::Never};  // what exists keeps its pages

int& intIn(Mapping& memory, std::size_t offset = 0) {
  return *static_cast<int*>(memory.get(offset));
}

void writePid(void* address, std::size_t size) {
  const int pid = ::getpid();
  std::memcpy(address, &pid, sizeof pid);
  std::memcpy(static_cast<char*>(address) + size - sizeof pid, &pid, sizeof pid);
}

void requirePid(std::span<const std::byte> beginning, std::size_t) {
  int pid = 0;
  if (beginning.size() >= sizeof pid) std::memcpy(&pid, beginning.data(), sizeof pid);
  if (pid == 0) throwError(Errc::InvalidParam, "half made");
}

/// The same number, which is not zero, at both ends.
const Contents kPid{writePid, requirePid};

bool isComplete(Mapping& memory) {
  const int pid = intIn(memory);
  return pid != 0 && pid == intIn(memory, memory.size() - sizeof pid);
}

class NamedHugePageTest : public HugePagePoolTest {
 protected:
  ShmMem require(std::size_t size = kHugePageBytes, const Contents& contents = {}) const {
    return ShmMem(size, name_.str(), kRequireHuge, contents);
  }
  bool isLink() const { return std::filesystem::is_symlink(name_.path()); }
  /// Of this name.
  std::size_t hugeFiles() const { return filesIn(hugePageFolder(), name_.str()); }
  std::string hugeFile() const {
    return hugePageFolder() + "/" + name_.str() + ".0123456789abcdef";
  }

  ShmName name_;
};

// --- opened -------------------------------------------------------------------------------------

TEST_F(NamedHugePageTest, AnotherProcessSeesWhatTheFirstWrote) {
  ShmMem memory = require(kHugePageBytes + 1);
  intIn(memory, kHugePageBytes) = 42;
  for (const MemoryOptions& options : {kOpen, kTryHuge, kRequireHuge}) {
    EXPECT_EQ(resultOf(inChild([&] {
                ShmMem same(kHugePageBytes + 1, name_.str(), options);
                if (same.created() || same.pageSize() != kHugePageBytes) return 1;
                if (same.size() != 2 * kHugePageBytes) return 2;
                return intIn(same, kHugePageBytes) == 42 ? 0 : 3;
              })),
              0);
  }
}

TEST_F(NamedHugePageTest, ItsNameIsALinkToItsFile) {
  const ShmMem memory = require();
  EXPECT_TRUE(isLink());
  EXPECT_EQ(hugeFiles(), 1U);
  struct ::stat facts = {};
  ASSERT_EQ(::stat(name_.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0600U);
}

TEST_F(NamedHugePageTest, UnlinkTakesBothAwayAndTheLastOwnerThePages) {
  {
    ShmMem memory = require();
    EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
    EXPECT_FALSE(pathExists(name_.path()));
    EXPECT_EQ(hugeFiles(), 0U);
    intIn(memory) = 1;
    EXPECT_LT(hugePagePool().free, before_.free);
  }
  EXPECT_EQ(hugePagePool(), before_);
}

TEST_F(NamedHugePageTest, UnlinkIfUnusedTakesBothAwayOnceNobodyUsesIt) {
  {
    const ShmMem memory = require();
    EXPECT_EQ(ShmMem::unlinkIfUnused(name_.str()), -1);
    EXPECT_EQ(lastError, Errc::InUse);
    EXPECT_TRUE(isLink());
    EXPECT_EQ(hugeFiles(), 1U);
  }
  EXPECT_EQ(ShmMem::unlinkIfUnused(name_.str()), 0);
  EXPECT_FALSE(pathExists(name_.path()));
  EXPECT_EQ(hugeFiles(), 0U);
}

TEST_F(NamedHugePageTest, StaysWithItsPagesUntilItIsUnlinked) {
  ASSERT_EQ(resultOf(inChild([&] {
              ShmMem memory = require();
              intIn(memory) = 42;
              return 0;
            })),
            0);
  EXPECT_EQ(hugePagePool().free, before_.free - 1);
  ShmMem memory(kHugePageBytes, name_.str(), kOpen);
  EXPECT_EQ(intIn(memory), 42);
}

TEST_F(NamedHugePageTest, RefusesAnotherSize) {
  const ShmMem memory = require(2 * kHugePageBytes);
  for (const std::size_t size : {std::size_t{1}, kHugePageBytes, 2 * kHugePageBytes + 1}) {
    EXPECT_EQ(thrownBy([&] { ShmMem(size, name_.str(), kTryHuge); }), Errc::InvalidParam);
  }
}

TEST_F(NamedHugePageTest, ASegmentOfBasePagesIsRefusedWhereHugeOnesAreRequired) {
  const ShmMem memory(kHugePageBytes, name_.str(), kBasePages);
  EXPECT_EQ(thrownBy([&] { require(); }), Errc::OutOfMemory);
  EXPECT_EQ(ShmMem(kHugePageBytes, name_.str(), kTryHuge).pageSize(), 4096U);
}

TEST_F(NamedHugePageTest, ARegionIsOpenedWhateverItsPages) {
  ShmRegion region = ShmRegion::create(name_.str(), 13'000'000, kRequireHuge);
  EXPECT_EQ(region.size(), 7 * kHugePageBytes);
  EXPECT_TRUE(ShmRegion::exists(name_.str()));
  intIn(region, region.size() - 4) = 42;
  ShmRegion opened = ShmRegion::open(name_.str());
  EXPECT_EQ(opened.pageSize(), kHugePageBytes);
  EXPECT_EQ(intIn(opened, opened.size() - 4), 42);
  EXPECT_EQ(thrownBy([&] { ShmRegion::create(name_.str(), 4096); }), Errc::InUse);
}

TEST_F(NamedHugePageTest, ReadOnlyAndPrivateOpenIt) {
  ShmMem memory = require(2 * kHugePageBytes);
  intIn(memory) = 42;
  ShmMem reader(2 * kHugePageBytes, name_.str(), {.access = Access::ReadOnly});
  ShmMem copy(2 * kHugePageBytes, name_.str(), {.access = Access::Private});
  EXPECT_EQ(intIn(reader), 42);
  intIn(copy) = 43;
  EXPECT_EQ(intIn(memory), 42);
  ASSERT_EQ(memory.resize(3 * kHugePageBytes), 0);
  EXPECT_EQ(reader.resize(3 * kHugePageBytes), 0);
  EXPECT_EQ(intIn(reader), 42);
  EXPECT_EQ(copy.resize(3 * kHugePageBytes), -1) << "its own writes can't be moved";
  EXPECT_EQ(lastError, Errc::OperationFailed);
  EXPECT_EQ(intIn(copy), 43);
}

TEST_F(NamedHugePageTest, OthersSeeTheNewEndOnceTheyResizeToo) {
  ShmMem first = require();
  ShmMem second(kHugePageBytes, name_.str(), kOpen);
  intIn(first) = 1;
  ASSERT_EQ(first.resize(3 * kHugePageBytes), 0);
  intIn(first, 2 * kHugePageBytes) = 2;
  ASSERT_EQ(second.resize(3 * kHugePageBytes), 0);
  EXPECT_EQ(intIn(second), 1);
  EXPECT_EQ(intIn(second, 2 * kHugePageBytes), 2);
}

TEST(MemfdHugePageTest, IsPassedByDescriptor) {
  const HugePagePool before = hugePagePool();
  if (before.free < 2) GTEST_SKIP() << "this machine has no free huge pages of 2 MiB";
  {
    MemfdMem first(kHugePageBytes, kRequireHuge);
    intIn(first) = 42;
    MemfdMem second(kHugePageBytes, first.descriptor(), kOpen);
    EXPECT_EQ(second.pageSize(), kHugePageBytes);
    EXPECT_EQ(intIn(second), 42);
    EXPECT_EQ(::ftruncate(first.descriptor(), 0), -1);
    EXPECT_EQ(thrownBy([&] { MemfdMem(kHugePageBytes + 1, first.descriptor(), kOpen); }),
              Errc::InvalidParam);
  }
  EXPECT_EQ(hugePagePool(), before);
}

// --- links that are not ours --------------------------------------------------------------------

TEST_F(NamedHugePageTest, ALinkToAnotherNamesFileIsNotFollowed) {
  const ShmName other;
  const ShmMem memory(kHugePageBytes, other.str(), kRequireHuge);
  const auto target = std::filesystem::read_symlink(other.path());
  std::filesystem::create_symlink(target, name_.path());
  EXPECT_EQ(thrownBy([&] { require(); }), Errc::PermissionDenied);
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  EXPECT_TRUE(pathExists(target)) << "it is not this name's";
}

TEST_F(NamedHugePageTest, ALinkWhoseFileIsGoneIsAnErrorThatSaysSo) {
  std::filesystem::create_symlink(hugeFile(), name_.path());
  EXPECT_EQ(thrownBy([&] { require(); }), Errc::NotFound);
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  EXPECT_TRUE(require().created());
}

// --- races --------------------------------------------------------------------------------------

/// What racing openers found: the number at the beginning, or that their pages were refused.
constexpr int kRefused = -1;

TEST_F(NamedHugePageTest, OpenersThatAskForDifferentPagesAgreeOnOneSegment) {
  const MemoryOptions options[] = {kBasePages, kRequireHuge, kTryHuge,
                                   kBasePages, kRequireHuge, kTryHuge};
  for (int round = 0; round < 20; ++round) {
    const Shared<std::array<std::atomic<int>, 6>> found;
    std::vector<::pid_t> children;
    for (std::size_t i = 0; i < found->size(); ++i) {
      children.push_back(inChild([&] {
        std::string message;
        const std::error_code cause = thrownBy(
            [&] {
              ShmMem memory(kHugePageBytes, name_.str(), options[i], kPid);
              (*found)[i] = isComplete(memory) ? intIn(memory) : 0;
            },
            message);
        if (cause == Errc::OutOfMemory) (*found)[i] = kRefused;
        EXPECT_TRUE(!cause || cause == Errc::OutOfMemory) << message;
        return failures();
      }));
    }
    for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
    const int winner = found->front();  // who asks for base pages is never refused
    EXPECT_GT(winner, 0);
    for (std::size_t i = 0; i < found->size(); ++i) {
      const bool may_be_refused = options[i].huge_pages == HugePages::Require && !isLink();
      EXPECT_TRUE((*found)[i] == winner || (may_be_refused && (*found)[i] == kRefused)) << i;
    }
    EXPECT_EQ(hugeFiles(), isLink() ? 1U : 0U);
    EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
    EXPECT_EQ(hugePagePool(), before_);
  }
}

TEST_F(NamedHugePageTest, EachWhoOpensWhileOthersUnlinkGetsCompleteMemory) {
  const ::pid_t remover = inChild([&] {
    for (;;) ShmMem::unlink(name_.str());
    return 0;
  });
  for (int round = 0; round < 100; ++round) {
    ShmMem memory = require(kHugePageBytes, kPid);
    EXPECT_TRUE(isComplete(memory));
  }
  killAndWait(remover);
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  EXPECT_EQ(hugeFiles(), 0U);
}

// --- deaths -------------------------------------------------------------------------------------

TEST_F(NamedHugePageTest, ACreatorThatDiesWhileItFillsTheMemoryLeavesNothing) {
  const auto die = [](void* address, std::size_t size) {
    std::memset(address, 1, size);
    ::raise(SIGKILL);
  };
  EXPECT_EQ(resultOf(inChild([&] {
              require(2 * kHugePageBytes, {die, kPid.inspect});
              return 0;
            })),
            1000 + SIGKILL);
  EXPECT_FALSE(pathExists(name_.path()));
  { ShmMem memory = require(kHugePageBytes, kPid); }
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  EXPECT_EQ(hugeFiles(), 0U);
  EXPECT_EQ(hugePagePool(), before_);
}

TEST_F(NamedHugePageTest, ACreatorMayBeKilledAtAnySystemCall) {
  const auto create = [&] {
    const ShmMem memory(kHugePageBytes, name_.str(), kTryHuge, kPid);
    return 0;
  };
  const int stops = killAtSystemCallsOf(create, [&] {
    {
      ShmMem memory(kHugePageBytes, name_.str(), kTryHuge, kPid);
      EXPECT_TRUE(isComplete(memory));
    }
    EXPECT_EQ(hugeFiles(), 1U);
    EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
    EXPECT_EQ(hugeFiles(), 0U);
    EXPECT_EQ(hugePagePool(), before_);
  });
  if (stops == 0) GTEST_SKIP() << "processes may not be traced here";
}

TEST_F(NamedHugePageTest, ACreatorThatWasOvertakenAtAnySystemCallOpensWhatTheOtherMade) {
  const Shared<std::atomic<int>> found{0};
  const auto create = [&] {
    ShmMem memory(kHugePageBytes, name_.str(), kTryHuge, kPid);
    *found = isComplete(memory) ? intIn(memory) : 0;
    return 0;
  };
  const auto overtake = [&](CallStoppedChild& child) {
    ShmMem memory = require(kHugePageBytes, kPid);
    EXPECT_EQ(child.finish(), 0);
    EXPECT_EQ(*found, intIn(memory));
  };
  const int stops = atSystemCallsOf(create, overtake, [&] {
    EXPECT_EQ(hugeFiles(), 1U);
    EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
    EXPECT_EQ(hugePagePool(), before_);
  });
  if (stops == 0) GTEST_SKIP() << "processes may not be traced here";
}

/// A file as a creator leaves it that dies before it can link its name to it.
UniqueFd makeOrphan(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  EXPECT_TRUE(file);
  EXPECT_EQ(::ftruncate(file.get(), kHugePageBytes), 0);
  EXPECT_EQ(::posix_fallocate(file.get(), 0, kHugePageBytes), 0);
  return file;
}

/// The entry of a path in the list; none when it is not there.
std::optional<SegmentEntry> listed(const std::string& path) {
  for (const SegmentEntry& entry : listSegments()) {
    if (entry.path == path) return entry;
  }
  return std::nullopt;
}

TEST_F(NamedHugePageTest, ARingIsListedByItsNameAndOnceItLostThatByItsFile) {
  { const ShmMem::Spsc::Queue<int> queue(4, name_.str(), {.memory = kRequireHuge}); }
  const std::string file = std::filesystem::read_symlink(name_.path());
  ASSERT_TRUE(listed(name_.path()));
  EXPECT_EQ(listed(name_.path())->bytes, kHugePageBytes);
  EXPECT_FALSE(listed(file)) << "it has its name";
  ASSERT_TRUE(std::filesystem::remove(name_.path()));
  const auto orphan = listed(file);
  ASSERT_TRUE(orphan);
  EXPECT_EQ(orphan->kind, SegmentKind::Ring);
  EXPECT_EQ(unlinkIfUnused(*orphan), 0);
  EXPECT_EQ(hugeFiles(), 0U);
}

TEST_F(NamedHugePageTest, AnOrphanThatHoldsNothingWeKnowIsNotListed) {
  makeOrphan(hugeFile());
  EXPECT_FALSE(listed(hugeFile()));
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
}

TEST_F(NamedHugePageTest, AnOrphanIsSweptByTheNextCreator) {
  makeOrphan(hugeFile());
  const ShmMem memory = require();
  EXPECT_FALSE(pathExists(hugeFile()));
  EXPECT_EQ(hugeFiles(), 1U) << "the new one";
}

TEST_F(NamedHugePageTest, AnOrphanIsSweptByUnlink) {
  makeOrphan(hugeFile());
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  EXPECT_FALSE(pathExists(hugeFile()));
}

TEST_F(NamedHugePageTest, AFileThatALivingProcessUsesIsNotSwept) {
  const UniqueFd file = makeOrphan(hugeFile());
  ASSERT_TRUE(tryShare(file.get(), kPresenceLock));
  { const ShmMem memory = require(); }
  EXPECT_TRUE(pathExists(hugeFile()));
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  EXPECT_TRUE(pathExists(hugeFile()));
  EXPECT_EQ(::unlink(hugeFile().c_str()), 0);
}

TEST_F(NamedHugePageTest, FilesOfOtherNamesAreNotSwept) {
  const std::string others[] = {hugePageFolder() + "/" + name_.str() + "x.0123456789abcdef",
                                hugePageFolder() + "/" + name_.str() + ".0123456789abcde",
                                hugePageFolder() + "/" + name_.str() + ".0123456789ABCDEF"};
  for (const std::string& path : others) makeOrphan(path);
  { const ShmMem memory = require(); }
  EXPECT_EQ(ShmMem::unlink(name_.str()), 0);
  for (const std::string& path : others) {
    EXPECT_TRUE(pathExists(path)) << path;
    ::unlink(path.c_str());
  }
}

}  // namespace
}  // namespace ringside
