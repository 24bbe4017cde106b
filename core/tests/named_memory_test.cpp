// POSIX shared memory by name: who may open what, what is refused, and what is left.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <vector>

#include "forked.hpp"
#include "memory_kinds.hpp"
#include "own_mounts.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

constexpr ::uid_t kNobody = 65534;

/// Runs `work` as a user without rights; 77 when this process can't become one.
int asNobody(const std::function<int()>& work) {
  return resultOf(inChild([&] { return ::seteuid(kNobody) == 0 ? work() : 77; }));
}

#define SKIP_UNLESS_ROOT() \
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user"

std::error_code openedAs(const ShmName& name, const MemoryOptions& options = {}) {
  return thrownBy([&] { ShmMem(4096, name.str(), options); });
}

// --- created and opened -------------------------------------------------------------------------

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
  const ShmMem first(8192, name.str());
  for (const std::size_t size : {1U, 4096U, 8193U, 12288U}) {
    EXPECT_EQ(thrownBy([&] { ShmMem(size, name.str()); }), Errc::InvalidParam) << size;
  }
  EXPECT_EQ(thrownBy([&] { ShmMem(4097, name.str()); }), std::error_code());
}

TEST(ShmMemTest, SaysWhichSizeItHasAndWhichWasAsked) {
  const ShmName name;
  const ShmMem first(8192, name.str());
  std::string message;
  thrownBy([&] { ShmMem(4096, name.str()); }, message);
  EXPECT_NE(message.find(name.path()), std::string::npos) << message;
  EXPECT_NE(message.find("8192"), std::string::npos) << message;
  EXPECT_NE(message.find("4096"), std::string::npos) << message;
}

TEST(ShmMemTest, IsOpenedAtItsNewSizeAfterItGrew) {
  const ShmName name;
  ShmMem first(4096, name.str(), kBasePages);
  ASSERT_EQ(first.resize(8192), 0);
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str()); }), Errc::InvalidParam);
  EXPECT_EQ(ShmMem(8192, name.str()).size(), 8192U);
}

TEST(ShmMemTest, OpeningLetsItsContentsBeInspected) {
  const ShmName name;
  ShmMem first(8192, name.str(), kBasePages);
  std::memset(first.get(), 5, first.size());
  std::size_t size_seen = 0;
  std::vector<std::byte> seen;
  const Contents contents{[](void*, std::size_t) { throw std::runtime_error("it exists"); },
                          [&](std::span<const std::byte> beginning, std::size_t size) {
                            seen.assign(beginning.begin(), beginning.end());
                            size_seen = size;
                          }};
  const ShmMem second(8192, name.str(), kBasePages, contents);
  EXPECT_EQ(size_seen, 8192U);
  EXPECT_EQ(seen, std::vector<std::byte>(4096, std::byte{5}));
}

TEST(ShmMemTest, WithoutAnInspectionWhatExistsIsTakenAsItIs) {
  const ShmName name;
  ShmMem first(4096, name.str());
  *static_cast<int*>(first.get()) = 42;
  const auto fill = [](void* address, std::size_t size) { std::memset(address, 1, size); };
  const ShmMem second(4096, name.str(), {}, {.initialise = fill});
  EXPECT_EQ(*static_cast<const int*>(second.get()), 42);
}

TEST(ShmMemTest, WhatItsContentsRefuseStaysAsItIs) {
  const ShmName name;
  ShmMem first(4096, name.str());
  const std::size_t descriptors = openDescriptors();
  const Contents refusing{
      [](void*, std::size_t) {},
      [](std::span<const std::byte>, std::size_t) { throwError(Errc::InvalidParam, "no"); }};
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str(), {}, refusing); }), Errc::InvalidParam);
  EXPECT_EQ(openDescriptors(), descriptors);
  EXPECT_TRUE(pathExists(name.path()));
}

TEST(ShmMemTest, IsNotInheritedOverExec) {
  const ShmName name;
  const ShmMem first(4096, name.str());
  const ShmMem second(4096, name.str());
  EXPECT_EQ(::fcntl(first.descriptor(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(second.descriptor(), F_GETFD), FD_CLOEXEC);
}

// --- names --------------------------------------------------------------------------------------

TEST(ShmMemTest, RefusesNamesOutsideTheRule) {
  for (const std::string& name :
       {std::string(), std::string("/"), std::string("a/b"), std::string("//a"), std::string(".."),
        std::string("a b"), std::string("tab\t"), std::string(201, 'x'), std::string("a\0b", 3)}) {
    EXPECT_EQ(thrownBy([&] { ShmMem(4096, name); }), Errc::InvalidParam) << name;
    EXPECT_EQ(ShmMem::unlink(name), -1) << name;
    EXPECT_EQ(lastError, Errc::InvalidParam) << name;
  }
}

TEST(ShmMemTest, TakesTheLongestNameOfTheRule) {
  const std::string name = "ringside-test-" + std::string(186, 'x');
  EXPECT_EQ(thrownBy([&] { ShmMem(4096, name); }), std::error_code());
  EXPECT_EQ(ShmMem::unlink(name), 0);
}

TEST(ShmMemTest, StaysUsableAfterItsNameIsGone) {
  const ShmName name;
  ShmMem memory(4096, name.str());
  EXPECT_EQ(ShmMem::unlink("/" + name.str()), 0);
  EXPECT_FALSE(pathExists(name.path()));
  std::memset(memory.get(), 1, memory.size());
  const ShmMem successor(4096, name.str());
  EXPECT_TRUE(successor.created());
  EXPECT_EQ(*static_cast<const char*>(successor.get()), 0);
}

TEST(ShmMemTest, UnlinkOfWhatIsNotThereSucceeds) {
  EXPECT_EQ(ShmMem::unlink("ringside-test-never-made"), 0);
}

TEST(ShmMemTest, AFolderOfThatNameIsNoSegment) {
  const ShmName name;
  ASSERT_EQ(::mkdir(name.path().c_str(), 0700), 0);
  EXPECT_EQ(openedAs(name), Errc::InvalidParam);
  EXPECT_EQ(openedAs(name, {.access = Access::ReadOnly}), Errc::InvalidParam);
  EXPECT_EQ(ShmMem::unlink(name.str()), -1);
  EXPECT_EQ(::rmdir(name.path().c_str()), 0);
}

TEST(ShmMemTest, APipeOfThatNameIsRefusedWithoutWaitingForItsOtherEnd) {
  const ShmName name;
  ASSERT_EQ(::mkfifo(name.path().c_str(), 0600), 0);
  EXPECT_EQ(openedAs(name), Errc::InvalidParam);
  EXPECT_EQ(openedAs(name, {.access = Access::ReadOnly}), Errc::InvalidParam);
}

TEST(ShmMemTest, AnEmptyFileOfThatNameIsNoSegment) {
  const ShmName name;
  std::ofstream(name.path()).close();
  ASSERT_EQ(::chmod(name.path().c_str(), 0600), 0);
  EXPECT_EQ(openedAs(name), Errc::InvalidParam);
}

TEST(ShmMemTest, ASymbolicLinkIsNotFollowed) {
  const ShmName real;
  const ShmMem memory(4096, real.str());
  for (const std::string& target :
       {std::string("/dev/null"), std::string("/dev/shm/ringside-nothing"), real.path()}) {
    const ShmName name;
    ASSERT_EQ(::symlink(target.c_str(), name.path().c_str()), 0);
    EXPECT_EQ(openedAs(name), Errc::PermissionDenied) << target;
    EXPECT_EQ(ShmMem::unlink(name.str()), 0);
    EXPECT_FALSE(pathExists(name.path()));
  }
  EXPECT_TRUE(pathExists(real.path()));
}

// --- modes and owners ---------------------------------------------------------------------------

TEST(ShmMemTest, HasTheModeThatWasAskedWhateverTheUmask) {
  const ShmName name;
  const ::mode_t old_mask = ::umask(0777);
  const ShmMem memory(4096, name.str(), {.mode = 0640});
  ::umask(old_mask);
  struct ::stat facts = {};
  ASSERT_EQ(::stat(name.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0640U);
}

TEST(ShmMemTest, RefusesAModeForEverybody) {
  const ShmName name;
  for (const ::mode_t mode : {0666U, 0604U, 04600U, 01600U}) {
    EXPECT_EQ(openedAs(name, {.mode = mode}), Errc::InvalidParam);
    EXPECT_FALSE(pathExists(name.path()));
  }
}

TEST(ShmMemTest, RefusesASegmentThatMoreMayOpenThanWasAskedFor) {
  const ShmName name;
  const ShmMem group(4096, name.str(), {.mode = 0660});
  EXPECT_EQ(openedAs(name), Errc::PermissionDenied);
  EXPECT_EQ(openedAs(name, {.mode = 0640}), Errc::PermissionDenied);
  EXPECT_EQ(openedAs(name, {.mode = 0660}), std::error_code());
}

TEST(ShmMemTest, SomebodyElsesSegmentIsRefused) {
  SKIP_UNLESS_ROOT();
  const ShmName name;
  const ShmMem memory(4096, name.str());
  EXPECT_EQ(asNobody([&] { return openedAs(name) == Errc::PermissionDenied ? 0 : 1; }), 0);
}

TEST(ShmMemTest, ASegmentThatSomebodyElsePlantedIsRefused) {
  SKIP_UNLESS_ROOT();
  const ShmName name;
  ASSERT_EQ(asNobody([&] { return openedAs(name) ? 1 : 0; }), 0);
  EXPECT_EQ(openedAs(name), Errc::PermissionDenied);
  EXPECT_EQ(openedAs(name, {.access = Access::ReadOnly}), Errc::PermissionDenied);
  EXPECT_EQ(openedAs(name, {.mode = 0660}), std::error_code()) << "shared on purpose";
}

TEST(ShmMemTest, TheGroupOpensWhatWasMadeForIt) {
  SKIP_UNLESS_ROOT();
  const ShmName name;
  const ShmMem memory(4096, name.str(), {.mode = 0660});
  ASSERT_EQ(::fchown(memory.descriptor(), 0, kNobody), 0);
  EXPECT_EQ(resultOf(inChild([&] {
              if (::setegid(kNobody) != 0 || ::seteuid(kNobody) != 0) return 1;
              if (openedAs(name, {.mode = 0660})) return 2;
              return openedAs(name) == Errc::PermissionDenied ? 0 : 3;
            })),
            0);
}

TEST(ShmMemTest, SomebodyElsesNameStays) {
  SKIP_UNLESS_ROOT();
  const ShmName name;
  const ShmMem memory(4096, name.str());
  EXPECT_EQ(asNobody([&] {
              if (ShmMem::unlink(name.str()) != -1) return 1;
              return lastError == Errc::PermissionDenied ? 0 : 2;
            }),
            0);
  EXPECT_TRUE(pathExists(name.path()));
}

// --- no space, no /proc -------------------------------------------------------------------------

TEST(ShmMemTest, MoreThanTheFileSystemHoldsIsAnErrorAndLeavesNothing) {
  const ShmName name;
  struct ::statvfs facts = {};
  ASSERT_EQ(::statvfs("/dev/shm", &facts), 0);
  if (facts.f_blocks == 0) GTEST_SKIP() << "/dev/shm has no limit here";
  const std::size_t too_much = facts.f_blocks * facts.f_frsize + (1U << 20);
  EXPECT_EQ(thrownBy([&] { ShmMem(too_much, name.str(), kBasePages); }), Errc::OutOfMemory);
  EXPECT_FALSE(pathExists(name.path()));
}

/// What a segment of 3 MiB finds in a /dev/shm of 1 MiB.
int fillSmallShm(const ShmName& name, const MemoryOptions& options) {
  std::string message;
  EXPECT_EQ(thrownBy([&] { ShmMem(3 << 20, name.str(), options); }, message), Errc::OutOfMemory);
  EXPECT_NE(message.find("3145728 bytes"), std::string::npos) << message;
  EXPECT_NE(message.find("1 MiB"), std::string::npos) << message;
  EXPECT_EQ(thrownBy([&] { ShmMem(3 << 20, options); }), Errc::OutOfMemory);
  EXPECT_EQ(filesIn("/dev/shm"), 0U);
  ShmMem fitting(1 << 20, name.str(), options);
  std::memset(fitting.get(), 1, fitting.size());
  EXPECT_EQ(fitting.resize(2 << 20), -1);
  EXPECT_EQ(lastError, Errc::OutOfMemory);
  EXPECT_EQ(thrownBy([&] { ShmMem(1 << 20, name.str(), options); }), std::error_code());
  return failures();
}

TEST(ShmMemTest, AFullFileSystemIsAnErrorThatSaysHowMuchIsFree) {
  for (const HugePages huge_pages : {HugePages::Never, HugePages::Try}) {
    const ShmName name;
    // It fills no page of 1 GiB, so that none is reserved for it.
    const MemoryOptions options{.huge_pages = huge_pages, .huge_page_size = HugePageSize::OneGiB};
    const int result =
        withFileSystemOn("/dev/shm", "size=1m", [&] { return fillSmallShm(name, options); });
    if (result == kMayNotMount) GTEST_SKIP() << "this process may not mount anything";
    EXPECT_EQ(result, 0);
  }
}

/// Runs `work` in a child that has no /proc, and a /dev/shm of its own.
int withoutProc(const std::function<int()>& work) {
  return withFileSystemOn("/dev/shm", "size=1m", [&] {
    const bool hidden = ::mount("ringside-test", "/proc", "tmpfs", 0, nullptr) == 0;
    return hidden ? work() : kMayNotMount;
  });
}

TEST(ShmMemTest, WithoutProcItIsMadeAllTheSame) {
  const ShmName name;
  const int result = withoutProc([&] {
    const ShmMem first(8192, name.str(), kBasePages);
    EXPECT_TRUE(first.created());
    EXPECT_FALSE(ShmMem(8192, name.str(), kBasePages).created());
    EXPECT_EQ(filesIn("/dev/shm", ".ringside"), 0U);
    const auto refuse = [](void*, std::size_t) { throw std::runtime_error("no"); };
    EXPECT_THROW(ShmMem(4096, kBasePages, {.initialise = refuse}), std::runtime_error);
    EXPECT_EQ(filesIn("/dev/shm", ".ringside"), 0U);
    EXPECT_EQ(ShmMem::unlink(name.str()), 0);
    return failures();
  });
  if (result == kMayNotMount) GTEST_SKIP() << "this process may not mount anything";
  EXPECT_EQ(result, 0);
}

TEST(ShmMemTest, WithoutProcACreatorThatDiesLeavesWhatTheNextOneSweeps) {
  const ShmName name;
  const int result = withoutProc([&] {
    const auto die = [](void*, std::size_t) { ::raise(SIGKILL); };
    EXPECT_EQ(resultOf(inChild([&] {
                const ShmMem half_made(4096, name.str(), kBasePages, {.initialise = die});
                return 0;
              })),
              1000 + SIGKILL);
    EXPECT_EQ(filesIn("/dev/shm", ".ringside"), 1U);
    EXPECT_TRUE(ShmMem(4096, name.str(), kBasePages).created());
    EXPECT_EQ(filesIn("/dev/shm", ".ringside"), 0U);
    return failures();
  });
  if (result == kMayNotMount) GTEST_SKIP() << "this process may not mount anything";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace ringside
