// What a reader learns of waiting for more: it waits while that brings many, and goes without for
// longer and longer where it does not.
#include <gtest/gtest.h>

#include "ringside/spsc_ring.hpp"

namespace ringside {
namespace {

constexpr std::uint64_t kFew = 1;
constexpr std::uint64_t kMany = 64;

WaitForMore waiting(Tuning tuning) {
  return {makeGeometry(PolicyKind::Spsc, 8, 1024, Delivery::AtMostOnce, tuning), 0};
}

/// Goes on by `run` elements each time; how often it waited in `times`.
int waitsIn(WaitForMore& wait, std::uint64_t& position, std::uint64_t run, int times) {
  int waits = 0;
  for (int i = 0; i < times; ++i) {
    position += run;
    waits += wait.isDue(position) ? 1 : 0;
  }
  return waits;
}

TEST(WaitForMoreTest, AStreamIsWaitedForEachTime) {
  WaitForMore wait = waiting(Tuning::Adaptive);
  std::uint64_t position = 0;
  EXPECT_EQ(waitsIn(wait, position, kMany, 1000), 1000);
  EXPECT_TRUE(wait.pays());
}

TEST(WaitForMoreTest, SingleMessagesAreSoonNotWaitedFor) {
  WaitForMore wait = waiting(Tuning::Adaptive);
  std::uint64_t position = 0;
  // Between two waits 1, 3, 7 … 1023 times without, and then 1023 each time.
  EXPECT_EQ(waitsIn(wait, position, kFew, 2048), 11);
  EXPECT_EQ(waitsIn(wait, position, kFew, 1024 * 10), 10);
  EXPECT_FALSE(wait.pays());
}

TEST(WaitForMoreTest, AStreamAfterSingleMessagesIsFoundAgain) {
  WaitForMore wait = waiting(Tuning::Adaptive);
  std::uint64_t position = 0;
  waitsIn(wait, position, kFew, 5000);
  EXPECT_GE(waitsIn(wait, position, kMany, 2048), 1024);
  EXPECT_TRUE(wait.pays());
}

TEST(WaitForMoreTest, WhoFoundNothingSinceDoesNotWaitOnceMore) {
  WaitForMore wait = waiting(Tuning::Adaptive);
  EXPECT_TRUE(wait.isDue(kMany));
  EXPECT_FALSE(wait.isDue(kMany));
  EXPECT_TRUE(wait.isDue(2 * kMany));
}

TEST(WaitForMoreTest, TheTuningForThroughputWaitsWhateverItBrings) {
  WaitForMore wait = waiting(Tuning::Throughput);
  std::uint64_t position = 0;
  EXPECT_EQ(waitsIn(wait, position, kFew, 100), 100);
}

}  // namespace
}  // namespace ringside
