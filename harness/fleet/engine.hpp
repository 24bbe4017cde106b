// Who starts the instances of a fleet. Nothing of ours keeps running: an engine is a few commands
// of tools that are there already, and what it remembers stands in the fleet's folder.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "harness/fleet/fleet_folder.hpp"
#include "harness/fleet/instance_status.hpp"

namespace ringside::harness {

using Command = std::vector<std::string>;

/// Which nodes a fleet is to have, as the command line says it.
struct NodesAsked {
  std::string nodes;       ///< slurm: "a,b,c" or "n[1-3]"
  std::string constraint;  ///< slurm: a feature that nodes have
  std::string hosts_file;  ///< ssh: one host a line
  std::string masks;       ///< local: lists of CPUs, with ';' between them
};

class FleetEngine {
 public:
  virtual ~FleetEngine() = default;

  /// Without shards. Throws UsageError for what cannot be, with what to do.
  virtual std::vector<FleetNode> nodesOf(const NodesAsked& asked) = 0;

  /// Puts what travels where this node can reach it, for onNode(); start() does so by itself.
  virtual void send(const FleetFolder&, const FleetNode&) {}
  /// `command` on one node, in the fleet's folder: what begins with `bin/` is found there.
  virtual Command onNode(const FleetFolder& folder, const FleetNode& node,
                         const Command& command) = 0;

  /// Starts these. What runs on this machine has ended when it comes back, and inherits `lock`.
  /// Throws std::runtime_error with what the tool said and what to do.
  virtual void start(const FleetFolder& folder, const std::vector<FleetInstance>& instances,
                     const results::Descriptor& lock) = 0;
  /// What start() would run, for people.
  virtual std::vector<Command> startCommands(const FleetFolder& folder,
                                             const std::vector<FleetInstance>& instances) = 0;

  /// Looks once, for all that is asked next; brings what lies elsewhere into the folder.
  virtual void look(const FleetFolder& folder) = 0;
  virtual Whereabouts whereIs(const FleetInstance& instance) = 0;
};

std::unique_ptr<FleetEngine> makeEngine(EngineKind kind);

/// The one of that name, which there is.
const FleetNode& nodeNamed(const FleetFolder& folder, const std::string& name);

/// Of those instances that are of one node.
std::vector<FleetInstance> ofNode(const std::vector<FleetInstance>& instances,
                                  const std::string& node);

/// Runs a command that must work. Throws std::runtime_error with what it said, and `advice`.
std::string mustRun(const Command& command, std::chrono::seconds patience,
                    const std::string& advice);

}  // namespace ringside::harness
