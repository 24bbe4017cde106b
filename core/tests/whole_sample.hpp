// A value that shows when it is torn: all its words are the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringside {

template <std::size_t kWords>
struct WholeSample {
  std::array<std::uint64_t, kWords> words;

  static WholeSample of(std::uint64_t number) {
    WholeSample sample;
    sample.words.fill(number);
    return sample;
  }
  bool consistsOf(std::uint64_t number) const {
    return std::all_of(words.begin(), words.end(),
                       [&](std::uint64_t word) { return word == number; });
  }
  bool whole() const { return consistsOf(words.front()); }
};

}  // namespace ringside
