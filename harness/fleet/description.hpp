// What a fleet is to do, whatever starts it: a suite on several machines, in rounds. fleet.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/schedule.hpp"

namespace ringside::harness {

enum class EngineKind { Slurm, Local, Ssh };

std::string_view toString(EngineKind engine);
/// Of "slurm", "local" and "ssh".
std::optional<EngineKind> parseEngine(std::string_view name);

/// A machine, or a part of one.
struct FleetNode {
  std::string name;   ///< of letters, digits, '.', '_' and '-': it stands in names of files
  std::string place;  ///< what its engine calls it: a node of Slurm, a host of ssh, a list of CPUs
  std::optional<Shard> shard = std::nullopt;  ///< of the suite; nullopt: all of it
};

/// A file that goes to each node, by its place in the fleet's folder.
struct TravellingFile {
  std::string name;
  std::string sha256;
};

struct FleetDescription {
  std::string suite;
  EngineKind engine = EngineKind::Local;
  std::vector<FleetNode> nodes = {};
  std::uint32_t rounds = 1;
  std::vector<TravellingFile> files = {};
  std::vector<std::string> passed_on = {};  ///< options for sbatch or ssh, as they were given
  std::string remote_folder = {};           ///< of ssh, on each host
};

/// One start of `ringside run`.
struct FleetInstance {
  std::string name;  ///< "a-r2", "a-s1of3-r2"; its bundle is bundles/<name>
  std::string node;
  std::uint32_t round = 1;
  std::optional<Shard> shard = std::nullopt;
};

/// All of them, rounds outermost: each machine has had its first before any has its second.
std::vector<FleetInstance> instancesOf(const FleetDescription& fleet);

/// What instances of one node are called, without the round: "a-s1of3".
std::string stemOf(const FleetNode& node);

/// `place` as a name; throws UsageError where nothing of it can stand in one.
std::string nodeName(const std::string& place);

/// Throws UsageError for two nodes of one name, and for none.
void refuseTwinNodes(const std::vector<FleetNode>& nodes);

/// With all instances, for other readers.
std::string toJson(const FleetDescription& fleet);
/// Throws UsageError, with `where` in it, for what is no description of a fleet.
FleetDescription parseFleet(const std::string& json, const std::string& where);

}  // namespace ringside::harness
