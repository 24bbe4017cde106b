#include "harness/duet/host_settings.hpp"

#include <fmt/format.h>

#include <chrono>
#include <sstream>
#include <utility>

#include "harness/console.hpp"

namespace ringside::harness {
namespace {

/// Where a key is written; the number of a CPU stands in for {}.
struct Place {
  std::string_view key;
  std::string_view file;
  SetBefore before;
};
constexpr Place kPlaces[] = {
    {"governor", "/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", SetBefore::Slot},
    {"thp", "/sys/kernel/mm/transparent_hugepage/enabled", SetBefore::Start},
    {"shmem_thp", "/sys/kernel/mm/transparent_hugepage/shmem_enabled", SetBefore::Start},
    {"numa_balancing", "/proc/sys/kernel/numa_balancing", SetBefore::Slot},
};

/// "sysctl.vm.swappiness" is /proc/sys/vm/swappiness.
std::string fileOfSysctl(std::string_view key) {
  std::string path(key.substr(kSysctl.size()));
  for (char& c : path) c = c == '.' ? '/' : c;
  return "/proc/sys/" + path;
}

std::vector<HostSetting> settingsOf(const std::string& key, const std::vector<int>& cpus) {
  if (key.starts_with(kSysctl)) {
    return {{.key = key, .file = fileOfSysctl(key), .before = SetBefore::Slot, .wanted = {}}};
  }
  std::vector<HostSetting> settings;
  for (const Place& place : kPlaces) {
    if (place.key != key) continue;
    const bool is_one = place.file.find('{') == std::string_view::npos;
    for (const int cpu : is_one ? std::vector<int>{0} : cpus) {
      settings.push_back({.key = key,
                          .file = fmt::format(fmt::runtime(place.file), cpu),
                          .before = place.before,
                          .wanted = {}});
    }
  }
  return settings;
}

/// Words with one blank between them: the kernel has tabs.
std::string inWords(const std::string& text) {
  std::istringstream stream(text);
  std::string words;
  for (std::string word; stream >> word;) words += (words.empty() ? "" : " ") + word;
  return words;
}

/// Signals that would end the process with the settings as they are.
::sigset_t endingSignals() {
  ::sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGHUP);
  ::sigaddset(&signals, SIGQUIT);
  return signals;
}

}  // namespace

std::vector<HostSetting> hostSettings(const SystemFiles& files, const BothConfigurations& sides,
                                      const std::vector<int>& cpus) {
  std::vector<HostSetting> all;
  for (const ConfiguredValue& first : sides[0].host()) {
    for (HostSetting setting : settingsOf(first.key, cpus)) {
      setting.wanted = {first.value, sides[1].valueOf(first.key)};
      if (!files.exists(setting.file)) {
        throw SettingsError(fmt::format(
            "{}: this host has no {}, so there is nothing to set apart; leave {} out of --a and "
            "--b, or go to a host that has it (ringside doctor says what this one has)",
            first.key, files.pathOf(setting.file).string(), first.key));
      }
      all.push_back(std::move(setting));
    }
  }
  return all;
}

HostSettingsHeld::HostSettingsHeld(SystemFiles files, std::vector<HostSetting> settings)
    : files_(std::move(files)), settings_(std::move(settings)) {
  std::vector<Change> changes;
  for (const HostSetting& setting : settings_) {
    changes.push_back({.name = setting.key,
                       .file = setting.file,
                       .was = settingIn(files_, setting.file),
                       .wanted = setting.wanted[1]});
  }
  rememberSettings(files_, changes, "ringside compare-config");
  const ::sigset_t ending = endingSignals();
  ::sigprocmask(SIG_BLOCK, &ending, &former_mask_);
}

HostSettingsHeld::~HostSettingsHeld() {
  try {
    restoreSettings(files_);
  } catch (const std::exception& error) {
    say("ringside: {} (ringside doctor --restore)\n", error.what());
  }
  ::sigprocmask(SIG_SETMASK, &former_mask_, nullptr);
}

void HostSettingsHeld::set(std::size_t side, SetBefore moment) {
  for (const HostSetting& setting : settings_) {
    if (moment == SetBefore::Start || setting.before == SetBefore::Slot) write(setting, side);
  }
}

void HostSettingsHeld::write(const HostSetting& setting, std::size_t side) {
  const std::string& wanted = setting.wanted[side];
  const auto begin = std::chrono::steady_clock::now();
  const std::string refusal = writeSetting(files_, setting.file, wanted);
  const auto took = std::chrono::steady_clock::now() - begin;
  ns_ += static_cast<std::uint64_t>(std::chrono::nanoseconds(took).count());
  ++changes_;
  const std::string obtained = settingIn(files_, setting.file);
  if (refusal.empty() && inWords(obtained) == inWords(wanted)) return;
  throw SettingsError(
      fmt::format("{}={}: {} {}; name a value that the kernel takes there, where it shows '{}'",
                  setting.key, wanted, files_.pathOf(setting.file).string(),
                  refusal.empty() ? fmt::format("took it and has '{}'", obtained)
                                  : fmt::format("refused it ({})", refusal),
                  files_.line(setting.file).value_or("")));
}

double HostSettingsHeld::usOfAChange() const {
  return changes_ == 0 ? 0 : static_cast<double>(ns_) * 1e-3 / static_cast<double>(changes_);
}

}  // namespace ringside::harness
