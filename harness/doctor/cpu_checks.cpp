// The processor: what it is, and what changes its speed while something is measured.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "harness/console.hpp"
#include "harness/doctor/check.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kCpuInfo = "/proc/cpuinfo";
constexpr const char* kCpuFolder = "/sys/devices/system/cpu";
constexpr std::uint64_t kLongWakeUpUs = 10;

std::string cpuFile(int cpu, std::string_view file) {
  return fmt::format("{}/cpu{}/{}", kCpuFolder, cpu, file);
}

/// Every value of a key in /proc/cpuinfo, and how many CPUs have it.
std::map<std::string, int> countsOf(const std::string& cpuinfo, std::string_view key) {
  std::map<std::string, int> counts;
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    if (line.find_first_not_of(" \t", key.size()) != colon) continue;  // a longer key
    ++counts[line.substr(std::min(colon + 2, line.size()))];
  }
  return counts;
}

/// A value of each CPU that has the file, and how many have it.
std::map<std::string, int> countsOfFile(const Host& host, std::string_view file) {
  std::map<std::string, int> counts;
  for (const int cpu : onlineCpus(host.files)) {
    if (const auto value = host.files.line(cpuFile(cpu, file))) ++counts[*value];
  }
  return counts;
}

std::string listed(const std::map<std::string, int>& counts) {
  std::vector<std::string> parts;
  for (const auto& [value, cpus] : counts) {
    parts.push_back(
        fmt::format("{} on {}", value, counted(static_cast<std::uint64_t>(cpus), "CPU")));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Observation lookAtModel(const Host& host) {
  const auto cpuinfo = host.files.text(kCpuInfo);
  if (!cpuinfo || cpuinfo->empty()) return unreadable(kCpuInfo);
  const auto models = countsOf(*cpuinfo, "model name");
  const auto kinds = countsOf(*cpuinfo, "CPU part");  // what ARM has instead
  const bool hybrid = host.files.exists("/sys/devices/cpu_atom") || models.size() > 1 ||
                      (models.empty() && kinds.size() > 1);
  std::string seen = listed(models.empty() ? kinds : models);
  if (seen.empty()) seen = "a processor without a name";
  return {hybrid ? Verdict::Warn : Verdict::Ok, hybrid ? seen + "; cores of two kinds" : seen};
}

Observation lookAtMicrocode(const Host& host) {
  const auto cpuinfo = host.files.text(kCpuInfo);
  if (!cpuinfo) return unreadable(kCpuInfo);
  const auto versions = countsOf(*cpuinfo, "microcode");
  if (versions.empty()) return {Verdict::Unknown, "/proc/cpuinfo does not say"};
  return {versions.size() == 1 ? Verdict::Ok : Verdict::Warn, listed(versions)};
}

Observation lookAtGovernor(const Host& host) {
  const auto governors = countsOfFile(host, "cpufreq/scaling_governor");
  if (governors.empty())
    return {Verdict::Unknown, "no cpufreq: nobody here sees the frequency",
            "of a virtual machine its host decides; else load a cpufreq driver"};
  if (governors.size() == 1 && governors.contains("performance")) {
    return {Verdict::Ok, listed(governors)};
  }
  // With intel_pstate and amd-pstate "powersave" still scales; elsewhere it is the lowest speed.
  const auto drivers = countsOfFile(host, "cpufreq/scaling_driver");
  const bool scales = std::all_of(drivers.begin(), drivers.end(), [](const auto& driver) {
    return driver.first.find("pstate") != std::string::npos;
  });
  const bool lowest = governors.contains("powersave") && !(scales && !drivers.empty());
  return {lowest ? Verdict::Fail : Verdict::Warn, listed(governors)};
}

Observation lookAtTurbo(const Host& host) {
  const auto no_turbo = host.files.line("/sys/devices/system/cpu/intel_pstate/no_turbo");
  const auto boost = host.files.line("/sys/devices/system/cpu/cpufreq/boost");
  if (!no_turbo && !boost)
    return {Verdict::Unknown, "no switch for it is to be seen",
            "of a virtual machine its host decides; else the firmware"};
  const bool on = no_turbo ? *no_turbo == "0" : *boost != "0";
  if (!on) return {Verdict::Ok, "off"};
  return {Verdict::Warn, "on",
          no_turbo ? "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"
                   : "echo 0 > /sys/devices/system/cpu/cpufreq/boost"};
}

Observation lookAtThreads(const Host& host) {
  const auto control = host.files.line("/sys/devices/system/cpu/smt/control");
  if (!control) return unreadable("/sys/devices/system/cpu/smt/control");
  if (*control != "on") return {Verdict::Ok, *control};
  const bool active = host.files.line("/sys/devices/system/cpu/smt/active").value_or("1") != "0";
  return {active ? Verdict::Warn : Verdict::Ok,
          active ? "on: two CPUs share a core" : "on, and each core has one thread"};
}

Observation lookAtIdleStates(const Host& host) {
  std::uint64_t deepest_us = 0;
  std::string deepest;
  const std::vector<int> cpus = onlineCpus(host.files);
  if (cpus.empty()) return unreadable("/sys/devices/system/cpu/online");
  const std::string folder = cpuFile(cpus.front(), "cpuidle");
  for (const std::string& state : host.files.names(folder, "state")) {
    const auto wake_us = host.files.number(folder + "/" + state + "/latency");
    const bool disabled = host.files.line(folder + "/" + state + "/disable").value_or("0") != "0";
    if (!wake_us || disabled || *wake_us < deepest_us) continue;
    deepest_us = *wake_us;
    deepest = host.files.line(folder + "/" + state + "/name").value_or(state);
  }
  if (deepest.empty()) return {Verdict::Unknown, "no idle states are to be seen"};
  const std::string seen = fmt::format("deepest {}, {} µs to wake up", deepest, deepest_us);
  return {deepest_us > kLongWakeUpUs ? Verdict::Warn : Verdict::Ok, seen};
}

Observation lookAtIsolation(const Host& host) {
  const auto isolated = host.files.line("/sys/devices/system/cpu/isolated");
  if (!isolated) return unreadable("/sys/devices/system/cpu/isolated");
  const std::vector<int> cpus = parseCpuList(*isolated).value_or(std::vector<int>{});
  if (cpus.empty()) return {Verdict::Warn, "none: anybody may run where workers run"};
  const std::vector<int> allowed = allowedCpus(host.files);
  const bool used = std::all_of(allowed.begin(), allowed.end(), [&](int cpu) {
    return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
  });
  if (used && !allowed.empty()) return {Verdict::Ok, cpuList(cpus)};
  return {Verdict::Warn,
          fmt::format("{}, but this process may use {}", cpuList(cpus), cpuList(allowed)),
          fmt::format("as any user: taskset -c {} ringside …", cpuList(cpus))};
}

Observation lookAtHypervisor(const Host& host) {
  const auto cpuinfo = host.files.text(kCpuInfo);
  if (!cpuinfo) return unreadable(kCpuInfo);
  const auto flags = countsOf(*cpuinfo, "flags");
  const bool flagged = std::any_of(flags.begin(), flags.end(), [](const auto& one) {
    return (" " + one.first + " ").find(" hypervisor ") != std::string::npos;
  });
  const auto type = host.files.line("/sys/hypervisor/type");
  const auto product = host.files.line("/sys/class/dmi/id/product_name");
  if (!flagged && !type && !host.files.exists("/proc/device-tree/hypervisor")) {
    return {Verdict::Ok, product ? "none; " + *product : "none"};
  }
  return {Verdict::Warn, fmt::format("a virtual machine{}", product ? " (" + *product + ")"
                                                            : type  ? " (" + *type + ")"
                                                                    : "")};
}

constexpr Check kChecks[] = {
    {"cpu", "on cores of two kinds a cell measures whichever it happened to get",
     "as any user: keep to one kind, taskset -c CPUS ringside …",
     "as any user: keep to one kind, taskset -c CPUS ringside …", lookAtModel},
    {"microcode",
     "updates change what fences and atomics cost; results before and after one differ",
     "install one microcode for all processors and start anew", nullptr, lookAtMicrocode},
    {"governor",
     "the frequency follows the load, so the first messages are slow and the rest drift",
     "ringside doctor --apply, or: echo performance | tee "
     "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
     nullptr, lookAtGovernor},
    {"turbo", "the frequency depends on temperature and on what other cores do",
     "turn it off in the firmware", nullptr, lookAtTurbo},
    {"smt", "whoever runs on the other thread of a core takes a share of it",
     "echo off > /sys/devices/system/cpu/smt/control", nullptr, lookAtThreads},
    {"idle_states", "a worker that blocks pays for waking its core up",
     "cpupower idle-set --disable-by-latency 10, or start the kernel with processor.max_cstate=1",
     nullptr, lookAtIdleStates},
    {"isolated_cpus", "other processes and the kernel's own work interrupt what is measured",
     "start the kernel with isolcpus=CPUS nohz_full=CPUS rcu_nocbs=CPUS", nullptr, lookAtIsolation},
    {"hypervisor", "it takes CPUs away unseen and moves them between cores while they run",
     "measure on bare metal, or ask for pinned, dedicated CPUs; compare only within one run",
     "measure on bare metal, or ask for pinned, dedicated CPUs; compare only within one run",
     lookAtHypervisor},
};

}  // namespace

std::span<const Check> cpuChecks() { return kChecks; }

}  // namespace ringside::harness
