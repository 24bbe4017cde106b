#include "harness/merge/merge_bundles.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "harness/compare/bundle_folders.hpp"
#include "harness/fingerprint.hpp"
#include "harness/usage_error.hpp"
#include "results/merging.hpp"
#include "results/record.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kEnvironment = "environment.json";
constexpr const char* kSuite = "scenario.toml";
constexpr const char* kWho = "machine_id_hash";

/// What a bundle has for itself: it is made anew, or says how one run went.
constexpr std::array<std::string_view, 6> kOwnFiles = {"records.jsonl", kEnvironment,  kSuite,
                                                       "run.json",      "report.html", "junit.xml"};

MergeSource openSource(const fs::path& folder) {
  MergeSource source{.folder = folder,
                     .name = {},
                     .facts = EnvironmentFacts::of(folder),
                     .suite = {},
                     .cells = {}};
  source.suite = results::readFile(folder / kSuite).value_or("");
  try {
    results::visitRecords(folder, results::CutOffLine::Drop, [&](const results::Record& record) {
      ++source.records;
      source.cells.insert(record.cell);
    });
  } catch (const results::RecordError& error) {
    throw UsageError(error.what());
  }
  return source;
}

/// "governor (performance, powersave)".
std::string text(const Difference& difference) {
  std::vector<std::string> values;
  for (const std::string& value : difference.values) {
    const std::string shown = value.empty() ? "not known" : value;
    if (std::find(values.begin(), values.end(), shown) == values.end()) values.push_back(shown);
  }
  return fmt::format("{} ({})", difference.fact, fmt::join(values, ", "));
}

std::vector<EnvironmentFacts> factsOf(const std::vector<MergeSource>& sources) {
  std::vector<EnvironmentFacts> all;
  for (const MergeSource& source : sources) all.push_back(source.facts);
  return all;
}

/// The last part of its path, where no other has the same.
void nameSources(std::vector<MergeSource>& sources) {
  std::map<std::string, int> times;
  for (MergeSource& source : sources) {
    const fs::path whole = fs::absolute(source.folder).lexically_normal();
    source.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
    ++times[source.name];
  }
  for (MergeSource& source : sources) {
    if (times[source.name] > 1) source.name = source.folder.lexically_normal().string();
  }
}

/// Whether any cell was measured on more than one of the machines.
bool machinesShareACell(const std::vector<MergeSource>& sources) {
  std::map<std::string, std::string> machine_of;
  for (const MergeSource& source : sources) {
    const std::string machine = source.facts.find(kWho).value_or("");
    for (const std::string& cell : source.cells) {
      if (machine_of.try_emplace(cell, machine).first->second != machine) return true;
    }
  }
  return false;
}

/// Each with its values; empty where nothing speaks against merging them.
std::vector<std::string> whatDiffers(const std::vector<MergeSource>& sources) {
  std::vector<std::string> differ;
  for (const Difference& difference : fingerprintDifferences(factsOf(sources))) {
    const bool is_who_alone = difference.fact == kWho && !machinesShareACell(sources);
    if (!is_who_alone) differ.push_back(text(difference));
  }
  const bool all_say = std::all_of(sources.begin(), sources.end(),
                                   [](const auto& one) { return one.facts.machine().has_value(); });
  if (!all_say) differ.emplace_back("the fingerprint, which not every bundle has");
  const bool one_suite = std::all_of(sources.begin(), sources.end(), [&](const MergeSource& one) {
    return one.suite == sources.front().suite;
  });
  if (!one_suite) differ.emplace_back("scenario.toml, the suite as it was run");
  return differ;
}

std::vector<std::string> foldersOf(const std::vector<MergeSource>& sources) {
  std::vector<std::string> folders;
  for (const MergeSource& source : sources) folders.push_back(source.folder.string());
  return folders;
}

/// The first one's, and who else was there. Several machines of one kind are none of them.
std::string environmentOf(const std::vector<MergeSource>& sources) {
  ordered_json environment = ordered_json::parse(
      results::readFile(sources.front().folder / kEnvironment).value_or("{}"), nullptr, false);
  std::set<std::string> machines;
  ordered_json merged = ordered_json::array();
  for (const MergeSource& source : sources) {
    machines.insert(source.facts.find(kWho).value_or(""));
    merged.push_back({{"bundle", source.name},
                      {"host", source.facts.findAs("host").value_or("")},
                      {"time_utc", source.facts.find("machine.time_utc").value_or("")},
                      {"records", source.records}});
  }
  if (machines.size() > 1) {
    ordered_json& facts = environment.at("fingerprint").at("facts");
    facts[kWho] = fmt::format("{}", fmt::join(machines, " "));
    environment["fingerprint"]["machine"] = hashOfFacts(facts);
  }
  environment["merged"] = std::move(merged);
  return environment.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

/// Recorded arrivals that the suite names, and what else lies beside the records.
void copyOtherFiles(const fs::path& from, results::Bundle& into) {
  for (const auto& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    const bool is_own = std::find(kOwnFiles.begin(), kOwnFiles.end(), name) != kOwnFiles.end();
    if (is_own || !entry.is_regular_file()) continue;
    into.writeFile(name, results::readFile(entry.path()).value_or(""));
  }
}

/// Each line of all records as it will stand in the merged bundle.
template <class Take>
void mergeLines(const std::vector<MergeSource>& sources, Take take) {
  results::LineMerger merger;
  for (const MergeSource& source : sources) {
    std::istringstream lines(results::readFile(source.folder / "records.jsonl").value_or(""));
    std::uint64_t left = source.records;  // a last line that is cut off is none
    for (std::string line; left > 0 && std::getline(lines, line);) {
      if (line.empty()) continue;
      take(merger.merged(line, source.name));
      --left;
    }
  }
}

}  // namespace

std::vector<MergeSource> openSources(const std::vector<fs::path>& folders) {
  if (folders.size() < 2) {
    throw UsageError("merge: name two bundles or more; one alone is what it is already");
  }
  refuseWhatAreNoBundles(folders);
  std::vector<MergeSource> sources;
  for (const fs::path& folder : folders) sources.push_back(openSource(folder));
  nameSources(sources);
  std::stable_sort(sources.begin(), sources.end(), [](const auto& one, const auto& other) {
    return one.facts.time() < other.facts.time();
  });
  return sources;
}

std::vector<std::vector<MergeSource>> mergeableGroups(std::vector<MergeSource> sources) {
  std::vector<std::vector<MergeSource>> groups;
  for (MergeSource& source : sources) {
    const auto fits = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      std::vector<MergeSource> together = group;
      together.push_back(source);
      return whatDiffers(together).empty();
    });
    if (fits != groups.end()) {
      fits->push_back(std::move(source));
    } else {
      groups.push_back({std::move(source)});
    }
  }
  return groups;
}

void refuseWhatCannotBeMerged(const std::vector<MergeSource>& sources) {
  const std::vector<std::string> differ = whatDiffers(sources);
  if (!differ.empty()) {
    throw UsageError(fmt::format(
        "merge: only runs of one suite, by one program, on one machine in one state are added up, "
        "and here differs: {}; `ringside compare {}` sets them side by side",
        fmt::join(differ, "; "), fmt::join(foldersOf(sources), " ")));
  }
  try {
    mergeLines(sources, [](const std::string&) {});
  } catch (const results::RecordError& error) {
    throw UsageError(fmt::format("merge: {}", error.what()));
  }
}

void merge(const std::vector<MergeSource>& sources, results::Bundle& into) {
  mergeLines(sources, [&](const std::string& line) { into.appendLine(line); });
  copyOtherFiles(sources.front().folder, into);
  into.writeFile(kSuite, sources.front().suite);
  into.writeFile(kEnvironment, environmentOf(sources));
}

}  // namespace ringside::harness
