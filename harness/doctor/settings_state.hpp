// The file that remembers what settings were before ringside doctor --apply.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/doctor/settings.hpp"

namespace ringside::harness {

struct State {
  std::string boot_id;  ///< of the running kernel when it was written; empty: not known
  std::vector<Change> changes;
};

/// Changes from one start of the kernel to the next; empty where nobody says.
std::string bootId(const SystemFiles& files);

/// Makes the file, on disk before this returns. Throws SettingsError when it exists or cannot be
/// made.
void writeState(const SystemFiles& files, const std::filesystem::path& path,
                const std::vector<Change>& changes);

/// Absent when there is no such file. Throws SettingsError when it cannot be read.
std::optional<State> readState(const std::filesystem::path& path);

void removeState(const std::filesystem::path& path);

}  // namespace ringside::harness
