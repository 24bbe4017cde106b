// The engines that there are, one file each.
#pragma once

#include <memory>

#include "harness/fleet/engine.hpp"

namespace ringside::harness {

/// One job array for each node, its tasks being the rounds, one at a time.
std::unique_ptr<FleetEngine> makeSlurmEngine();
/// This machine, lists of CPUs in turn; start() comes back when all have ended.
std::unique_ptr<FleetEngine> makeLocalEngine();
/// Hosts that plain ssh reaches, each with its instances in a row.
std::unique_ptr<FleetEngine> makeSshEngine();

}  // namespace ringside::harness
