#include "harness/doctor/settings.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "harness/cgroup_limits.hpp"
#include "harness/doctor/check.hpp"
#include "harness/doctor/settings_state.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kThpFolder = "/sys/kernel/mm/transparent_hugepage";

/// Sorts a file into what is needed and what is as it should be; false where there is none.
bool consider(const SystemFiles& files, Change change, Changes& changes) {
  if (!files.exists(change.file)) return false;
  change.was = settingIn(files, change.file);
  if (change.was == change.wanted) {
    changes.already.push_back(fmt::format("{}: {}", change.file, change.was));
  } else {
    changes.needed.push_back(std::move(change));
  }
  return true;
}

void planGovernor(const SystemFiles& files, Changes& changes) {
  bool found = false;
  for (const int cpu : onlineCpus(files)) {
    const std::string file =
        fmt::format("/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", cpu);
    found |= consider(files, {"governor", file, "", "performance"}, changes);
  }
  if (!found) changes.not_here.emplace_back("governor: no cpufreq here");
}

void planHugePages(const SystemFiles& files, const Wishes& wishes, Changes& changes) {
  bool found = false;
  for (const int node : numaNodes(files)) {
    const std::string file = fmt::format(
        "/sys/devices/system/node/node{}/hugepages/hugepages-2048kB/nr_hugepages", node);
    const std::uint64_t now = files.number(file).value_or(0);
    const std::uint64_t wanted = std::max(now, wishes.huge_pages_per_node);
    found |= consider(files, {"huge_pages", file, "", std::to_string(wanted)}, changes);
  }
  if (!found) changes.not_here.emplace_back("huge_pages: no pool of 2 MiB pages here");
}

void planTransparent(const SystemFiles& files, Changes& changes) {
  if (!consider(files,
                {"transparent_huge_pages", fmt::format("{}/enabled", kThpFolder), "", "madvise"},
                changes)) {
    changes.not_here.emplace_back("transparent_huge_pages: this kernel has none");
  }
  if (!consider(files, {"shmem_enabled", fmt::format("{}/shmem_enabled", kThpFolder), "", "advise"},
                changes)) {
    changes.not_here.emplace_back("shmem_enabled: this kernel has none");
  }
}

void refuseWhatMayNotBeWritten(const SystemFiles& files, const std::vector<Change>& changes,
                               const std::string& command) {
  for (const Change& change : changes) {
    if (::access(files.pathOf(change.file).c_str(), W_OK) == 0) continue;
    const std::string cause = std::strerror(errno);
    const std::string container = containerKind(files);
    throw SettingsError(fmt::format(
        "{} may not be written ({}): nothing was changed. {}", files.pathOf(change.file).string(),
        cause,
        container.empty()
            ? "Run it as root: sudo " + command
            : fmt::format("This is a container ({}), and the settings are the host's: its "
                          "administrator can run {} there",
                          container, command)));
  }
}

/// How far it came.
struct Made {
  std::size_t count = 0;  ///< of changes, from the first
  std::string trouble;    ///< why it ended there; empty when all were made
};

Made makeAll(const SystemFiles& files, std::vector<Change>& changes) {
  Made made;
  for (Change& change : changes) {
    const std::string trouble = writeSetting(files, change.file, change.wanted);
    if (!trouble.empty()) {
      made.trouble = fmt::format("{}: '{}' was refused ({})", files.pathOf(change.file).string(),
                                 change.wanted, trouble);
      break;
    }
    change.obtained = settingIn(files, change.file);
    ++made.count;
  }
  return made;
}

/// Tries all of them, whatever happens to one.
std::vector<std::string> putBack(const SystemFiles& files, std::vector<Change>& changes) {
  std::vector<std::string> troubles;
  std::reverse(changes.begin(), changes.end());
  for (Change& change : changes) {
    const std::string trouble = writeSetting(files, change.file, change.was);
    if (!trouble.empty()) {
      troubles.push_back(fmt::format("{}: {}", files.pathOf(change.file).string(), trouble));
    }
    change.obtained = settingIn(files, change.file);
  }
  return troubles;
}

}  // namespace

std::string settingIn(const SystemFiles& files, const std::string& file) {
  return files.chosen(file).value_or("");
}

std::string writeSetting(const SystemFiles& files, const std::string& file,
                         const std::string& value) {
  const int descriptor = ::open(files.pathOf(file).c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC);
  if (descriptor < 0) return std::strerror(errno);
  const ::ssize_t written = ::write(descriptor, value.data(), value.size());
  const int cause = errno;
  ::close(descriptor);
  if (written == static_cast<::ssize_t>(value.size())) return {};
  return written < 0 ? std::strerror(cause) : "it took only a part";
}

void rememberSettings(const SystemFiles& files, const std::vector<Change>& changes,
                      const std::string& command) {
  refuseWhatMayNotBeWritten(files, changes, command);
  writeState(files, statePath(files), changes);
}

Changes plannedChanges(const SystemFiles& files, const Wishes& wishes) {
  Changes changes;
  planGovernor(files, changes);
  planHugePages(files, wishes, changes);
  planTransparent(files, changes);
  return changes;
}

void applyChanges(const SystemFiles& files, std::vector<Change>& changes) {
  rememberSettings(files, changes, "ringside doctor --apply");
  const Made made = makeAll(files, changes);
  if (made.trouble.empty()) return;
  changes.resize(made.count);
  const std::vector<std::string> left = putBack(files, changes);
  if (!left.empty()) {
    throw SettingsError(
        fmt::format("{}; and not all could be put back: {}. Try ringside doctor "
                    "--restore",
                    made.trouble, fmt::join(left, "; ")));
  }
  removeState(statePath(files));
  throw SettingsError(made.trouble + "; all was put back as it was");
}

Restored restoreSettings(const SystemFiles& files) {
  const std::filesystem::path path = statePath(files);
  Restored restored;
  const std::optional<State> state = readState(path);
  if (!state) return restored;
  restored.had_state = true;
  restored.changes = state->changes;
  // The kernel forgets its settings when it starts; what was noted then may not be what is now.
  restored.after_restart = state->boot_id != bootId(files);
  if (!restored.after_restart) {
    const std::vector<std::string> left = putBack(files, restored.changes);
    if (!left.empty()) {
      throw SettingsError(
          fmt::format("not all could be put back: {}. {} still says what they were; try it as root",
                      fmt::join(left, "; "), path.string()));
    }
  }
  removeState(path);
  return restored;
}

}  // namespace ringside::harness
