// Which node runs which part of a suite: nodes of one kind share it, any other runs all of it.
#pragma once

#include <string>
#include <vector>

#include "harness/fleet/description.hpp"

namespace ringside::harness {

/// What says of which kind a machine is: its fingerprint, as `ringside fleet probe` prints it,
/// without who it is. Throws std::runtime_error for another text.
std::string kindOf(const std::string& fingerprint);

/// `kinds`: of each node. Nodes of one kind get the shards 1/N to N/N, in their order; a node
/// alone gets none.
std::vector<FleetNode> inShards(std::vector<FleetNode> nodes,
                                const std::vector<std::string>& kinds);

}  // namespace ringside::harness
