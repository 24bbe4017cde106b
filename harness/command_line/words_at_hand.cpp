// The words that a value may be, as they are on this machine now.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/axes.hpp"
#include "harness/command_line/completions.hpp"
#include "harness/duet/configuration.hpp"
#include "harness/registry.hpp"
#include "harness/shared_files.hpp"
#include "harness/topology.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// What is in a folder, as it would be typed; a folder goes on with '/'.
Words entriesOf(const std::string& begun, bool (*is_wanted)(const fs::directory_entry&)) {
  const std::size_t slash = begun.rfind('/');
  const std::string typed = slash == std::string::npos ? "" : begun.substr(0, slash + 1);
  const char* home = std::getenv("HOME");
  fs::path folder = typed.empty() ? "." : typed;
  if (typed.starts_with("~/") && home != nullptr) folder = home + typed.substr(1);
  const bool wants_hidden = begun.substr(typed.size()).starts_with('.');
  Words words;
  std::error_code failure;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, failure)) {
    const std::string name = entry.path().filename();
    if (name.starts_with('.') != wants_hidden || !is_wanted(entry)) continue;
    words.push_back(typed + name + (entry.is_directory(failure) ? "/" : ""));
  }
  std::sort(words.begin(), words.end());
  return words;
}

bool isAnything(const fs::directory_entry&) { return true; }

bool isFolder(const fs::directory_entry& entry) {
  std::error_code failure;
  return entry.is_directory(failure);
}

bool isFolderOrToml(const fs::directory_entry& entry) {
  return isFolder(entry) || entry.path().extension() == ".toml";
}

Words folders(const std::string& begun) { return entriesOf(begun, isFolder); }
Words files(const std::string& begun) { return entriesOf(begun, isAnything); }

/// Bundles are in out/ unless somebody wanted them elsewhere.
Words bundles(const std::string& begun) {
  Words words = begun.empty() ? entriesOf("out/", isFolder) : Words{};
  return words.empty() ? folders(begun) : words;
}

/// By their bare names, or as files where a path is begun.
Words scenarios(const std::string& begun, const char* folder) {
  if (begun.find_first_of("./~") != std::string::npos) return entriesOf(begun, isFolderOrToml);
  Words words;
  for (const fs::path& file : allScenarios(folder)) words.push_back(file.stem());
  return words;
}

Words suites(const std::string& begun) { return scenarios(begun, kScenarioFolder); }
Words campaigns(const std::string& begun) { return scenarios(begun, kCampaignFolder); }

Words metrics(const std::string&) {
  Words words;
  for (const results::Metric& metric : results::allMetrics()) words.emplace_back(metric.name);
  return words;
}

Words placements() {
  Words words = {"auto", "unpinned"};
  for (const Relation relation : kPlaceableRelations) words.emplace_back(toString(relation));
  return words;
}

Words valuesOf(const Axis& axis) {
  if (axis.type == Axis::Type::Flag) return {"true", "false"};
  if (axis.name == "placement") return placements();
  Words words(axis.words.begin(), axis.words.end());
  if (axis.name != "queue") return words;
  for (const QueueEntry& queue : allQueues()) words.emplace_back(queue.name);
  for (const QueueEntry& pattern : allPatterns()) words.emplace_back(pattern.name);
  return words;
}

/// Names of axes, or after "capacity=" what may stand there.
Words axisValues(const std::string& begun) {
  const std::size_t equals = begun.find('=');
  Words words;
  for (const Axis& axis : allAxes()) {
    const std::string name = std::string(axis.name) + "=";
    if (equals == std::string::npos) {
      words.push_back(name);
    } else if (begun.starts_with(name)) {
      for (const std::string& value : valuesOf(axis)) words.push_back(name + value);
    }
  }
  return words;
}

/// The same of what can set two configurations apart: axes, and settings of the host.
Words configuredValues(const std::string& begun) {
  const auto all = configurationKeys();
  const auto isKey = [&](const std::string& word) {
    const std::string key = word.substr(0, word.find('='));
    return std::find(all.begin(), all.end(), key) != all.end();
  };
  Words words = axisValues(begun);
  std::erase_if(words, [&](const std::string& word) { return !isKey(word); });
  if (begun.find('=') != std::string::npos) return words;
  for (const std::string_view key : all) {
    if (findAxis(key) == nullptr && !key.starts_with(kSysctl))
      words.push_back(std::string(key) + "=");
  }
  return words;
}

/// A kind of value, by how the help calls it.
struct Kind {
  const char* value;
  Words (*words)(const std::string& begun);
};
constexpr Kind kKinds[] = {
    {"SUITE", suites},   {"CAMPAIGN", campaigns}, {"AXIS=VALUE", axisValues},
    {"METRIC", metrics}, {"BUNDLE", bundles},     {"DIR", folders},
    {"FILE", files},     {"PATH", files},         {"SETTING=VALUE", configuredValues},
};

}  // namespace

std::vector<std::string> wordsAtHand(const std::string& value, const std::string& begun) {
  for (const Kind& kind : kKinds) {
    if (value == kind.value) return kind.words(begun);
  }
  return {};
}

}  // namespace ringside::harness
