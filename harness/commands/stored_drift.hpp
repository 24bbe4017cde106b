// What a gate against a stored baseline comes to, and where it is kept and told.
#pragma once

#include <string>

#include "harness/duet/gate_bundle.hpp"
#include "harness/duet/stored_baseline.hpp"

namespace ringside::harness {

/// All but `candidate` and `judged`. `environment` is that of now.
DriftReport driftOf(const StoredBlocks& then, const AloneResult& now, const Suite& suite,
                    const Plan& plan, const std::string& environment);

/// In the bundle, for continuous integration, and in the history where anything was compared.
void keepDrift(const DriftReport& report, GateBundle& bundle);

}  // namespace ringside::harness
