#include "harness/duet/arm_build.hpp"

#include <fmt/format.h>

#include <cctype>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "harness/duet/arm.hpp"
#include "harness/duet/arm_cache.hpp"
#include "harness/duet/function_order.hpp"
#include "harness/duet/tool_call.hpp"
#include "harness/fnv1a.hpp"
#include "harness/plugin/plugin_file.hpp"
#include "harness/plugin/plugin_stamp.hpp"
#include "harness/usage_error.hpp"
#include "harness/version.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::chrono::minutes kTimeToBuild{20};
constexpr std::chrono::minutes kTimeToWait{25};
constexpr const char* kProject = "harness/duet/arm_project";
constexpr const char* kAdapter = "harness/queues/core_rings.cpp";
constexpr const char* kReference = "core_rings";    ///< the plug-in as users make theirs
constexpr const char* kHeaders = "plugin_headers";  ///< the check of them alone
constexpr std::size_t kShownErrors = 8;

/// What becomes part of an arm beside the headers, of which the stamp has a check.
constexpr const char* kRecipe[] = {
    "harness/duet/arm_project/CMakeLists.txt",  "harness/plugin/plugin_entry.cpp",
    "harness/plugin/ringside-plugins.cmake.in", kAdapter,
    "harness/queues/core_tuning.hpp",           "ci/cmake/warnings.cmake"};
constexpr int kLinkRecipe = 1;  ///< of function_order.cpp: another number, other links

std::string contentOf(const fs::path& file) {
  std::optional<std::string> content = results::readFile(file);
  if (!content) throw std::runtime_error(file.string() + " cannot be read");
  return std::move(*content);
}

void writeFile(const fs::path& file, const std::string& content) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << content;
  stream.close();
  if (!stream) throw std::runtime_error(file.string() + " cannot be written");
}

/// "Release -O3 -DNDEBUG": a word for the kind of build, and the flags.
struct BuildFlags {
  std::string type;
  std::string flags;
};

BuildFlags ownFlags() {
  const std::string all = kBuildFlags;
  const std::size_t space = all.find(' ');
  if (space == std::string::npos) return {all, ""};
  return {all.substr(0, space), all.substr(space + 1)};
}

/// The compiler of this program, as it is now.
std::string compilerNow() {
  const ToolEnd end = runTool({.command = {RINGSIDE_CXX_COMPILER, "--version"}});
  if (end.isFine()) return end.output.substr(0, end.output.find('\n'));
  throw std::runtime_error(
      fmt::format("{} --version ended with {}", RINGSIDE_CXX_COMPILER, end.exit_code));
}

// --- one arm ------------------------------------------------------------------------------------

class Building {
 public:
  Building(const CoreTree& core, const ArmBuildTerms& terms, const ArmFolder& folder)
      : core_(core), terms_(terms), folder_(folder), build_(folder.path() / "build") {}

  /// All that is needed to link it.
  void compile() const;
  /// Adds links until there are as many as asked for; says what is in the folder.
  void link(ordered_json& content) const;
  /// Whether what was linked is there still, as it was, so that more can be.
  bool isStillOf(const ordered_json& content) const;
  /// Of the code that is linked.
  std::string identity() const;

 private:
  fs::path log() const { return folder_.path() / "build.log"; }
  std::vector<std::string> make(const std::string& target) const {
    return {"ninja", "-C", build_.string(), target};
  }
  ToolEnd call(std::vector<std::string> command) const;
  void run(std::vector<std::string> command) const;
  [[noreturn]] void throwFailed(const std::string& program, const ToolEnd& end) const;
  void refuseOtherSources() const;
  void refuseUnfit(const fs::path& plugin) const;
  [[noreturn]] void refuseCore() const;
  std::string checkLink(const fs::path& plugin) const;

  const CoreTree& core_;
  const ArmBuildTerms& terms_;
  const ArmFolder& folder_;
  fs::path build_;
};

/// It writes in this folder, and holds its lock meanwhile.
ToolEnd Building::call(std::vector<std::string> command) const {
  return runTool({.command = std::move(command),
                  .patience = kTimeToBuild,
                  .log = log(),
                  .held = folder_.lock()});
}

/// Throws std::runtime_error when it is not fine.
void Building::run(std::vector<std::string> command) const {
  const std::string program = command[0];
  const ToolEnd end = call(std::move(command));
  if (!end.isFine()) throwFailed(program, end);
}

void Building::throwFailed(const std::string& program, const ToolEnd& end) const {
  throw std::runtime_error(
      fmt::format("{}: {} {}; {} has all that it said, which ends so:{}", terms_.asked, program,
                  end.timed_out ? fmt::format("was ended after {} minutes", kTimeToBuild.count())
                                : fmt::format("ended with {}", end.exit_code),
                  log().string(), lastLines(contentOf(log()), kShownErrors)));
}

void Building::compile() const {
  const BuildFlags own = ownFlags();
  std::string upper = own.type;
  for (char& letter : upper) letter = static_cast<char>(std::toupper(letter));
  unpack(core_, folder_.path());
  run({"ninja", "--version"});  // says what is missing, where CMake would not
  run({"cmake", "-G", "Ninja", "-S", (terms_.sources / kProject).string(), "-B", build_.string(),
       "-DRINGSIDE_ARM_CORE=" + (folder_.path() / "core").string(),
       fmt::format("-DRINGSIDE_ARM_VERSION={}", kPluginVersion),
       fmt::format("-DRINGSIDE_ARM_LINKS={}", kMaxLinks), "-DCMAKE_BUILD_TYPE=" + own.type,
       fmt::format("-DCMAKE_CXX_COMPILER={}", RINGSIDE_CXX_COMPILER),
       "-DCMAKE_CXX_FLAGS=" + own.flags, fmt::format("-DCMAKE_CXX_FLAGS_{}=", upper),
       "-DCMAKE_MODULE_LINKER_FLAGS="});
  run(make(kHeaders));
  refuseOtherSources();
  const ToolEnd end = call(make(kReference));
  if (end.timed_out) throwFailed("ninja", end);
  if (!end.isFine()) refuseCore();
  refuseUnfit(build_ / fmt::format("{}.so", kReference));
}

/// After kHeaders, before what takes long.
void Building::refuseOtherSources() const {
  const std::string header = contentOf(build_ / "generated/harness/plugin/plugin_build.hpp");
  if (header.find(kPluginHeaders) != std::string::npos) return;
  throw UsageError(fmt::format(
      "{}: the sources in {} are not those that this program was built from, and its loops would "
      "not be those of the arm; build the program again",
      terms_.asked, terms_.sources.string()));
}

/// Its errors, one line each; where there are none, how it ended.
std::string errorsIn(const std::string& log) {
  std::istringstream lines(log);
  std::string errors;
  std::size_t count = 0;
  for (std::string line; count < kShownErrors && std::getline(lines, line);) {
    if (line.find("error: ") == std::string::npos) continue;
    errors += "\n  " + line;
    ++count;
  }
  return errors.empty() ? lastLines(log, kShownErrors) : errors;
}

void Building::refuseCore() const {
  throw UsageError(fmt::format(
      "{}: this core does not compile under the harness of this program: it is broken, or older "
      "than what its adapter ({}) calls, and then a younger revision is to be named. The compiler "
      "says (all of it is in {}):{}",
      terms_.asked, kAdapter, log().string(), errorsIn(contentOf(log()))));
}

/// Compiled, but not as this program needs it.
void Building::refuseUnfit(const fs::path& plugin) const {
  PluginFile(plugin, fmt::format("{}, built as {}", terms_.asked, plugin.string()))
      .rehearseLoading();
}

// --- its links ----------------------------------------------------------------------------------

/// Where its functions are. Throws std::runtime_error when it shows the program nothing.
std::string Building::checkLink(const fs::path& plugin) const {
  const auto ask = [&](std::vector<std::string> command) {
    command.push_back(plugin.string());
    const ToolEnd end = runTool({.command = std::move(command)});
    if (end.isFine()) return end.output;
    throw std::runtime_error(
        fmt::format("nm cannot read {}:{}", plugin.string(), lastLines(end.complaints, 3)));
  };
  const std::string shown = ask({"nm", "--defined-only", "--dynamic"});
  for (const char* symbol : {kPluginEntrants, "ringside_plugin_stamp"}) {
    if (shown.find(symbol) == std::string::npos) {
      throw std::runtime_error(fmt::format("{} does not export {}", plugin.string(), symbol));
    }
  }
  refuseUnfit(plugin);
  return layoutIn(ask({"nm", "--defined-only", "--numeric-sort"}));
}

void Building::link(ordered_json& content) const {
  const fs::path map = build_ / fmt::format("{}.map", kReference);
  const std::vector<std::string> sections = codeSections(contentOf(map));
  if (sections.empty()) throw std::runtime_error(map.string() + " names no functions");
  const std::size_t first = content["files"].size();
  std::vector<std::string> command = {"ninja", "-C", build_.string()};
  for (std::size_t number = first; number < terms_.links; ++number) {
    writeFile(build_ / fmt::format("link-{}.ld", number),
              orderScript(sections, static_cast<std::uint32_t>(number)));
    command.push_back(fmt::format("link-{}", number));
  }
  run(command);
  for (std::size_t number = first; number < terms_.links; ++number) {
    const std::string name = fmt::format("link-{}.so", number);
    const std::string layout = checkLink(build_ / name);
    for (const ordered_json& other : content["files"]) {
      if (other["layout"] != layout) continue;
      throw std::runtime_error(fmt::format("{} lies as {} does, and was to lie otherwise",
                                           (build_ / name).string(),
                                           other["file"].get<std::string>()));
    }
    fs::rename(build_ / name, folder_.path() / name);
    const std::string check = fnv1a(contentOf(folder_.path() / name));
    content["files"].push_back({{"file", name}, {"fnv1a", check}, {"layout", layout}});
  }
}

bool Building::isStillOf(const ordered_json& content) const {
  if (!fs::exists(build_ / "build.ninja") || !call(make(kHeaders)).isFine()) return false;
  refuseOtherSources();
  return call(make(kReference)).isFine() && identity() == content["identity"];
}

std::string Building::identity() const {
  return fnv1a(contentOf(build_ / fmt::format("{}.so", kReference)));
}

ordered_json factsOf(const ordered_json& content, std::uint32_t links) {
  ordered_json facts = {{"compiler", content["compiler"]}, {"flags", content["flags"]}};
  facts["links"] = "all functions in another order, gaps of 0 to 4080 bytes between some of them";
  facts["layouts"] = ordered_json::array();
  for (std::uint32_t number = 0; number < links; ++number) {
    facts["layouts"].push_back(content["files"][number]["layout"]);
  }
  return facts;
}

}  // namespace

std::string armFolderName(const CoreTree& core, const fs::path& sources,
                          const std::string& compiler) {
  std::string content = fmt::format("{}\n{} {}\n{}\n{}\n{}\n", core.hash, kPluginVersion,
                                    kPluginHeaders, compiler, kBuildFlags, kLinkRecipe);
  for (const char* file : kRecipe) content += contentOf(sources / file);
  return fmt::format("{}-{}", core.hash.substr(0, 12), fnv1a(content).substr(0, 12));
}

ArmBuild buildArm(const CoreTree& core, const ArmBuildTerms& terms) {
  const std::string compiler = compilerNow();
  const ArmFolder folder(terms.cache, armFolderName(core, terms.sources, compiler), kTimeToWait,
                         terms.progress);
  const Building building(core, terms, folder);
  auto content = folder.content();
  const auto has_links = [&] { return content && (*content)["files"].size() >= terms.links; };
  if (content && !has_links() && !building.isStillOf(*content)) content.reset();
  if (!content) {
    if (terms.progress) {
      terms.progress(fmt::format("{}: compiling its core for this harness, in {}", terms.asked,
                                 folder.path().string()));
    }
    folder.empty();
    building.compile();
    content = {{"identity", building.identity()},
               {"compiler", compiler},
               {"flags", kBuildFlags},
               {"files", ordered_json::array()}};
  }
  if (!has_links()) {
    building.link(*content);
    folder.markWhole(*content);
    folder.removeOldOnes();
  }
  ArmBuild built;
  for (std::uint32_t number = 0; number < terms.links; ++number) {
    built.links.push_back(folder.path() / (*content)["files"][number]["file"].get<std::string>());
  }
  built.identity = (*content)["identity"];
  built.facts = factsOf(*content, terms.links);
  return built;
}

}  // namespace ringside::harness
