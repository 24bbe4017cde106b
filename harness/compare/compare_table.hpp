// A comparison as people read it.
#pragma once

#include <string>

#include "harness/compare/compare_report.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

/// Whether the table has rows for the percentiles of the whole distributions.
enum class Distributions { Hide, Show };

/// First what differs between the environments, then each cell with its metrics, then what only one
/// side has, and what to bear in mind. As text, or as Markdown. Ends with a line end.
std::string compareTable(const CompareReport& report, Distributions distributions,
                         const TableLook& look);
std::string compareMarkdown(const CompareReport& report, Distributions distributions);

/// Everything, distributions included; CSV is a line for each metric of each candidate in each
/// cell.
std::string compareJson(const CompareReport& report);
std::string compareCsv(const CompareReport& report, Distributions distributions);

std::string renderComparison(const CompareReport& report, Format format,
                             Distributions distributions, const TableLook& look = {});

}  // namespace ringside::harness
