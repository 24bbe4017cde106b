// Records of several bundles as if one run had measured them: nothing is summed up, each keeps its
// histograms, and repetitions are counted anew.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace ringside::results {

class LineMerger {
 public:
  /// The line of a record of the bundle `origin`, without its line end, as it stands in the merged
  /// bundle: with the next number of its cell for its repetition, and with its origin, unless it
  /// has been merged before. All other keys stay, also those that schema 1 does not know. The line
  /// must be a record's. Throws RecordError for a record that was there already, as of a bundle
  /// that is merged with what it has been merged into.
  std::string merged(std::string_view line, std::string_view origin);

 private:
  std::unordered_map<std::string, std::uint32_t> next_;                 ///< repetition of each cell
  std::set<std::tuple<std::string, std::string, std::uint32_t>> seen_;  ///< origin, cell, number
};

}  // namespace ringside::results
