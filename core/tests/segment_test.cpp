#include "ringside/segment.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "ringside/error.hpp"
#include "ringside/shared.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

TEST(GeometryTest, RefusesWhatNoRingCanHave) {
  EXPECT_THROW(makeGeometry(PolicyKind::Spsc, 0, 1), std::system_error);
  EXPECT_THROW(makeGeometry(PolicyKind::Spsc, 1, 0), std::system_error);
  EXPECT_THROW(makeGeometry(PolicyKind::Spsc, kMaxElementSizeBytes + 1, 1), std::system_error);
  EXPECT_THROW(makeGeometry(PolicyKind::Mpmc, 1, kMaxCapacity + 1), std::system_error);
  EXPECT_THROW(makeGeometry(PolicyKind::Mpmc, kMaxElementSizeBytes, kMaxCapacity),
               std::system_error);
}

TEST(GeometryTest, AnElementOfACacheLineOrMoreBeginsOnOne) {
  for (const PolicyKind policy : {PolicyKind::Spsc, PolicyKind::Mpsc, PolicyKind::Mpmc}) {
    for (const std::uint64_t size : {64U, 65U, 256U, 1472U}) {
      const Geometry geometry = makeGeometry(policy, size, 144);
      EXPECT_EQ(geometry.payload_offset % kCacheLineBytes, 0U);
      EXPECT_EQ(geometry.slot_stride % kCacheLineBytes, 0U);
      EXPECT_GE(geometry.slot_stride, geometry.payload_offset + size);
    }
  }
}

Geometry spscGeometry(std::uint64_t element_size_bytes, Tuning tuning) {
  return makeGeometry(PolicyKind::Spsc, element_size_bytes, 144, Delivery::AtMostOnce, tuning);
}

TEST(GeometryTest, PacksSmallElements) {
  EXPECT_EQ(spscGeometry(8, Tuning::Throughput).slot_stride, 8U);
  EXPECT_EQ(spscGeometry(8, Tuning::Adaptive).slot_stride, 16U);
  EXPECT_EQ(makeGeometry(PolicyKind::Mpmc, 8, 144).slot_stride, 32U);
}

TEST(GeometryTest, NoSmallSlotOfSpscLiesAcrossTwoLines) {
  for (std::uint64_t size = 1; size <= kCacheLineBytes - sizeof(SlotWord); ++size) {
    const Geometry geometry = spscGeometry(size, Tuning::RoundTrip);
    ASSERT_TRUE(geometry.has_words) << size;
    EXPECT_EQ(kCacheLineBytes % geometry.slot_stride, 0U) << size;
    EXPECT_GE(geometry.payload_offset, sizeof(SlotWord)) << size;
    EXPECT_GE(geometry.slot_stride, geometry.payload_offset + size) << size;
  }
}

TEST(GeometryTest, TheTuningDecidesAboutWordsInSmallSlotsOfSpscAlone) {
  EXPECT_TRUE(spscGeometry(63, Tuning::Adaptive).has_words);
  EXPECT_TRUE(spscGeometry(63, Tuning::RoundTrip).has_words);
  EXPECT_FALSE(spscGeometry(63, Tuning::Throughput).has_words);
  for (const Tuning tuning : {Tuning::Adaptive, Tuning::RoundTrip, Tuning::Throughput}) {
    EXPECT_FALSE(spscGeometry(64, tuning).has_words);
    EXPECT_TRUE(makeGeometry(PolicyKind::Mpsc, 8, 144, Delivery::AtMostOnce, tuning).has_words);
  }
}

TEST(TuningTest, EndsOfAnotherSlotLayoutAreRefused) {
  const ShmName name;
  const auto open = [&](Tuning tuning) {
    Spsc::Consumer consumer(name.str(), 8, 16, {.tuning = tuning});
    return consumer.open();
  };
  Spsc::Producer producer(name.str(), 8, 16, {.tuning = Tuning::Adaptive});
  ASSERT_EQ(producer.open(), 0);
  EXPECT_EQ(open(Tuning::Throughput), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(open(Tuning::RoundTrip), 0);
}

TEST(TuningTest, EndsOfOneSlotLayoutMayBeTunedOtherwise) {
  const ShmName name;
  Spsc::Producer producer(name.str(), 64, 16, {.tuning = Tuning::Throughput});
  ASSERT_EQ(producer.open(), 0);
  Spsc::Consumer consumer(name.str(), 64, 16, {.tuning = Tuning::RoundTrip});
  EXPECT_EQ(consumer.open(), 0);
}

/// A ring's file, to be damaged.
class DamagedHeaderTest : public ::testing::Test {
 protected:
  DamagedHeaderTest() {
    EXPECT_EQ(ring_.open(), 0);
    file_ = ::open(name_.path().c_str(), O_RDWR | O_CLOEXEC);
  }
  ~DamagedHeaderTest() override { ::close(file_); }

  void flipBit(::off_t byte, int bit) {
    unsigned char value = 0;
    ASSERT_EQ(::pread(file_, &value, 1, byte), 1);
    value = static_cast<unsigned char>(value ^ (1U << bit));
    ASSERT_EQ(::pwrite(file_, &value, 1, byte), 1);
  }

  ShmName name_;
  Mpmc::Producer ring_{name_.str(), 64, 16};
  int file_ = -1;
};

TEST_F(DamagedHeaderTest, EachFlippedBitIsNoticed) {
  for (::off_t byte = 0; byte < 252; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      flipBit(byte, bit);
      Mpmc::Producer other(name_.str(), 64, 16);
      EXPECT_EQ(other.open(), -1) << "byte " << byte << " bit " << bit;
      EXPECT_EQ(lastError, Errc::InvalidParam);
      flipBit(byte, bit);
    }
  }
  Mpmc::Producer other(name_.str(), 64, 16);
  EXPECT_EQ(other.open(), 0);
}

TEST_F(DamagedHeaderTest, ATruncatedFileIsRefused) {
  ring_.close();  // a mapping would fault on the pages that go
  for (const ::off_t size : {0, 100, 4096, 8192}) {
    ASSERT_EQ(::ftruncate(file_, size), 0);
    Mpmc::Consumer other(name_.str(), 64, 16);
    EXPECT_EQ(other.open(), -1) << size;
    EXPECT_EQ(lastError, Errc::InvalidParam);
  }
}

TEST(ForeignFileTest, WhatIsNotARingIsRefused) {
  const ShmName name;
  const ShmMem not_a_ring(65536, name.str());
  Spsc::Producer producer(name.str(), 64, 16);
  EXPECT_EQ(producer.open(), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TEST(ForeignFileTest, ASymbolicLinkIsNotFollowed) {
  const ShmName name;
  ASSERT_EQ(::symlink("/dev/null", name.path().c_str()), 0);
  Spsc::Producer producer(name.str(), 64, 16);
  EXPECT_EQ(producer.open(), -1);
  EXPECT_EQ(lastError, Errc::PermissionDenied);
}

}  // namespace
}  // namespace ringside
