// The outline of a histogram: how many values lie between one eighth of an octave and the next, a
// few hundred counts of which the forms of distributions can be drawn.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "results/histogram.hpp"

namespace ringside::results {

class Outline {
 public:
  static constexpr int kPerOctave = 8;

  /// The eighth that a value is counted in; values below 1 ns with those of 1 ns.
  static std::size_t eighthOf(double value_ns) {
    return static_cast<std::size_t>(kPerOctave * std::log2(std::max(value_ns, 1.0)));
  }
  /// The least value of an eighth, in ns.
  static double lowestOf(std::size_t eighth) {
    return std::exp2(static_cast<double>(eighth) / kPerOctave);
  }

  void add(const Histogram& histogram) {
    histogram.forEachBucket([&](const Bucket& bucket) {
      const std::size_t eighth = eighthOf(static_cast<double>(bucket.lowest));
      if (counts_.size() <= eighth) counts_.resize(eighth + 1);
      counts_[eighth] += bucket.count;
    });
  }

  /// By eighths, from 1 ns on; the last one is above 0. Empty where nothing was counted.
  const std::vector<std::uint64_t>& counts() const { return counts_; }

 private:
  std::vector<std::uint64_t> counts_;
};

}  // namespace ringside::results
