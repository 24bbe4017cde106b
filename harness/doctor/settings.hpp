// The kernel's settings that ringside doctor --apply changes, and puts back: a state file says what
// they were, and is written before the first of them is touched, so that whatever happens in
// between, --restore finds it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/system_files.hpp"

namespace ringside::harness {

/// What prevents it, with the file, and what to do. Nothing was changed, or all was put back,
/// unless it says otherwise.
class SettingsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Wishes {
  std::uint64_t huge_pages_per_node = 64;  ///< of 2 MiB; more that are there already stay
};

/// One file to write.
struct Change {
  std::string name;  ///< "governor"
  std::string file;  ///< "/sys/…"
  std::string was;
  std::string wanted;
  std::string obtained = {};  ///< read back after the change; empty before
};

struct Changes {
  std::vector<Change> needed;
  std::vector<std::string> already;   ///< settings that are as wanted
  std::vector<std::string> not_here;  ///< settings that this machine does not have
};

/// Governor, huge pages, transparent huge pages, shmem_enabled: what differs from what is wished.
Changes plannedChanges(const SystemFiles& files, const Wishes& wishes);

/// Where the state is kept: /run/ringside/doctor.json for who may write there, else
/// $XDG_STATE_HOME/ringside/doctor.json or ~/.local/state/ringside/doctor.json.
std::filesystem::path statePath(const SystemFiles& files);

/// What a setting is: of several words in a line the one in brackets; empty where it cannot be
/// read.
std::string settingIn(const SystemFiles& files, const std::string& file);
/// Writes one; why it was refused, or empty.
std::string writeSetting(const SystemFiles& files, const std::string& file,
                         const std::string& value);

/// Writes the state that restoreSettings() reads, and changes nothing: who does must have come
/// through here. Throws SettingsError when a file may not be written, and as applyChanges() for the
/// state. `command`: what root would have to call.
void rememberSettings(const SystemFiles& files, const std::vector<Change>& changes,
                      const std::string& command);

/// Writes the state, then makes the changes and reads each back. Throws SettingsError: when a file
/// may not be written (before anything was changed), when there is a state already (somebody has
/// applied and not restored), when the state cannot be written, and when a change is refused (then
/// what was done is put back, and only that stays in `changes`).
void applyChanges(const SystemFiles& files, std::vector<Change>& changes);

/// What a restore found.
struct Restored {
  bool had_state = false;
  bool after_restart = false;  ///< the machine was started anew since: nothing was left to put back
  std::vector<Change> changes;
};

/// Puts all back that the state names, the last first, and removes the state. Throws SettingsError
/// when the state cannot be read, or a file cannot be written; the state then stays.
Restored restoreSettings(const SystemFiles& files);

}  // namespace ringside::harness
