// Configurations side by side, as people read them.
#pragma once

#include <string>

#include "harness/compare/compare_report.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

/// A table for each question: a group of rows for each placement class and cell, a row for each
/// configuration, the best first. Then what not all have, and what the figures say. Of many cells
/// and many configurations some, and how many more there are. Empty without a key.
std::string configurationsText(const CompareReport& report, const TableLook& look);
std::string configurationsMarkdown(const CompareReport& report);

}  // namespace ringside::harness
