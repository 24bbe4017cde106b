#include "harness/fingerprint.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/cgroup_limits.hpp"
#include "harness/fnv1a.hpp"
#include "harness/version.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

std::string orNone(const std::optional<std::string>& value) { return value.value_or("none"); }

std::string machineId(const SystemFiles& files) {
  const auto id = files.line("/etc/machine-id");
  return id && !id->empty() ? fnv1a("ringside " + *id) : "none";
}

std::string hypervisor(const SystemFiles& files) {
  const std::string flags =
      fmt::format(" {} ", files.valueOf("/proc/cpuinfo", "flags").value_or(""));
  return flags.find(" hypervisor ") == std::string::npos ? "no" : "yes";
}

std::string boost(const SystemFiles& files) {
  if (const auto no_turbo = files.line("/sys/devices/system/cpu/intel_pstate/no_turbo")) {
    return *no_turbo == "0" ? "on" : "off";
  }
  const auto value = files.line("/sys/devices/system/cpu/cpufreq/boost");
  return value ? (*value == "0" ? "off" : "on") : "none";
}

std::string limits(const SystemFiles& files) {
  const CgroupLimits found = cgroupLimits(files);
  return fmt::format("cpus {}, memory {}", found.cpus ? fmt::format("{:.3g}", *found.cpus) : "any",
                     found.memory_bytes ? std::to_string(*found.memory_bytes) : "any");
}

std::string placementsOf(const Topology& topology) {
  std::string text;
  for (const Relation relation : kPlaceableRelations) {
    if (!topology.representative(relation)) continue;
    text += fmt::format("{}{}", text.empty() ? "" : " ", toString(relation));
  }
  return text;
}

/// What gate.md 3.10 names of a machine. Frequencies that are measured are left out: they differ
/// from one run to the next.
ordered_json machineFacts(const SystemFiles& files, const Topology& topology) {
  const char* const cpuinfo = "/proc/cpuinfo";
  const char* const thp = "/sys/kernel/mm/transparent_hugepage/";
  return {
      {"machine_id_hash", machineId(files)},
      {"cpu", orNone(files.valueOf(cpuinfo, "model name"))},
      {"cpu_family", orNone(files.valueOf(cpuinfo, "cpu family"))},
      {"cpu_model", orNone(files.valueOf(cpuinfo, "model"))},
      {"cpu_stepping", orNone(files.valueOf(cpuinfo, "stepping"))},
      {"microcode", orNone(files.valueOf(cpuinfo, "microcode"))},
      {"cpus_online", orNone(files.line("/sys/devices/system/cpu/online"))},
      {"topology", topology.summary()},
      {"placements", placementsOf(topology)},
      {"smt", orNone(files.line("/sys/devices/system/cpu/smt/control"))},
      {"kernel", orNone(files.line("/proc/sys/kernel/osrelease"))},
      {"command_line", orNone(files.line("/proc/cmdline"))},
      {"transparent_huge_pages", orNone(files.chosen(std::string(thp) + "enabled"))},
      {"shmem_enabled", orNone(files.chosen(std::string(thp) + "shmem_enabled"))},
      {"governor", orNone(files.line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))},
      {"boost", boost(files)},
      {"hypervisor", hypervisor(files)},
      {"clock_source",
       orNone(files.line("/sys/devices/system/clocksource/clocksource0/current_clocksource"))},
      {"container", containerKind(files)},
      {"limits", limits(files)},
  };
}

ordered_json programFacts() {
  const SystemFiles here;
  const std::optional<std::string> program = here.text("/proc/self/exe");
  return {{"version", kVersion},
          {"compiler", kCompiler},
          {"flags", kBuildFlags},
          {"binary_hash", program ? fnv1a(*program) : "none"}};
}

}  // namespace

std::string hashOfFacts(const ordered_json& facts) {
  std::string lines;
  for (const auto& [name, value] : facts.items()) {
    lines += fmt::format("{}={}\n", name, value.get<std::string>());
  }
  return fnv1a(lines);
}

ordered_json fingerprint(const SystemFiles& files, const Topology& topology) {
  const ordered_json machine = machineFacts(files, topology);
  const ordered_json program = programFacts();
  return {{"method", "FNV-1a of 64 bits, of the lines name=value"},
          {"machine", hashOfFacts(machine)},
          {"facts", machine},
          {"program", hashOfFacts(program)},
          {"program_facts", program}};
}

}  // namespace ringside::harness
