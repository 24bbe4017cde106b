// What a reader of a bundle must know of the machine: environment.json.
#pragma once

#include <string>

#include "harness/session.hpp"

namespace ringside::harness {

/// A JSON object in sections: machine, cpu, kernel, memory, limits, clock, topology, build,
/// working_tree (revision.hpp), then floor_ns (of each placement that was measured, see
/// handoff.hpp), checks (what ringside doctor says of the settings), plugins (see
/// plugin/plugins.hpp) and fingerprint. What cannot be read here is null. A new fact is one row in
/// environment.cpp, a new check one in doctor/.
std::string describeEnvironment(const Session& session);

std::string hostName();

}  // namespace ringside::harness
