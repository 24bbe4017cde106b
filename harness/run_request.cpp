#include "harness/run_request.hpp"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/fnv1a.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

constexpr int kSchema = 1;
constexpr const char* kRunAgain = "start it again with `ringside run` and another --out";

std::string contentOf(const std::filesystem::path& file) {
  std::optional<std::string> content = results::readFile(file);
  if (!content) {
    throw UsageError(
        fmt::format("--resume: {} cannot be read; name the folder of a bundle that "
                    "`ringside run` has begun. Nothing had been measured when a "
                    "bundle lacks it: {}",
                    file.string(), kRunAgain));
  }
  return std::move(*content);
}

ordered_json jsonOf(const std::filesystem::path& file) {
  try {
    ordered_json json = ordered_json::parse(contentOf(file));
    if (json.is_object()) return json;
  } catch (const ordered_json::parse_error&) {
  }
  throw UsageError(fmt::format("--resume: {} is damaged; {}", file.string(), kRunAgain));
}

std::string wordOf(const ordered_json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// What must be the same for two halves of a run to be one.
constexpr const char* kOfTheMachine[][2] = {
    {"machine", "host"},     {"machine", "fingerprint"},   {"cpu", "model"},
    {"topology", "summary"}, {"topology", "allowed_cpus"}, {"clock", "used"},
    {"build", "version"},    {"build", "compiler"},        {"build", "flags"},
};

/// A fact of environment.json as text; empty when it is not there.
std::string factOf(const ordered_json& environment, const char* section, const char* name) {
  const auto facts = environment.find(section);
  if (facts == environment.end() || !facts->is_object()) return {};
  const auto fact = facts->find(name);
  return fact == facts->end() || fact->is_null() ? "" : fact->dump();
}

// --- plug-ins -----------------------------------------------------------------------------------

/// Those that the run began with; none in a bundle that says nothing about them.
std::vector<RememberedPlugin> pluginsOf(const ordered_json& request) {
  std::vector<RememberedPlugin> all;
  const auto list = request.find("plugins");
  if (list == request.end() || !list->is_array()) return all;
  for (const ordered_json& one : *list) {
    if (one.is_object()) all.push_back({wordOf(one, "file"), wordOf(one, "fnv1a")});
  }
  return all;
}

/// Where it is now: one of those that were named, or where it was.
std::filesystem::path placeOf(const RememberedPlugin& plugin,
                              std::vector<std::filesystem::path>& named) {
  for (auto one = named.begin(); one != named.end(); ++one) {
    if (checkOfPlugin(*one) != plugin.fnv1a) continue;
    std::filesystem::path place = *one;
    named.erase(one);
    return place;
  }
  std::error_code failure;
  const bool is_there = std::filesystem::is_regular_file(plugin.file, failure);
  if (is_there && checkOfPlugin(plugin.file) == plugin.fnv1a) return plugin.file;
  throw UsageError(fmt::format(
      "--resume: the run began with the plug-in {}, which is {}; put it back, or name its file "
      "with "
      "--plugin, or {}",
      plugin.file.string(), is_there ? "another one now" : "not there any more", kRunAgain));
}

/// The same plug-ins as then, and no others.
void loadAgain(const ordered_json& request, std::vector<std::filesystem::path> named) {
  for (const RememberedPlugin& plugin : pluginsOf(request)) loadPlugin(placeOf(plugin, named));
  if (named.empty()) return;
  throw UsageError(fmt::format(
      "--plugin {}: the run that is to go on did not begin with it; leave it out, or {}",
      named.front().string(), kRunAgain));
}

}  // namespace

std::string toJson(const Schedule& schedule, const std::string& scenario_text) {
  ordered_json json = {{"schema", kSchema},
                       {"budget", nullptr},
                       {"shard", nullptr},
                       {"scenario_fnv1a", fnv1a(scenario_text)},
                       {"plugins", ordered_json::array()}};
  for (const Plugin& plugin : loadedPlugins()) {
    json["plugins"].push_back({{"file", plugin.file.string()}, {"fnv1a", plugin.fnv1a}});
  }
  if (schedule.budget) json["budget"] = schedule.budget->text;
  if (schedule.shard) json["shard"] = toString(*schedule.shard);
  return json.dump(2) + "\n";
}

std::optional<RememberedRun> rememberedRun(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kRequestFile;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  const ordered_json request = ordered_json::parse(stream, nullptr, false);
  if (!request.is_object()) {
    throw UsageError(fmt::format(
        "{} is damaged: it is no JSON object; put back the one that `ringside run` wrote",
        file.string()));
  }
  return RememberedRun{wordOf(request, "scenario_fnv1a"), pluginsOf(request)};
}

EarlierRun::EarlierRun(const std::filesystem::path& folder,
                       const std::vector<std::filesystem::path>& plugins)
    : folder_(folder) {
  const ordered_json request = jsonOf(folder / kRequestFile);
  if (!request.contains("schema") || request["schema"] != kSchema) {
    throw UsageError(fmt::format("--resume: {} is of another version of ringside; {}",
                                 (folder / kRequestFile).string(), kRunAgain));
  }
  const std::filesystem::path file = folder / "scenario.toml";
  if (wordOf(request, "scenario_fnv1a") != fnv1a(contentOf(file))) {
    throw UsageError(
        fmt::format("--resume: {} is not the suite that was run: somebody has changed "
                    "it; put it back, or {}",
                    file.string(), kRunAgain));
  }
  loadAgain(request, plugins);  // before the suite names their queues
  suite_ = readSuite(file, {});
  if (const std::string text = wordOf(request, "budget"); !text.empty()) {
    schedule_.budget = parseBudget(text);
  }
  if (const std::string text = wordOf(request, "shard"); !text.empty()) {
    schedule_.shard = parseShard(text);
  }
}

void EarlierRun::refuseOtherSuite(const std::string& named,
                                  const std::string& scenario_text) const {
  if (scenario_text == suite_.text) return;
  throw UsageError(
      fmt::format("--resume: {} is not the suite of {}, which is {}; leave the suite "
                  "out to go on with that one",
                  named, folder_.string(), (folder_ / "scenario.toml").string()));
}

void EarlierRun::refuseOtherMachine(const std::string& environment) const {
  const ordered_json before = jsonOf(folder_ / "environment.json");
  const ordered_json now = ordered_json::parse(environment);
  for (const auto& [section, name] : kOfTheMachine) {
    const std::string was = factOf(before, section, name);
    const std::string is = factOf(now, section, name);
    if (was == is) continue;
    throw UsageError(
        fmt::format("--resume: {} was made where {} of the {} is {}, here it is {}; "
                    "go on there, or {}",
                    folder_.string(), name, section, was.empty() ? "unknown" : was,
                    is.empty() ? "unknown" : is, kRunAgain));
  }
}

std::vector<results::Record> EarlierRun::recordsOf(const Plan& plan) const {
  std::set<std::string> planned;
  for (const Cell& cell : plan.cells) planned.insert(cell.name);
  std::vector<results::Record> records;
  const auto take = [&](results::Record record) {
    if (record.suite != plan.suite || !planned.contains(record.cell)) {
      throw UsageError(
          fmt::format("--resume: {} has a record of {}, which is not in the plan of "
                      "its suite here; {}",
                      folder_.string(), record.cell, kRunAgain));
    }
    record.histograms.clear();
    records.push_back(std::move(record));
  };
  try {
    results::visitRecords(folder_, results::CutOffLine::Drop, take);
  } catch (const results::RecordError& error) {
    throw UsageError(fmt::format("--resume: {}; remove that line to measure it again, or {}",
                                 error.what(), kRunAgain));
  }
  return records;
}

std::chrono::milliseconds timeOf(const std::vector<results::Record>& records, const Plan& plan) {
  std::map<std::string, const Cell*> cells;
  for (const Cell& cell : plan.cells) cells[cell.name] = &cell;
  std::chrono::milliseconds total{0};
  for (const results::Record& record : records) {
    if (record.status != results::Status::Skipped)
      total += timeOfRepetition(*cells.at(record.cell));
  }
  return total;
}

}  // namespace ringside::harness
