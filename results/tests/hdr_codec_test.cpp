#include "results/hdr_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "results/base64.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

using testing::HasSubstr;

// formats.md, section 4: made and decoded by HdrHistogram itself.
constexpr std::string_view kGolden =
    "HISTFAAAADJ42pNpmSzMwMAgxAABzFCaEch0M9ixgMH+A1SA6TAjSysf02oBJqaDwky/q5gAw28IyQ==";
constexpr std::string_view kGoldenInflatedHex =
    "1c84931300000012000000000000000300000000000000010000034630b8a0003ff0000000000000"
    "0102c30104850e02ab100202c11302fb7a02";

std::unique_ptr<Histogram> makeGolden() {
  auto histogram = std::make_unique<Histogram>();
  constexpr std::uint64_t kValues[] = {1, 100, 100, 1000, 2047, 2048, 5000, 1'000'000};
  for (const std::uint64_t value : kValues) {
    histogram->record(value);
  }
  return histogram;
}

std::string inflate(std::string_view text) {
  const std::string packed = decodeBase64(text).substr(8);
  std::string bytes(400'000, '\0');
  uLongf size = static_cast<uLongf>(bytes.size());
  EXPECT_EQ(::uncompress(reinterpret_cast<Bytef*>(bytes.data()), &size,
                         reinterpret_cast<const Bytef*>(packed.data()),
                         static_cast<uLong>(packed.size())),
            Z_OK);
  bytes.resize(size);
  return bytes;
}

std::string bigEndian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 255U);
  return bytes;
}

/// The text for bytes that stand where a histogram's inflated bytes should.
std::string wrap(const std::string& inflated) {
  uLongf size = compressBound(static_cast<uLong>(inflated.size()));
  std::string packed(size, '\0');
  EXPECT_EQ(::compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                       reinterpret_cast<const Bytef*>(inflated.data()),
                       static_cast<uLong>(inflated.size())),
            Z_OK);
  packed.resize(size);
  return encodeBase64(bigEndian(0x1c849314) + bigEndian(static_cast<std::uint32_t>(size)) + packed);
}

/// A valid header before other counts.
std::string withWords(const std::string& words) {
  std::string inflated = inflate(kGolden).substr(0, 40);
  inflated.replace(4, 4, bigEndian(static_cast<std::uint32_t>(words.size())));
  return wrap(inflated + words);
}

std::string fromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string refusalOf(const std::string& text) {
  const auto histogram = std::make_unique<Histogram>();
  return messageOf<std::runtime_error>([&] { decodeHdr(text, *histogram); });
}

std::string damagedAt(std::size_t position, const std::string& bytes) {
  std::string inflated = inflate(kGolden);
  inflated.replace(position, bytes.size(), bytes);
  return refusalOf(wrap(inflated));
}

void expectSameCounts(const Histogram& left, const Histogram& right) {
  EXPECT_EQ(left.count(), right.count());
  for (std::size_t index = 0; index < Histogram::kCounts; ++index) {
    ASSERT_EQ(left.countAt(index), right.countAt(index)) << index;
  }
}

void expectRoundTrip(const Histogram& histogram) {
  const auto decoded = std::make_unique<Histogram>();
  decodeHdr(encodeHdr(histogram), *decoded);
  expectSameCounts(*decoded, histogram);
  EXPECT_EQ(decoded->min(), histogram.min());
  EXPECT_EQ(decoded->max(), histogram.max());
  EXPECT_EQ(decoded->valueAtPercentile(99.0), histogram.valueAtPercentile(99.0));
}

TEST(HdrCodecTest, EncodesTheGoldenVectorToTheBytesOfHdrHistogram) {
  const std::string text = encodeHdr(*makeGolden());
  EXPECT_EQ(inflate(text), fromHex(kGoldenInflatedHex));
  EXPECT_EQ(text.substr(0, 9), "HISTFAAAA");
}

TEST(HdrCodecTest, DecodesTheGoldenVectorIntoItsBuckets) {
  const auto histogram = std::make_unique<Histogram>();
  decodeHdr(kGolden, *histogram);
  std::vector<std::size_t> indices;
  histogram->forEachBucket(
      [&](const Bucket& bucket) { indices.push_back(Histogram::indexOf(bucket.lowest)); });
  EXPECT_EQ(indices, (std::vector<std::size_t>{1, 100, 1000, 2047, 2048, 3298, 11169}));
  EXPECT_EQ(histogram->count(), 8U);
  EXPECT_EQ(histogram->countAt(100), 2U);
  EXPECT_EQ(histogram->max(), 1'000'447U);
}

TEST(HdrCodecTest, KeepsEveryBucketOverARoundTrip) {
  expectRoundTrip(*makeGolden());
  std::mt19937_64 random(7);
  const auto histogram = std::make_unique<Histogram>();
  for (int i = 0; i < 200'000; ++i) histogram->record(random() >> (random() % 64));
  expectRoundTrip(*histogram);
}

TEST(HdrCodecTest, KeepsTheLowestAndTheHighestBucket) {
  const auto histogram = std::make_unique<Histogram>();
  histogram->addAt(0, 1);
  histogram->addAt(Histogram::kCounts - 1, 2);
  expectRoundTrip(*histogram);
}

TEST(HdrCodecTest, KeepsCountsOfEveryLength) {
  const auto histogram = std::make_unique<Histogram>();
  for (std::size_t bits = 0; bits < 62; ++bits) {
    histogram->addAt(2 * bits, (std::uint64_t{1} << bits) - bits % 2);
  }
  expectRoundTrip(*histogram);
}

TEST(HdrCodecTest, WritesAnEmptyHistogramAsHdrHistogramDoes) {
  const auto empty = std::make_unique<Histogram>();
  EXPECT_EQ(inflate(encodeHdr(*empty)).substr(40), "\x01");
  expectRoundTrip(*empty);
}

TEST(HdrCodecTest, ReadsASingleZeroThatIsWrittenAsACount) {
  const auto histogram = std::make_unique<Histogram>();
  decodeHdr(withWords(fromHex("0002")), *histogram);
  EXPECT_EQ(histogram->countAt(1), 1U);
  EXPECT_EQ(histogram->count(), 1U);
}

TEST(HdrCodecTest, LeavesTheHistogramAsItWasWhenItRefuses) {
  const auto histogram = makeGolden();
  EXPECT_THROW(decodeHdr("HIST", *histogram), std::runtime_error);
  expectSameCounts(*histogram, *makeGolden());
}

TEST(HdrCodecTest, RefusesWhatIsNotBase64) {
  EXPECT_THAT(refusalOf("HIST*AAA"), HasSubstr("not base64: byte 0x2a at position 4"));
  EXPECT_THAT(refusalOf("HISTF"), HasSubstr("5 characters"));
  EXPECT_THAT(refusalOf("HI==AAAA"), HasSubstr("at position 2"));
  EXPECT_THAT(refusalOf("===="), HasSubstr("not base64"));
}

TEST(HdrCodecTest, RefusesAnotherCookie) {
  EXPECT_THAT(refusalOf(encodeBase64(bigEndian(0x1c849302) + bigEndian(0))),
              HasSubstr("cookie is 0x1c849302, expected 0x1c849314"));
  EXPECT_THAT(damagedAt(0, bigEndian(0x1c849301)), HasSubstr("expected 0x1c849313"));
}

TEST(HdrCodecTest, RefusesALengthThatDoesNotMatch) {
  EXPECT_THAT(refusalOf(""), HasSubstr("cut off"));
  EXPECT_THAT(refusalOf(encodeBase64(decodeBase64(kGolden) + "x")), HasSubstr("compressed length"));
  EXPECT_THAT(damagedAt(4, bigEndian(17)), HasSubstr("payload length is 17, expected 18"));
}

TEST(HdrCodecTest, RefusesZlibDataThatIsCutOffOrDamaged) {
  const std::string bytes = decodeBase64(kGolden);
  const std::string packed = bytes.substr(8);
  const auto refusal = [](const std::string& zlib) {
    const auto length = static_cast<std::uint32_t>(zlib.size());
    return refusalOf(encodeBase64(bigEndian(0x1c849314) + bigEndian(length) + zlib));
  };
  for (std::size_t kept = 0; kept < packed.size(); ++kept) {
    EXPECT_THAT(refusal(packed.substr(0, kept)), HasSubstr("damaged or cut off")) << kept;
  }
  std::string damaged = packed;
  damaged[20] = static_cast<char>(damaged[20] ^ 0x55);
  EXPECT_THAT(refusal(damaged), HasSubstr("damaged or cut off"));
  EXPECT_THAT(refusal(packed + "xyz"), HasSubstr("3 bytes behind the zlib data"));
}

TEST(HdrCodecTest, RefusesDataThatInflatesToMoreThanAHistogram) {
  EXPECT_THAT(refusalOf(wrap(std::string(1'000'000, '\0'))), HasSubstr("inflates to more than"));
}

TEST(HdrCodecTest, RefusesAHeaderThatIsCutOff) {
  EXPECT_THAT(refusalOf(wrap(inflate(kGolden).substr(0, 39))), HasSubstr("cut off after 39 bytes"));
}

TEST(HdrCodecTest, RefusesAHistogramOfAnotherShape) {
  EXPECT_THAT(damagedAt(8, bigEndian(1)), HasSubstr("normalizing offset is 1"));
  EXPECT_THAT(damagedAt(12, bigEndian(2)), HasSubstr("significant digits is 2, expected 3"));
  EXPECT_THAT(damagedAt(20, bigEndian(2)), HasSubstr("lowest discernible value is 2"));
  EXPECT_THAT(damagedAt(28, bigEndian(7)), HasSubstr("highest trackable value is"));
  EXPECT_THAT(damagedAt(32, bigEndian(0x40000000)), HasSubstr("conversion ratio is 2"));
}

TEST(HdrCodecTest, RefusesCountsBehindTheLastBucket) {
  // zigzag of -33792 and -33791, then a count
  EXPECT_THAT(refusalOf(withWords(fromHex("ff8f0402"))), HasSubstr("33792 buckets"));
  EXPECT_THAT(refusalOf(withWords(fromHex("fd8f040202"))), HasSubstr("33792 buckets"));
  const std::string skip_of_two_to_the_63(9, '\xff');
  EXPECT_THAT(refusalOf(withWords(skip_of_two_to_the_63)), HasSubstr("-9223372036854775808"));
}

TEST(HdrCodecTest, RefusesAWordThatIsCutOff) {
  EXPECT_THAT(refusalOf(withWords("\xff\xff")), HasSubstr("cut off"));
}

TEST(HdrCodecTest, RefusesMoreValuesThanCanBeCounted) {
  const std::string count_of_two_to_the_63_less_one = "\xfe" + std::string(8, '\xff');
  const auto histogram = std::make_unique<Histogram>();
  decodeHdr(withWords(count_of_two_to_the_63_less_one), *histogram);
  EXPECT_EQ(histogram->count(), std::uint64_t{std::numeric_limits<std::int64_t>::max()});
  EXPECT_THAT(refusalOf(withWords(count_of_two_to_the_63_less_one + "\x02")),
              HasSubstr("2^63-1 values"));
}

TEST(HdrCodecTest, NeverReadsOutsideWhateverByteIsDamaged) {
  const std::string inflated = inflate(kGolden);
  const auto histogram = std::make_unique<Histogram>();
  int refused = 0;
  for (std::size_t position = 0; position < inflated.size(); ++position) {
    for (int change = 1; change < 256; change += 2) {
      std::string damaged = inflated;
      damaged[position] = static_cast<char>(damaged[position] ^ change);
      try {
        decodeHdr(wrap(damaged), *histogram);
      } catch (const std::runtime_error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Base64Test, AgreesWithTheExamplesOfTheStandard) {
  const std::vector<std::pair<std::string, std::string>> examples = {{"", ""},
                                                                     {"f", "Zg=="},
                                                                     {"fo", "Zm8="},
                                                                     {"foo", "Zm9v"},
                                                                     {"foob", "Zm9vYg=="},
                                                                     {"fooba", "Zm9vYmE="},
                                                                     {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(encodeBase64(bytes), text);
    EXPECT_EQ(decodeBase64(text), bytes);
  }
}

}  // namespace
}  // namespace ringside::results
