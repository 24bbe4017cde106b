// What a process reads of itself and of the ring's memory before and after the timed phase. Plain
// numbers, for workers leave them in shared memory. Control plane: each reading takes from some
// microseconds (Usage) to some milliseconds (the memory).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "results/process_reading.hpp"

namespace ringside::harness {

constexpr std::size_t kMaxReportedNodes = 64;
constexpr std::uint64_t kNotReported = ~0ULL;

/// What this thread has used since it began: getrusage(2), CLOCK_THREAD_CPUTIME_ID and
/// /proc/thread-self/schedstat; most workers have but one. Of a difference, what was used in
/// between.
struct Usage {
  std::uint64_t cpu_ns = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  std::uint64_t run_delay_ns = 0;  ///< kNotReported where the kernel keeps no such count
};
Usage readUsage() noexcept;
Usage operator-(const Usage& after, const Usage& before) noexcept;

/// Which file lies behind a mapping, as /proc/self/maps names it. That is the same in every process
/// that shares it, also where stat(2) says otherwise (overlayfs) and where there is no name at all.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

/// One line of /proc/self/maps.
struct MemoryArea {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool is_writable = false;
  FileIdentity file;
  std::string path;  ///< as the kernel shows it; empty for private memory
};
std::vector<MemoryArea> areasOfThisProcess();

/// By what the memory of a ring is known: files whose last part begins with a name, and files
/// without one by their identity.
struct RingFiles {
  std::string name;
  std::vector<FileIdentity> files;
};
/// Where this process has the ring mapped; empty when it is not made of mapped memory.
std::vector<MemoryArea> ringAreas(const RingFiles& ring);
/// What lies behind `address` in this process; nothing where nothing shared is mapped.
std::vector<FileIdentity> filesAt(const void* address, std::size_t size);

/// What a mapping is made of, by the path that the kernel shows: "posix_shm", "memfd", "anon",
/// "sysv", "file", or "hugetlbfs" for a file on huge pages.
std::string_view backingOf(const std::string& path, std::uint64_t page_size_bytes);

/// The ring in one process, at one moment.
struct RingMemory {
  std::uint64_t mapped_bytes = 0;
  std::uint64_t page_size_bytes = 0;  ///< the largest of its areas; 0 when none is mapped
  std::uint64_t locked_bytes = 0;
  std::uint64_t node_pages[kMaxReportedNodes] = {};  ///< base pages mapped in this process
  char backing[16] = {};                             ///< of backingOf()
};
RingMemory readRingMemory(const std::vector<MemoryArea>& areas);

/// All that one process proves.
struct Proof {
  int cpu_at_start = -1;
  std::uint64_t wall_ns = 0;
  Usage timed;  ///< in the timed phase
  RingMemory before;
  RingMemory after;
};

results::MemoryReading toReading(const RingMemory& memory);

}  // namespace ringside::harness
