#include "harness/fleet/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "harness/duet/tool_call.hpp"
#include "harness/fleet/engines.hpp"

namespace ringside::harness {

std::unique_ptr<FleetEngine> makeEngine(EngineKind kind) {
  switch (kind) {
    case EngineKind::Slurm:
      return makeSlurmEngine();
    case EngineKind::Ssh:
      return makeSshEngine();
    case EngineKind::Local:
      break;
  }
  return makeLocalEngine();
}

const FleetNode& nodeNamed(const FleetFolder& folder, const std::string& name) {
  const auto& nodes = folder.fleet().nodes;
  return *std::find_if(nodes.begin(), nodes.end(),
                       [&](const FleetNode& node) { return node.name == name; });
}

std::vector<FleetInstance> ofNode(const std::vector<FleetInstance>& instances,
                                  const std::string& node) {
  std::vector<FleetInstance> found;
  for (const FleetInstance& instance : instances) {
    if (instance.node == node) found.push_back(instance);
  }
  return found;
}

std::string mustRun(const Command& command, std::chrono::seconds patience,
                    const std::string& advice) {
  const ToolEnd end = runTool({.command = command, .patience = patience});
  if (end.isFine()) return end.output;
  if (end.timed_out) {
    throw std::runtime_error(
        fmt::format("{} did not end in {} s; {}", command.front(), patience.count(), advice));
  }
  throw std::runtime_error(fmt::format("{} failed (exit code {}); {}:{}", command.front(),
                                       end.exit_code, advice,
                                       lastLines(end.complaints + end.output, 5)));
}

}  // namespace ringside::harness
