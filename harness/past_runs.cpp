#include "harness/past_runs.hpp"

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/console.hpp"
#include "harness/environment.hpp"
#include "harness/fnv1a.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kVariable = "RINGSIDE_HISTORY";
constexpr const char* kFile = "history.jsonl";

std::string nowUtc() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// The folder "out/" has no name, "out" has.
fs::path withoutSlash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

fs::path placeOf(const fs::path& path) {
  std::error_code ignored;
  return withoutSlash(fs::absolute(path, ignored).lexically_normal());
}

/// Relative where it lies below the history's folder: both may be moved together.
std::string bundleAsSeenFrom(const fs::path& history, const fs::path& bundle) {
  const fs::path place = placeOf(bundle);
  const fs::path relative = place.lexically_relative(placeOf(history).parent_path());
  const bool is_below = !relative.empty() && *relative.begin() != "..";
  return (is_below ? relative : place).string();
}

/// A text of environment.json; empty when it is not there.
std::string factOf(const ordered_json& environment, const char* pointer) {
  const ordered_json::json_pointer place(pointer);
  if (!environment.is_object() || !environment.contains(place)) return {};
  const ordered_json& fact = environment[place];
  return fact.is_string() ? fact.get<std::string>() : "";
}

/// Another build of a plug-in makes another program, in whatever order they were named.
std::string programHashOf(const ordered_json& environment) {
  std::string hash = factOf(environment, "/fingerprint/program_facts/binary_hash");
  if (!environment.is_object() || !environment.contains("plugins")) return hash;
  std::vector<std::string> plugins;
  for (const ordered_json& plugin : environment["plugins"]) {
    plugins.push_back(factOf(plugin, "/fnv1a"));
  }
  if (plugins.empty()) return hash;
  std::ranges::sort(plugins);
  return fnv1a(fmt::format("{} {}", hash, fmt::join(plugins, " ")));
}

ordered_json environmentOf(const fs::path& bundle) {
  std::ifstream stream(bundle / "environment.json");
  return ordered_json::parse(stream, nullptr, false);
}

bool hasMeasured(const SuiteOutcome& outcome) {
  return std::ranges::any_of(outcome.records, [](const results::Record& record) {
    return record.status != results::Status::Skipped;
  });
}

}  // namespace

std::optional<fs::path> historyOf(const fs::path& bundle) {
  const char* named = std::getenv(kVariable);
  if (named == nullptr) return withoutSlash(bundle.lexically_normal()).parent_path() / kFile;
  return *named == '\0' ? std::nullopt : std::optional<fs::path>(named);
}

fs::path usualHistory() {
  const char* named = std::getenv(kVariable);
  return named == nullptr || *named == '\0' ? fs::path("out") / kFile : fs::path(named);
}

results::HistoryEntry newEntry(results::EntryKind kind, const std::string& suite,
                               const fs::path& bundle, results::ExitCode exit_code) {
  const ordered_json environment = environmentOf(bundle);
  results::HistoryEntry entry;
  entry.kind = kind;
  entry.suite = suite;
  entry.time_utc = nowUtc();
  entry.began_utc = factOf(environment, "/machine/time_utc");
  entry.host = hostName();
  entry.machine = factOf(environment, "/fingerprint/machine");
  entry.cpu = factOf(environment, "/cpu/model");
  entry.kernel = factOf(environment, "/kernel/release");
  entry.version = factOf(environment, "/build/version");
  entry.program_hash = programHashOf(environment);
  const std::string revision = factOf(environment, "/working_tree/revision");
  if (!revision.empty()) entry.revision = revision;
  entry.exit_code = static_cast<int>(exit_code);
  return entry;
}

std::optional<fs::path> remember(const fs::path& bundle, const results::HistoryEntry& entry) {
  const std::optional<fs::path> file = historyOf(bundle);
  if (!file) return std::nullopt;
  results::HistoryEntry placed = entry;
  placed.bundle = bundleAsSeenFrom(*file, bundle);
  try {
    results::appendHistory(*file, placed);
    return file;
  } catch (const results::HistoryError& error) {
    say("ringside: not remembered: {}; {}= switches the history off\n", error.what(), kVariable);
    return std::nullopt;
  }
}

std::optional<fs::path> rememberRun(const std::string& suite, const fs::path& bundle,
                                    const SuiteOutcome& outcome) {
  if (outcome.interrupted == results::Interrupted::Yes && !hasMeasured(outcome)) {
    return std::nullopt;
  }
  results::HistoryEntry entry = newEntry(results::EntryKind::Run, suite, bundle, outcome.exit_code);
  entry.cells = results::measuredCells(outcome.cells);
  return remember(bundle, entry);
}

std::optional<fs::path> runBefore(const std::string& suite, const fs::path& bundle) {
  const std::optional<fs::path> file = historyOf(bundle);
  if (!file || !fs::exists(*file)) return std::nullopt;
  const std::string here = factOf(environmentOf(bundle), "/fingerprint/machine");
  std::optional<fs::path> last;
  try {
    for (const auto& entry : results::readHistory(*file, results::CutOffLine::Drop).entries) {
      const bool is_alike = entry.kind == results::EntryKind::Run && entry.suite == suite &&
                            entry.machine == here && entry.exit_code == 0;
      const fs::path folder = file->parent_path() / entry.bundle;
      if (is_alike && placeOf(folder) != placeOf(bundle) && fs::exists(folder)) last = folder;
    }
  } catch (const results::HistoryError&) {  // who reads it by report --history is told
  }
  return last;
}

}  // namespace ringside::harness
