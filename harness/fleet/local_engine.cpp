// Instances on this machine, each inside a list of CPUs, one at a time: they would disturb each
// other.
#include <fmt/format.h>

#include <sstream>

#include "harness/console.hpp"
#include "harness/duet/tool_call.hpp"
#include "harness/fleet/engines.hpp"
#include "harness/system_files.hpp"
#include "harness/topology.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

constexpr std::chrono::hours kLongestInstance{24};

void refuseOtherCpus(const std::string& mask, const Topology& topology) {
  const auto cpus = parseCpuList(mask);
  if (!cpus || cpus->empty()) {
    throw UsageError(fmt::format(
        "--masks: '{}' is no list of CPUs; write lists such as 0-3,8 with ';' between them", mask));
  }
  for (const int cpu : *cpus) {
    if (topology.allows(cpu)) continue;
    std::vector<int> allowed;
    for (const CpuPlace& place : topology.cpus()) allowed.push_back(place.cpu);
    throw UsageError(fmt::format("--masks: CPU {} of '{}' may not be used here; there are {}", cpu,
                                 mask, cpuList(allowed)));
  }
}

class LocalEngine : public FleetEngine {
 public:
  std::vector<FleetNode> nodesOf(const NodesAsked& asked) override {
    if (asked.masks.empty()) {
      throw UsageError("--engine local: name its CPUs with --masks, such as --masks '0-3;4-7'");
    }
    const Topology topology = Topology::ofThisMachine();
    std::vector<FleetNode> nodes;
    std::istringstream masks(asked.masks);
    for (std::string mask; std::getline(masks, mask, ';');) {
      refuseOtherCpus(mask, topology);
      nodes.push_back({.name = fmt::format("cpu{}", nodeName(mask)), .place = mask});
    }
    return nodes;
  }

  Command onNode(const FleetFolder& folder, const FleetNode& node,
                 const Command& command) override {
    Command whole = {"taskset", "--cpu-list", node.place};
    whole.insert(whole.end(), command.begin(), command.end());
    for (std::string& word : whole) {
      if (word.starts_with("bin/") || word == "job.sh") word = (folder.path() / word).string();
    }
    return whole;
  }

  std::vector<Command> startCommands(const FleetFolder& folder,
                                     const std::vector<FleetInstance>& instances) override {
    std::vector<Command> commands;
    for (const FleetInstance& instance : instances) {
      commands.push_back(
          onNode(folder, nodeNamed(folder, instance.node), {"bash", "job.sh", instance.name}));
    }
    return commands;
  }

  void start(const FleetFolder& folder, const std::vector<FleetInstance>& instances,
             const results::Descriptor& lock) override {
    const std::vector<Command> commands = startCommands(folder, instances);
    for (std::size_t i = 0; i < instances.size(); ++i) {
      say("[{}/{}] {} …\n", i + 1, instances.size(), instances[i].name);
      const ToolEnd end =
          runTool({.command = commands[i], .patience = kLongestInstance, .held = lock.number()});
      if (end.isFine()) continue;
      say("  exit code {}; see {}\n", end.exit_code,
          folder.stateOf(instances[i].name, "log").string());
    }
  }

  void look(const FleetFolder& folder) override {
    folder_ = &folder;
    somebody_starts_ = !folder.lock().has_value();
  }

  Whereabouts whereIs(const FleetInstance& instance) override {
    const bool has_begun = folder_->hasBegun(instance.name);
    if (somebody_starts_) {
      return {has_begun ? InstanceState::Running : InstanceState::Waiting, ""};
    }
    return {InstanceState::Lost, has_begun ? "it was killed" : "it was never started"};
  }

 private:
  const FleetFolder* folder_ = nullptr;
  bool somebody_starts_ = false;
};

}  // namespace

std::unique_ptr<FleetEngine> makeLocalEngine() { return std::make_unique<LocalEngine>(); }

}  // namespace ringside::harness
