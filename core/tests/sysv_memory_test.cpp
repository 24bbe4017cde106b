// System V shared memory: keys, who may open what, and what a death leaves.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "forked.hpp"
#include "lock_file.hpp"
#include "memory_bytes.hpp"
#include "memory_kinds.hpp"
#include "stepped_child.hpp"
#include "system_call_stops.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

constexpr std::size_t kBytes = 16384;
constexpr ::uid_t kNobody = 65534;

/// All bytes 7, written from the first to the last.
const Contents kSevens{[](void* address, std::size_t size) {
                         auto* bytes = static_cast<volatile unsigned char*>(address);
                         for (std::size_t i = 0; i < size; ++i) bytes[i] = 7;
                       },
                       [](std::span<const std::byte> beginning, std::size_t) {
                         if (beginning.empty() || beginning.front() != std::byte{7}) {
                           throwError(Errc::InvalidParam, "not sevens");
                         }
                       }};

class SysvMemTest : public ::testing::Test {
 protected:
  std::error_code opened(std::size_t size, const MemoryOptions& options = kBasePages) const {
    return thrownBy([&] { SysvMem(size, key_.get(), options); });
  }
  bool exists() const { return ::shmget(key_.get(), 0, 0) != -1; }
  /// A segment as a foreign program makes it. Its id.
  int makeRaw(std::size_t size, int mode = 0600) const {
    return ::shmget(key_.get(), size, IPC_CREAT | IPC_EXCL | mode);
  }

  SysvKey key_;
};

// --- by key -------------------------------------------------------------------------------------

TEST_F(SysvMemTest, TheSecondToOpenSeesWhatTheFirstWrote) {
  SysvMem first(4096, key_.get(), kBasePages);
  *static_cast<int*>(first.get(64)) = 42;
  SysvMem second(4096, key_.get(), kBasePages);
  EXPECT_TRUE(first.created());
  EXPECT_FALSE(second.created());
  EXPECT_EQ(*static_cast<int*>(second.get(64)), 42);
}

TEST_F(SysvMemTest, StaysUntilItIsRemoved) {
  EXPECT_EQ(resultOf(inChild([&] {
              SysvMem memory(4096, key_.get(), kBasePages);
              *static_cast<int*>(memory.get()) = 42;
              return 0;
            })),
            0);
  SysvMem memory(4096, key_.get(), kBasePages);
  EXPECT_EQ(*static_cast<int*>(memory.get()), 42);
  EXPECT_EQ(SysvMem::remove(key_.get()), 0);
  EXPECT_FALSE(exists());
  EXPECT_EQ(*static_cast<int*>(memory.get()), 42) << "who has it mapped keeps it";
  EXPECT_TRUE(SysvMem(4096, key_.get(), kBasePages).created());
}

TEST_F(SysvMemTest, RemoveOfWhatIsNotThereSucceeds) { EXPECT_EQ(SysvMem::remove(key_.get()), 0); }

TEST_F(SysvMemTest, RefusesASegmentOfAnotherSize) {
  const SysvMem memory(8192, key_.get(), kBasePages);
  for (const std::size_t size : {1U, 4096U, 8193U}) EXPECT_EQ(opened(size), Errc::InvalidParam);
  EXPECT_EQ(opened(4097), std::error_code());
}

TEST_F(SysvMemTest, OpensWhatAForeignProgramMade) {
  const int id = makeRaw(5000);
  ASSERT_NE(id, -1);
  const SysvMem memory(5000, key_.get(), kBasePages);
  EXPECT_FALSE(memory.created());
  EXPECT_EQ(memory.size(), 8192U);
}

TEST_F(SysvMemTest, KeyZeroIsNoKey) {
  EXPECT_EQ(thrownBy([] { SysvMem(4096, IPC_PRIVATE, kBasePages); }), Errc::InvalidParam);
  EXPECT_EQ(SysvMem::remove(IPC_PRIVATE), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TEST(SysvKeyTest, IsThatOfFtok) {
  const TestFolder folder;
  EXPECT_EQ(SysvMem::keyOf(folder.path(), 1), ::ftok(folder.path().c_str(), 1));
  EXPECT_EQ(SysvMem::keyOf(folder.path(), 255), ::ftok(folder.path().c_str(), 255));
  EXPECT_NE(SysvMem::keyOf(folder.path(), 1), SysvMem::keyOf(folder.path(), 2));
}

TEST(SysvKeyTest, RefusesAProjectThatFtokWouldCut) {
  for (const int project : {-1, 0, 256}) {
    EXPECT_EQ(thrownBy([&] { SysvMem::keyOf("/", project); }), Errc::InvalidParam) << project;
  }
}

TEST(SysvKeyTest, NeedsAFileThatExists) {
  const TestFolder folder;
  EXPECT_EQ(thrownBy([&] { SysvMem::keyOf(folder.path("none"), 1); }), Errc::NotFound);
}

// --- modes and owners ---------------------------------------------------------------------------

TEST_F(SysvMemTest, HasTheModeThatWasAskedWhateverTheUmask) {
  const ::mode_t old_mask = ::umask(0777);
  const SysvMem memory(4096, key_.get(), {.mode = 0640});
  ::umask(old_mask);
  struct ::shmid_ds facts = {};
  ASSERT_EQ(::shmctl(::shmget(key_.get(), 0, 0), IPC_STAT, &facts), 0);
  EXPECT_EQ(facts.shm_perm.mode & 0777, 0640);
}

TEST_F(SysvMemTest, RefusesAModeForEverybody) {
  EXPECT_EQ(opened(4096, {.mode = 0666}), Errc::InvalidParam);
  EXPECT_FALSE(exists());
  EXPECT_EQ(thrownBy([] { SysvMem(4096, {.mode = 0666}); }), Errc::InvalidParam);
}

TEST_F(SysvMemTest, RefusesASegmentThatMoreMayOpenThanWasAskedFor) {
  const SysvMem group(4096, key_.get(), {.mode = 0660});
  EXPECT_EQ(opened(4096), Errc::PermissionDenied);
  EXPECT_EQ(opened(4096, {.mode = 0660}), std::error_code());
}

/// Runs `work` as a user without rights.
int asNobody(const std::function<int()>& work) {
  return resultOf(
      inChild([&] { return ::setegid(kNobody) == 0 && ::seteuid(kNobody) == 0 ? work() : 77; }));
}

TEST_F(SysvMemTest, SomebodyElsesSegmentIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const SysvMem memory(4096, key_.get(), kBasePages);
  EXPECT_EQ(asNobody([&] {
              if (opened(4096) != Errc::PermissionDenied) return 1;
              if (SysvMem::remove(key_.get()) != -1) return 2;
              return lastError == Errc::PermissionDenied ? 0 : 3;
            }),
            0);
  EXPECT_TRUE(exists());
}

TEST_F(SysvMemTest, ASegmentThatSomebodyElsePlantedIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(asNobody([&] { return makeRaw(4096) == -1 ? 1 : 0; }), 0);
  EXPECT_EQ(opened(4096), Errc::PermissionDenied);
  EXPECT_EQ(opened(4096, {.mode = 0660}), std::error_code()) << "shared on purpose";
}

TEST_F(SysvMemTest, TheGroupOpensWhatWasMadeForItWithItsLocks) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const MemoryOptions for_group{.huge_pages = HugePages::Never, .mode = 0660};
  const ::gid_t group_before = ::getegid();
  ASSERT_EQ(::setegid(kNobody), 0);
  const SysvMem memory(kBytes, key_.get(), for_group, kSevens);
  ASSERT_EQ(::setegid(group_before), 0);
  EXPECT_EQ(asNobody([&] {
              const SysvMem same(kBytes, key_.get(), for_group, kSevens);
              return same.created() || !isAll(same, 7) ? 1 : 0;
            }),
            0);
}

// --- without a key ------------------------------------------------------------------------------

TEST(PrivateSysvMemTest, IsGoneWithItsObject) {
  {
    const SysvMem memory(4096, kBasePages);
    EXPECT_EQ(sysvSegmentsOf(::getpid()), 1U);
  }
  EXPECT_EQ(sysvSegmentsOf(::getpid()), 0U);
}

TEST(PrivateSysvMemTest, IsGoneWithTheLastProcessThatHasIt) {
  auto memory = std::make_unique<SysvMem>(4096, kBasePages);
  const ::pid_t child = inChild([] {
    ::pause();
    return 0;
  });
  memory.reset();
  EXPECT_EQ(sysvSegmentsOf(::getpid()), 1U);
  killAndWait(child);
  EXPECT_EQ(sysvSegmentsOf(::getpid()), 0U);
}

TEST(PrivateSysvMemTest, IsGoneWhenItsProcessIsKilled) {
  const Shared<std::atomic<int>> made{0};
  const ::pid_t child = inChild([&] {
    const SysvMem memory(4096, kBasePages);
    *made = 1;
    ::pause();
    return 0;
  });
  waitFor([&] { return *made == 1; });
  EXPECT_EQ(sysvSegmentsOf(child), 1U);
  killAndWait(child);
  EXPECT_EQ(sysvSegmentsOf(child), 0U);
}

// --- with contents ------------------------------------------------------------------------------

TEST_F(SysvMemTest, ContentsAreInspectedByWhoOpens) {
  const SysvMem first(kBytes, key_.get(), kBasePages, kSevens);
  const SysvMem second(kBytes, key_.get(), kBasePages, kSevens);
  EXPECT_FALSE(second.created());
  EXPECT_TRUE(isAll(second, 7));
}

TEST_F(SysvMemTest, WhatItsContentsRefuseStaysAsItIs) {
  void* const raw = ::shmat(makeRaw(kBytes), nullptr, 0);
  std::strcpy(static_cast<char*>(raw), "of somebody else");
  EXPECT_EQ(thrownBy([&] { SysvMem(kBytes, key_.get(), kBasePages, kSevens); }),
            Errc::InvalidParam);
  EXPECT_STREQ(static_cast<char*>(raw), "of somebody else");
  EXPECT_EQ(::shmdt(raw), 0);
}

TEST_F(SysvMemTest, ABlankSegmentOfACreatorThatDiedIsFilledByTheNext) {
  ASSERT_NE(makeRaw(kBytes), -1);
  const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
  EXPECT_TRUE(isAll(memory, 7));
}

TEST_F(SysvMemTest, AFailedInitialisationLeavesNeitherSegmentNorLocks) {
  const auto refuse = [](void*, std::size_t) { throw std::runtime_error("no"); };
  const Contents refusing{refuse, kSevens.inspect};
  EXPECT_THROW(SysvMem(kBytes, key_.get(), kBasePages, refusing), std::runtime_error);
  EXPECT_FALSE(exists());
  EXPECT_FALSE(pathExists(key_.lockPath()));
}

TEST_F(SysvMemTest, RemoveTakesTheLocksAwayToo) {
  const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
  EXPECT_TRUE(pathExists(key_.lockPath()));
  EXPECT_EQ(SysvMem::remove(key_.get()), 0);
  EXPECT_FALSE(pathExists(key_.lockPath()));
}

TEST_F(SysvMemTest, LocksOutliveARemovalThatDidNotKnowOfThem) {
  const SysvMem first(kBytes, key_.get(), kBasePages, kSevens);
  ASSERT_TRUE(tryLock(first.descriptor(), kFirstParticipantLock));
  ASSERT_EQ(::shmctl(::shmget(key_.get(), 0, 0), IPC_RMID, nullptr), 0);
  const SysvMem second(kBytes, key_.get(), kBasePages, kSevens);
  EXPECT_TRUE(second.created());
  EXPECT_TRUE(isAll(second, 7));
}

TEST_F(SysvMemTest, ALinkInThePlaceOfItsLocksIsNotFollowed) {
  const TestFolder folder;
  ASSERT_EQ(::symlink(folder.path("planted").c_str(), key_.lockPath().c_str()), 0);
  EXPECT_EQ(thrownBy([&] { SysvMem(kBytes, key_.get(), kBasePages, kSevens); }),
            Errc::PermissionDenied);
  EXPECT_EQ(::unlink(key_.lockPath().c_str()), 0);
  EXPECT_FALSE(pathExists(folder.path("planted")));
}

TEST_F(SysvMemTest, WhatADeadCreatorLeftHalfMadeIsMadeAnewByTheNext) {
  const auto die = [](void* address, std::size_t size) {
    std::memset(address, 7, size / 2);
    ::raise(SIGKILL);
  };
  EXPECT_EQ(resultOf(inChild([&] {
              const SysvMem half_made(kBytes, key_.get(), kBasePages, {die, kSevens.inspect});
              return 0;
            })),
            1000 + SIGKILL);
  const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
  EXPECT_TRUE(isAll(memory, 7));
}

TEST_F(SysvMemTest, ACreatorMayBeKilledAtAnyMoment) {
  for (int round = 0; round < 200; ++round) {
    const Shared<std::atomic<int>> begun{0};
    const ::pid_t child = inChild([&] {
      *begun = 1;
      const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
      ::pause();
      return 0;
    });
    waitFor([&] { return *begun == 1; });
    for (int spins = 0; spins < round * 500; ++spins) begun->load();
    killAndWait(child);
    {
      const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
      EXPECT_TRUE(isAll(memory, 7));
    }
    EXPECT_EQ(SysvMem::remove(key_.get()), 0);
    EXPECT_FALSE(pathExists(key_.lockPath()));
  }
}

TEST_F(SysvMemTest, ACreatorMayBeKilledAtAnySystemCall) {
  const auto create = [&] {
    const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
    return 0;
  };
  const int stops = killAtSystemCallsOf(create, [&] {
    {
      const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
      EXPECT_TRUE(isAll(memory, 7));
    }
    EXPECT_EQ(SysvMem::remove(key_.get()), 0);
    EXPECT_FALSE(pathExists(key_.lockPath()));
  });
  if (stops == 0) GTEST_SKIP() << "processes may not be traced here";
}

TEST_F(SysvMemTest, RacingCreatorsAgreeOnOneSegment) {
  for (int round = 0; round < 50; ++round) {
    std::vector<::pid_t> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(inChild([&] {
        const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
        return isAll(memory, 7) ? 0 : 1;
      }));
    }
    for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
    EXPECT_EQ(SysvMem::remove(key_.get()), 0);
  }
  EXPECT_FALSE(pathExists(key_.lockPath()));
}

TEST_F(SysvMemTest, CreatorsAndRemoversMayRace) {
  const ::pid_t remover = inChild([&] {
    for (;;) SysvMem::remove(key_.get());
    return 0;
  });
  for (int round = 0; round < 300; ++round) {
    const SysvMem memory(kBytes, key_.get(), kBasePages, kSevens);
    EXPECT_TRUE(isAll(memory, 7));
  }
  killAndWait(remover);
}

}  // namespace
}  // namespace ringside
