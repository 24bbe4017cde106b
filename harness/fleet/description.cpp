#include "harness/fleet/description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/text_table.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

constexpr int kSchema = 1;

constexpr std::array<std::pair<EngineKind, std::string_view>, 3> kEngines = {
    {{EngineKind::Slurm, "slurm"}, {EngineKind::Local, "local"}, {EngineKind::Ssh, "ssh"}}};

ordered_json orNull(const std::optional<Shard>& shard) {
  return shard ? ordered_json(toString(*shard)) : ordered_json(nullptr);
}

std::optional<Shard> shardOf(const ordered_json& json) {
  if (json.is_null()) return std::nullopt;
  return parseShard(json.get<std::string>());
}

ordered_json toJson(const FleetInstance& instance) {
  return {{"name", instance.name},
          {"node", instance.node},
          {"round", instance.round},
          {"shard", orNull(instance.shard)},
          {"bundle", "bundles/" + instance.name}};
}

FleetDescription readFleet(const ordered_json& json) {
  FleetDescription fleet{.suite = json.at("suite").get<std::string>(),
                         .engine = parseEngine(json.at("engine").get<std::string>()).value(),
                         .rounds = json.at("rounds").get<std::uint32_t>(),
                         .passed_on = json.at("passed_on").get<std::vector<std::string>>(),
                         .remote_folder = json.at("remote_folder").get<std::string>()};
  for (const ordered_json& node : json.at("nodes")) {
    fleet.nodes.push_back({node.at("name").get<std::string>(), node.at("place").get<std::string>(),
                           shardOf(node.at("shard"))});
  }
  for (const ordered_json& file : json.at("files")) {
    fleet.files.push_back(
        {file.at("name").get<std::string>(), file.at("sha256").get<std::string>()});
  }
  return fleet;
}

}  // namespace

std::string_view toString(EngineKind engine) {
  return std::find_if(kEngines.begin(), kEngines.end(),
                      [&](const auto& entry) { return entry.first == engine; })
      ->second;
}

std::optional<EngineKind> parseEngine(std::string_view name) {
  for (const auto& [engine, engine_name] : kEngines) {
    if (engine_name == name) return engine;
  }
  return std::nullopt;
}

std::string stemOf(const FleetNode& node) {
  if (!node.shard) return node.name;
  return fmt::format("{}-s{}of{}", node.name, node.shard->number, node.shard->count);
}

std::vector<FleetInstance> instancesOf(const FleetDescription& fleet) {
  std::vector<FleetInstance> instances;
  for (std::uint32_t round = 1; round <= fleet.rounds; ++round) {
    for (const FleetNode& node : fleet.nodes) {
      instances.push_back({.name = fmt::format("{}-r{}", stemOf(node), round),
                           .node = node.name,
                           .round = round,
                           .shard = node.shard});
    }
  }
  return instances;
}

std::string nodeName(const std::string& place) {
  std::string name;
  for (const char c : place) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    name += is_plain ? c : '_';
  }
  const bool has_any =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  if (has_any && name.front() != '-' && name.front() != '.') return name;
  throw UsageError(fmt::format(
      "'{}' is no name of a node; name it as its engine does, with a letter or digit first",
      place));
}

void refuseTwinNodes(const std::vector<FleetNode>& nodes) {
  if (nodes.empty()) throw UsageError("a fleet needs one node at least, and none is named");
  std::set<std::string> seen;
  for (const FleetNode& node : nodes) {
    if (seen.insert(node.name).second) continue;
    throw UsageError(fmt::format(
        "node {} is named twice; name each once, and use --repeat N for more rounds", node.place));
  }
}

std::string toJson(const FleetDescription& fleet) {
  ordered_json json = {{"schema", kSchema},
                       {"suite", fleet.suite},
                       {"engine", toString(fleet.engine)},
                       {"rounds", fleet.rounds},
                       {"nodes", ordered_json::array()},
                       {"files", ordered_json::array()},
                       {"passed_on", fleet.passed_on},
                       {"remote_folder", fleet.remote_folder},
                       {"instances", ordered_json::array()}};
  for (const FleetNode& node : fleet.nodes) {
    json["nodes"].push_back(
        {{"name", node.name}, {"place", node.place}, {"shard", orNull(node.shard)}});
  }
  for (const TravellingFile& file : fleet.files) {
    json["files"].push_back({{"name", file.name}, {"sha256", file.sha256}});
  }
  for (const FleetInstance& instance : instancesOf(fleet)) {
    json["instances"].push_back(toJson(instance));
  }
  return renderJson(json);
}

FleetDescription parseFleet(const std::string& text, const std::string& where) {
  try {
    const ordered_json json = ordered_json::parse(text);
    if (json.at("schema") == kSchema) return readFleet(json);
  } catch (const ordered_json::exception&) {
  } catch (const std::bad_optional_access&) {
  }
  throw UsageError(fmt::format(
      "{} is damaged, or of another version of ringside; put back the one that `ringside fleet "
      "run` wrote",
      where));
}

}  // namespace ringside::harness
