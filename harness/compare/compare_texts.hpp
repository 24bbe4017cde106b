// Numbers of a comparison as people read them.
#pragma once

#include <optional>
#include <string>

#include "results/metrics.hpp"

namespace ringside::harness {

/// What stands where there is nothing.
constexpr const char* kNoValue = "–";

/// "845 ns", "61.2 M".
std::string valueText(results::Unit unit, double value);
/// "3.12", of the floor.
std::string multipleText(const std::optional<double>& over_floor);

}  // namespace ringside::harness
