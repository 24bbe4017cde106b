#include "harness/plugin/plugin_file.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "harness/fnv1a.hpp"
#include "harness/plugin/plugin_stamp.hpp"
#include "harness/plugin/rehearsal.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr PluginStamp kOwnStamp = pluginStamp();

[[noreturn]] void refuseFor(const std::string& asked, const std::string& what) {
  throw UsageError(asked + ": " + what);
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
PluginStamp stampIn(const std::string& content, const std::string& asked) {
  PluginStamp stamp;
  for (std::size_t at = 0; (at = content.find(kPluginMagic, at)) != std::string::npos; ++at) {
    if (content.size() - at < sizeof stamp) break;
    std::memcpy(&stamp, content.data() + at, sizeof stamp);
    if (isCheck(textOf(stamp.headers)) && isCheck(textOf(stamp.layout))) return stamp;
  }
  refuseFor(asked,
            "it is no plug-in of ringside, for it carries no stamp of one; build the adapter with "
            "ringside_add_queue(), see harness/examples");
}

void refuseOtherBuild(const PluginStamp& stamp, const std::string& asked) {
  constexpr const char* kBuildAgain = "build it again, against the package of this program";
  const std::string version = textOf(stamp.version);
  if (version != kPluginVersion) {
    refuseFor(asked, fmt::format("it was built for ringside {}, and this is {}; {}", version,
                                 kPluginVersion, kBuildAgain));
  }
  const std::string headers = textOf(stamp.headers);
  if (headers != kPluginHeaders) {
    refuseFor(asked, fmt::format("it was built with the headers {} of ringside {}, and this "
                                 "program with {}: its loops would be other ones; {}",
                                 headers, version, kPluginHeaders, kBuildAgain));
  }
  const std::string layout = textOf(stamp.layout);
  if (layout != kOwnStamp.layout) {
    refuseFor(asked,
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

/// Without a word on where it is from. Runs limits().
QueueEntry madeBy(const Entrant& entrant) {
  if (entrant.kind == Entrant::Kind::Snapshot) {
    return entrant.make_snapshot(entrant.name, entrant.summary).entry;
  }
  return entrant.make(entrant.name, entrant.summary);
}

/// Entries point into it, to the end of the program.
std::string_view kept(const std::string& text) {
  static std::vector<std::unique_ptr<const std::string>> all;
  return *all.emplace_back(std::make_unique<const std::string>(text));
}

}  // namespace

std::string contentOfPlugin(const fs::path& file, const std::string& asked) {
  std::error_code failure;
  if (!fs::exists(file, failure)) {
    refuseFor(asked, "there is no such file; name the .so that ringside_add_queue() has made");
  }
  if (!fs::is_regular_file(file, failure)) {
    refuseFor(asked, "it is no file; name the .so that ringside_add_queue() has made");
  }
  std::optional<std::string> content = results::readFile(file);
  if (!content) refuseFor(asked, "it cannot be read; may you read it?");
  return std::move(*content);
}

PluginFile::PluginFile(fs::path file, std::string asked) : asked_(std::move(asked)) {
  const std::string content = contentOfPlugin(file, asked_);
  const PluginStamp stamp = stampIn(content, asked_);
  refuseOtherBuild(stamp, asked_);
  // A file in memory (/proc/self/fd/5) has no other path than that.
  std::error_code failure;
  path_ = fs::canonical(file, failure);
  if (failure) path_ = fs::absolute(file);
  version_ = textOf(stamp.version);
  compiler_ = textOf(stamp.compiler);
  bytes_ = content.size();
  fnv1a_ = fnv1a(content);
}

void PluginFile::refuse(const std::string& what) const { refuseFor(asked_, what); }

/// Constructors of static objects run when it is loaded, and destructors when that process ends.
void PluginFile::rehearseLoading() const {
  const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t {
    const Loaded loaded = open(path_);
    const std::size_t count = loaded.entrants()->size();
    ::dlclose(loaded.handle);
    return count;
  });
  switch (rehearsal.outcome) {
    case Rehearsal::Outcome::Threw:
      refuse(
          fmt::format("it cannot be loaded: {}; what defines a missing symbol belongs to LINK "
                      "of ringside_add_queue()",
                      rehearsal.reason));
    case Rehearsal::Outcome::Died:
      refuse(fmt::format("it {} when it was loaded: look at its static objects", rehearsal.reason));
    case Rehearsal::Outcome::Returned:
      break;
  }
  if (rehearsal.value == 0) {
    refuse("it enters no queue; is there a RINGSIDE_QUEUE in its source?");
  }
}

const std::vector<Entrant>& PluginFile::load() const { return *open(path_).entrants(); }

std::string troubleOf(const Entrant& entrant) {
  const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t {
    madeBy(entrant);
    return 0;
  });
  if (rehearsal.outcome == Rehearsal::Outcome::Returned) return {};
  return fmt::format("limits() of {} {}", entrant.name, rehearsal.sentence());
}

QueueEntry brokenEntry(const Entrant& entrant, std::string trouble) {
  QueueEntry entry;
  entry.name = entrant.name;
  entry.summary = entrant.summary;
  entry.limits = {.max_producers = kMaxWorkersPerRole, .max_consumers = kMaxWorkersPerRole};
  entry.trouble = std::move(trouble);
  return entry;
}

std::vector<QueueEntry> entriesOf(const fs::path& file, const std::string& asked) {
  const PluginFile plugin(file, asked);
  plugin.rehearseLoading();
  const std::string_view origin = kept(plugin.path().string());
  std::vector<QueueEntry> entries;
  for (const Entrant& entrant : plugin.load()) {
    std::string trouble = troubleOf(entrant);
    QueueEntry& entry = entries.emplace_back(
        trouble.empty() ? madeBy(entrant) : brokenEntry(entrant, std::move(trouble)));
    entry.origin = origin;
  }
  return entries;
}

QueueEntry entryFrom(const fs::path& file, std::string_view queue) {
  const PluginFile plugin(file, file.string());
  for (const Entrant& entrant : plugin.load()) {
    if (entrant.name != queue) continue;
    QueueEntry entry = madeBy(entrant);
    entry.origin = kept(plugin.path().string());
    return entry;
  }
  plugin.refuse(fmt::format("it has no queue '{}'", queue));
}

}  // namespace ringside::harness
