// Read-mostly data between threads; between processes in shared_config_process_test.
#include "ringside/shared_config.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "whole_sample.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;
using Sample = WholeSample<24>;
using Config = SharedConfig<Sample>;

int countUp(Config& config) {
  return config.update([](Sample& sample) { sample = Sample::of(sample.words.front() + 1); });
}

TEST(SharedConfigTest, BeginsAtVersionZeroWithWhatItWasMadeWith) {
  Config config(Sample::of(5));
  EXPECT_EQ(config.read().version, 0U);
  EXPECT_TRUE(config.read().value.consistsOf(5));
}

TEST(SharedConfigTest, AnUpdateChangesWhatIsThereAndTheVersionByOne) {
  Config config(Sample::of(5));
  EXPECT_EQ(countUp(config), 0);
  EXPECT_EQ(config.version(), 1U);
  EXPECT_EQ(config.read().version, 1U);
  EXPECT_TRUE(config.read().value.consistsOf(6));
}

TEST(SharedConfigTest, AnUpdateThatThrowsChangesNothing) {
  Config config(Sample::of(5));
  EXPECT_THROW(config.update([](Sample& sample) {
    sample = Sample::of(6);
    throw std::runtime_error("second thoughts");
  }),
               std::runtime_error);
  EXPECT_EQ(config.version(), 0U);
  EXPECT_TRUE(config.read().value.consistsOf(5));
  EXPECT_EQ(countUp(config), 0);
}

TEST(SharedConfigTest, AnUpdateWithinAnUpdateIsRefused) {
  Config config;
  EXPECT_EQ(config.update([&](Sample&) {
    EXPECT_EQ(countUp(config), -1);
    EXPECT_EQ(lastError, Errc::InUse);
  }),
            0);
  EXPECT_EQ(config.version(), 1U);
}

TEST(SharedConfigTest, AChangeThatHasHappenedIsNotWaitedFor) {
  Config config;
  countUp(config);
  EXPECT_EQ(config.waitForChange(0, 0ms), 0);
  EXPECT_EQ(config.waitForChange(7, 0ms), 0) << "a version of another life of this memory";
}

TEST(SharedConfigTest, AWaitForAChangeGivesUpAtTheDeadline) {
  Config config;
  for (const auto timeout : {-1ms, 0ms, 3ms, 25ms}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(config.waitForChange(0, timeout), -1);
    EXPECT_EQ(lastError, Errc::TimedOut);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, timeout);
  }
}

TEST(SharedConfigTest, EachThreadThatWaitsForChangesSeesTheLast) {
  constexpr std::uint64_t kUpdates = 2000;
  Config config;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      std::uint64_t version = 0;
      while (version < kUpdates) {
        ASSERT_EQ(config.waitForChange(version, std::chrono::nanoseconds::max()), 0);
        const Versioned<Sample> seen = config.read();
        ASSERT_TRUE(seen.value.consistsOf(seen.version));
        ASSERT_GT(seen.version, version);
        version = seen.version;
      }
    });
  }
  for (std::uint64_t n = 0; n < kUpdates; ++n) ASSERT_EQ(countUp(config), 0);
  for (std::thread& reader : readers) reader.join();
}

TEST(SharedConfigTest, NoUpdateOfManyThreadsIsLost) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 2000;
  Config config;
  std::vector<std::thread> writers;
  for (std::uint64_t i = 0; i < kThreads; ++i) {
    writers.emplace_back([&] {
      for (std::uint64_t n = 0; n < kEach; ++n) ASSERT_EQ(countUp(config), 0);
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(config.version(), kThreads * kEach);
  EXPECT_TRUE(config.read().value.consistsOf(kThreads * kEach));
}

}  // namespace
}  // namespace ringside
