// One suite as two configurations make it: which cell of the one belongs to which of the other, and
// what both are called.
#pragma once

#include <array>
#include <map>
#include <string>

#include "harness/duet/configuration.hpp"
#include "harness/plan.hpp"

namespace ringside::harness {

/// A side's own suite and cells.
struct ConfiguredSide {
  Suite suite;
  Plan plan;
  std::map<std::string, std::string> names;  ///< of its cells, by what both are called
};

struct ConfiguredCells {
  /// The cells of the first side, without what sets the sides apart in their names. Skipped where
  /// one of both sides is, or has no such cell.
  Plan plan;
  std::array<ConfiguredSide, 2> sides;
};

/// Reads the suite once for each side; `overrides` are of both. Throws UsageError as readSuite()
/// and makePlan() do, and where an override has a key of the configurations.
ConfiguredCells configuredCells(const std::filesystem::path& file,
                                const std::vector<std::string>& overrides,
                                const BothConfigurations& configurations, const Topology& topology,
                                const MemoryLimits& limits);

}  // namespace ringside::harness
