// A log-linear histogram of nanoseconds, bit-compatible with HdrHistogram (lowest discernible 1,
// highest trackable 3 600 000 000 000, three significant digits).
//
// It is 264 KiB: keep it on the heap (std::make_unique<Histogram>()) or in shared memory, never on
// a stack. It must never allocate, throw or hold a pointer, because a worker process records into
// it in memory that its parent mapped.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace ringside::results {

/// One bucket with a count above zero. It stands for `lowest`..`highest` ns, both inclusive.
struct Bucket {
  std::uint64_t lowest = 0;
  std::uint64_t highest = 0;
  std::uint64_t count = 0;
};

/// Memory of all zeros is a valid empty histogram: mapped anonymous memory needs no constructor.
/// One writer at a time; a reader in another process reads after the writer has stopped.
/// Values below 2048 ns keep their exact value, larger ones a bucket whose width is at most
/// 1/1024 of the value. Aligned to 64 bytes, so that neighbours in one array share no cache line.
class alignas(64) Histogram {
 public:
  static constexpr std::uint64_t kLowestNs = 1;
  static constexpr std::uint64_t kHighestNs = 3'600'000'000'000;  // one hour
  static constexpr std::uint32_t kSignificantDigits = 3;
  static constexpr std::size_t kBuckets = 32;
  static constexpr std::size_t kSubBuckets = 2048;
  static constexpr std::size_t kCounts = (kBuckets + 1) * kSubBuckets / 2;

  /// Where a value is counted: 0..kCounts-1. `value_ns` must be 0..2^42-1 (kHighestNs is inside).
  static constexpr std::size_t indexOf(std::uint64_t value_ns) noexcept {
    const auto shift = static_cast<unsigned>(std::bit_width(value_ns | (kSubBuckets - 1))) - 11U;
    return (std::size_t{shift} << kHalfMagnitude) + (value_ns >> shift);
  }

  /// The lowest and highest value counted at an index (0..kCounts-1), both inclusive.
  static constexpr std::uint64_t lowestAt(std::size_t index) noexcept {
    return index < kSubBuckets ? index : ((index & (kHalf - 1)) + kHalf) << shiftAt(index);
  }
  static constexpr std::uint64_t highestAt(std::size_t index) noexcept {
    return lowestAt(index) + (std::uint64_t{1} << shiftAt(index)) - 1;
  }

  /// The lowest and highest value indistinguishable from `value_ns` (0..2^42-1), both inclusive.
  static constexpr std::uint64_t lowestEquivalent(std::uint64_t value_ns) noexcept {
    return lowestAt(indexOf(value_ns));
  }
  static constexpr std::uint64_t highestEquivalent(std::uint64_t value_ns) noexcept {
    return highestAt(indexOf(value_ns));
  }

  /// Counts one value. Above kHighestNs it is counted at kHighestNs and in clamped().
  void record(std::uint64_t value_ns) noexcept {
    const std::uint64_t value = std::min(value_ns, kHighestNs);
    clamped_ += static_cast<std::uint64_t>(value_ns > kHighestNs);
    highest_ = std::max(highest_, value);
    inverted_lowest_ = std::max(inverted_lowest_, ~value);
    ++count_;
    ++counts_[indexOf(value)];
  }

  /// Counts `count` values of which only the bucket is known, as in a decoded histogram:
  /// exactMax() then is the highest value of the bucket. `index` must be 0..kCounts-1.
  void addAt(std::size_t index, std::uint64_t count) noexcept;

  /// Afterwards this histogram is as if all values of `other` had been recorded here too.
  void merge(const Histogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }

  /// How many of the counted values were above kHighestNs. Not part of the HdrHistogram format:
  /// zero after decoding.
  std::uint64_t clamped() const noexcept { return clamped_; }

  /// As HdrHistogram has it: the lowest value equivalent to the least, the highest equivalent to
  /// the greatest. Both 0 when empty.
  std::uint64_t min() const noexcept { return empty() ? 0 : lowestEquivalent(~inverted_lowest_); }
  std::uint64_t max() const noexcept { return empty() ? 0 : highestEquivalent(highest_); }

  /// The greatest value as recorded (at most kHighestNs), without rounding; 0 when empty. After
  /// decoding only the bucket is known, and this equals max().
  std::uint64_t exactMax() const noexcept { return highest_; }

  /// The highest value equivalent to order statistic ceil(percentile / 100 * count), so at most
  /// 0.1 % above it. `percentile` is 0..100 inclusive, what is outside is clamped; 0 gives min(),
  /// an empty histogram 0.
  std::uint64_t valueAtPercentile(double percentile) const noexcept;

  /// Over the middle of each bucket, as HdrHistogram does (lowest + width / 2). 0 when empty. The
  /// deviation is that of the population (divisor n).
  double mean() const noexcept;
  double standardDeviation() const noexcept;

  /// Calls `visit(const Bucket&)` for every bucket that is not empty, in order of value.
  template <class Visit>
  void forEachBucket(Visit&& visit) const {
    for (std::size_t index = 0; index < endIndex(); ++index) {
      if (counts_[index] != 0) visit(Bucket{lowestAt(index), highestAt(index), counts_[index]});
    }
  }

  /// The count at an index (0..kCounts-1), and the first index behind the last non-zero count.
  std::uint64_t countAt(std::size_t index) const noexcept { return counts_[index]; }
  std::size_t endIndex() const noexcept { return empty() ? 0 : indexOf(highest_) + 1; }

 private:
  static constexpr std::size_t kHalf = kSubBuckets / 2;
  static constexpr unsigned kHalfMagnitude = 10;

  static constexpr std::size_t shiftAt(std::size_t index) noexcept {
    return index < kSubBuckets ? 0 : (index >> kHalfMagnitude) - 1;
  }

  std::uint64_t count_ = 0;
  std::uint64_t highest_ = 0;
  std::uint64_t inverted_lowest_ = 0;  // ~lowest, so that zero means: none yet
  std::uint64_t clamped_ = 0;
  alignas(64) std::array<std::uint64_t, kCounts> counts_{};
};

static_assert(std::is_standard_layout_v<Histogram> && std::is_trivially_copyable_v<Histogram>,
              "a histogram lives in shared memory: two processes must agree on its bytes");
static_assert(sizeof(Histogram) == 64 + 33792 * sizeof(std::uint64_t),
              "a worker and its parent would disagree about where the next histogram begins");
static_assert(Histogram::kCounts == 33792, "other tools would refuse our histograms");
static_assert(Histogram::indexOf(0) == 0 && Histogram::indexOf(2047) == 2047 &&
                  Histogram::indexOf(2048) == 2048 && Histogram::indexOf(5000) == 3298 &&
                  Histogram::indexOf(1'000'000) == 11169,
              "other tools would read other values out of our histograms");
static_assert(Histogram::highestEquivalent(1'000'000) == 1'000'447 &&
                  Histogram::lowestEquivalent(1'000'000) == 999'936,
              "other tools would report other percentiles");
static_assert(Histogram::indexOf(Histogram::kHighestNs) < Histogram::kCounts,
              "recording the highest value would write behind the counts");

}  // namespace ringside::results
