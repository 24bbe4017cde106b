// Saturation, from slots that were made up: 1000 messages, one a microsecond, in ticks of 1 ns.
#include <gtest/gtest.h>

#include <limits>

#include "harness/paced_run.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kMessages = 1000;
constexpr std::uint64_t kDistance = 1000;

/// Message i comes at `arrival(i)`; none is sent late.
template <class Arrival>
SlotTimes slotWith(Arrival&& arrival) {
  SlotTimes slot{
      .length = kMessages * kDistance, .planned = {}, .received = {}, .final_lateness = {}};
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    slot.planned.push_back(i * kDistance);
    slot.received.push_back(arrival(i));
  }
  slot.final_lateness.assign(kMessages / 20, 0);
  return slot;
}

TEST(SaturationTest, AQueueThatKeepsUpIsNotSaturated) {
  EXPECT_FALSE(isSaturated(slotWith([](std::uint64_t i) { return i * kDistance + 200; })));
}

TEST(SaturationTest, AConstantDelayIsNoGrowth) {
  EXPECT_FALSE(isSaturated(slotWith([](std::uint64_t i) { return i * kDistance + 300'000; })));
}

TEST(SaturationTest, AQueueThatIsATenthTooSlowIsSaturated) {
  EXPECT_TRUE(isSaturated(slotWith([](std::uint64_t i) { return i * kDistance * 11 / 10 + 200; })));
}

TEST(SaturationTest, APauseThatIsMadeGoodIsNotSaturation) {
  // Nothing comes from 60 % to 66 % of the slot; then all that had piled up within 2 %.
  EXPECT_FALSE(isSaturated(slotWith([](std::uint64_t i) -> std::uint64_t {
    if (i < 600 || i >= 680) return i * kDistance + 200;
    return 660'000 + (i - 600) * 200;
  })));
}

TEST(SaturationTest, APauseAtTheEndIsNotSaturation) {
  EXPECT_FALSE(isSaturated(slotWith([](std::uint64_t i) -> std::uint64_t {
    return i < 960 ? i * kDistance + 200 : 1'060'000 + i;
  })));
}

TEST(SaturationTest, ASenderThatIsATenthOfTheSlotBehindIsSaturated) {
  SlotTimes slot = slotWith([](std::uint64_t i) { return i * kDistance + 200; });
  slot.final_lateness.assign(50, 100'001);
  EXPECT_TRUE(isSaturated(slot));
  slot.final_lateness.back() = 100'000;
  EXPECT_FALSE(isSaturated(slot));
}

TEST(SaturationTest, WhatWasNeverSentIsSaturation) {
  SlotTimes slot = slotWith([](std::uint64_t i) { return i * kDistance + 200; });
  slot.final_lateness.assign(50, std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(isSaturated(slot));
}

TEST(SaturationTest, AnEmptySlotIsNotSaturated) { EXPECT_FALSE(isSaturated(SlotTimes{})); }

}  // namespace
}  // namespace ringside::harness
