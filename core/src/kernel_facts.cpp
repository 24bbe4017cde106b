#include "kernel_facts.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "ringside/error.hpp"

namespace ringside {
namespace {

struct Area {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

/// True for a line such as "7f12a000-7f13b000 rw-p …", which begins an area in smaps.
bool parseArea(const std::string& line, Area& area) {
  unsigned long begin = 0;
  unsigned long end = 0;
  if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) != 2) return false;
  area = {begin, end};
  return true;
}

/// The value in bytes of a line such as "Locked:   16 kB", when it is the line of `key`.
bool parseKilobytes(const std::string& line, const char* key, std::size_t& bytes) {
  std::istringstream words(line);
  std::string name;
  std::size_t kilobytes = 0;
  if (!(words >> name >> kilobytes) || name != key) return false;
  bytes = kilobytes * 1024;
  return true;
}

void addLine(const std::string& line, std::size_t overlap, RangeFacts& facts) {
  std::size_t bytes = 0;
  if (parseKilobytes(line, "KernelPageSize:", bytes)) {
    facts.kernel_page_size_bytes =
        facts.kernel_page_size_bytes == 0 ? bytes : std::min(facts.kernel_page_size_bytes, bytes);
  } else if (parseKilobytes(line, "Rss:", bytes)) {
    facts.resident_bytes += std::min(bytes, overlap);
  } else if (parseKilobytes(line, "AnonHugePages:", bytes) ||
             parseKilobytes(line, "ShmemPmdMapped:", bytes)) {
    facts.huge_bytes += std::min(bytes, overlap);
  } else if (parseKilobytes(line, "Locked:", bytes)) {
    facts.locked_bytes += std::min(bytes, overlap);
  }
}

}  // namespace

RangeFacts rangeFacts(const void* address, std::size_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t end = begin + size;
  std::ifstream smaps("/proc/self/smaps");
  RangeFacts facts;
  std::size_t overlap = 0;
  Area area;
  for (std::string line; std::getline(smaps, line);) {
    if (parseArea(line, area)) {
      const std::uintptr_t first = std::max(area.begin, begin);
      const std::uintptr_t last = std::min(area.end, end);
      overlap = first < last ? last - first : 0;
    } else if (overlap > 0) {
      addLine(line, overlap, facts);
    }
  }
  return facts;
}

std::size_t basePageBytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::size_t hugePageBytes() {
  std::ifstream meminfo("/proc/meminfo");
  std::size_t bytes = 0;
  for (std::string line; std::getline(meminfo, line);) {
    if (parseKilobytes(line, "Hugepagesize:", bytes)) return bytes;
  }
  return 0;
}

bool shmemTakesHugePages() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
  std::string choices;
  std::getline(file, choices);
  for (const char* taken : {"[always]", "[within_size]", "[advise]", "[force]"}) {
    if (choices.find(taken) != std::string::npos) return true;
  }
  return false;
}

std::size_t roundUp(std::size_t size, std::size_t page) {
  std::size_t rounded = 0;
  if (__builtin_add_overflow(size, page - 1, &rounded)) {
    throwError(Errc::InvalidParam, "a size of " + std::to_string(size) + " bytes is too large");
  }
  return rounded / page * page;
}

}  // namespace ringside
