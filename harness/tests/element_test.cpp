#include "harness/element.hpp"

#include <gtest/gtest.h>

namespace ringside::harness {
namespace {

TEST(StampTest, ComesBackAsItWasEncoded) {
  for (const Stamp stamp : {Stamp{0, 0}, Stamp{63, 1}, Stamp{7, (1ULL << 40) - 1}}) {
    const auto decoded = decodeStamp(encodeStamp(stamp));
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->producer, stamp.producer);
    EXPECT_EQ(decoded->sequence, stamp.sequence);
  }
}

TEST(StampTest, EachFlippedBitIsNoticed) {
  const std::uint64_t word = encodeStamp({3, 123456789});
  for (int bit = 0; bit < 64; ++bit) EXPECT_FALSE(decodeStamp(word ^ (1ULL << bit))) << bit;
}

TEST(StampTest, ZeroIsNoStamp) { EXPECT_FALSE(decodeStamp(0).has_value()); }

class ElementTest : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ElementTest,
                         ::testing::Values(8, 9, 15, 16, 17, 63, 64, 65, 72, 73, 80, 1472, 4096));

TEST_P(ElementTest, CarriesItsStamp) {
  ElementBytes element(GetParam());
  element.write({5, 77});
  const auto stamp = element.read();
  ASSERT_TRUE(stamp.has_value());
  EXPECT_EQ(stamp->producer, 5U);
  EXPECT_EQ(stamp->sequence, 77U);
}

TEST_P(ElementTest, EachSpoiltByteIsNoticedByTheWholeCheck) {
  ElementBytes element(GetParam());
  element.write({1, 2});
  EXPECT_TRUE(element.readWhole().has_value());
  for (std::uint64_t at = 0; at < GetParam(); ++at) {
    std::byte& byte = static_cast<std::byte*>(element.data())[at];
    byte ^= std::byte{0x10};
    EXPECT_FALSE(element.readWhole().has_value()) << at;
    byte ^= std::byte{0x10};
  }
}

TEST_P(ElementTest, IsTornWhenOneCacheLineIsOfAnotherElement) {
  const std::uint64_t size = GetParam();
  ElementBytes element(size);
  ElementBytes other(size);
  for (std::uint64_t at = 0; at + 8 < size; at += 64) {
    element.write({0, 1});
    other.write({0, 2});
    const std::uint64_t length = std::min<std::uint64_t>(64, size - at);
    std::memcpy(static_cast<std::byte*>(element.data()) + at,
                static_cast<const std::byte*>(other.data()) + at, length);
    const bool whole_element_replaced = length == size;
    EXPECT_EQ(element.read().has_value(), whole_element_replaced) << at;
  }
}

}  // namespace
}  // namespace ringside::harness
