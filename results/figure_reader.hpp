// Records read for the numbers that are compared: in thousands of bundles the histograms are most
// of what there is to read, and the metrics beside them say the same.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "results/gathering.hpp"
#include "results/record.hpp"

namespace ringside::results {

struct FiguresOfLine {
  Record record;
  std::string origin = {};  ///< in a merged bundle: the one that it comes from
};

class FigureReader {
 public:
  explicit FigureReader(GatherTerms terms);

  /// The record of a line with all that Gathering::add looks at. Histograms are decoded only where
  /// shifts are gathered, or something that is gathered cannot be had without them; then the line
  /// is checked as fromJson does. Else what is not looked at may be damaged unnoticed. Throws
  /// RecordError as fromJson.
  FiguresOfLine read(std::string_view line) const;

 private:
  GatherTerms terms_;
  std::unordered_set<std::string> wanted_;  ///< of the metrics
};

}  // namespace ringside::results
