#include "harness/replay/recorded_plugins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "harness/plugin/plugins.hpp"
#include "harness/run_request.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

/// The one that is meant, taken out of those that were named.
std::optional<fs::path> takeNamed(const RememberedPlugin& plugin, std::vector<fs::path>& named) {
  auto found = std::ranges::find_if(
      named, [&](const fs::path& file) { return checkOfPlugin(file) == plugin.fnv1a; });
  if (found == named.end()) {
    found = std::ranges::find_if(
        named, [&](const fs::path& file) { return file.filename() == plugin.file.filename(); });
  }
  if (found == named.end()) return std::nullopt;
  fs::path file = *found;
  named.erase(found);
  return file;
}

/// Where it was; only if it is still what it was.
fs::path formerPlace(const RememberedPlugin& plugin) {
  std::error_code failure;
  const bool is_there = fs::is_regular_file(plugin.file, failure);
  if (is_there && checkOfPlugin(plugin.file) == plugin.fnv1a) return plugin.file;
  throw UsageError(fmt::format(
      "replay: the run began with the plug-in {}, which is {}; {}", plugin.file.string(),
      is_there ? "another one now" : "not there any more",
      is_there
          ? fmt::format("put it back, or run the one of now by --plugin {}", plugin.file.string())
          : "put it back, or name its file with --plugin FILE"));
}

}  // namespace

std::vector<Difference> loadRecordedPlugins(const fs::path& bundle, std::vector<fs::path> named) {
  const std::optional<RememberedRun> run = bundle.empty() ? std::nullopt : rememberedRun(bundle);
  if (!run) {
    for (const fs::path& file : named) loadPlugin(file);
    return {};
  }
  std::vector<Difference> changed;
  for (const RememberedPlugin& plugin : run->plugins) {
    const fs::path file = takeNamed(plugin, named).value_or(fs::path());
    const fs::path place = file.empty() ? formerPlace(plugin) : file;
    loadPlugin(place);
    const std::string now = checkOfPlugin(place);
    if (now == plugin.fnv1a) continue;
    changed.push_back({.fact = fmt::format("plug-in {}", plugin.file.filename().string()),
                       .values = {plugin.fnv1a, now}});
  }
  if (named.empty()) return changed;
  throw UsageError(
      fmt::format("--plugin {}: the run that is to be repeated did not begin with it; leave it out",
                  named.front().string()));
}

}  // namespace ringside::harness
