// Configurations side by side, for programs.
#pragma once

#include <string>

#include "harness/compare/compare_report.hpp"

namespace ringside::harness {

/// The object "configurations" of a comparison's JSON as text, one row a line; "null" without a
/// key.
std::string configurationsJson(const CompareReport& report);

/// A line for each configuration in each row. Empty without a key.
std::string configurationsCsv(const CompareReport& report);

}  // namespace ringside::harness
