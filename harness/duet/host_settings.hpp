// Settings of the host that set two configurations apart: each side's are written before it is
// measured, read back, and at the end all are put back as they were.
#pragma once

#include <signal.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/doctor/settings.hpp"
#include "harness/duet/configuration.hpp"
#include "harness/system_files.hpp"

namespace ringside::harness {

/// When a side's setting is written.
enum class SetBefore {
  Start,  ///< its process: what is settled when memory is mapped
  Slot    ///< its process and each of its slots
};

/// One file of one key, and what both sides want in it.
struct HostSetting {
  std::string key;   ///< "governor"
  std::string file;  ///< "/sys/…"
  SetBefore before = SetBefore::Slot;
  std::array<std::string, 2> wanted;
};

/// Of all keys of the host that the configurations have. `cpus`: those that are measured. Throws
/// SettingsError for a setting that this host does not have.
std::vector<HostSetting> hostSettings(const SystemFiles& files, const BothConfigurations& sides,
                                      const std::vector<int>& cpus);

/// As long as it lives, settings may be other than they were. SIGHUP and SIGQUIT have to wait
/// meanwhile; who polls for SIGINT and SIGTERM comes to the end of this as well. After SIGKILL
/// `ringside doctor --restore` puts back what the state file says.
class HostSettingsHeld {
 public:
  /// Notes what they are. Throws SettingsError as rememberSettings().
  HostSettingsHeld(SystemFiles files, std::vector<HostSetting> settings);
  HostSettingsHeld(const HostSettingsHeld&) = delete;
  HostSettingsHeld& operator=(const HostSettingsHeld&) = delete;
  /// Puts all back; says so on stderr where one was refused.
  ~HostSettingsHeld();

  /// Writes what that side wants then, and reads it back. Throws SettingsError when the kernel does
  /// not take it.
  void set(std::size_t side, SetBefore moment);

  /// How often something was written, and how long each took on an average.
  std::uint64_t changes() const { return changes_; }
  double usOfAChange() const;

 private:
  void write(const HostSetting& setting, std::size_t side);

  SystemFiles files_;
  std::vector<HostSetting> settings_;
  ::sigset_t former_mask_ = {};
  std::uint64_t changes_ = 0;
  std::uint64_t ns_ = 0;
};

}  // namespace ringside::harness
