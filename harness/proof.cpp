#include "harness/proof.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>

#include "ringside/mapping.hpp"

namespace ringside::harness {
namespace {

/// The second number of /proc/thread-self/schedstat; all three are 0 where the kernel counts
/// nothing.
std::uint64_t readRunDelayNs() noexcept {
  const int descriptor = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return kNotReported;
  char text[96] = {};
  const ::ssize_t length = ::read(descriptor, text, sizeof text - 1);
  ::close(descriptor);
  std::uint64_t ran_ns = 0;
  std::uint64_t delay_ns = 0;
  std::uint64_t slices = 0;
  const bool whole = length > 0 && std::sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &ran_ns,
                                               &delay_ns, &slices) == 3;
  return whole && slices > 0 ? delay_ns : kNotReported;
}

/// "7f12a000-7f13b000 rw-s 00000000 00:19 1234   /dev/shm/name (deleted)"
bool parseMapsLine(const std::string& line, MemoryArea& area) {
  unsigned long begin = 0;
  unsigned long end = 0;
  char access[5] = {};
  unsigned long offset = 0;
  unsigned device_major = 0;
  unsigned device_minor = 0;
  unsigned long inode = 0;
  int path_at = 0;
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %lx %x:%x %lu %n", &begin, &end, access, &offset,
                  &device_major, &device_minor, &inode, &path_at) < 7) {
    return false;
  }
  area = {.begin = begin,
          .end = end,
          .is_writable = access[1] == 'w',
          .file = {::makedev(device_major, device_minor), inode},
          .path = path_at > 0 ? line.substr(static_cast<std::size_t>(path_at)) : ""};
  return true;
}

/// The last part of the path begins with the name, and it goes on as names of segments do: it may
/// be unlinked by now, and on reserved huge pages the file has a suffix.
bool isOf(const std::string& path, const std::string& name) {
  const std::size_t at = name.empty() ? std::string::npos : path.rfind("/" + name);
  if (at == std::string::npos) return false;
  const char after = path.c_str()[at + 1 + name.size()];
  return after == '\0' || after == '.' || after == ' ' || after == '_';  // one of two rings
}

}  // namespace

Usage readUsage() noexcept {
  ::rusage used = {};
  ::getrusage(RUSAGE_THREAD, &used);
  ::timespec cpu = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  return {.cpu_ns = static_cast<std::uint64_t>(cpu.tv_sec) * 1'000'000'000 +
                    static_cast<std::uint64_t>(cpu.tv_nsec),
          .minor_faults = static_cast<std::uint64_t>(used.ru_minflt),
          .major_faults = static_cast<std::uint64_t>(used.ru_majflt),
          .voluntary_switches = static_cast<std::uint64_t>(used.ru_nvcsw),
          .involuntary_switches = static_cast<std::uint64_t>(used.ru_nivcsw),
          .run_delay_ns = readRunDelayNs()};
}

Usage operator-(const Usage& after, const Usage& before) noexcept {
  const bool known = after.run_delay_ns != kNotReported && before.run_delay_ns != kNotReported;
  return {.cpu_ns = after.cpu_ns - before.cpu_ns,
          .minor_faults = after.minor_faults - before.minor_faults,
          .major_faults = after.major_faults - before.major_faults,
          .voluntary_switches = after.voluntary_switches - before.voluntary_switches,
          .involuntary_switches = after.involuntary_switches - before.involuntary_switches,
          .run_delay_ns = known ? after.run_delay_ns - before.run_delay_ns : kNotReported};
}

std::vector<MemoryArea> areasOfThisProcess() {
  std::vector<MemoryArea> areas;
  std::ifstream maps("/proc/self/maps");
  MemoryArea area;
  for (std::string line; std::getline(maps, line);) {
    if (parseMapsLine(line, area)) areas.push_back(area);
  }
  return areas;
}

std::vector<MemoryArea> ringAreas(const RingFiles& ring) {
  std::vector<MemoryArea> areas = areasOfThisProcess();
  std::erase_if(areas, [&](const MemoryArea& area) {
    const bool known = area.file.inode != 0 && std::find(ring.files.begin(), ring.files.end(),
                                                         area.file) != ring.files.end();
    return !known && !isOf(area.path, ring.name);
  });
  return areas;
}

std::vector<FileIdentity> filesAt(const void* address, std::size_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  std::vector<FileIdentity> files;
  for (const MemoryArea& area : areasOfThisProcess()) {
    const bool meets = area.begin < begin + size && begin < area.end && area.file.inode != 0;
    if (meets && std::find(files.begin(), files.end(), area.file) == files.end()) {
      files.push_back(area.file);
    }
  }
  return files;
}

std::string_view backingOf(const std::string& path, std::uint64_t page_size_bytes) {
  if (path.starts_with("/dev/shm/")) return "posix_shm";
  if (path.starts_with("/memfd:")) return "memfd";
  if (path.starts_with("/SYSV")) return "sysv";
  if (path.starts_with("/dev/zero") || path.starts_with("/anon_hugepage")) return "anon";
  const auto base_page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return page_size_bytes > base_page ? "hugetlbfs" : "file";
}

RingMemory readRingMemory(const std::vector<MemoryArea>& areas) {
  RingMemory ring;
  for (const MemoryArea& area : areas) {
    const std::size_t size = area.end - area.begin;
    const MemoryFacts facts = memoryFacts(reinterpret_cast<const void*>(area.begin), size);
    ring.mapped_bytes += size;
    ring.page_size_bytes = std::max<std::uint64_t>(ring.page_size_bytes, facts.page_size_bytes);
    ring.locked_bytes += facts.locked_bytes;
    for (const auto& [node, pages] : facts.node_pages) {
      if (static_cast<std::size_t>(node) < kMaxReportedNodes) ring.node_pages[node] += pages;
    }
    const std::string_view backing = backingOf(area.path, facts.page_size_bytes);
    backing.copy(ring.backing, sizeof ring.backing - 1);
  }
  return ring;
}

results::MemoryReading toReading(const RingMemory& memory) {
  results::MemoryReading reading{.page_size_bytes = memory.page_size_bytes,
                                 .locked_bytes = memory.locked_bytes,
                                 .node_pages = {}};
  for (std::size_t node = 0; node < kMaxReportedNodes; ++node) {
    if (memory.node_pages[node] > 0) {
      reading.node_pages[static_cast<int>(node)] = memory.node_pages[node];
    }
  }
  return reading;
}

}  // namespace ringside::harness
