// What the kernel says about this process and machine, read by the tests themselves and not by the
// code under test.
#pragma once

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace ringside {

/// Whether this is the machine of ci/vm-test, where no test may be skipped for what it has.
inline bool inTestMachine() { return ::getenv("RINGSIDE_IN_VM") != nullptr; }

/// True for a symbolic link that leads nowhere, too.
inline bool pathExists(const std::string& path) {
  struct ::stat facts = {};
  return ::lstat(path.c_str(), &facts) == 0;
}

/// Of files whose names begin so.
inline std::size_t filesIn(const std::string& folder, const std::string& beginning = "") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(beginning)) ++count;
  }
  return count;
}

inline std::size_t openDescriptors() { return filesIn("/proc/self/fd"); }

/// The number in the first line that begins with `key`, such as "VmSize:"; 0 when there is none.
inline std::size_t numberIn(const std::string& file, const std::string& key = "") {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key))
      return std::stoull("0" + line.substr(line.find_first_of("0123456789")));
  }
  return 0;
}

/// Of the whole process.
inline std::size_t mappedBytes() { return numberIn("/proc/self/status", "VmSize:") * 1024; }

/// Whether all of the range is mapped.
inline bool isMapped(const void* address, std::size_t size) {
  std::vector<unsigned char> pages(size / static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + 1);
  return ::mincore(const_cast<void*>(address), size, pages.data()) == 0 || errno != ENOMEM;
}

/// Of System V segments that a process made and that are still there.
inline std::size_t sysvSegmentsOf(::pid_t creator) {
  std::ifstream lines("/proc/sysvipc/shm");
  std::size_t count = 0;
  lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key, id, mode, size;
    ::pid_t by = 0;
    if (words >> key >> id >> mode >> size >> by && by == creator) ++count;
  }
  return count;
}

/// What smaps says of the area that holds this byte, such as "KernelPageSize:", in bytes.
inline std::size_t smapsBytesAt(const void* address, const std::string& key) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream smaps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      here = begin <= wanted && wanted < end;
    } else if (here && line.starts_with(key)) {
      return std::stoull(line.substr(key.size())) * 1024;
    }
  }
  return 0;
}

inline std::size_t kernelPageBytesAt(const void* address) {
  return smapsBytesAt(address, "KernelPageSize:");
}

/// The NUMA node of each base page; negative for one that is not in memory. Empty where the kernel
/// knows no nodes.
inline std::vector<int> nodesOf(const void* address, std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<const void*> pages(size / page);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    pages[i] = static_cast<const std::byte*>(address) + i * page;
  }
  std::vector<int> nodes(pages.size(), -1);
  if (::syscall(SYS_move_pages, 0, pages.size(), pages.data(), nullptr, nodes.data(), 0) != 0) {
    return {};
  }
  return nodes;
}

/// The pool of reserved huge pages of 2 MiB.
struct HugePagePool {
  std::size_t total = 0;
  std::size_t free = 0;
  std::size_t promised = 0;  ///< of the free ones, to mappings that have not touched them yet

  bool operator==(const HugePagePool&) const = default;
};

inline HugePagePool hugePagePool() {
  const std::string folder = "/sys/kernel/mm/hugepages/hugepages-2048kB/";
  return {numberIn(folder + "nr_hugepages"), numberIn(folder + "free_hugepages"),
          numberIn(folder + "resv_hugepages")};
}

}  // namespace ringside
