// The hand-offs between all CPUs as a picture of text.
#pragma once

#include <string>
#include <vector>

#include "harness/handoff.hpp"
#include "harness/terminal.hpp"

namespace ringside::harness {

/// Rows and columns are CPUs, or, where they are too many for the width, cores, caches, nodes or
/// packages: the finest that fits. Each field is the lowest one-way hand-off between members of the
/// two, in ns where numbers fit, else a shade with a legend; "-" where nothing was measured.
/// Readable without colour. Ends with a line end.
std::string drawHeatMap(const Topology& topology, const std::vector<Handoff>& handoffs,
                        Colour colour, std::size_t columns);

}  // namespace ringside::harness
