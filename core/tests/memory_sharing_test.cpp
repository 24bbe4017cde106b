// Memory that several processes see: over fork, by descriptor, and with a file description of one's
// own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <stdexcept>

#include "forked.hpp"
#include "lock_file.hpp"
#include "memory_kinds.hpp"
#include "stepped_child.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

std::atomic<int>& wordIn(Mapping& memory, std::size_t offset = 0) {
  return *static_cast<std::atomic<int>*>(memory.get(offset));
}

const Contents kSeven{[](void* address, std::size_t) { *static_cast<int*>(address) = 7; },
                      [](std::span<const std::byte> beginning, std::size_t) {
                        int value = 0;
                        if (beginning.size() >= sizeof value)
                          std::memcpy(&value, beginning.data(), sizeof value);
                        if (value != 7) throwError(Errc::InvalidParam, "not seven");
                      }};

// --- over fork ----------------------------------------------------------------------------------

template <class Kind>
class ForkedMemoryTest : public ::testing::Test {
 protected:
  Kind kind_;
};
using ForkedKinds = ::testing::Types<AnonKind, MemfdKind, UnnamedShmKind, NamedShmKind, FileKind,
                                     SysvKind, KeyedSysvKind>;
TYPED_TEST_SUITE(ForkedMemoryTest, ForkedKinds, MemoryKindNames);

TYPED_TEST(ForkedMemoryTest, ParentAndChildSeeWhatTheOtherWrites) {
  auto memory = this->kind_.make(8192);
  const ::pid_t child = inChild([&] {
    waitFor([&] { return wordIn(memory) == 1; });
    wordIn(memory, 4096) = 2;
    return 0;
  });
  wordIn(memory) = 1;
  waitFor([&] { return wordIn(memory, 4096) == 2; });
  EXPECT_EQ(resultOf(child), 0);
}

TYPED_TEST(ForkedMemoryTest, WhatAKilledChildWroteStays) {
  auto memory = this->kind_.make(4096);
  const ::pid_t child = inChild([&] {
    wordIn(memory) = 1;
    ::pause();
    return 0;
  });
  waitFor([&] { return wordIn(memory) == 1; });
  killAndWait(child);
  EXPECT_EQ(wordIn(memory), 1);
}

TYPED_TEST(ForkedMemoryTest, AChildThatUnmapsItLeavesItToItsParent) {
  auto memory = this->kind_.make(4096);
  wordIn(memory) = 1;
  EXPECT_EQ(resultOf(inChild([&] {
              { const auto gone = std::move(memory); }
              return 0;
            })),
            0);
  EXPECT_EQ(wordIn(memory), 1);
}

TYPED_TEST(ForkedMemoryTest, WithContentsItHasAFileForTheLocks) {
  const auto memory = this->kind_.make(4096, kBasePages, kSeven);
  EXPECT_GE(memory.descriptor(), 0);
  EXPECT_TRUE(tryLock(memory.descriptor(), kFirstParticipantLock));
}

TYPED_TEST(ForkedMemoryTest, AReopenedFileHasLocksOfItsOwn) {
  auto memory = this->kind_.make(4096, kBasePages, kSeven);
  ASSERT_TRUE(tryLock(memory.descriptor(), kFirstParticipantLock));
  EXPECT_EQ(resultOf(inChild([&] {
              if (!tryLock(memory.descriptor(), kFirstParticipantLock)) return 1;  // the parent's
              memory.reopen();
              return tryLock(memory.descriptor(), kFirstParticipantLock) ? 2 : 0;
            })),
            0);
}

TYPED_TEST(ForkedMemoryTest, TheLocksOfAReopenedFileGoWithItsProcess) {
  auto memory = this->kind_.make(4096, kBasePages, kSeven);
  const ::pid_t child = inChild([&] {
    memory.reopen();
    wordIn(memory) = tryLock(memory.descriptor(), kFirstParticipantLock) ? 1 : 2;
    ::pause();
    return 0;
  });
  waitFor([&] { return wordIn(memory) != 7; });
  EXPECT_EQ(wordIn(memory), 1);
  EXPECT_FALSE(tryLock(memory.descriptor(), kFirstParticipantLock));
  killAndWait(child);
  EXPECT_TRUE(tryLock(memory.descriptor(), kFirstParticipantLock));
}

TEST(LocalMemTest, WhatAChildWritesIsItsOwn) {
  LocalMem memory(4096, kBasePages);
  wordIn(memory) = 1;
  EXPECT_EQ(resultOf(inChild([&] {
              if (wordIn(memory) != 1) return 1;
              wordIn(memory) = 2;
              return 0;
            })),
            0);
  EXPECT_EQ(wordIn(memory), 1);
}

TEST(LocalMemTest, HasNoFileToReopen) {
  LocalMem memory(4096, kBasePages, kSeven);
  EXPECT_EQ(memory.descriptor(), -1);
  EXPECT_THROW(memory.reopen(), std::system_error);
}

// --- by descriptor ------------------------------------------------------------------------------

/// The two ends of a Unix socket that carries one descriptor at a time.
class DescriptorPipe {
 public:
  DescriptorPipe() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0) throwErrno("no socket");
    sender_ = UniqueFd(ends[0]);
    receiver_ = UniqueFd(ends[1]);
  }

  bool send(int descriptor) const {
    Message message;
    ::cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
    return ::sendmsg(sender_.get(), &message.header, 0) == 1;
  }

  UniqueFd receive() const {
    Message message;
    int descriptor = -1;
    if (::recvmsg(receiver_.get(), &message.header, MSG_CMSG_CLOEXEC) != 1) return UniqueFd();
    const ::cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    if (control != nullptr) std::memcpy(&descriptor, CMSG_DATA(control), sizeof descriptor);
    return UniqueFd(descriptor);
  }

 private:
  struct Message {
    alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    char byte = 0;
    ::iovec data = {&byte, 1};
    ::msghdr header = {};
    Message() {
      header.msg_iov = &data;
      header.msg_iovlen = 1;
      header.msg_control = control;
      header.msg_controllen = sizeof control;
    }
  };
  UniqueFd sender_;
  UniqueFd receiver_;
};

/// Makes memory, sends it, and waits until somebody has answered in it.
int sendMemory(const DescriptorPipe& pipe) {
  MemfdMem memory(5000, kBasePages, kSeven);
  if (!pipe.send(memory.descriptor())) return 1;
  waitFor([&] { return wordIn(memory, 4096) != 0; });
  return wordIn(memory, 4096) == 8 ? 0 : 2;
}

TEST(MemfdMemTest, AnotherProcessMapsWhatItIsSent) {
  const DescriptorPipe pipe;
  const ::pid_t child = inChild([&] { return sendMemory(pipe); });
  const UniqueFd sent = pipe.receive();
  ASSERT_TRUE(sent);
  MemfdMem memory(5000, sent.get(), kBasePages, kSeven);
  EXPECT_FALSE(memory.created());
  EXPECT_EQ(memory.size(), 8192U);
  EXPECT_EQ(wordIn(memory), 7);
  wordIn(memory, 4096) = 8;
  EXPECT_EQ(resultOf(child), 0);
  EXPECT_EQ(wordIn(memory), 7) << "it lives on without its maker";
}

TEST(MemfdMemTest, TheDescriptorStaysTheCallers) {
  const MemfdMem first(4096, kBasePages);
  const MemfdMem second(4096, first.descriptor(), kBasePages);
  EXPECT_NE(second.descriptor(), first.descriptor());
  EXPECT_NE(::fcntl(first.descriptor(), F_GETFD), -1);
}

TEST(MemfdMemTest, EachWhoMapsItHasLocksOfItsOwn) {
  const MemfdMem first(4096, kBasePages);
  const MemfdMem second(4096, first.descriptor(), kBasePages);
  ASSERT_TRUE(tryLock(first.descriptor(), kFirstParticipantLock));
  EXPECT_FALSE(tryLock(second.descriptor(), kFirstParticipantLock));
}

TEST(MemfdMemTest, NobodyCanMakeItSmaller) {
  const MemfdMem memory(8192, kBasePages);
  EXPECT_EQ(::ftruncate(memory.descriptor(), 4096), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(MemfdMemTest, NobodyCanSealItFurther) {
  const MemfdMem memory(4096, kBasePages);
  for (const int seal : {F_SEAL_WRITE, F_SEAL_GROW, F_SEAL_FUTURE_WRITE}) {
    EXPECT_EQ(::fcntl(memory.descriptor(), F_ADD_SEALS, seal), -1);
    EXPECT_EQ(errno, EPERM);
  }
}

TEST(MemfdMemTest, RefusesAnotherSize) {
  const MemfdMem memory(8192, kBasePages);
  for (const std::size_t size : {1U, 4096U, 8193U}) {
    EXPECT_EQ(thrownBy([&] { MemfdMem(size, memory.descriptor(), kBasePages); }),
              Errc::InvalidParam);
  }
  EXPECT_EQ(thrownBy([&] { MemfdMem(0, memory.descriptor(), kBasePages); }), Errc::InvalidParam);
}

TEST(MemfdMemTest, RefusesADescriptorOfAnythingElse) {
  const TestFolder folder;
  const FileMem file(4096, folder.path("file"), kBasePages);
  const UniqueFd unsealed(::memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
  const UniqueFd shrinkable(::memfd_create("shrinkable", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(shrinkable.get(), 4096), 0);
  ASSERT_EQ(::fcntl(shrinkable.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
  const std::size_t descriptors = openDescriptors();
  for (const int descriptor : {-1, 9999, file.descriptor(), unsealed.get(), shrinkable.get()}) {
    EXPECT_EQ(thrownBy([&] { MemfdMem(4096, descriptor, kBasePages); }), Errc::InvalidParam);
  }
  EXPECT_EQ(openDescriptors(), descriptors);
}

TEST(MemfdMemTest, WhatItsContentsRefuseIsNotMapped) {
  const MemfdMem memory(4096, kBasePages);
  const std::size_t descriptors = openDescriptors();
  EXPECT_EQ(thrownBy([&] { MemfdMem(4096, memory.descriptor(), kBasePages, kSeven); }),
            Errc::InvalidParam);
  EXPECT_EQ(openDescriptors(), descriptors);
}

TEST(MemfdMemTest, ThePeerSeesANewEndOnceItResizesToo) {
  MemfdMem first(4096, kBasePages);
  MemfdMem second(4096, first.descriptor(), kBasePages);
  ASSERT_EQ(first.resize(12288), 0);
  wordIn(first, 8192) = 5;
  EXPECT_THROW(second.get(8192), std::out_of_range);
  ASSERT_EQ(second.resize(12288), 0);
  EXPECT_EQ(wordIn(second, 8192), 5);
}

TEST(MemfdMemTest, IsNotInheritedOverExec) {
  const MemfdMem first(4096, kBasePages);
  const MemfdMem second(4096, first.descriptor(), kBasePages);
  EXPECT_EQ(::fcntl(first.descriptor(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(second.descriptor(), F_GETFD), FD_CLOEXEC);
}

}  // namespace
}  // namespace ringside
