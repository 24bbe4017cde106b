// Configurations side by side, for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/compare/compare_report.hpp"

namespace ringside::harness {

/// The object "configurations" of a comparison's JSON as text, one row a line; "null" without a
/// key.
std::string configurationsJson(const CompareReport& report);

/// A flat object for each configuration in each row.
std::vector<nlohmann::ordered_json> configurationLines(const CompareReport& report);

}  // namespace ringside::harness
