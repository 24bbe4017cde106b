// What stands above the tables of a comparison: the bundles, what differs between their
// environments, and which sides are compared.
#pragma once

#include <string>
#include <vector>

#include "harness/compare/compare_report.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

/// Of more than these a table names the first, and says how many more there are.
constexpr std::size_t kMostNamed = 10;

/// "one, two … and 990 more".
std::string namedText(const std::vector<std::string>& names, std::size_t most = kMostNamed);
/// With something else between them.
std::string namedText(const std::vector<std::string>& names, const char* between,
                      std::size_t most = kMostNamed);

std::string overviewText(const CompareReport& report, const TableLook& look);
std::string overviewMarkdown(const CompareReport& report);

}  // namespace ringside::harness
