// Named regions with one publisher, as Conduit's documents have them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "forked.hpp"
#include "ringside/memory.hpp"
#include "shm_name.hpp"
#include "stepped_child.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{1};

/// The documents' own example.
struct PointCloud {
  float x[1'000'000];
  float y[1'000'000];
  float z[1'000'000];
};
constexpr std::size_t kLidarBytes = 13'000'000;
static_assert(sizeof(PointCloud) == 12'000'000, "the documents say 12 MB");

/// What ShmRegion::wait_until_exists() says in a thread of its own.
class Waiter {
 public:
  explicit Waiter(const std::string& name)
      : thread_([this, name] {
          found_ = ShmRegion::wait_until_exists(name, keep_waiting_, kPoll);
          done_ = true;
        }) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { join(); }

  bool done() const { return done_; }
  void giveUp() { keep_waiting_ = false; }
  bool join() {
    if (thread_.joinable()) thread_.join();
    return found_;
  }

 private:
  std::atomic<bool> keep_waiting_{true};
  std::atomic<bool> done_{false};
  bool found_ = false;
  std::thread thread_;
};

// --- create and open ----------------------------------------------------------------------------

TEST(ShmRegionTest, WhatThePublisherWritesTheSubscriberReads) {
  const ShmName name;
  ShmRegion published = ShmRegion::create(name.str(), 4096);
  *static_cast<int*>(published.data()) = 42;
  ShmRegion subscribed = ShmRegion::open("/" + name.str());
  EXPECT_EQ(*static_cast<int*>(subscribed.data()), 42);
  EXPECT_TRUE(published.created());
  EXPECT_FALSE(subscribed.created());
}

TEST(ShmRegionTest, APointCloudIsSharedBetweenProcessesWithoutACopy) {
  const ShmName name;
  const Shared<std::atomic<bool>> keep_waiting{true};
  const ::pid_t subscriber = inChild([&] {
    if (!ShmRegion::wait_until_exists(name.str(), *keep_waiting, kPoll)) return 1;
    ShmRegion region = ShmRegion::open(name.str());
    auto* cloud = static_cast<PointCloud*>(region.data());
    if (region.size() < kLidarBytes || region.size() >= kLidarBytes + region.pageSize()) return 2;
    const std::atomic_ref<float> last(cloud->z[999'999]);
    waitFor([&] { return last.load() != 0.0F; });
    return cloud->x[0] == 1.0F && cloud->y[500'000] == 2.0F && last.load() == 3.0F ? 0 : 3;
  });
  ShmRegion region = ShmRegion::create(name.str(), kLidarBytes, {.huge_pages = HugePages::Never});
  auto* cloud = static_cast<PointCloud*>(region.data());
  cloud->x[0] = 1.0F;
  cloud->y[500'000] = 2.0F;
  std::atomic_ref<float>(cloud->z[999'999]).store(3.0F);
  EXPECT_EQ(resultOf(subscriber), 0);
}

TEST(ShmRegionTest, TheSecondPublisherIsRefused) {
  const ShmName name;
  const ShmRegion first = ShmRegion::create(name.str(), 4096);
  EXPECT_EQ(thrownBy([&] { ShmRegion::create(name.str(), 4096); }), Errc::InUse);
  EXPECT_EQ(thrownBy([&] { ShmRegion::create(name.str(), 8192); }), Errc::InUse);
  EXPECT_EQ(resultOf(inChild([&] {
              return thrownBy([&] { ShmRegion::create(name.str(), 4096); }) == Errc::InUse ? 0 : 1;
            })),
            0);
}

TEST(ShmRegionTest, OfRacingPublishersOneSucceeds) {
  for (int round = 0; round < 20; ++round) {
    const ShmName name;
    std::vector<::pid_t> children;
    for (int i = 0; i < 4; ++i) {
      children.push_back(inChild([&] {
        const std::error_code cause = thrownBy([&] { ShmRegion::create(name.str(), 4096); });
        return !cause ? 10 : cause == Errc::InUse ? 0 : 1;
      }));
    }
    int sum = 0;
    for (const ::pid_t child : children) sum += resultOf(child);
    EXPECT_EQ(sum, 10);
  }
}

TEST(ShmRegionTest, OpensAnySizeThatIsThere) {
  for (const std::size_t size : {1U, 4096U, 69632U, 100'000U}) {
    const ShmName name;
    const ShmRegion published = ShmRegion::create(name.str(), size);
    EXPECT_EQ(ShmRegion::open(name.str()).size(), published.size());
    EXPECT_EQ(published.size(), (size + 4095) / 4096 * 4096);
  }
}

TEST(ShmRegionTest, OpensWhatAForeignProgramMade) {
  const ShmName name;
  const UniqueFd file(::shm_open(("/" + name.str()).c_str(), O_CREAT | O_RDWR, 0600));
  ASSERT_EQ(::ftruncate(file.get(), 5000), 0);
  ShmRegion region = ShmRegion::open(name.str());
  EXPECT_EQ(region.size(), 8192U);
  EXPECT_EQ(*static_cast<char*>(region.get(4999)), 0);
}

TEST(ShmRegionTest, RefusesSizeZero) {
  const ShmName name;
  EXPECT_EQ(thrownBy([&] { ShmRegion::create(name.str(), 0); }), Errc::InvalidParam);
  EXPECT_FALSE(pathExists(name.path()));
}

TEST(ShmRegionTest, OpeningWhatIsNotThereCreatesNothing) {
  const ShmName name;
  EXPECT_EQ(thrownBy([&] { ShmRegion::open(name.str()); }), Errc::NotFound);
  EXPECT_FALSE(pathExists(name.path()));
}

TEST(ShmRegionTest, ABadNameIsAnErrorEverywhere) {
  const std::atomic<bool> keep_waiting{true};
  for (const std::string& name : {std::string(), std::string("a/b"), std::string("..")}) {
    EXPECT_EQ(thrownBy([&] { ShmRegion::create(name, 4096); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { ShmRegion::open(name); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { ShmRegion::exists(name); }), Errc::InvalidParam);
    EXPECT_EQ(thrownBy([&] { ShmRegion::wait_until_exists(name, keep_waiting, kPoll); }),
              Errc::InvalidParam);
  }
}

TEST(ShmRegionTest, ASubscriberThatOnlyReadsCanOnlyRead) {
  const ShmName name;
  ShmRegion published = ShmRegion::create(name.str(), 4096);
  *static_cast<int*>(published.data()) = 42;
  const ShmRegion subscribed = ShmRegion::open(name.str(), {.access = Access::ReadOnly});
  EXPECT_EQ(*static_cast<const int*>(subscribed.data()), 42);
  EXPECT_EQ(::fcntl(subscribed.descriptor(), F_GETFL) & O_ACCMODE, O_RDONLY);
}

TEST(ShmRegionTest, DataIsNullOnceItWasMovedFrom) {
  const ShmName name;
  ShmRegion first = ShmRegion::create(name.str(), 4096);
  void* const data = first.data();
  const ShmRegion second = std::move(first);
  EXPECT_EQ(first.data(), nullptr);
  EXPECT_EQ(second.data(), data);
}

// --- exists, unlink, wait -----------------------------------------------------------------------

TEST(ShmRegionTest, ExistsUntilItIsUnlinked) {
  const ShmName name;
  EXPECT_FALSE(ShmRegion::exists(name.str()));
  { const ShmRegion region = ShmRegion::create(name.str(), 4096); }
  EXPECT_TRUE(ShmRegion::exists(name.str())) << "it outlives its publisher";
  EXPECT_EQ(ShmRegion::unlink(name.str()), 0);
  EXPECT_FALSE(ShmRegion::exists(name.str()));
  EXPECT_EQ(ShmRegion::unlink(name.str()), 0) << "there is nothing left to do";
}

TEST(ShmRegionTest, TheDocumentsCallItSharedMemoryToo) {
  const ShmName name;
  const ShmMem memory(4096, name.str());
  EXPECT_TRUE(ShmRegion::exists(name.str()));
  EXPECT_EQ(SharedMemory::unlink(name.str()), 0);
  EXPECT_FALSE(ShmRegion::exists(name.str()));
}

TEST(ShmRegionTest, WaitingEndsAtOnceWhereItExists) {
  const ShmName name;
  const ShmRegion region = ShmRegion::create(name.str(), 4096);
  const std::atomic<bool> keep_waiting{true};
  EXPECT_TRUE(ShmRegion::wait_until_exists(name.str(), keep_waiting));
}

TEST(ShmRegionTest, WaitingEndsWhenItIsPublished) {
  const ShmName name;
  Waiter waiter(name.str());
  EXPECT_FALSE(waiter.done());
  const ShmRegion region = ShmRegion::create(name.str(), 4096);
  EXPECT_TRUE(waiter.join());
}

TEST(ShmRegionTest, WaitingIsGivenUpWithTheFlag) {
  const ShmName name;
  Waiter waiter(name.str());
  waiter.giveUp();
  EXPECT_FALSE(waiter.join());
  const std::atomic<bool> never{false};
  EXPECT_FALSE(ShmRegion::wait_until_exists(name.str(), never, kPoll));
}

TEST(ShmRegionTest, WaitingGoesOnWhileAForeignProgramHasNotGivenItASize) {
  const ShmName name;
  const UniqueFd file(::shm_open(("/" + name.str()).c_str(), O_CREAT | O_RDWR, 0600));
  ASSERT_TRUE(file);
  EXPECT_EQ(thrownBy([&] { ShmRegion::open(name.str()); }), Errc::TemporaryError);
  Waiter waiter(name.str());
  for (int i = 0; i < 1000; ++i) ::sched_yield();
  EXPECT_FALSE(waiter.done());
  ASSERT_EQ(::ftruncate(file.get(), 4096), 0);
  EXPECT_TRUE(waiter.join());
}

TEST(ShmRegionTest, WaitingEndsWithWhatNoWaitingMends) {
  const ShmName name;
  ASSERT_EQ(::symlink("/dev/null", name.path().c_str()), 0);
  const std::atomic<bool> keep_waiting{true};
  EXPECT_EQ(thrownBy([&] { ShmRegion::wait_until_exists(name.str(), keep_waiting, kPoll); }),
            Errc::PermissionDenied);
}

TEST(ShmRegionTest, WaitingChangesNothingOfTheRegion) {
  const ShmName name;
  const ShmRegion region = ShmRegion::create(name.str(), 4096);
  const std::atomic<bool> keep_waiting{true};
  const std::size_t descriptors = openDescriptors();
  const MemoryOptions options{.prefault = true, .lock = true};
  EXPECT_TRUE(ShmRegion::wait_until_exists(name.str(), keep_waiting, kPoll, options));
  EXPECT_EQ(openDescriptors(), descriptors);
}

}  // namespace
}  // namespace ringside
