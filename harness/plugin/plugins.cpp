#include "harness/plugin/plugins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/fnv1a.hpp"
#include "harness/plugin/plugin_file.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

std::vector<Plugin>& plugins() {
  static std::vector<Plugin> all;
  return all;
}

std::string askedBy(const fs::path& file) { return "--plugin " + file.string(); }

void refuseTakenName(const Entrant& entrant, const PluginFile& file) {
  const QueueEntry* const other = findMeasured(entrant.name);
  if (other == nullptr) return;
  file.refuse(fmt::format("its queue '{}' has the name of one {}; give it another name",
                          entrant.name,
                          other->origin.empty() ? std::string("of this program")
                                                : fmt::format("of the plug-in {}", other->origin)));
}

/// Of the program, of another plug-in, or of this one.
void refuseTakenNames(const std::vector<Entrant>& entrants, const PluginFile& file) {
  for (auto one = entrants.begin(); one != entrants.end(); ++one) {
    refuseTakenName(*one, file);
    const bool twice = std::any_of(entrants.begin(), one,
                                   [&](const Entrant& other) { return other.name == one->name; });
    if (twice) file.refuse(fmt::format("two of its queues are called '{}'", one->name));
  }
}

/// What an entrant makes runs limits(), which may crash.
void enterOne(const Entrant& entrant, std::string_view origin) {
  std::string trouble = troubleOf(entrant);
  if (trouble.empty()) {
    enterFrom(origin, entrant);
    return;
  }
  QueueEntry entry = brokenEntry(entrant, std::move(trouble));
  entry.origin = origin;
  enterQueue(entry);
}

}  // namespace

void loadPlugin(const fs::path& named) {
  std::error_code failure;
  const fs::path canonical = fs::weakly_canonical(named, failure);
  const bool twice = std::any_of(plugins().begin(), plugins().end(),
                                 [&](const Plugin& one) { return one.file == canonical; });
  if (twice) throw UsageError(askedBy(named) + ": it is named twice; once is enough");
  const PluginFile file(named, askedBy(named));
  file.rehearseLoading();
  const std::vector<Entrant>& entrants = file.load();
  static std::vector<std::unique_ptr<const std::string>> origins;  // entries point into them
  const std::string& origin =
      *origins.emplace_back(std::make_unique<std::string>(file.path().string()));
  Plugin plugin{file.path(), file.version(), file.compiler(), file.bytes(), file.fnv1aOfContent()};
  refuseTakenNames(entrants, file);
  for (const Entrant& entrant : entrants) {
    enterOne(entrant, origin);
    plugin.queues.emplace_back(entrant.name);
  }
  plugins().push_back(std::move(plugin));
}

const std::vector<Plugin>& loadedPlugins() { return plugins(); }

std::string checkOfPlugin(const fs::path& file) {
  return fnv1a(contentOfPlugin(file, askedBy(file)));
}

}  // namespace ringside::harness
