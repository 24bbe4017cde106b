// The table at the end of a run, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "harness/text_table.hpp"
#include "results/summary.hpp"

namespace ringside::harness {

/// One row a cell, medians over the repetitions, percentiles of all repetitions together; what was
/// not honoured, skipped or failed stands in footnotes. Ends with a line end.
std::string renderResults(const std::vector<results::CellSummary>& cells, Format format);

}  // namespace ringside::harness
