#include "kernel_facts.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

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

/// What smaps says of one area, as far as it is read here.
struct AreaFacts {
  std::size_t page_bytes = 0;
  std::size_t resident_bytes = 0;
  std::size_t huge_bytes = 0;  ///< transparent ones
};

void readLine(const std::string& line, AreaFacts& area) {
  std::size_t bytes = 0;
  if (parseKilobytes(line, "KernelPageSize:", bytes)) {
    area.page_bytes = bytes;
  } else if (parseKilobytes(line, "Rss:", bytes) ||
             parseKilobytes(line, "Private_Hugetlb:", bytes) ||
             parseKilobytes(line, "Shared_Hugetlb:", bytes)) {  // Rss leaves reserved ones out
    area.resident_bytes += bytes;
  } else if (parseKilobytes(line, "AnonHugePages:", bytes) ||
             parseKilobytes(line, "ShmemPmdMapped:", bytes)) {
    area.huge_bytes += bytes;
  }
}

/// Adds an area that shares `overlap` bytes with the range. The kernel joins neighbouring areas, so
/// it may be larger: then only what holds for all of it holds for the part.
void addArea(const AreaFacts& area, std::size_t overlap, bool locked, RangeFacts& facts) {
  const bool first = facts.kernel_page_size_bytes == 0;
  facts.kernel_page_size_bytes =
      first ? area.page_bytes : std::min(facts.kernel_page_size_bytes, area.page_bytes);
  facts.resident_bytes += std::min(area.resident_bytes, overlap);
  const bool all_huge = area.huge_bytes == area.resident_bytes;
  if (all_huge || area.resident_bytes <= overlap) {
    facts.huge_bytes += std::min(area.huge_bytes, overlap);
  }
  // Not "Locked:", which is a share where other processes map the same pages. Reserved huge pages
  // never leave RAM, and the kernel does not mark them.
  if (locked || area.page_bytes > basePageBytes())
    facts.locked_bytes += std::min(area.resident_bytes, overlap);
}

/// Whether any page of the range is in memory.
bool anyResident(const void* address, std::size_t size) {
  std::vector<unsigned char> pages((size + basePageBytes() - 1) / basePageBytes());
  if (::mincore(const_cast<void*>(address), size, pages.data()) != 0) return true;  // not known
  return std::any_of(pages.begin(), pages.end(),
                     [](unsigned char page) { return (page & 1) != 0; });
}

}  // namespace

RangeFacts rangeFacts(const void* address, std::size_t size) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t end = begin + size;
  std::ifstream smaps("/proc/self/smaps");
  RangeFacts facts;
  std::size_t overlap = 0;
  Area area;
  AreaFacts area_facts;
  for (std::string line; std::getline(smaps, line);) {
    if (parseArea(line, area)) {
      const std::uintptr_t first = std::max(area.begin, begin);
      const std::uintptr_t last = std::min(area.end, end);
      overlap = first < last ? last - first : 0;
      area_facts = {};
    } else if (overlap > 0 && line.starts_with("VmFlags:")) {  // the last line of an area
      addArea(area_facts, overlap, line.find(" lo") != std::string::npos, facts);
    } else if (overlap > 0) {
      readLine(line, area_facts);
    }
  }
  if (facts.huge_bytes > 0 && !anyResident(address, size)) facts.huge_bytes = 0;
  if (facts.kernel_page_size_bytes == 0) facts.kernel_page_size_bytes = basePageBytes();
  return facts;
}

std::size_t basePageBytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

std::size_t roundUp(std::size_t size, std::size_t page) {
  std::size_t rounded = 0;
  if (__builtin_add_overflow(size, page - 1, &rounded)) {
    throwError(Errc::InvalidParam, "a size of " + std::to_string(size) + " bytes is too large");
  }
  return rounded / page * page;
}

}  // namespace ringside
