#include "harness/doctor/settings_state.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "results/descriptor.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kRunFile = "/run/ringside/doctor.json";

bool isSet(const char* value) { return value != nullptr && *value != '\0'; }

std::string toText(const State& state) {
  ordered_json changes = ordered_json::array();
  for (const Change& change : state.changes) {
    changes.push_back({{"name", change.name},
                       {"file", change.file},
                       {"was", change.was},
                       {"wanted", change.wanted}});
  }
  const ordered_json json = {{"schema", 1}, {"boot_id", state.boot_id}, {"changes", changes}};
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

/// Closed, and on disk.
bool writeWhole(int descriptor, const std::string& text) {
  const ::ssize_t written = ::write(descriptor, text.data(), text.size());
  const bool whole = written == static_cast<::ssize_t>(text.size());
  return ::fsync(descriptor) == 0 && whole;
}

void syncFolder(const fs::path& folder) {
  const results::Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.number() >= 0) ::fsync(descriptor.number());
}

}  // namespace

std::string bootId(const SystemFiles& files) {
  return files.line("/proc/sys/kernel/random/boot_id").value_or("");
}

fs::path statePath(const SystemFiles& files) {
  const fs::path run = files.pathOf("/run");
  const bool may_write = ::access(run.c_str(), W_OK) == 0;
  if (may_write || !files.isThisMachine()) return files.pathOf(kRunFile);
  const char* state_home = std::getenv("XDG_STATE_HOME");
  if (isSet(state_home)) return fs::path(state_home) / "ringside/doctor.json";
  const char* user = std::getenv("HOME");
  return fs::path(isSet(user) ? user : "/") / ".local/state/ringside/doctor.json";
}

/// First under another name, so that a state that exists is whole; the link fails when another is
/// there.
void writeState(const SystemFiles& files, const fs::path& path,
                const std::vector<Change>& changes) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  const fs::path draft = path.string() + "." + std::to_string(::getpid());
  const results::Descriptor descriptor(
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::string text = toText({bootId(files), changes});
  if (descriptor.number() < 0 || !writeWhole(descriptor.number(), text)) {
    const std::string cause = std::strerror(errno);
    ::unlink(draft.c_str());
    throw SettingsError(fmt::format(
        "{} cannot be written ({}), so nothing was changed: what the settings were would be lost",
        path.string(), cause));
  }
  const bool taken = ::link(draft.c_str(), path.c_str()) != 0;
  const int cause = errno;
  ::unlink(draft.c_str());
  if (taken) {
    throw SettingsError(fmt::format(
        "{} exists ({}): settings were applied and not put back, so nothing was changed; put them "
        "back with ringside doctor --restore",
        path.string(), std::strerror(cause)));
  }
  syncFolder(path.parent_path());
}

std::optional<State> readState(const fs::path& path) {
  std::ifstream file(path);
  if (!file) {
    std::error_code failure;
    if (!fs::exists(path, failure)) return std::nullopt;
    throw SettingsError(
        fmt::format("{} cannot be read; try it as who applied the settings", path.string()));
  }
  try {
    const ordered_json json = ordered_json::parse(file);
    State state{json.at("boot_id").get<std::string>(), {}};
    for (const ordered_json& change : json.at("changes")) {
      state.changes.push_back(
          {change.at("name").get<std::string>(), change.at("file").get<std::string>(),
           change.at("was").get<std::string>(), change.at("wanted").get<std::string>()});
    }
    return state;
  } catch (const nlohmann::json::exception& error) {
    throw SettingsError(fmt::format(
        "{} is no state of ringside doctor ({}); put the settings back by hand, and remove it",
        path.string(), error.what()));
  }
}

void removeState(const fs::path& path) {
  ::unlink(path.c_str());
  syncFolder(path.parent_path());
}

}  // namespace ringside::harness
