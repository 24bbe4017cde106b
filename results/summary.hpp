// Records of the same cell, taken together: what the table on the terminal shows of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "results/outline.hpp"
#include "results/record.hpp"

namespace ringside::results {

/// One metric over the repetitions that have it. The median of an even number is the mean of the
/// middle two.
struct Spread {
  double median = 0;
  double lowest = 0;
  double highest = 0;
  std::uint32_t repetitions = 0;  // at least 1
};

/// Of at least one value.
Spread spreadOf(std::vector<double> values);

struct StatusCounts {
  std::uint32_t ok = 0;
  std::uint32_t failed = 0;
  std::uint32_t invalid = 0;
  std::uint32_t skipped = 0;

  bool operator==(const StatusCounts&) const = default;
};

/// Metrics are those of the repetitions that are ok; reason, notes and validation
/// those of all.
struct CellSummary {
  std::string cell;
  Axes axes;
  std::uint32_t repetitions = 0;
  StatusCounts status_counts;
  std::optional<std::string> first_reason;
  std::vector<std::string> notes;  // each once, in the order of appearance
  std::map<std::string, Spread> metrics;
  std::map<std::string, Outline> outlines;  // of histograms, by name, as the metrics
  std::optional<Validation> validation;     // the sums; absent when nothing was checked
};

/// Summaries that grow record by record, so that nobody needs to keep the histograms.
class Summariser {
 public:
  void add(const Record& record);
  /// One summary for each cell, in the order in which the cells first appeared.
  std::vector<CellSummary> summaries() const;

 private:
  struct Gathered {
    CellSummary summary;
    std::map<std::string, std::vector<double>> values;  // of each metric, a repetition each
  };
  std::vector<Gathered> cells_;
  std::unordered_map<std::string, std::size_t> places_;  // of a cell's name in cells_
};

/// The summaries of records that are all at hand.
std::vector<CellSummary> summarise(const std::vector<Record>& records);

}  // namespace ringside::results
