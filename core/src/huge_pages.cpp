// Which huge pages this kernel has, and where files of them can be made.
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "kernel_facts.hpp"

namespace ringside {
namespace {

constexpr std::size_t kTwoMiB = std::size_t{2} << 20;
constexpr std::size_t kOneGiB = std::size_t{1} << 30;

/// The default size of the kernel: "Hugepagesize" of /proc/meminfo.
std::size_t defaultBytes() {
  std::ifstream meminfo("/proc/meminfo");
  std::size_t kilobytes = 0;
  for (std::string name; meminfo >> name;) {
    if (name == "Hugepagesize:" && meminfo >> kilobytes) return kilobytes * 1024;
    meminfo.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

/// The kernel has a folder for each size that it knows.
bool kernelHas(std::size_t page_bytes) {
  const std::string folder =
      "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(page_bytes / 1024) + "kB";
  return ::access(folder.c_str(), F_OK) == 0;
}

/// /proc/mounts writes a blank in a path as \040, and so on.
std::string decodeMountPath(const std::string& path) {
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 3 < path.size()) {
      decoded += static_cast<char>(std::stoi(path.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      decoded += path[i];
    }
  }
  return decoded;
}

std::size_t pageBytesOf(const struct ::statfs& facts) {
  return facts.f_type == HUGETLBFS_MAGIC ? static_cast<std::size_t>(facts.f_bsize) : 0;
}

}  // namespace

std::size_t transparentHugePageBytes() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
  std::size_t bytes = 0;
  file >> bytes;
  return bytes;
}

std::size_t hugePageBytes(HugePageSize size) {
  const std::size_t bytes = size == HugePageSize::TwoMiB   ? kTwoMiB
                            : size == HugePageSize::OneGiB ? kOneGiB
                                                           : defaultBytes();
  return kernelHas(bytes) ? bytes : 0;
}

std::vector<HugePageFolder> hugePageFolders() {
  std::vector<HugePageFolder> folders;
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device;
    std::string path;
    std::string type;
    if (!(words >> device >> path >> type) || type != "hugetlbfs") continue;
    path = decodeMountPath(path);
    const std::size_t page_bytes = hugePageBytesOf(path);
    if (page_bytes > 0) folders.push_back({path, page_bytes});
  }
  return folders;
}

std::size_t hugePageBytesOf(int descriptor) {
  struct ::statfs facts = {};
  return ::fstatfs(descriptor, &facts) == 0 ? pageBytesOf(facts) : 0;
}

bool isInMemory(int descriptor) {
  struct ::statfs facts = {};
  return ::fstatfs(descriptor, &facts) == 0 &&
         (facts.f_type == TMPFS_MAGIC || facts.f_type == HUGETLBFS_MAGIC);
}

std::size_t hugePageBytesOf(const std::string& path) {
  struct ::statfs facts = {};
  return ::statfs(path.c_str(), &facts) == 0 ? pageBytesOf(facts) : 0;
}

}  // namespace ringside
