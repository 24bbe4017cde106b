// Memory that is only read, and private copies of it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

#include "forked.hpp"
#include "memory_kinds.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

const MemoryOptions kReadOnly{.huge_pages = HugePages::Never, .access = Access::ReadOnly};
const MemoryOptions kPrivate{.huge_pages = HugePages::Never, .access = Access::Private};

int& intIn(Mapping& memory, std::size_t offset = 0) {
  return *static_cast<int*>(memory.get(offset));
}

/// Writes without a word from a sanitizer or a core dump; 0 when it lives on.
int writeTo(Mapping& memory) {
  const ::rlimit nothing = {0, 0};
  ::setrlimit(RLIMIT_CORE, &nothing);
  ::signal(SIGSEGV, SIG_DFL);
  *static_cast<volatile int*>(memory.get()) = 1;
  return 0;
}

/// The number at an offset of a file, read and not mapped.
int intInFile(int descriptor, ::off_t offset = 0) {
  int value = -1;
  return ::pread(descriptor, &value, sizeof value, offset) == sizeof value ? value : -1;
}

// Each makes memory once and opens it any number of times.

struct OpenedShm : NamedShmKind {
  ShmMem open(std::size_t size, const ShmMem&, const MemoryOptions& options) const {
    return ShmMem(size, name.str(), options);
  }
};

struct OpenedFile : FileKind {
  FileMem open(std::size_t size, const FileMem&, const MemoryOptions& options) const {
    return FileMem(size, path(), options);
  }
};

struct OpenedMemfd : MemfdKind {
  MemfdMem open(std::size_t size, const MemfdMem& memory, const MemoryOptions& options) const {
    return MemfdMem(size, memory.descriptor(), options);
  }
};

template <class Kind>
class AccessTest : public ::testing::Test {
 protected:
  auto open(const MemoryOptions& options) { return kind_.open(8192, memory_, options); }

  Kind kind_;
  typename Kind::Memory memory_ = kind_.make(8192);
};
using OpenedKinds = ::testing::Types<OpenedShm, OpenedFile, OpenedMemfd>;
TYPED_TEST_SUITE(AccessTest, OpenedKinds, MemoryKindNames);

TYPED_TEST(AccessTest, ReadOnlySeesWhatOthersWrite) {
  intIn(this->memory_) = 5;
  const auto reader = this->open(kReadOnly);
  EXPECT_FALSE(reader.created());
  EXPECT_EQ(*static_cast<const int*>(reader.get()), 5);
  intIn(this->memory_) = 6;
  EXPECT_EQ(*static_cast<const int*>(reader.get()), 6);
}

TYPED_TEST(AccessTest, AWriteToReadOnlyMemoryKillsTheProcess) {
  auto reader = this->open(kReadOnly);
  EXPECT_EQ(resultOf(inChild([&] { return writeTo(reader); })), 1000 + SIGSEGV);
  EXPECT_EQ(intIn(this->memory_), 0);
}

TYPED_TEST(AccessTest, ReadOnlyMemoryHasADescriptorThatOnlyReads) {
  const auto reader = this->open(kReadOnly);
  EXPECT_EQ(::fcntl(reader.descriptor(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

TYPED_TEST(AccessTest, ReadOnlyMemoryStaysSoWhenItIsReopened) {
  auto reader = this->open(kReadOnly);
  reader.reopen();
  EXPECT_EQ(::fcntl(reader.descriptor(), F_GETFL) & O_ACCMODE, O_RDONLY);
  EXPECT_EQ(intIn(reader), 0);
}

TYPED_TEST(AccessTest, WhatIsWrittenToPrivateMemoryStaysInThisProcess) {
  intIn(this->memory_) = 5;
  auto copy = this->open(kPrivate);
  EXPECT_EQ(intIn(copy), 5);
  intIn(copy) = 6;
  intIn(copy, 4096) = 7;
  EXPECT_EQ(intIn(this->memory_), 5);
  EXPECT_EQ(intIn(this->memory_, 4096), 0);
  EXPECT_EQ(intInFile(this->memory_.descriptor()), 5);
  intIn(this->memory_) = 8;
  EXPECT_EQ(intIn(copy), 6);
}

TYPED_TEST(AccessTest, EachPrivateCopyIsItsOwn) {
  auto first = this->open(kPrivate);
  auto second = this->open(kPrivate);
  intIn(first) = 1;
  intIn(second) = 2;
  EXPECT_EQ(intIn(first), 1);
  EXPECT_EQ(intIn(second), 2);
}

TYPED_TEST(AccessTest, AnotherSizeIsRefusedWhateverTheAccess) {
  for (const MemoryOptions& options : {kReadOnly, kPrivate}) {
    EXPECT_EQ(thrownBy([&] { this->kind_.open(4096, this->memory_, options); }),
              Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { this->kind_.open(12288, this->memory_, options); }),
              Errc::InvalidParam);
  }
}

TYPED_TEST(AccessTest, BothCanBePrefaultedWithoutAWrite) {
  for (const MemoryOptions& options : {kReadOnly, kPrivate}) {
    auto opened = this->open(options);
    if (opened.prefault() == -1) GTEST_SKIP() << "this kernel can't populate";
    EXPECT_EQ(intIn(opened), 0);
  }
  EXPECT_EQ(intIn(this->memory_), 0);
}

TYPED_TEST(AccessTest, NeitherGrowsBeyondWhatThereIs) {
  for (const MemoryOptions& options : {kReadOnly, kPrivate}) {
    auto opened = this->open(options);
    void* const address = opened.get();
    EXPECT_EQ(opened.resize(8193), -1);
    EXPECT_EQ(lastError, Errc::InvalidParam);
    EXPECT_EQ(opened.get(), address);
    EXPECT_EQ(opened.size(), 8192U);
  }
}

TYPED_TEST(AccessTest, BothGrowWithWhatAnotherMadeLarger) {
  auto reader = this->open(kReadOnly);
  auto copy = this->open(kPrivate);
  intIn(copy) = 4;
  ASSERT_EQ(this->memory_.resize(16384), 0);
  intIn(this->memory_, 12288) = 5;
  ASSERT_EQ(reader.resize(16384), 0);
  EXPECT_EQ(intIn(reader, 12288), 5);
  ASSERT_EQ(copy.resize(16384), 0);
  EXPECT_EQ(intIn(copy, 12288), 5);
  EXPECT_EQ(intIn(copy), 4);
  intIn(copy, 12288) = 6;
  EXPECT_EQ(intIn(this->memory_, 12288), 5);
}

// --- what is not there --------------------------------------------------------------------------

TEST(AccessOfNothingTest, NeitherReadOnlyNorPrivateCreates) {
  const ShmName name;
  const TestFolder folder;
  for (const MemoryOptions& options : {kReadOnly, kPrivate}) {
    EXPECT_EQ(thrownBy([&] { ShmMem(4096, name.str(), options); }), Errc::NotFound);
    EXPECT_EQ(thrownBy([&] { FileMem(4096, folder.path("file"), options); }), Errc::NotFound);
    EXPECT_FALSE(pathExists(name.path()));
    EXPECT_FALSE(pathExists(folder.path("file")));
  }
}

TEST(AccessOfNothingTest, NewMemoryWithoutANameIsReadAndWritten) {
  for (const MemoryOptions& options : {kReadOnly, kPrivate}) {
    EXPECT_EQ(thrownBy([&] { LocalMem(4096, options); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { AnonMem(4096, options); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { MemfdMem(4096, options); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { ShmMem(4096, options); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { SysvMem(4096, options); }), Errc::InvalidParam);
  }
}

TEST(FileAccessTest, AFileThatMayOnlyBeReadIsOpenedToReadOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody who may not write";
  const TestFolder folder;
  { const FileMem file(4096, folder.path("file"), {.mode = 0444}); }
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  EXPECT_EQ(resultOf(inChild([&] {
              if (::seteuid(65534) != 0) return 1;
              const auto openAs = [&](const MemoryOptions& options) {
                return thrownBy([&] { FileMem(4096, folder.path("file"), options); });
              };
              if (openAs(kBasePages) != Errc::PermissionDenied) return 2;
              return openAs(kReadOnly) || openAs(kPrivate) ? 3 : 0;
            })),
            0);
}

// --- System V -----------------------------------------------------------------------------------

TEST(SysvAccessTest, ReadOnlySeesWhatOthersWrite) {
  const SysvKey key;
  SysvMem memory(4096, key.get(), kBasePages);
  const SysvMem reader(4096, key.get(), kReadOnly);
  intIn(memory) = 5;
  EXPECT_EQ(*static_cast<const int*>(reader.get()), 5);
}

TEST(SysvAccessTest, AWriteToReadOnlyMemoryKillsTheProcess) {
  const SysvKey key;
  const SysvMem memory(4096, key.get(), kBasePages);
  SysvMem reader(4096, key.get(), kReadOnly);
  EXPECT_EQ(resultOf(inChild([&] { return writeTo(reader); })), 1000 + SIGSEGV);
}

TEST(SysvAccessTest, ReadOnlyCreatesNothing) {
  const SysvKey key;
  const Contents contents{[](void*, std::size_t) {},
                          [](std::span<const std::byte>, std::size_t) {}};
  EXPECT_EQ(thrownBy([&] { SysvMem(4096, key.get(), kReadOnly); }), Errc::NotFound);
  EXPECT_EQ(thrownBy([&] { SysvMem(4096, key.get(), kReadOnly, contents); }), Errc::NotFound);
  EXPECT_EQ(sysvSegmentsOf(::getpid()), 0U);
  EXPECT_FALSE(pathExists(key.lockPath()));
}

TEST(SysvAccessTest, ReadOnlyFillsNothing) {
  const SysvKey key;
  const SysvMem blank(4096, key.get(), kBasePages);
  const auto fill = [](void* address, std::size_t size) { std::memset(address, 1, size); };
  EXPECT_EQ(thrownBy([&] { SysvMem(4096, key.get(), kReadOnly, {.initialise = fill}); }),
            Errc::NotFound);
  EXPECT_EQ(*static_cast<const int*>(blank.get()), 0);
}

TEST(SysvAccessTest, HasNoPrivateMapping) {
  const SysvKey key;
  const SysvMem memory(4096, key.get(), kBasePages);
  EXPECT_EQ(thrownBy([&] { SysvMem(4096, key.get(), kPrivate); }), Errc::InvalidParam);
}

}  // namespace
}  // namespace ringside
