// The table at the end of a run, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "harness/terminal.hpp"
#include "harness/text_table.hpp"
#include "results/summary.hpp"

namespace ringside::harness {

/// One row a cell, medians over the repetitions, percentiles of all repetitions together; what was
/// not honoured, skipped or failed stands in footnotes. A text for people leaves out columns, the
/// least important first, where it would be wider than `look` has. Ends with a line end.
std::string renderResults(const std::vector<results::CellSummary>& cells, Format format,
                          const TableLook& look = {});

}  // namespace ringside::harness
