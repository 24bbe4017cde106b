// Pseudo-random numbers that are the same with every library and on every machine.
#pragma once

#include <cstdint>

namespace ringside::results {

/// SplitMix64: G. L. Steele, D. Lea, C. H. Flood, Fast splittable pseudorandom number generators,
/// OOPSLA 2014. Good enough to simulate with; not to keep a secret with.
class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }

  /// 0..1, 1 excluded, in steps of 2^-53.
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

  /// 0..limit-1; limit is at least 1 and below 2^32. Off by less than limit / 2^32 of a
  /// probability.
  std::uint64_t below(std::uint64_t limit) noexcept { return (next() >> 32) * limit >> 32; }

 private:
  std::uint64_t state_;
};

}  // namespace ringside::results
