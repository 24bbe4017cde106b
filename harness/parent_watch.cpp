#include "harness/parent_watch.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "harness/queue_places.hpp"

namespace ringside::harness {
namespace {

/// The files that may be the ring's: one of this path, or those in /dev/shm that begin with its
/// name, whoever made them.
std::vector<std::string> filesOf(const Place& ring) {
  if (!ring.path.empty()) return {ring.path};
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    const bool own = entry.path().filename().string().starts_with(ring.name);
    if (own && entry.is_regular_file(ignored)) files.push_back(entry.path().string());
  }
  return files;
}

}  // namespace

ParentWatch::~ParentWatch() {
  for (const std::span<std::byte> range : mapped_) ::munmap(range.data(), range.size());
}

/// A file that cannot be mapped here is not read by the parent; what workers read stands.
void ParentWatch::mapFile(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  struct ::stat facts = {};
  const bool known = ::fstat(descriptor, &facts) == 0 && facts.st_size > 0;
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const address =
      known ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0) : MAP_FAILED;
  ::close(descriptor);
  if (address != MAP_FAILED) mapped_.push_back({static_cast<std::byte*>(address), size});
}

/// Those that are the parent's to look at: mapped by this, or made by it and inherited.
std::vector<MemoryArea> ParentWatch::areas() const {
  RingFiles ring = ringFilesOf(ring_);
  for (const std::span<std::byte> range : mapped_) {
    for (const FileIdentity& file : filesAt(range.data(), range.size())) ring.files.push_back(file);
  }
  return ringAreas(ring);
}

void ParentWatch::lookBefore() {
  if (!isInherited(ring_.backing)) {
    for (const std::string& file : filesOf(ring_)) mapFile(file);
  }
  proof_.before = readRingMemory(areas());
  readUsage();  // what its first call touches is not to be touched while timed
}

void ParentWatch::beginTimedPhase() {
  proof_.cpu_at_start = ::sched_getcpu();
  proof_.timed = readUsage();
  began_ = std::chrono::steady_clock::now();
}

void ParentWatch::endTimedPhase() {
  const auto passed = std::chrono::steady_clock::now() - began_;
  proof_.wall_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(passed).count());
  proof_.timed = readUsage() - proof_.timed;
  cpu_at_end_ = ::sched_getcpu();
}

/// Only now may the parent touch it: pages that nobody had touched would have been taken by it.
void ParentWatch::lookAfter() {
  for (const std::span<std::byte> range : mapped_) {
    ::madvise(range.data(), range.size(), MADV_POPULATE_READ);
  }
  proof_.after = readRingMemory(areas());
}

results::ProcessReading ParentWatch::reading() const {
  results::ProcessReading reading = toReading(proof_);
  reading.name = "parent";
  reading.pid = ::getpid();
  reading.cpu_at_end = cpu_at_end_;
  return reading;
}

results::ProcessReading toReading(const Proof& proof) {
  const Usage& timed = proof.timed;
  results::ProcessReading reading{.name = {},
                                  .pid = 0,
                                  .cpu_at_start = proof.cpu_at_start,
                                  .cpu_at_end = -1,
                                  .wall_ns = proof.wall_ns,
                                  .cpu_ns = timed.cpu_ns,
                                  .minor_faults = timed.minor_faults,
                                  .major_faults = timed.major_faults,
                                  .voluntary_switches = timed.voluntary_switches,
                                  .involuntary_switches = timed.involuntary_switches,
                                  .run_delay_ns = {},
                                  .before = toReading(proof.before),
                                  .after = toReading(proof.after)};
  if (timed.run_delay_ns != kNotReported) reading.run_delay_ns = timed.run_delay_ns;
  return reading;
}

}  // namespace ringside::harness
