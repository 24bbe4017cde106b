// The second table of a run, of what is timed message by message: response and service times or
// round trips, all of them beside the undisturbed ones, how many were disturbed, and who made the
// slowest hundredth slow.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/terminal.hpp"
#include "harness/text_table.hpp"
#include "results/summary.hpp"

namespace ringside::harness {

/// As renderResults() does it. For Format::Table and Format::Markdown; empty when no cell has
/// undisturbed times.
std::string renderResponse(const std::vector<results::CellSummary>& cells, Format format,
                           const TableLook& look = {});

/// The medians of the same figures, by the names of their metrics; null where a cell has none.
void putResponse(const results::CellSummary& cell, nlohmann::ordered_json& json);

}  // namespace ringside::harness
