#include <gtest/gtest.h>

#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

TEST(NumbersTest, HaveThreeDigitsAndAUnit) {
  EXPECT_EQ(formatCount(0), "0");
  EXPECT_EQ(formatCount(12), "12");
  EXPECT_EQ(formatCount(845'123), "845 k");
  EXPECT_EQ(formatCount(61.23e6), "61.2 M");
  EXPECT_EQ(formatCount(999'900), "1.00 M");
  EXPECT_EQ(formatNs(110), "110 ns");
  EXPECT_EQ(formatNs(1239), "1.24 µs");
  EXPECT_EQ(formatNs(3.1e6), "3.10 ms");
  EXPECT_EQ(formatNs(2e9), "2.00 s");
  EXPECT_EQ(formatBytes(212 * 1024.0), "212 KiB");
}

TEST(NumbersTest, AgesAreInTheUnitThatFits) {
  EXPECT_EQ(formatAge(0.25), "0.25 s");
  EXPECT_EQ(formatAge(12), "12 s");
  EXPECT_EQ(formatAge(210), "3.50 min");
  EXPECT_EQ(formatAge(8100), "2.25 h");
  EXPECT_EQ(formatAge(11 * 86400.0), "11.0 d");
}

TEST(NumbersTest, TimesLeftAreMinutesAndSeconds) {
  EXPECT_EQ(formatMinutes(0.4), "0:00");
  EXPECT_EQ(formatMinutes(34), "0:34");
  EXPECT_EQ(formatMinutes(725), "12:05");
}

}  // namespace
}  // namespace ringside::harness
