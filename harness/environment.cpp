#include "harness/environment.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/version.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

/// The first line of a file of /proc or /sys, null where there is none.
ordered_json lineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return nullptr;
  return line;
}

/// The value of "key : value" in a file, at its first appearance.
ordered_json valueIn(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return nullptr;
}

ordered_json cpuInfo(std::string_view key) { return valueIn("/proc/cpuinfo", key); }
ordered_json memInfo(std::string_view key) { return valueIn("/proc/meminfo", key); }

/// The chosen one of "always [madvise] never".
ordered_json chosenIn(const char* path) {
  const ordered_json line = lineOf(path);
  if (line.is_null()) return nullptr;
  const std::string text = line.get<std::string>();
  const std::size_t begin = text.find('[');
  const std::size_t end = text.find(']');
  if (begin == std::string::npos || end == std::string::npos) return text;
  return text.substr(begin + 1, end - begin - 1);
}

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

ordered_json hugePagePools() {
  ordered_json pools;
  for (int node = 0; node < 64; ++node) {
    const std::string folder =
        fmt::format("/sys/devices/system/node/node{}/hugepages/hugepages-2048kB/", node);
    const ordered_json total = lineOf(folder + "nr_hugepages");
    if (total.is_null()) continue;
    pools[fmt::format("node{}", node)] = {{"total", total},
                                          {"free", lineOf(folder + "free_hugepages")}};
  }
  return pools;
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
    {"machine", "time_utc", [](const Session&) { return utcNow(); }},
    {"machine", "hypervisor", [](const Session&) { return hypervisor(); }},
    {"cpu", "model", [](const Session&) { return cpuInfo("model name"); }},
    {"cpu", "microcode", [](const Session&) { return cpuInfo("microcode"); }},
    {"cpu", "mhz_now", [](const Session&) { return cpuInfo("cpu MHz"); }},
    {"cpu", "governor", [](const Session&) { return lineOf(kCpu0); }},
    {"cpu", "no_turbo",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/intel_pstate/no_turbo"); }},
    {"cpu", "boost",
     [](const Session&) { return lineOf("/sys/devices/system/cpu/cpufreq/boost"); }},
    {"cpu", "smt", [](const Session&) { return lineOf("/sys/devices/system/cpu/smt/control"); }},
    {"cpu", "isolated", [](const Session&) { return lineOf("/sys/devices/system/cpu/isolated"); }},
    {"kernel", "release", [](const Session&) { return kernelRelease(); }},
    {"kernel", "command_line", [](const Session&) { return lineOf("/proc/cmdline"); }},
    {"kernel", "numa_balancing",
     [](const Session&) { return lineOf("/proc/sys/kernel/numa_balancing"); }},
    {"memory", "total", [](const Session&) { return memInfo("MemTotal"); }},
    {"memory", "available", [](const Session&) { return memInfo("MemAvailable"); }},
    {"memory", "transparent_huge_pages", [](const Session&) { return chosenIn(kThp); }},
    {"memory", "shmem_huge_pages", [](const Session&) { return chosenIn(kShmemThp); }},
    {"memory", "huge_page_size", [](const Session&) { return memInfo("Hugepagesize"); }},
    {"memory", "huge_page_pools_2mib", [](const Session&) { return hugePagePools(); }},
    {"limits", "locked_bytes", [](const Session&) { return lockLimit(); }},
    {"limits", "shm_bytes", [](const Session&) { return shmBytes(); }},
    {"limits", "cgroup_cpu_max", [](const Session&) { return lineOf("/sys/fs/cgroup/cpu.max"); }},
    {"limits", "cgroup_memory_max",
     [](const Session&) { return lineOf("/sys/fs/cgroup/memory.max"); }},
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
    {"topology", "placements", [](const Session& s) { return placements(s); }},
    {"build", "version", [](const Session&) { return ordered_json(kVersion); }},
    {"build", "compiler", [](const Session&) { return ordered_json(kCompiler); }},
    {"build", "flags", [](const Session&) { return ordered_json(kBuildFlags); }},
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
  return environment.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ringside::harness
