// Read-mostly data between processes: who waits is woken, and who dies leaves a whole value.
#include <gtest/gtest.h>

#include <random>

#include "ringside/shared_config.hpp"
#include "stepped_child.hpp"
#include "whole_sample.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;
using Sample = WholeSample<24>;
using Config = SharedConfig<Sample>;

/// Every version holds its own number.
int countUp(Config& config) {
  return config.update([](Sample& sample) { sample = Sample::of(sample.words.front() + 1); });
}

bool readsWhole(Config& config) {
  const Versioned<Sample> seen = config.read();
  return seen.value.consistsOf(seen.version);
}

/// What a child says of itself: the version that it waits to see the end of, plus one.
using Following = std::atomic<std::uint64_t>;

/// A child that follows the versions up to `end`.
::pid_t followInChild(Config& config, std::uint64_t end, Following& following) {
  return inChild([&config, end, &following] {
    std::uint64_t version = 0;
    while (version < end) {
      following.store(version + 1);
      if (config.waitForChange(version, std::chrono::nanoseconds::max()) == -1) return 1;
      const Versioned<Sample> seen = config.read();
      if (!seen.value.consistsOf(seen.version) || seen.version <= version) return 2;
      version = seen.version;
    }
    return 0;
  });
}

TEST(SharedConfigProcessTest, EachChangeWakesWhoWaitsInOtherProcesses) {
  constexpr std::uint64_t kUpdates = 1000;
  const Shared<Config> config;
  const Shared<Following> first(0U);
  const Shared<Following> second(0U);
  const ::pid_t children[] = {followInChild(*config, kUpdates, *first),
                              followInChild(*config, kUpdates, *second)};
  for (std::uint64_t n = 0; n < kUpdates; ++n) {
    waitFor([&] { return first->load() == n + 1 && second->load() == n + 1; });
    ASSERT_EQ(countUp(*config), 0);
  }
  for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
}

TEST(SharedConfigProcessTest, AKilledWaiterKeepsNoChangeFromTheOthers) {
  const Shared<Config> config;
  const Shared<Following> killed(0U);
  const Shared<Following> patient(0U);
  const ::pid_t killed_child = followInChild(*config, 2, *killed);
  const ::pid_t patient_child = followInChild(*config, 2, *patient);
  waitFor([&] { return killed->load() == 1 && patient->load() == 1; });
  ASSERT_EQ(countUp(*config), 0);
  killAndWait(killed_child);
  ASSERT_EQ(countUp(*config), 0);
  EXPECT_EQ(resultOf(patient_child), 0);
}

TEST(SharedConfigProcessTest, AnUpdateThatNobodyWaitsForMakesNoSystemCall) {
  const Shared<Config> config;
  ASSERT_EQ(countUp(*config), 0);
  const SystemCalls calls = systemCallsOf([&] {
    for (int i = 0; i < 100; ++i) {
      if (countUp(*config) == -1 || !readsWhole(*config)) ::abort();
    }
  });
  if (calls == SystemCalls::Unknown) GTEST_SKIP() << kNoSeccomp;
  EXPECT_EQ(calls, SystemCalls::None);
  EXPECT_EQ(config->version(), 101U);
}

TEST(SharedConfigProcessTest, AnUpdateAsksTheKernelToWakeWhoSleeps) {
  constexpr int kMostTries = 1000;  // the follower may be awake just now
  const Shared<Config> config;
  const Shared<Following> following(0U);
  const ::pid_t follower = followInChild(*config, kMostTries + 1, *following);
  SystemCalls calls = SystemCalls::None;
  for (int tries = 0; tries < kMostTries && calls == SystemCalls::None; ++tries) {
    waitFor([&] { return following->load() == config->version() + 1; });
    calls = systemCallsOf([&] { countUp(*config); });
  }
  killAndWait(follower);
  if (calls == SystemCalls::Unknown) GTEST_SKIP() << kNoSeccomp;
  EXPECT_EQ(calls, SystemCalls::Some);
}

TEST(SharedConfigProcessTest, AWriterKilledAtAnyInstructionLeavesAWholeValueAndIsFollowed) {
  const Shared<Config> config;
  ASSERT_EQ(countUp(*config), 0);
  const auto check = [&] {
    ASSERT_TRUE(readsWhole(*config));
    const std::uint64_t left = config->version();
    ASSERT_EQ(countUp(*config), 0);
    ASSERT_EQ(config->version(), left + 1);
    ASSERT_TRUE(readsWhole(*config));
  };
  const auto update = [&] { return countUp(*config); };
  if (!killAtInstructionsOf(update, check)) GTEST_SKIP() << kNoTracing;
}

TEST(SharedConfigProcessTest, WritersKilledAtRandomMomentsLoseNoUpdateThatTheyFinished) {
  const Shared<Config> config;
  const Shared<std::atomic<std::uint64_t>> finished(0U);
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    finished->store(config->version());
    const ::pid_t writer = inChild([&] {
      while (countUp(*config) == 0) finished->fetch_add(1);
      return 1;
    });
    const std::uint64_t end = config->version() + random() % 2000;
    waitFor([&] { return config->version() >= end; });
    killAndWait(writer);
    ASSERT_TRUE(readsWhole(*config));
    ASSERT_GE(config->version(), finished->load());
    ASSERT_LE(config->version(), finished->load() + 1);
    ASSERT_EQ(countUp(*config), 0);
  }
}

}  // namespace
}  // namespace ringside
