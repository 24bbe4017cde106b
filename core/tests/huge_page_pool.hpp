// Tests that take reserved huge pages: skipped where there are too few, and each gives back what it
// took.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "ringside/memory_options.hpp"
#include "system_facts.hpp"

namespace ringside {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr std::size_t kMinFreePages = 64;

inline const MemoryOptions kRequireHuge{.huge_pages = HugePages::Require,
                                        .huge_page_size = HugePageSize::TwoMiB};
inline const MemoryOptions kTryHuge{.huge_pages = HugePages::Try,
                                    .huge_page_size = HugePageSize::TwoMiB};

/// Where a hugetlbfs of 2 MiB is mounted that this process may write to; empty when nowhere.
inline std::string hugePageFolder() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, path, type, options;
    words >> device >> path >> type >> options;
    const bool writable = ::access(path.c_str(), W_OK) == 0;
    if (type == "hugetlbfs" && options.find("pagesize=2M") != std::string::npos && writable) {
      return path;
    }
  }
  return {};
}

inline std::ostream& operator<<(std::ostream& out, const HugePagePool& pool) {
  return out << pool.free << " free and " << pool.promised << " promised of " << pool.total;
}

/// The pool must be as it was when the test ends.
class HugePagePoolTest : public ::testing::Test {
 protected:
  HugePagePoolTest() : before_(hugePagePool()) {}
  ~HugePagePoolTest() override { EXPECT_EQ(hugePagePool(), before_) << "huge pages were kept"; }

  void SetUp() override {
    const bool has_folder = !hugePageFolder().empty();
    if (before_.free >= kMinFreePages && has_folder) return;
    ASSERT_FALSE(inTestMachine()) << before_ << ", and a hugetlbfs: " << has_folder;
    if (before_.free >= kMinFreePages) GTEST_SKIP() << "no hugetlbfs is mounted for this user";
    GTEST_SKIP() << "this machine has " << before_.free
                 << " free huge pages of 2 MiB; ci/vm-test has " << kMinFreePages;
  }

  const HugePagePool before_;
};

}  // namespace ringside
