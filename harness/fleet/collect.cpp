#include "harness/fleet/collect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/merge/merge_bundles.hpp"
#include "harness/text_table.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using Statuses = std::vector<InstanceStatus>;

constexpr const char* kMerged = "merged";

bool isGap(const InstanceStatus& status) { return status.state != InstanceState::Done; }

/// Nodes that share a suite belong together, any other is alone; in the order of the nodes.
std::vector<Statuses> machinesOf(const FleetDescription& fleet, const Statuses& all) {
  std::map<std::string, std::size_t> place;
  std::vector<Statuses> machines;
  for (const FleetNode& node : fleet.nodes) {
    const std::string key =
        node.shard ? fmt::format("shards of {}", node.shard->count) : "node " + node.name;
    const auto [known, is_new] = place.try_emplace(key, machines.size());
    if (is_new) machines.emplace_back();
    std::copy_if(all.begin(), all.end(), std::back_inserter(machines[known->second]),
                 [&](const InstanceStatus& status) {
                   return status.has_all_records && status.instance.node == node.name;
                 });
  }
  std::erase_if(machines, [](const Statuses& machine) { return machine.empty(); });
  return machines;
}

std::vector<std::string> nodesOf(const std::vector<std::string>& instances, const Statuses& of) {
  std::vector<std::string> nodes;
  for (const InstanceStatus& status : of) {
    const bool is_in =
        std::find(instances.begin(), instances.end(), status.instance.name) != instances.end();
    const std::string& node = status.instance.node;
    if (is_in && std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }
  return nodes;
}

/// "a", "a-and-2-more", and a number behind where there is one already.
fs::path freshPlace(const fs::path& merged, const std::vector<std::string>& nodes) {
  std::string name = nodes.front();
  if (nodes.size() > 1) name += fmt::format("-and-{}-more", nodes.size() - 1);
  fs::path place = merged / name;
  for (int number = 2; fs::exists(place); ++number) {
    place = merged / fmt::format("{}-{}", name, number);
  }
  return place;
}

CollectedBundle collectGroup(const FleetFolder& folder, const std::vector<MergeSource>& group,
                             const Statuses& machine) {
  CollectedBundle collected;
  for (const MergeSource& source : group) {
    collected.instances.push_back(source.folder.filename().string());
  }
  collected.nodes = nodesOf(collected.instances, machine);
  if (group.size() == 1) {
    collected.folder = group.front().folder;
    return collected;
  }
  collected.folder = freshPlace(folder.path() / kMerged, collected.nodes);
  results::Bundle bundle = results::Bundle::create(collected.folder);
  merge(group, bundle);
  return collected;
}

void collectMachine(const FleetFolder& folder, const Statuses& machine, Collected& collected) {
  std::vector<fs::path> bundles;
  for (const InstanceStatus& status : machine) {
    bundles.push_back(folder.bundleOf(status.instance.name));
  }
  if (bundles.size() == 1) {
    const FleetInstance& alone = machine.front().instance;
    collected.bundles.push_back({bundles.front(), {alone.node}, {alone.name}});
    return;
  }
  for (const auto& group : mergeableGroups(openSources(bundles))) {
    collected.bundles.push_back(collectGroup(folder, group, machine));
  }
}

std::string toJson(const FleetFolder& folder, const Collected& collected) {
  ordered_json json = {
      {"schema", 1}, {"bundles", ordered_json::array()}, {"gaps", ordered_json::array()}};
  for (const CollectedBundle& bundle : collected.bundles) {
    json["bundles"].push_back({{"folder", fs::relative(bundle.folder, folder.path()).string()},
                               {"nodes", bundle.nodes},
                               {"instances", bundle.instances}});
  }
  for (const FleetGap& gap : collected.gaps) {
    const InstanceStatus& status = gap.status;
    json["gaps"].push_back({{"instance", status.instance.name},
                            {"node", status.instance.node},
                            {"round", status.instance.round},
                            {"state", toString(status.state)},
                            {"why", status.why},
                            {"is_measured", gap.is_measured}});
  }
  return renderJson(json);
}

}  // namespace

std::string textOf(const FleetGap& gap) {
  const InstanceStatus& status = gap.status;
  std::string text = fmt::format("node {}: round {} {}", status.instance.node,
                                 status.instance.round, toString(status.state));
  if (!status.why.empty()) text += ": " + status.why;
  if (status.exit_code.value_or(0) != 0) text += fmt::format(" (exit code {})", *status.exit_code);
  if (gap.is_measured) text += "; its records are in";
  return text;
}

Collected collect(const FleetFolder& folder, const Statuses& all) {
  Collected collected;
  for (const InstanceStatus& status : all) {
    if (isGap(status)) collected.gaps.push_back({status, status.has_all_records});
  }
  fs::remove_all(folder.path() / kMerged);
  for (const Statuses& machine : machinesOf(folder.fleet(), all))
    collectMachine(folder, machine, collected);
  folder.write("collected.json", toJson(folder, collected));
  return collected;
}

}  // namespace ringside::harness
