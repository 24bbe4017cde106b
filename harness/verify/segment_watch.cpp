#include "harness/verify/segment_watch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace ringside::harness {

SegmentWatch::SegmentWatch(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) continue;
    struct ::stat facts = {};
    void* memory = MAP_FAILED;
    if (::fstat(descriptor, &facts) == 0 && facts.st_size > 0) {
      memory = ::mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_SHARED,
                      descriptor, 0);
    }
    ::close(descriptor);
    if (memory == MAP_FAILED) continue;
    const auto* const bytes = static_cast<const std::byte*>(memory);
    all_.push_back({bytes, {bytes, bytes + facts.st_size}});
  }
}

SegmentWatch::~SegmentWatch() {
  for (const Watched& one : all_) {
    ::munmap(const_cast<std::byte*>(one.memory), one.before.size());
  }
}

bool SegmentWatch::hasChanged() {
  bool changed = false;
  for (Watched& one : all_) {
    if (std::memcmp(one.memory, one.before.data(), one.before.size()) == 0) continue;
    std::memcpy(one.before.data(), one.memory, one.before.size());
    changed = true;
  }
  return changed;
}

}  // namespace ringside::harness
