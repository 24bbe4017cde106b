#include "harness/plugin/plugins.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "harness/fnv1a.hpp"
#include "harness/plugin/plugin_stamp.hpp"
#include "harness/plugin/rehearsal.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr PluginStamp kOwnStamp = pluginStamp();

std::vector<Plugin>& plugins() {
  static std::vector<Plugin> all;
  return all;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& what) {
  throw UsageError(fmt::format("--plugin {}: {}", file.string(), what));
}

std::string contentOf(const fs::path& file) {
  std::error_code failure;
  if (!fs::exists(file, failure)) {
    refuse(file, "there is no such file; name the .so that ringside_add_queue() has made");
  }
  if (!fs::is_regular_file(file, failure)) {
    refuse(file, "it is no file; name the .so that ringside_add_queue() has made");
  }
  std::ifstream stream(file, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(stream), {});
  if (!stream) refuse(file, "it cannot be read; may you read it?");
  return content;
}

// --- the stamp ----------------------------------------------------------------------------------

/// The text of a field of a stamp, whatever bytes stand there.
template <std::size_t kBytes>
std::string textOf(const char (&field)[kBytes]) {
  return std::string(field, ::strnlen(field, kBytes));
}

bool isCheck(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The words that a stamp begins with may stand elsewhere, too.
PluginStamp stampIn(const std::string& content, const fs::path& file) {
  PluginStamp stamp;
  for (std::size_t at = 0; (at = content.find(kPluginMagic, at)) != std::string::npos; ++at) {
    if (content.size() - at < sizeof stamp) break;
    std::memcpy(&stamp, content.data() + at, sizeof stamp);
    if (isCheck(textOf(stamp.headers)) && isCheck(textOf(stamp.layout))) return stamp;
  }
  refuse(file,
         "it is no plug-in of ringside, for it carries no stamp of one; build the adapter with "
         "ringside_add_queue(), see harness/examples");
}

void refuseOtherBuild(const PluginStamp& stamp, const fs::path& file) {
  constexpr const char* kBuildAgain = "build it again, against the package of this program";
  const std::string version = textOf(stamp.version);
  if (version != kPluginVersion) {
    refuse(file, fmt::format("it was built for ringside {}, and this is {}; {}", version,
                             kPluginVersion, kBuildAgain));
  }
  const std::string headers = textOf(stamp.headers);
  if (headers != kPluginHeaders) {
    refuse(file, fmt::format("it was built with the headers {} of ringside {}, and this program "
                             "with {}: its loops would be other ones; {}",
                             headers, version, kPluginHeaders, kBuildAgain));
  }
  const std::string layout = textOf(stamp.layout);
  if (layout != kOwnStamp.layout) {
    refuse(file,
           fmt::format("what it shares with the program is laid out in another way ({} of {}, "
                       "here {} of {}): by another core, compiler or standard library; {}",
                       layout, textOf(stamp.compiler), kOwnStamp.layout, kPluginCompiler,
                       kBuildAgain));
  }
}

// --- loading ------------------------------------------------------------------------------------

struct Loaded {
  void* handle = nullptr;
  PluginEntrants entrants = nullptr;
};

/// Throws std::runtime_error with the words of the loader.
Loaded open(const fs::path& file) {
  Loaded loaded;
  loaded.handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded.handle == nullptr) throw std::runtime_error(::dlerror());
  loaded.entrants = reinterpret_cast<PluginEntrants>(::dlsym(loaded.handle, kPluginEntrants));
  if (loaded.entrants == nullptr) throw std::runtime_error(::dlerror());
  return loaded;
}

/// In a process of its own: constructors of static objects run when it is loaded, and destructors
/// when that ends.
void rehearseLoading(const fs::path& file) {
  const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t {
    const Loaded loaded = open(file);
    const std::size_t count = loaded.entrants()->size();
    ::dlclose(loaded.handle);
    return count;
  });
  switch (rehearsal.outcome) {
    case Rehearsal::Outcome::Threw:
      refuse(file, fmt::format("it cannot be loaded: {}; what defines a missing symbol belongs to "
                               "LINK of ringside_add_queue()",
                               rehearsal.reason));
    case Rehearsal::Outcome::Died:
      refuse(file,
             fmt::format("it {} when it was loaded: look at its static objects", rehearsal.reason));
    case Rehearsal::Outcome::Returned:
      break;
  }
  if (rehearsal.value == 0) {
    refuse(file, "it enters no queue; is there a RINGSIDE_QUEUE in its source?");
  }
}

void refuseTakenName(const Entrant& entrant, const fs::path& file) {
  const QueueEntry* const other = findMeasured(entrant.name);
  if (other == nullptr) return;
  refuse(file,
         fmt::format("its queue '{}' has the name of one {}; give it another name", entrant.name,
                     other->origin.empty() ? std::string("of this program")
                                           : fmt::format("of the plug-in {}", other->origin)));
}

/// Of the program, of another plug-in, or of this one.
void refuseTakenNames(const std::vector<Entrant>& entrants, const fs::path& file) {
  for (auto one = entrants.begin(); one != entrants.end(); ++one) {
    refuseTakenName(*one, file);
    const bool twice = std::any_of(entrants.begin(), one,
                                   [&](const Entrant& other) { return other.name == one->name; });
    if (twice) refuse(file, fmt::format("two of its queues are called '{}'", one->name));
  }
}

/// An entry that says why the adapter cannot be used. It takes whatever is asked for, so that its
/// cells are planned, and fail.
QueueEntry brokenEntry(const Entrant& entrant, std::string trouble) {
  QueueEntry entry;
  entry.name = entrant.name;
  entry.summary = entrant.summary;
  entry.limits = {.max_producers = kMaxWorkersPerRole, .max_consumers = kMaxWorkersPerRole};
  entry.trouble = std::move(trouble);
  return entry;
}

/// What an entrant makes runs limits(), which may crash.
void enterOne(const Entrant& entrant, std::string_view origin) {
  const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t {
    if (entrant.kind == Entrant::Kind::Snapshot) {
      entrant.make_snapshot(entrant.name, entrant.summary);
    } else {
      entrant.make(entrant.name, entrant.summary);
    }
    return 0;
  });
  if (rehearsal.outcome != Rehearsal::Outcome::Returned) {
    QueueEntry entry =
        brokenEntry(entrant, fmt::format("limits() of {} {}", entrant.name, rehearsal.sentence()));
    entry.origin = origin;
    enterQueue(entry);
    return;
  }
  enterFrom(origin, entrant);
}

}  // namespace

void loadPlugin(const fs::path& named) {
  std::error_code failure;
  const fs::path file = fs::weakly_canonical(named, failure);
  const bool twice = std::any_of(plugins().begin(), plugins().end(),
                                 [&](const Plugin& one) { return one.file == file; });
  if (twice) refuse(named, "it is named twice; once is enough");
  const std::string content = contentOf(named);
  const PluginStamp stamp = stampIn(content, named);
  refuseOtherBuild(stamp, named);
  rehearseLoading(file);
  // Never closed: entries point into it, to the end of the program.
  const std::vector<Entrant>& entrants = *open(file).entrants();
  static std::vector<std::unique_ptr<const std::string>> origins;  // entries point into them, too
  const std::string& origin = *origins.emplace_back(std::make_unique<std::string>(file.string()));
  Plugin plugin{file, textOf(stamp.version), textOf(stamp.compiler), content.size(),
                fnv1a(content)};
  refuseTakenNames(entrants, named);
  for (const Entrant& entrant : entrants) {
    enterOne(entrant, origin);
    plugin.queues.emplace_back(entrant.name);
  }
  plugins().push_back(std::move(plugin));
}

const std::vector<Plugin>& loadedPlugins() { return plugins(); }

std::string checkOfPlugin(const fs::path& file) { return fnv1a(contentOf(file)); }

}  // namespace ringside::harness
