// What sets a cell apart beside what a table has columns for.
#pragma once

#include <string>
#include <vector>

#include "results/summary.hpp"

namespace ringside::harness {

/// "mem=memfd locked": what the name of a cell says of axes that are not the default, but for its
/// element size, capacity, placement and `but`. Empty where there is nothing else.
std::string variantOf(const results::CellSummary& cell, const std::vector<std::string>& but = {});

}  // namespace ringside::harness
