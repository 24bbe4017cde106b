// What a reader of a bundle must know of the machine: environment.json.
#pragma once

#include <string>

#include "harness/session.hpp"

namespace ringside::harness {

/// A JSON object in sections: machine, cpu, kernel, memory, limits, clock, topology, build. What
/// cannot be read here is null. A new fact is one row in environment.cpp.
std::string describeEnvironment(const Session& session);

std::string hostName();

}  // namespace ringside::harness
