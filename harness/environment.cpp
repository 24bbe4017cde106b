#include "harness/environment.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cgroup_limits.hpp"
#include "harness/doctor/check.hpp"
#include "harness/fingerprint.hpp"
#include "harness/handoff_report.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/revision.hpp"
#include "harness/system_files.hpp"
#include "harness/topology_text.hpp"
#include "harness/version.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

const SystemFiles kHere;  // this machine

ordered_json orNull(const std::optional<std::string>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json lineOf(const std::string& path) { return orNull(kHere.line(path)); }
ordered_json cpuInfo(std::string_view key) { return orNull(kHere.valueOf("/proc/cpuinfo", key)); }
ordered_json memInfo(std::string_view key) { return orNull(kHere.valueOf("/proc/meminfo", key)); }
ordered_json chosenIn(const char* path) { return orNull(kHere.chosen(path)); }

ordered_json hypervisor() {
  const ordered_json flags = cpuInfo("flags");
  if (flags.is_null()) return nullptr;
  const bool virtual_machine = flags.get<std::string>().find(" hypervisor") != std::string::npos;
  return virtual_machine ? "yes" : "no";
}

ordered_json lockLimit() {
  ::rlimit limit = {};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return nullptr;
  if (limit.rlim_cur == RLIM_INFINITY) return "unlimited";
  return limit.rlim_cur;
}

ordered_json shmBytes() {
  struct ::statvfs facts = {};
  if (::statvfs("/dev/shm", &facts) != 0) return nullptr;
  return facts.f_blocks * facts.f_frsize;
}

ordered_json kernelRelease() {
  ::utsname names = {};
  if (::uname(&names) != 0) return nullptr;
  return fmt::format("{} {} {}", names.sysname, names.release, names.machine);
}

/// Of every size that the kernel has, in pages.
ordered_json hugePagePools() {
  ordered_json pools = ordered_json::object();
  for (const std::string& node : kHere.names("/sys/devices/system/node", "node")) {
    const std::string folder = "/sys/devices/system/node/" + node + "/hugepages";
    for (const std::string& size : kHere.names(folder, "hugepages-")) {
      pools[node][size.substr(std::string_view("hugepages-").size())] = {
          {"total", lineOf(folder + "/" + size + "/nr_hugepages")},
          {"free", lineOf(folder + "/" + size + "/free_hugepages")}};
    }
  }
  return pools;
}

ordered_json nodeMemory() {
  ordered_json nodes = ordered_json::object();
  for (const int node : numaNodes(kHere)) {
    const std::string folder = fmt::format("/sys/devices/system/node/node{}/", node);
    nodes[fmt::format("node{}", node)] = {
        {"total", orNull(kHere.valueOf(folder + "meminfo", fmt::format("Node {} MemTotal", node)))},
        {"free", orNull(kHere.valueOf(folder + "meminfo", fmt::format("Node {} MemFree", node)))},
        {"cpus", lineOf(folder + "cpulist")},
        {"distances", lineOf(folder + "distance")}};
  }
  return nodes;
}

ordered_json cgroupCpus() {
  const CgroupLimits limits = cgroupLimits(kHere);
  if (!limits.readable) return nullptr;
  return limits.cpus ? ordered_json(*limits.cpus) : ordered_json("no limit");
}

ordered_json cgroupMemory() {
  const CgroupLimits limits = cgroupLimits(kHere);
  if (!limits.readable) return nullptr;
  return limits.memory_bytes ? ordered_json(*limits.memory_bytes) : ordered_json("no limit");
}

/// Ready to run and not running, so far, in ns: the second number of schedstat.
ordered_json runDelay() {
  std::istringstream words(kHere.line("/proc/self/schedstat").value_or(""));
  std::uint64_t on_cpu_ns = 0;
  std::uint64_t waiting_ns = 0;
  if (!(words >> on_cpu_ns >> waiting_ns)) return nullptr;
  return waiting_ns;
}

ordered_json container() {
  const std::string kind = containerKind(kHere);
  return kind.empty() ? ordered_json("none") : ordered_json(kind);
}

/// What ringside doctor says of the settings: the moment's load is in the records.
ordered_json checks() {
  ordered_json list = ordered_json::array();
  for (const Diagnosis& diagnosis : diagnose(readHost(kHere), Extent::Settings)) {
    list.push_back({{"name", diagnosis.name},
                    {"verdict", toString(diagnosis.verdict)},
                    {"seen", diagnosis.seen}});
  }
  return list;
}

/// Where queues came from that are not of this program.
ordered_json plugins() {
  ordered_json list = ordered_json::array();
  for (const Plugin& plugin : loadedPlugins()) {
    list.push_back({{"file", plugin.file.string()},
                    {"version", plugin.version},
                    {"compiler", plugin.compiler},
                    {"bytes", plugin.bytes},
                    {"fnv1a", plugin.fnv1a},
                    {"queues", plugin.queues}});
  }
  return list;
}

ordered_json placements(const Session& session) {
  ordered_json found;
  for (const Relation relation : kPlaceableRelations) {
    const std::optional<CpuPair> pair = session.topology().representative(relation);
    if (pair) found[std::string(toString(relation))] = {pair->first, pair->second};
  }
  return found;
}

/// Of one pair of CPUs for each relation that this machine has.
ordered_json clockOffsets(const Session& session) {
  ordered_json found = ordered_json::object();
  for (const Relation relation : kPlaceableRelations) {
    const std::optional<CpuPair> pair = session.topology().representative(relation);
    if (!pair) continue;
    const std::optional<ClockOffset> offset = session.clockSurvey().between(*pair);
    ordered_json& entry = found[std::string(toString(relation))];
    entry["cpus"] = {pair->first, pair->second};
    entry["offset_ns"] = offset ? ordered_json(offset->offset_ns) : ordered_json(nullptr);
    entry["bound_ns"] = offset ? ordered_json(offset->boundNs()) : ordered_json(nullptr);
  }
  return found;
}

ordered_json allowedCpus(const Session& session) {
  std::vector<int> cpus;
  for (const CpuPlace& place : session.topology().cpus()) cpus.push_back(place.cpu);
  return cpuList(cpus);
}

/// What a fleet calls this machine; several of them may be one host.
ordered_json nodeOfFleet() {
  const char* name = std::getenv("RINGSIDE_NODE");
  return name == nullptr ? ordered_json(nullptr) : ordered_json(name);
}

ordered_json utcNow() {
  const ::time_t now = ::time(nullptr);
  ::tm parts = {};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text = {};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

struct Fact {
  const char* section;
  const char* name;
  ordered_json (*read)(const Session&);
};

constexpr const char* kCpu0 = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
constexpr const char* kThp = "/sys/kernel/mm/transparent_hugepage/enabled";
constexpr const char* kShmemThp = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
constexpr const char* kClockSource =
    "/sys/devices/system/clocksource/clocksource0/current_clocksource";

constexpr Fact kFacts[] = {
    {"machine", "host", [](const Session&) { return ordered_json(hostName()); }},
    {"machine", "node", [](const Session&) { return nodeOfFleet(); }},
    {"machine", "time_utc", [](const Session&) { return utcNow(); }},
    {"machine", "hypervisor", [](const Session&) { return hypervisor(); }},
    {"machine", "product", [](const Session&) { return lineOf("/sys/class/dmi/id/product_name"); }},
    {"machine", "container", [](const Session&) { return container(); }},
    {"machine", "load", [](const Session&) { return lineOf("/proc/loadavg"); }},
    {"machine", "run_delay_ns", [](const Session&) { return runDelay(); }},
    {"cpu", "model", [](const Session&) { return cpuInfo("model name"); }},
    {"cpu", "vendor", [](const Session&) { return cpuInfo("vendor_id"); }},
    {"cpu", "family", [](const Session&) { return cpuInfo("cpu family"); }},
    {"cpu", "model_number", [](const Session&) { return cpuInfo("model"); }},
    {"cpu", "stepping", [](const Session&) { return cpuInfo("stepping"); }},
    {"cpu", "microcode", [](const Session&) { return cpuInfo("microcode"); }},
    {"cpu", "mhz_now", [](const Session&) { return cpuInfo("cpu MHz"); }},
    {"cpu", "governor", [](const Session&) { return lineOf(kCpu0); }},
    {"cpu", "frequency_driver",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"); }},
    {"cpu", "no_turbo",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/intel_pstate/no_turbo"); }},
    {"cpu", "boost",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/cpufreq/boost"); }},
    {"cpu", "smt", [](const Session&) { return lineOf("/sys/devices/system/cpu/smt/control"); }},
    {"cpu", "isolated", [](const Session&) { return lineOf("/sys/devices/system/cpu/isolated"); }},
    {"cpu", "online", [](const Session&) { return lineOf("/sys/devices/system/cpu/online"); }},
    {"cpu", "without_ticks",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/nohz_full"); }},
    {"cpu", "idle_driver",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/cpuidle/current_driver"); }},
    {"kernel", "release", [](const Session&) { return kernelRelease(); }},
    {"kernel", "command_line", [](const Session&) { return lineOf("/proc/cmdline"); }},
    {"kernel", "numa_balancing",
     [](const Session&) { return lineOf("/proc/sys/kernel/numa_balancing"); }},
    {"memory", "total", [](const Session&) { return memInfo("MemTotal"); }},
    {"memory", "available", [](const Session&) { return memInfo("MemAvailable"); }},
    {"memory", "transparent_huge_pages", [](const Session&) { return chosenIn(kThp); }},
    {"memory", "shmem_huge_pages", [](const Session&) { return chosenIn(kShmemThp); }},
    {"memory", "huge_page_size", [](const Session&) { return memInfo("Hugepagesize"); }},
    {"memory", "huge_page_pools", [](const Session&) { return hugePagePools(); }},
    {"memory", "nodes", [](const Session&) { return nodeMemory(); }},
    {"memory", "swap_total", [](const Session&) { return memInfo("SwapTotal"); }},
    {"memory", "swap_free", [](const Session&) { return memInfo("SwapFree"); }},
    {"limits", "locked_bytes", [](const Session&) { return lockLimit(); }},
    {"limits", "shm_bytes", [](const Session&) { return shmBytes(); }},
    {"limits", "cgroup_cpus", [](const Session&) { return cgroupCpus(); }},
    {"limits", "cgroup_memory_bytes", [](const Session&) { return cgroupMemory(); }},
    {"clock", "kernel_source", [](const Session&) { return lineOf(kClockSource); }},
    {"clock", "used",
     [](const Session& s) { return ordered_json(std::string(toString(s.clock().source))); }},
    {"clock", "ns_per_tick", [](const Session& s) { return ordered_json(s.clock().ns_per_tick); }},
    {"clock", "step_ns",
     [](const Session& s) { return ordered_json(s.clockSurvey().step().step_ns); }},
    {"clock", "read_ns",
     [](const Session& s) { return ordered_json(s.clockSurvey().step().read_ns); }},
    {"clock", "offsets", [](const Session& s) { return clockOffsets(s); }},
    {"topology", "summary", [](const Session& s) { return ordered_json(s.topology().summary()); }},
    {"topology", "allowed_cpus", [](const Session& s) { return allowedCpus(s); }},
    {"topology", "forbidden_cpus",
     [](const Session& s) { return ordered_json(cpuList(s.topology().forbiddenCpus())); }},
    {"topology", "placements", [](const Session& s) { return placements(s); }},
    {"topology", "cpus", [](const Session& s) { return placesToJson(s.topology()); }},
    {"build", "version", [](const Session&) { return ordered_json(kVersion); }},
    {"build", "compiler", [](const Session&) { return ordered_json(kCompiler); }},
    {"build", "flags", [](const Session&) { return ordered_json(kBuildFlags); }},
    {"working_tree", "revision", [](const Session&) { return orNull(revisionHere()); }},
};

}  // namespace

std::string hostName() {
  std::array<char, 256> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string describeEnvironment(const Session& session) {
  ordered_json environment = {{"schema", 1}};
  for (const Fact& fact : kFacts) environment[fact.section][fact.name] = fact.read(session);
  environment["floor_ns"] = floorsToJson(session.floors());
  environment["checks"] = checks();
  environment["plugins"] = plugins();
  environment["fingerprint"] = fingerprint(kHere, session.topology());
  return environment.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ringside::harness
