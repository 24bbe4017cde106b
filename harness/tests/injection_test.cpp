#include "harness/injection.hpp"

#include <gtest/gtest.h>

namespace ringside::harness {
namespace {

TEST(InjectionTest, TheWayThereAndBackReturnsWhatItWasGiven) {
  for (const std::uint64_t word : {0ULL, 1ULL, 0x0123456789abcdefULL, ~0ULL}) {
    for (const std::uint32_t steps : {0U, 1U, 2U, 7U, 100U, 4096U}) {
      EXPECT_EQ(thereAndBack(word, steps), word) << steps;
    }
  }
}

TEST(InjectionTest, NoInjectionIsNone) {
  EXPECT_FALSE(Injection{}.any());
  EXPECT_TRUE((Injection{.steps = 1}.any()));
  EXPECT_TRUE((Injection{.stall_ns = 1}.any()));
}

TEST(InjectionTest, AMessageKeepsItsFirstWordWhateverIsInjected) {
  const Clock clock;
  for (const Injection& injection :
       {Injection{}, Injection{.steps = 13}, Injection{.steps = 5, .stall_ns = 50},
        Injection{.steps = 3, .stall_ns = 10, .fraction = 0.5}}) {
    Delay delay(injection, clock);
    for (std::uint64_t word = 0; word < 100; ++word) EXPECT_EQ(delay.strike(word), word);
  }
}

/// Of that many messages, by the time that stalls of so many ns have taken at least.
std::uint64_t stalledAtLeast(double fraction, int messages) {
  const Clock clock = calibrateClock();
  constexpr std::uint64_t kStallNs = 20'000;
  Delay delay({.stall_ns = kStallNs, .fraction = fraction}, clock);
  std::uint64_t struck = 0;
  for (int i = 0; i < messages; ++i) {
    const std::uint64_t begin = clock.now();
    delay.strike(7);
    struck += clock.nsBetween(begin, clock.now()) >= kStallNs ? 1 : 0;
  }
  return struck;
}

TEST(InjectionTest, StrikesAboutSoManyMessagesAsItIsTold) {
  // Five standard deviations; the machine may add stalls of its own, which are few.
  EXPECT_GE(stalledAtLeast(0.1, 2000), 200U - 67);
  EXPECT_LE(stalledAtLeast(0.1, 2000), 200U + 67 + 100);
}

TEST(InjectionTest, StrikesEveryMessageWhereTheFractionIsOne) {
  EXPECT_EQ(stalledAtLeast(1, 100), 100U);
}

TEST(InjectionTest, MoreStepsCostMore) {
  const Clock clock = calibrateClock();
  const double few_ns = costOfSteps(1, clock);
  EXPECT_GT(few_ns, 0);
  EXPECT_GT(costOfSteps(200, clock), 5 * few_ns) << "each needs the one before it";
}

TEST(InjectionTest, StepsAreFoundForADelay) {
  const Clock clock = calibrateClock();
  EXPECT_GE(stepsFor(0, clock), 1U) << "at least one, however short the delay";
  EXPECT_GT(stepsFor(1000, clock), 2 * stepsFor(100, clock));
}

}  // namespace
}  // namespace ringside::harness
