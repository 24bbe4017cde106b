// A file that is cut off under its users: without the guard they die, with it they are told.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <filesystem>
#include <thread>

#include "forked.hpp"
#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

constexpr int kKilledByBusError = 1000 + SIGBUS;
constexpr ::off_t kLengths[] = {0, 4096, 8192, 3 * 4096, 4 * 4096, 8 * 4096};

void cutOff(const std::string& path, ::off_t size) { ASSERT_EQ(::truncate(path.c_str(), size), 0); }

template <class P>
class TruncationTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kElementSize = 4096;
  static constexpr std::uint64_t kCapacity = 16;

  /// Pushes, or pops, until it gets an error that is neither full nor empty.
  static int useUntilItFails(auto& handle, auto&& operate, std::atomic<int>& used) {
    if (handle.open() == -1) return 1;
    while (operate() == 0 || lastError == Errc::TemporaryError) used.fetch_add(1);
    if (lastError != Errc::OperationFailed) return 2;
    if (handle.opened()) return 3;
    if (operate() == 0 || lastError != Errc::OperationFailed) return 4;
    if (handle.describeDamage().find("cut off") == std::string::npos) return 5;
    return handle.open() == -1 ? 0 : 6;  // what is left of the file is no ring
  }

  ::pid_t produce(const ShmName& name, bool guarded) {
    return inChild([&, guarded] {
      if (guarded && guardAgainstTruncation() == -1) return 9;
      typename P::Producer producer(name.str(), kElementSize, kCapacity);
      const std::vector<std::byte> element(kElementSize);
      return useUntilItFails(
          producer, [&] { return producer.tryPush(element.data()); }, used_[0]);
    });
  }
  ::pid_t consume(const ShmName& name, bool guarded) {
    return inChild([&, guarded] {
      if (guarded && guardAgainstTruncation() == -1) return 9;
      typename P::Consumer consumer(name.str(), kElementSize, kCapacity);
      std::vector<std::byte> element(kElementSize);
      return useUntilItFails(
          consumer, [&] { return consumer.tryPop(element.data()); }, used_[1]);
    });
  }
  void waitUntilUsed() {
    while (used_[0] < 1000 || used_[1] < 1000) ::usleep(100);
  }

  SharedArray<std::atomic<int>> used_{2};
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(TruncationTest, Policies);

TYPED_TEST(TruncationTest, WithTheGuardEverySideIsToldWhereverTheFileEnds) {
  for (const ::off_t length : kLengths) {
    const ShmName name;
    this->used_[0] = this->used_[1] = 0;
    const ::pid_t producer = this->produce(name, true);
    const ::pid_t consumer = this->consume(name, true);
    this->waitUntilUsed();
    cutOff(name.path(), length);
    EXPECT_EQ(resultOf(producer), 0) << length;
    EXPECT_EQ(resultOf(consumer), 0) << length;
  }
}

TYPED_TEST(TruncationTest, WithoutTheGuardItIsABusError) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer answers a bus error itself";
#endif
  const ShmName name;
  const ::pid_t producer = this->produce(name, false);
  const ::pid_t consumer = this->consume(name, false);
  this->waitUntilUsed();
  cutOff(name.path(), 0);
  EXPECT_EQ(resultOf(producer), kKilledByBusError);
  EXPECT_EQ(resultOf(consumer), kKilledByBusError);
}

TYPED_TEST(TruncationTest, WithTheGuardAWaitEnds) {
  for (const Wait wait : {Wait::Spin, Wait::Yield, Wait::Block}) {
    const ShmName name;
    this->used_[0] = 0;
    const ::pid_t consumer = inChild([&] {
      guardAgainstTruncation();
      typename TypeParam::Consumer waiting(name.str(), 8, 4, {.wait = wait});
      if (waiting.open() == -1) return 1;
      this->used_[0] = 1;
      std::uint64_t value = 0;
      return waiting.pop(&value) == -1 && lastError == Errc::OperationFailed ? 0 : 2;
    });
    while (this->used_[0] == 0) ::usleep(100);
    cutOff(name.path(), 0);
    EXPECT_EQ(resultOf(consumer), 0);
  }
}

TYPED_TEST(TruncationTest, ATypedQueueIsToldToo) {
  const ShmName name;
  const ::pid_t user = inChild([&] {
    BasicQueue<std::uint64_t, ShmMem, TypeParam> queue(4, name.str());
    std::uint64_t value = 1;
    if (queue.push(value) + queue.pop(value) != 0) return 1;
    guardAgainstTruncation();  // also for memory that was made before
    cutOff(name.path(), 0);
    for (int i = 0; i < 10'000; ++i) {
      if (queue.tryPush(value) == 0 || lastError != Errc::OperationFailed) continue;
      if (queue.tryPop(value) == 0 || lastError != Errc::OperationFailed) return 2;
      return queue.memory().truncated() && !queue.describeDamage().empty() ? 0 : 3;
    }
    return 4;
  });
  EXPECT_EQ(resultOf(user), 0);
}

TEST(TruncationGuardTest, MemoryReadsZerosAndSaysSo) {
  const ShmName name;
  const ::pid_t user = inChild([&] {
    if (guardAgainstTruncation() + guardAgainstTruncation() != 0) return 1;  // once is enough
    const std::string path = (std::filesystem::temp_directory_path() / name.str()).string();
    FileMem memory(3 * kPageBytes, path);
    auto* const bytes = static_cast<unsigned char*>(memory.get());
    std::fill(bytes, bytes + 3 * kPageBytes, 0xff);
    cutOff(path, kPageBytes);
    std::filesystem::remove(path);
    if (memory.truncated()) return 2;  // nothing was touched yet
    if (bytes[0] != 0xff || memory.truncated()) return 3;
    if (bytes[2 * kPageBytes] != 0 || !memory.truncated()) return 4;
    bytes[kPageBytes] = 1;
    const Mapping moved(std::move(memory));
    return bytes[kPageBytes] == 1 && moved.truncated() ? 0 : 5;
  });
  EXPECT_EQ(resultOf(user), 0);
}

TEST(TruncationGuardTest, MemoryThatWasResizedIsGuardedWhereItLiesNow) {
  const ShmName name;
  const ::pid_t user = inChild([&] {
    guardAgainstTruncation();
    ShmMem memory(kPageBytes, name.str());
    if (memory.resize(64 * kPageBytes) == -1) return 1;
    cutOff(name.path(), 0);
    const auto* const last = static_cast<const unsigned char*>(memory.get(63 * kPageBytes));
    return *last == 0 && memory.truncated() ? 0 : 2;
  });
  EXPECT_EQ(resultOf(user), 0);
}

/// Touches a mapping that is none of the library's, past the end of its file.
void touchForeignMemory() {
  const int file = ::memfd_create("foreign", MFD_CLOEXEC);
  static_cast<void>(!::ftruncate(file, 4096));
  auto* const bytes = static_cast<volatile unsigned char*>(
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  static_cast<void>(!::ftruncate(file, 0));
  bytes[0] = 1;
}

TEST(TruncationGuardTest, ABusErrorElsewhereKillsAsItDidBefore) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer answers a bus error itself";
#endif
  const auto guardThen = [](void (*work)()) {
    return resultOf(inChild([work] {
      guardAgainstTruncation();
      work();
      return 0;
    }));
  };
  EXPECT_EQ(guardThen(touchForeignMemory), kKilledByBusError);
  EXPECT_EQ(guardThen([] { ::raise(SIGBUS); }), kKilledByBusError);
}

TEST(TruncationGuardTest, ABusErrorElsewhereGoesToTheHandlerThatWasThere) {
  const auto useFormer = [](const auto& installFormer) {
    return resultOf(inChild([&] {
      struct ::sigaction former = {};
      installFormer(former);
      ::sigaction(SIGBUS, &former, nullptr);
      guardAgainstTruncation();
      touchForeignMemory();
      return 0;
    }));
  };
  EXPECT_EQ(
      useFormer([](struct ::sigaction& former) { former.sa_handler = [](int) { ::_exit(41); }; }),
      41);
  EXPECT_EQ(useFormer([](struct ::sigaction& former) {
              former.sa_flags = SA_SIGINFO;
              former.sa_sigaction = [](int, ::siginfo_t* fault, void*) {
                ::_exit(fault->si_addr != nullptr ? 42 : 1);
              };
            }),
            42);
  EXPECT_EQ(useFormer([](struct ::sigaction& former) { former.sa_handler = SIG_IGN; }),
            kKilledByBusError);
}

TEST(TruncationGuardTest, AnIgnoredBusErrorThatSomebodySendsIsIgnored) {
  EXPECT_EQ(resultOf(inChild([] {
              ::signal(SIGBUS, SIG_IGN);
              guardAgainstTruncation();
              ::raise(SIGBUS);
              return 7;
            })),
            7);
}

TEST(TruncationGuardTest, AForkedChildIsGuardedAsItsParentIs) {
  const ShmName name;
  const ::pid_t parent = inChild([&] {
    guardAgainstTruncation();
    ShmMem memory(kPageBytes, name.str());
    const ::pid_t child = inChild([&] {
      cutOff(name.path(), 0);
      const bool zero = *static_cast<const unsigned char*>(memory.get()) == 0;
      return zero && memory.truncated() ? 0 : 1;
    });
    if (resultOf(child) != 0) return 1;
    return memory.truncated() ? 2 : 0;  // this process has touched nothing
  });
  EXPECT_EQ(resultOf(parent), 0);
}

}  // namespace
}  // namespace ringside
