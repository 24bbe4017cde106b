// A contest for people: tables for a terminal, and the block for a README.
#pragma once

#include <string>

#include "harness/contest_report.hpp"

namespace ringside::harness {

/// Of a contest that is not empty: all queues of each shape, then each subject against the best
/// comparator, then what was expected.
std::string contestTables(const ContestReport& report);

/// Of a contest that is not empty, in Markdown: one line that says where and when, one table with a
/// row a shape and a column a size.
std::string contestBlock(const ContestReport& report, const RunPlace& place);

}  // namespace ringside::harness
