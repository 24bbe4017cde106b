// What makes two bundles comparable: a hash over the facts of a machine that stay as they are, and
// one over the program that measured. The facts stand beside the hash, so that a difference can be
// named.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/system_files.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

/// What stands for a machine or a program: of the lines "name=value" of its facts, in their order.
std::string hashOfFacts(const nlohmann::ordered_json& facts);

/// {"method", "machine": HASH, "facts": {…}, "program": HASH, "program_facts": {…}}. A hash is of
/// the lines "name=value" of its facts, in their order. The machine's name for itself stands there
/// as a hash of it, for it is nobody else's business.
nlohmann::ordered_json fingerprint(const SystemFiles& files, const Topology& topology);

}  // namespace ringside::harness
