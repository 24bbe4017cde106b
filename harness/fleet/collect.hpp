// What came back of a fleet, made one bundle a machine, and what did not, by its name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/fleet/instance_status.hpp"

namespace ringside::harness {

/// Something that the comparison will lack.
struct FleetGap {
  InstanceStatus status;
  bool is_measured =
      false;  ///< its records are there all the same: its run failed, or found faults
};

/// "node c: round 2 lost: node down".
std::string textOf(const FleetGap& gap);

struct CollectedBundle {
  std::filesystem::path folder;
  std::vector<std::string> nodes;
  std::vector<std::string> instances;
};

struct Collected {
  std::vector<CollectedBundle> bundles;
  std::vector<FleetGap> gaps;
};

/// Merges what can be merged: rounds of a node, and nodes that share a suite in shards, as far as
/// they were in one state; all else stays apart. One bundle alone stays where it is. Makes merged/
/// and collected.json anew; what was measured stays as it was.
Collected collect(const FleetFolder& folder, const std::vector<InstanceStatus>& all);

}  // namespace ringside::harness
