// A distribution in a few characters, for a row of a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/outline.hpp"

namespace ringside::harness {

/// The eighths of octaves that sparklines of several rows have in common, so that they can be
/// compared: `end` is behind the last one.
struct SparklineScale {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// From the lowest value of all to the highest p99.9; nullopt where nothing was counted.
std::optional<SparklineScale> scaleOf(const std::vector<const results::Outline*>& outlines);

/// `columns` characters (at least 1), each for the same part of the scale, ▁ to █ by how many of
/// the values lie there; a blank where none does. The last one has all that lie higher, too.
std::string sparkline(const results::Outline& outline, SparklineScale scale, std::size_t columns);

}  // namespace ringside::harness
