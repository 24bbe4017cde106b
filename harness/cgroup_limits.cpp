#include "harness/cgroup_limits.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace ringside::harness {
namespace {

/// Of version 1, "no limit" is the largest number of pages.
constexpr std::uint64_t kNoMemoryLimit = std::uint64_t{1} << 60;

/// A line of /proc/self/cgroup, "4:memory:/path"; version 2 has "0::/path".
struct Membership {
  std::string controllers;
  std::string path;
};

std::vector<Membership> membershipsIn(const std::string& text) {
  std::vector<Membership> memberships;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    memberships.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return memberships;
}

bool hasController(const Membership& membership, std::string_view controller) {
  std::istringstream names(membership.controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == controller) return true;
  }
  return false;
}

/// The folder of a group and those of all around it. In a container the path may be the host's, and
/// only the outermost folder exists.
std::vector<std::string> foldersUpFrom(const std::string& mount, std::string path) {
  std::vector<std::string> folders;
  while (path.size() > 1) {
    folders.push_back(mount + path);
    path.resize(path.rfind('/'));
  }
  folders.push_back(mount);
  return folders;
}

template <class Value>
void tighten(std::optional<Value>& limit, Value value) {
  limit = limit ? std::min(*limit, value) : value;
}

/// "max 100000" or "150000 100000".
void readCpuMax(const SystemFiles& files, const std::string& folder, CgroupLimits& limits) {
  const std::optional<std::string> line = files.line(folder + "/cpu.max");
  if (!line) return;
  limits.readable = true;
  std::istringstream words(*line);
  double quota = 0;
  double period = 0;
  if (words >> quota >> period && period > 0) tighten(limits.cpus, quota / period);
}

void readCpuQuota(const SystemFiles& files, const std::string& folder, CgroupLimits& limits) {
  const std::optional<std::string> quota = files.line(folder + "/cpu.cfs_quota_us");
  if (!quota) return;
  limits.readable = true;
  const std::optional<std::uint64_t> quota_us = files.number(folder + "/cpu.cfs_quota_us");
  const std::optional<std::uint64_t> period_us = files.number(folder + "/cpu.cfs_period_us");
  if (!quota_us || !period_us || *period_us == 0) return;  // "-1" is no limit
  tighten(limits.cpus, static_cast<double>(*quota_us) / static_cast<double>(*period_us));
}

void readMemory(const SystemFiles& files, const std::string& file, CgroupLimits& limits) {
  const std::optional<std::string> line = files.line(file);
  if (!line) return;
  limits.readable = true;
  const std::optional<std::uint64_t> bytes = files.number(file);  // "max" is no limit
  if (bytes && *bytes < kNoMemoryLimit) tighten(limits.memory_bytes, *bytes);
}

void readVersion2(const SystemFiles& files, const std::string& path, CgroupLimits& limits) {
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    for (const std::string& folder : foldersUpFrom(mount, path)) {
      readCpuMax(files, folder, limits);
      readMemory(files, folder + "/memory.max", limits);
    }
  }
}

void readVersion1(const SystemFiles& files, const Membership& membership, CgroupLimits& limits) {
  if (hasController(membership, "cpu")) {
    for (const std::string& name : {std::string("cpu"), membership.controllers}) {
      for (const std::string& folder : foldersUpFrom("/sys/fs/cgroup/" + name, membership.path)) {
        readCpuQuota(files, folder, limits);
      }
    }
  }
  if (!hasController(membership, "memory")) return;
  for (const std::string& folder : foldersUpFrom("/sys/fs/cgroup/memory", membership.path)) {
    readMemory(files, folder + "/memory.limit_in_bytes", limits);
  }
}

}  // namespace

CgroupLimits cgroupLimits(const SystemFiles& files) {
  CgroupLimits limits;
  for (const Membership& membership : membershipsIn(files.text("/proc/self/cgroup").value_or(""))) {
    if (membership.controllers.empty()) {
      readVersion2(files, membership.path, limits);
    } else {
      readVersion1(files, membership, limits);
    }
  }
  return limits;
}

std::string containerKind(const SystemFiles& files) {
  if (files.exists("/.dockerenv")) return "docker";
  if (files.exists("/run/.containerenv")) return "podman";
  const std::string groups = files.text("/proc/1/cgroup").value_or("");
  for (const char* kind : {"docker", "kubepods", "lxc", "libpod"}) {
    if (groups.find(kind) == std::string::npos) continue;
    return kind == std::string_view("kubepods") ? "kubernetes" : kind;
  }
  const std::string environment = files.text("/proc/1/environ").value_or("");
  return environment.find("container=") == std::string::npos ? "" : "container";
}

}  // namespace ringside::harness
