#include "results/hdr_codec.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>

#include "results/base64.hpp"

namespace ringside::results {
namespace {

constexpr std::uint32_t kCompressedCookie = 0x1c849314;
constexpr std::uint32_t kPlainCookie = 0x1c849313;
constexpr std::size_t kEnvelopeBytes = 8;  // cookie, length
constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kWordBytesMax = 9;
constexpr std::size_t kInflatedBytesMax = kHeaderBytes + kWordBytesMax * Histogram::kCounts;

[[noreturn]] void refuse(const std::string& why) {
  throw std::runtime_error("not a readable HdrHistogram: " + why);
}

template <class Number>
void putBigEndian(std::string& bytes, Number value) {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    bytes += static_cast<char>((value >> (8 * i)) & 255U);
  }
}

/// A word of V2: zigzag, then LEB128 of which the ninth byte carries eight bits and ends it.
void putWord(std::string& bytes, std::int64_t value) {
  std::uint64_t rest =
      (static_cast<std::uint64_t>(value) << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0);
  for (std::size_t i = 0; i + 1 < kWordBytesMax; ++i) {
    if (rest < 128) break;
    bytes += static_cast<char>((rest & 127U) | 128U);
    rest >>= 7;
  }
  bytes += static_cast<char>(rest);
}

/// Reads the inflated bytes in order and refuses to read behind their end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::size_t left() const { return bytes_.size() - position_; }

  std::uint8_t takeByte() {
    if (left() == 0) refuse(fmt::format("cut off after {} bytes", bytes_.size()));
    return static_cast<std::uint8_t>(bytes_[position_++]);
  }

  template <class Number>
  Number takeBigEndian() {
    Number value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value = static_cast<Number>((value << 8) | takeByte());
    }
    return value;
  }

  std::int64_t takeWord() {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < kWordBytesMax; ++i) {
      const std::uint64_t byte = takeByte();
      const bool is_last = i + 1 == kWordBytesMax || byte < 128;
      bits |= (i + 1 == kWordBytesMax ? byte : byte & 127U) << (7 * i);
      if (is_last) break;
    }
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1U) + 1));
  }

 private:
  std::string_view bytes_;
  std::size_t position_ = 0;
};

/// Counts up to the last that is not zero, runs of zeros as their negative length. An empty
/// histogram gives one skipped bucket, as HdrHistogram_c writes it.
std::string packCounts(const Histogram& histogram) {
  std::string words;
  const std::size_t end = std::max<std::size_t>(histogram.endIndex(), 1);
  std::int64_t zeros = 0;
  for (std::size_t index = 0; index < end; ++index) {
    const std::uint64_t count = histogram.countAt(index);
    if (count == 0) {
      ++zeros;
      continue;
    }
    if (zeros > 0) putWord(words, -zeros);
    zeros = 0;
    putWord(words, static_cast<std::int64_t>(count));
  }
  if (zeros > 0) putWord(words, -zeros);
  return words;
}

std::string deflateBytes(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(size, '\0');
  const int result = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()),
                               static_cast<uLong>(bytes.size()), Z_BEST_COMPRESSION);
  if (result != Z_OK) {
    throw std::runtime_error(fmt::format("cannot compress a histogram: {}", zError(result)));
  }
  packed.resize(size);
  return packed;
}

std::string inflateBytes(std::string_view packed) {
  std::string bytes(kInflatedBytesMax, '\0');
  uLongf size = static_cast<uLongf>(bytes.size());
  uLong consumed = static_cast<uLong>(packed.size());
  const int result = uncompress2(reinterpret_cast<Bytef*>(bytes.data()), &size,
                                 reinterpret_cast<const Bytef*>(packed.data()), &consumed);
  if (result == Z_BUF_ERROR) {
    refuse(fmt::format("inflates to more than {} bytes", kInflatedBytesMax));
  }
  if (result != Z_OK) {
    refuse(
        fmt::format("zlib data damaged or cut off ({}, {} bytes)", zError(result), packed.size()));
  }
  if (consumed != packed.size()) {
    refuse(fmt::format("{} bytes behind the zlib data", packed.size() - consumed));
  }
  bytes.resize(size);
  return bytes;
}

template <class Number>
void expect(const char* what, Number found, Number expected) {
  if (found != expected) refuse(fmt::format("{} is {}, expected {}", what, found, expected));
}

void expectCookie(std::uint32_t found, std::uint32_t expected) {
  if (found != expected) {
    refuse(fmt::format("cookie is {:#010x}, expected {:#010x} (V2)", found, expected));
  }
}

std::string inflateEnvelope(std::string_view text) {
  const std::string bytes = decodeBase64(text);
  Reader reader(bytes);
  expectCookie(reader.takeBigEndian<std::uint32_t>(), kCompressedCookie);
  const auto length = reader.takeBigEndian<std::uint32_t>();
  expect("the compressed length", std::size_t{length}, reader.left());
  return inflateBytes(std::string_view(bytes).substr(kEnvelopeBytes));
}

void checkHeader(Reader& reader) {
  expectCookie(reader.takeBigEndian<std::uint32_t>(), kPlainCookie);
  const auto length = reader.takeBigEndian<std::uint32_t>();
  expect("the normalizing offset", reader.takeBigEndian<std::uint32_t>(), 0U);
  expect("the number of significant digits", reader.takeBigEndian<std::uint32_t>(),
         Histogram::kSignificantDigits);
  expect("the lowest discernible value", reader.takeBigEndian<std::uint64_t>(),
         Histogram::kLowestNs);
  expect("the highest trackable value", reader.takeBigEndian<std::uint64_t>(),
         Histogram::kHighestNs);
  expect("the conversion ratio", std::bit_cast<double>(reader.takeBigEndian<std::uint64_t>()), 1.0);
  expect("the payload length", std::size_t{length}, reader.left());
}

void unpackCounts(Reader& reader, Histogram& histogram) {
  constexpr auto kTotalMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  std::uint64_t index = 0;
  while (reader.left() > 0) {
    const std::int64_t word = reader.takeWord();
    const std::uint64_t room = Histogram::kCounts - index;
    const std::uint64_t steps = word < 0 ? ~static_cast<std::uint64_t>(word) + 1 : 1;
    if (steps > room) {
      refuse(fmt::format("a word of {} at bucket {} leads behind the last of {} buckets", word,
                         index, Histogram::kCounts));
    }
    if (word > 0) {
      const auto count = static_cast<std::uint64_t>(word);
      if (count > kTotalMax - histogram.count()) refuse("more than 2^63-1 values in all");
      histogram.addAt(index, count);
    }
    index += steps;
  }
}

}  // namespace

std::string encodeHdr(const Histogram& histogram) {
  const std::string words = packCounts(histogram);
  std::string plain;
  putBigEndian(plain, kPlainCookie);
  putBigEndian(plain, static_cast<std::uint32_t>(words.size()));
  putBigEndian(plain, std::uint32_t{0});  // normalizing offset
  putBigEndian(plain, Histogram::kSignificantDigits);
  putBigEndian(plain, Histogram::kLowestNs);
  putBigEndian(plain, Histogram::kHighestNs);
  putBigEndian(plain, std::bit_cast<std::uint64_t>(1.0));  // conversion ratio
  plain += words;

  const std::string packed = deflateBytes(plain);
  std::string envelope;
  putBigEndian(envelope, kCompressedCookie);
  putBigEndian(envelope, static_cast<std::uint32_t>(packed.size()));
  return encodeBase64(envelope + packed);
}

void decodeHdr(std::string_view text, Histogram& histogram) {
  const std::string plain = inflateEnvelope(text);
  Reader reader(plain);
  checkHeader(reader);
  const auto decoded = std::make_unique<Histogram>();
  unpackCounts(reader, *decoded);
  histogram = *decoded;
}

}  // namespace ringside::results
