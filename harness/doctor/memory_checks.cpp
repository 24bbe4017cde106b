// Memory: what pages a queue can get, and how much of them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "harness/cgroup_limits.hpp"
#include "harness/doctor/check.hpp"
#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kThp = "/sys/kernel/mm/transparent_hugepage/enabled";
constexpr const char* kShmemThp = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
constexpr std::uint64_t kMiB = 1 << 20;
/// What the largest shipped suites want at once, and below which even small cells are skipped.
constexpr std::uint64_t kComfortableBytes = 256 * kMiB;
constexpr std::uint64_t kSmallestBytes = 8 * kMiB;
constexpr int kCapIpcLock = 14;  // linux/capability.h

std::string bytesText(std::uint64_t bytes) { return formatBytes(static_cast<double>(bytes)); }

Observation lookAtThp(const Host& host) {
  const auto chosen = host.files.chosen(kThp);
  if (!chosen) return unreadable(kThp);
  if (*chosen == "madvise") return {Verdict::Ok, *chosen};
  return {Verdict::Warn, *chosen == "always"
                             ? "always: who asks for base pages may get huge ones, and later"
                             : *chosen + ": who asks for huge pages gets base pages"};
}

Observation lookAtShmemThp(const Host& host) {
  const auto chosen = host.files.chosen(kShmemThp);
  if (!chosen) return unreadable(kShmemThp);
  if (*chosen == "advise") return {Verdict::Ok, *chosen};
  const bool too_many = *chosen == "always" || *chosen == "force" || *chosen == "within_size";
  return {Verdict::Warn, *chosen + (too_many ? ": who asks for base pages may get huge ones"
                                             : ": queues in /dev/shm get base pages")};
}

Observation lookAtHugePages(const Host& host) {
  std::vector<std::string> pools;
  std::vector<std::string> empty;
  for (const int node : numaNodes(host.files)) {
    const std::string folder =
        fmt::format("/sys/devices/system/node/node{}/hugepages/hugepages-2048kB", node);
    const auto total = host.files.number(folder + "/nr_hugepages");
    const auto free = host.files.number(folder + "/free_hugepages");
    if (!total || !free) continue;
    pools.push_back(fmt::format("node {}: {} of {} free", node, *free, *total));
    if (*free == 0) empty.push_back(fmt::format("echo 64 > {}/nr_hugepages", folder));
  }
  if (pools.empty()) return {Verdict::Unknown, "no pools of 2 MiB pages are to be seen"};
  const std::string seen = fmt::format("2 MiB, {}", fmt::join(pools, "; "));
  if (empty.empty()) return {Verdict::Ok, seen};
  return {Verdict::Warn, seen,
          fmt::format("ringside doctor --apply, or: {}", fmt::join(empty, "; "))};
}

/// The soft limit of the line "Max locked memory  8388608  8388608  bytes".
std::optional<std::string> lockLimitOf(const SystemFiles& files) {
  std::istringstream lines(files.text("/proc/self/limits").value_or(""));
  constexpr std::string_view kKey = "Max locked memory";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kKey)) continue;
    std::istringstream words(line.substr(kKey.size()));
    std::string soft;
    if (words >> soft) return soft;
  }
  return std::nullopt;
}

bool mayLockAnything(const SystemFiles& files) {
  const auto capabilities = files.valueOf("/proc/self/status", "CapEff");
  if (!capabilities) return false;
  return (std::strtoull(capabilities->c_str(), nullptr, 16) >> kCapIpcLock & 1) != 0;
}

Observation lookAtLockLimit(const Host& host) {
  if (mayLockAnything(host.files)) return {Verdict::Ok, "none: CAP_IPC_LOCK"};
  const auto limit = lockLimitOf(host.files);
  if (!limit) return unreadable("/proc/self/limits");
  if (*limit == "unlimited") return {Verdict::Ok, *limit};
  const std::uint64_t bytes = std::strtoull(limit->c_str(), nullptr, 10);
  if (bytes >= kComfortableBytes) return {Verdict::Ok, bytesText(bytes)};
  return {bytes == 0 ? Verdict::Fail : Verdict::Warn, bytesText(bytes)};
}

Observation lookAtSharedMemory(const Host& host) {
  if (!host.shm) return {Verdict::Fail, "there is no /dev/shm"};
  const std::uint64_t total = host.shm->total_bytes;
  if (total == 0) return {Verdict::Ok, "without a limit"};
  const std::string seen =
      fmt::format("{}, {} of it free", bytesText(total), bytesText(host.shm->free_bytes));
  if (host.shm->free_bytes < kSmallestBytes) return {Verdict::Fail, seen};
  return {host.shm->free_bytes < kComfortableBytes ? Verdict::Warn : Verdict::Ok, seen};
}

Observation lookAtMemoryLimit(const Host& host) {
  const CgroupLimits limits = cgroupLimits(host.files);
  if (!limits.readable) return {Verdict::Unknown, "no control group is to be seen"};
  if (!limits.memory_bytes) return {Verdict::Ok, "none"};
  const std::string seen = bytesText(*limits.memory_bytes);
  if (*limits.memory_bytes < 8 * kSmallestBytes) return {Verdict::Fail, seen};
  return {*limits.memory_bytes < 4 * kComfortableBytes ? Verdict::Warn : Verdict::Ok, seen};
}

std::optional<std::uint64_t> kibibytesOf(const Host& host, const char* key) {
  const auto value = host.files.valueOf("/proc/meminfo", key);
  if (!value) return std::nullopt;
  return std::strtoull(value->c_str(), nullptr, 10);
}

Observation lookAtFreeMemory(const Host& host) {
  const auto total = kibibytesOf(host, "MemTotal");
  const auto available = kibibytesOf(host, "MemAvailable");
  if (!total || !available) return unreadable("/proc/meminfo");
  const std::string seen =
      fmt::format("{} of {} available", bytesText(*available * 1024), bytesText(*total * 1024));
  if (*available * 1024 < 8 * kSmallestBytes) return {Verdict::Fail, seen};
  return {*available < *total / 10 ? Verdict::Warn : Verdict::Ok, seen};
}

Observation lookAtSwap(const Host& host) {
  const auto total = kibibytesOf(host, "SwapTotal");
  const auto free = kibibytesOf(host, "SwapFree");
  if (!total || !free) return unreadable("/proc/meminfo");
  if (*total == 0) return {Verdict::Ok, "none"};
  const std::uint64_t used = *total - std::min(*free, *total);
  return {used == 0 ? Verdict::Ok : Verdict::Warn,
          fmt::format("{} of {} in use", bytesText(used * 1024), bytesText(*total * 1024))};
}

Observation lookAtNumaBalancing(const Host& host) {
  const std::size_t nodes = numaNodes(host.files).size();
  const auto value = host.files.line("/proc/sys/kernel/numa_balancing");
  if (nodes == 1) return {Verdict::Ok, "one node: it has nothing to move"};
  if (!value) return unreadable("/proc/sys/kernel/numa_balancing");
  if (*value == "0") return {Verdict::Ok, fmt::format("off, {} nodes", nodes)};
  return {Verdict::Warn, fmt::format("on, {} nodes", nodes)};
}

constexpr Check kChecks[] = {
    {"transparent_huge_pages",
     "what a cell asks for and what it gets differ, or change while it runs",
     "ringside doctor --apply, or: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled",
     nullptr, lookAtThp},
    {"shmem_enabled", "it decides on huge pages for what lies in /dev/shm",
     "ringside doctor --apply, or: echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled",
     nullptr, lookAtShmemThp},
    {"huge_page_pools", "cells that require huge pages are skipped on a node without free ones",
     "use a kernel with huge pages of 2 MiB (CONFIG_HUGETLBFS)", nullptr, lookAtHugePages},
    {"memlock_limit", "cells that lock their memory are skipped beyond it",
     "ulimit -l unlimited, as root before ringside; for good in /etc/security/limits.conf",
     "whoever starts the container: docker run --ulimit memlock=-1", lookAtLockLimit},
    {"dev_shm", "queues lie there; what does not fit is skipped",
     "mount -o remount,size=1G /dev/shm, or make room: ringside clean",
     "whoever starts the container: docker run --shm-size=1g", lookAtSharedMemory},
    {"cgroup_memory", "beyond it a worker is killed, and /dev/shm counts",
     "raise memory.max of the control group, as with systemd-run -p MemoryMax=infinity",
     "whoever starts the container: docker run --memory=4g", lookAtMemoryLimit},
    {"free_memory", "when it is short, the kernel takes pages away while something is measured",
     "as any user: end what needs it", "as any user: end what needs it", lookAtFreeMemory},
    {"swap", "a page that comes back from a disk takes milliseconds", "swapoff -a", nullptr,
     lookAtSwap},
    {"numa_balancing", "the kernel moves pages between nodes, and unmaps them to see who uses them",
     "echo 0 > /proc/sys/kernel/numa_balancing", nullptr, lookAtNumaBalancing},
};

}  // namespace

std::span<const Check> memoryChecks() { return kChecks; }

}  // namespace ringside::harness
