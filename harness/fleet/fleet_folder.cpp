#include "harness/fleet/fleet_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <charconv>
#include <cstring>
#include <set>
#include <sstream>
#include <stdexcept>

#include "harness/duet/tool_call.hpp"
#include "harness/fleet/job_script.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDescription = "fleet.json";
constexpr const char* kHashes = "sha256";
constexpr const char* kInstances = "instances";
constexpr std::chrono::seconds kTimeToHash{120};

void makeFolder(const fs::path& folder) {
  std::error_code failure;
  if (fs::exists(folder, failure)) {
    throw UsageError(fmt::format(
        "--out {}: it exists; name a new folder, or go on with that fleet by --resume {}",
        folder.string(), folder.string()));
  }
  for (const char* part : {"bin", "plugins", "state", "bundles"}) {
    fs::create_directories(folder / part, failure);
    if (!failure) continue;
    throw UsageError(fmt::format("--out {}: it cannot be made ({}); name another place",
                                 folder.string(), failure.message()));
  }
}

void copyTo(const fs::path& from, const fs::path& to, const char* what) {
  std::error_code failure;
  const bool is_new = !fs::exists(to, failure);
  if (is_new && fs::copy_file(from, to, failure)) return;
  throw UsageError(fmt::format(
      "{} {}: it cannot be taken along ({})", what, from.string(),
      is_new ? failure.message() : "another file of that name travels already; rename one"));
}

/// All regular files that travel, by their places in the folder, sorted.
std::set<std::string> travellingFiles(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).string());
  }
  return names;
}

/// Lines of "HASH  NAME", as sha256sum writes and checks them.
std::string hashesOf(const fs::path& folder) {
  ToolCall call{.command = {"sha256sum", "--"}, .patience = kTimeToHash, .folder = folder};
  for (const std::string& name : travellingFiles(folder)) call.command.push_back(name);
  const ToolEnd end = runTool(call);
  if (end.isFine()) return end.output;
  throw std::runtime_error(fmt::format("sha256sum did not work:{}", lastLines(end.complaints, 3)));
}

std::vector<TravellingFile> readHashes(const std::string& lines) {
  std::vector<TravellingFile> files;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t gap = line.find("  ");
    if (gap != std::string::npos) files.push_back({line.substr(gap + 2), line.substr(0, gap)});
  }
  return files;
}

/// One line each: its name, its node, its shard or "-".
std::string instanceLines(const FleetDescription& fleet) {
  std::string lines;
  for (const FleetInstance& instance : instancesOf(fleet)) {
    lines += fmt::format("{} {} {}\n", instance.name, instance.node,
                         instance.shard ? toString(*instance.shard) : "-");
  }
  return lines;
}

}  // namespace

FleetFolder FleetFolder::create(const fs::path& asked, FleetDescription fleet,
                                const FleetCargo& cargo) {
  const fs::path path = fs::absolute(asked).lexically_normal();
  makeFolder(path);
  FleetFolder folder(path, std::move(fleet));
  try {
    folder.load(cargo);
  } catch (...) {
    fs::remove_all(path);
    throw;
  }
  return folder;
}

void FleetFolder::load(const FleetCargo& cargo) {
  copyTo("/proc/self/exe", program(), "the program");
  for (const fs::path& plugin : cargo.plugins) {
    copyTo(plugin, folder_ / "plugins" / plugin.filename(), "--plugin");
  }
  write("scenario.toml", cargo.scenario);
  for (const fs::path& trace : cargo.traces) {
    copyTo(trace, folder_ / trace.filename(), "arrivals");
  }
  write("job.sh", kJobScript);
  const std::string hashes = hashesOf(folder_);
  fleet_.files = readHashes(hashes);
  write(kHashes, hashes);
}

FleetFolder FleetFolder::open(const fs::path& folder) {
  const fs::path file = folder / kDescription;
  const auto text = results::readFile(file);
  if (!text) {
    throw UsageError(fmt::format(
        "{}: this is no fleet, for no {} is to be seen in it; name the folder that `ringside fleet "
        "run` wrote, such as out/fleet-…",
        folder.string(), kDescription));
  }
  return {fs::absolute(folder).lexically_normal(), parseFleet(*text, file.string())};
}

std::vector<fs::path> FleetFolder::travellers() const {
  std::set<std::string> names = {"bin", "plugins", "scenario.toml", "job.sh", kHashes, kInstances};
  for (const TravellingFile& file : fleet_.files)
    names.insert(fs::path(file.name).begin()->string());
  std::vector<fs::path> places;
  for (const std::string& name : names) places.push_back(folder_ / name);
  return places;
}

void FleetFolder::describe(std::vector<FleetNode> nodes) {
  fleet_.nodes = std::move(nodes);
  write(kInstances, instanceLines(fleet_));
  write(kDescription, toJson(fleet_));
}

fs::path FleetFolder::bundleOf(const std::string& instance) const {
  return folder_ / "bundles" / instance;
}

fs::path FleetFolder::stateOf(const std::string& instance, const char* what) const {
  return folder_ / "state" / fmt::format("{}.{}", instance, what);
}

std::optional<int> FleetFolder::exitCodeOf(const std::string& instance) const {
  const auto text = results::readFile(stateOf(instance, "exit"));
  int code = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), code).ec != std::errc{}) {
    return std::nullopt;
  }
  return code;
}

bool FleetFolder::hasBegun(const std::string& instance) const {
  return fs::exists(stateOf(instance, "started"));
}

bool FleetFolder::hasBundle(const std::string& instance) const {
  return fs::exists(bundleOf(instance) / "records.jsonl");
}

void FleetFolder::forget(const std::string& instance) const {
  for (const char* what : {"started", "exit"}) fs::remove(stateOf(instance, what));
}

void FleetFolder::write(const std::string& name, const std::string& text) const {
  const int error = results::replaceFile(folder_ / name, text);
  if (error == 0) return;
  throw std::runtime_error(fmt::format("{} cannot be written ({}); is the disk full?",
                                       (folder_ / name).string(), std::strerror(error)));
}

std::optional<results::Descriptor> FleetFolder::lock() const {
  const fs::path file = folder_ / "lock";
  results::Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.number() >= 0 && ::flock(lock.number(), LOCK_EX | LOCK_NB) == 0) return lock;
  return std::nullopt;
}

}  // namespace ringside::harness
