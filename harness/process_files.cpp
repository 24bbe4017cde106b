#include "harness/process_files.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

/// Calls `use` for each entry of a folder, none when it can't be read. A process may end meanwhile.
template <class Use>
void forEachIn(const fs::path& folder, Use&& use) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    use(entry->path());
  }
}

std::vector<::pid_t> allProcesses() {
  std::vector<::pid_t> pids;
  forEachIn("/proc", [&](const fs::path& path) {
    const std::string name = path.filename().string();
    ::pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    const bool number = error == std::errc() && end == name.data() + name.size();
    if (number && pid != ::getpid()) pids.push_back(pid);
  });
  std::sort(pids.begin(), pids.end());
  return pids;
}

void addOpenFiles(const fs::path& process, std::set<FileId>& files) {
  forEachIn(process / "fd", [&](const fs::path& descriptor) {
    struct ::stat facts = {};
    if (::stat(descriptor.c_str(), &facts) == 0) files.emplace(facts.st_dev, facts.st_ino);
  });
}

/// From lines such as "7f12a000-7f13b000 rw-s 00000000 00:1a 123  /dev/shm/name".
void addMappedFiles(const fs::path& process, std::set<FileId>& files) {
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned long inode = 0;
    const int found = std::sscanf(line.c_str(), "%*s %*s %*s %x:%x %lu", &major, &minor, &inode);
    if (found == 3 && inode != 0) files.emplace(::makedev(major, minor), inode);
  }
}

}  // namespace

std::map<FileId, std::vector<::pid_t>> usersOf(const std::set<FileId>& files) {
  std::map<FileId, std::vector<::pid_t>> users;
  if (files.empty()) return users;
  for (const ::pid_t pid : allProcesses()) {
    const fs::path process = "/proc/" + std::to_string(pid);
    std::set<FileId> used;
    addOpenFiles(process, used);
    addMappedFiles(process, used);
    for (const FileId& file : used) {
      if (files.contains(file)) users[file].push_back(pid);
    }
  }
  return users;
}

}  // namespace ringside::harness
