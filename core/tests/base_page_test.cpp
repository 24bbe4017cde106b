// Memory where no huge pages are reserved, as on most machines: what it says, and transparent ones.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "memory_bytes.hpp"
#include "memory_kinds.hpp"
#include "own_mounts.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

constexpr std::size_t kBytes = std::size_t{4} << 20;

template <class Kind>
class NoReservedPagesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (hugePagePool().total > 0) GTEST_SKIP() << "this machine has reserved huge pages";
  }

  Kind kind_;
};
TYPED_TEST_SUITE(NoReservedPagesTest, MemoryKinds, MemoryKindNames);

TYPED_TEST(NoReservedPagesTest, RequireIsAnErrorThatSaysWhatToDo) {
  std::string message;
  const std::error_code cause = thrownBy(
      [&] {
        const auto memory = this->kind_.make(kBytes, {.huge_pages = HugePages::Require});
        EXPECT_GT(memory.pageSize(), 4096U);
      },
      message);
  if (!cause) GTEST_SKIP() << "transparent huge pages are there for it";
  EXPECT_EQ(cause, Errc::OutOfMemory);
  EXPECT_NE(message.find("nr_hugepages"), std::string::npos) << message;
  EXPECT_TRUE(this->kind_.make(4096).created()) << "what failed has left nothing";
}

TYPED_TEST(NoReservedPagesTest, TryReportsWhatCame) {
  auto memory = this->kind_.make(kBytes, {.huge_pages = HugePages::Try});
  EXPECT_EQ(kernelPageBytesAt(memory.get()), 4096U);
  EXPECT_GE(memory.pageSize(), 4096U);
  std::memset(memory.get(), 7, memory.size());
  EXPECT_TRUE(isAll(memory, 7));
}

/// A segment in a /dev/shm that gives transparent huge pages.
int useTransparentPages(const ShmName& name) {
  const MemoryOptions options{.huge_pages = HugePages::Require};
  ShmMem first(kBytes, name.str(), options);
  EXPECT_EQ(kernelPageBytesAt(first.get()), 4096U);
  EXPECT_GT(first.pageSize(), 4096U);
  std::memset(first.get(), 7, first.size());
  EXPECT_GT(first.pageSize(), 4096U);
  const ShmMem second(kBytes, name.str(), options);
  EXPECT_GT(second.pageSize(), 4096U);
  EXPECT_TRUE(isAll(second, 7));
  return failures();
}

TEST(TransparentPagesTest, TheySatisfyWhoRequiresHugeOnes) {
  if (hugePagePool().total > 0) GTEST_SKIP() << "this machine has reserved huge pages";
  const ShmName name;
  const int result = withFileSystemOn("/dev/shm", "size=16m,huge=always",
                                      [&] { return useTransparentPages(name); });
  if (result == kMayNotMount) GTEST_SKIP() << "no such file system can be mounted here";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace ringside
