// Operations of a history as a picture in text, for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "harness/history/history.hpp"

namespace ringside::harness {

/// One row an operation, by their beginning: when in ns after the first began, who, what, and a bar
/// on which every column is one instant at which something began or ended, in their order, so that
/// bars without a column in common did surely not overlap. Of more than kMaxTimeLineRows the first,
/// and how many there are besides. `positions` are those in history.operations.
std::string drawTimeLine(const History& history, std::span<const std::size_t> positions);

inline constexpr std::size_t kMaxTimeLineRows = 40;

}  // namespace ringside::harness
