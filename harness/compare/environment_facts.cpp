#include "harness/compare/environment_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/format_numbers.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using Facts = std::vector<std::pair<std::string, std::string>>;

/// Names that people use, and what they stand for.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"host", "machine.host"},
    {"node", "machine.node"},
    {"cpu_model", "cpu"},
    {"thp", "transparent_huge_pages"},
    {"cmdline", "command_line"}};

/// Facts outside of the fingerprint that say something when they differ. All others stand in the
/// fingerprint too, or are another one at each moment, such as the free memory.
constexpr std::string_view kToldOf[] = {
    "machine.host",
    "machine.product",
    "cpu.frequency_driver",
    "cpu.idle_driver",
    "cpu.isolated",
    "cpu.without_ticks",
    "kernel.numa_balancing",
    "memory.total",
    "memory.huge_page_size",
    "memory.swap_total",
    "limits.locked_bytes",
    "limits.shm_bytes",
    "clock.used",
    "topology.allowed_cpus",
    "working_tree.revision",
};
constexpr std::string_view kFloors = "floor_ns.";
constexpr std::string_view kPools = "memory.huge_page_pools.";
constexpr std::string_view kPlugin = "plugin.";

std::string textOf(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void addFacts(Facts& facts, const std::string& prefix, const ordered_json& object) {
  for (const auto& [name, value] : object.items()) {
    const std::string whole = prefix + name;
    if (value.is_null()) continue;
    if (value.is_object()) {
      addFacts(facts, whole + ".", value);
    } else if (value.is_number() && whole.starts_with(kFloors)) {
      facts.emplace_back(whole, formatNs(value.get<double>()));
    } else if (!value.is_array()) {
      facts.emplace_back(whole, textOf(value));
    }
  }
}

/// Of each plug-in the hash of its file, by its name wherever it lay.
void addPlugins(Facts& facts, const ordered_json& plugins) {
  if (!plugins.is_array()) return;
  for (const ordered_json& plugin : plugins) {
    const auto has = [&](const char* key) {
      return plugin.contains(key) && plugin[key].is_string();
    };
    if (!plugin.is_object() || !has("file") || !has("fnv1a")) continue;
    const std::filesystem::path file = plugin["file"].get<std::string>();
    facts.emplace_back(fmt::format("{}{}", kPlugin, file.filename().string()),
                       plugin["fnv1a"].get<std::string>());
  }
}

std::vector<std::string> namesOf(std::span<const EnvironmentFacts> all) {
  std::vector<std::string> names;
  for (const EnvironmentFacts& facts : all) {
    for (const auto& [name, value] : facts.all()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::optional<Difference> differenceIn(const std::string& name,
                                       std::span<const EnvironmentFacts> all) {
  Difference difference{.fact = name, .values = {}};
  for (const EnvironmentFacts& facts : all) {
    difference.values.push_back(facts.find(name).value_or(""));
  }
  const bool differs = std::adjacent_find(difference.values.begin(), difference.values.end(),
                                          std::not_equal_to<>()) != difference.values.end();
  return differs ? std::optional(difference) : std::nullopt;
}

template <class IsMeant>
std::vector<Difference> differencesIn(std::span<const EnvironmentFacts> all, IsMeant is_meant) {
  std::vector<Difference> differences;
  for (const std::string& name : namesOf(all)) {
    if (!is_meant(name)) continue;
    if (auto difference = differenceIn(name, all)) differences.push_back(std::move(*difference));
  }
  return differences;
}

bool isOfFingerprint(std::string_view name) { return name.find('.') == std::string_view::npos; }

bool isToldOf(std::string_view name) {
  const bool is_pool = name.starts_with(kPools) && name.ends_with(".total");
  return isOfFingerprint(name) || name.starts_with(kFloors) || name.starts_with(kPlugin) ||
         is_pool || std::find(std::begin(kToldOf), std::end(kToldOf), name) != std::end(kToldOf);
}

}  // namespace

EnvironmentFacts::EnvironmentFacts(const std::string& json, const std::string& where) {
  const ordered_json environment = ordered_json::parse(json, nullptr, false);
  if (!environment.is_object()) {
    throw UsageError(fmt::format(
        "{} is damaged: it is no JSON object; put back the one that `ringside run` wrote, or "
        "remove it to compare without knowing the machine",
        where));
  }
  const ordered_json nothing = ordered_json::object();
  const ordered_json fingerprint = environment.value("fingerprint", nothing);
  if (fingerprint.is_object()) {
    for (const char* part : {"facts", "program_facts"}) {
      if (const auto facts = fingerprint.find(part); facts != fingerprint.end()) {
        if (facts->is_object()) addFacts(facts_, "", *facts);
      }
    }
    const auto machine = fingerprint.find("machine");
    if (machine != fingerprint.end() && machine->is_string()) machine_ = *machine;
  }
  for (const auto& [section, facts] : environment.items()) {
    if (section != "fingerprint" && facts.is_object()) addFacts(facts_, section + ".", facts);
  }
  if (const auto plugins = environment.find("plugins"); plugins != environment.end()) {
    addPlugins(facts_, *plugins);
  }
}

EnvironmentFacts EnvironmentFacts::of(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "environment.json";
  if (!std::filesystem::exists(file)) return {};
  const std::optional<std::string> text = results::readFile(file);
  if (!text) {
    throw UsageError(fmt::format(
        "{} cannot be read; look at its permissions, or copy the bundle again", file.string()));
  }
  return {*text, file.string()};
}

std::optional<std::string> EnvironmentFacts::find(std::string_view name) const {
  for (const auto& [fact, value] : facts_) {
    if (fact == name) return value;
  }
  return std::nullopt;
}

std::optional<std::string> EnvironmentFacts::findAs(std::string_view name) const {
  for (const auto& [alias, meant] : kAliases) {
    if (alias == name) return find(meant);
  }
  return find(name);
}

std::string EnvironmentFacts::time() const {
  std::string time = find("machine.time_utc").value_or("");
  std::replace(time.begin(), time.end(), 'T', ' ');
  if (time.ends_with('Z')) time.pop_back();
  return time;
}

std::vector<Difference> differencesOf(std::span<const EnvironmentFacts> all) {
  return differencesIn(all, isToldOf);
}

std::vector<Difference> fingerprintDifferences(std::span<const EnvironmentFacts> all) {
  return differencesIn(all, [](std::string_view name) {
    return isOfFingerprint(name) || name.starts_with(kPlugin);
  });
}

std::vector<std::string> machineDifferences(std::span<const EnvironmentFacts> all) {
  constexpr std::string_view kOfTheProgram[] = {"version", "compiler", "flags", "binary_hash"};
  std::vector<std::string> names;
  for (const std::string& name : namesOf(all)) {
    const bool is_programs = std::find(std::begin(kOfTheProgram), std::end(kOfTheProgram), name) !=
                             std::end(kOfTheProgram);
    if (isOfFingerprint(name) && !is_programs && differenceIn(name, all)) names.push_back(name);
  }
  return names;
}

}  // namespace ringside::harness
