// What this library has made in shared memory and is still there, and taking away what no living
// process uses: for whoever cleans up after the dead. Nothing else is seen here, and nothing that
// cannot be told to be ours: memory without contents (a ShmRegion, say) is anybody's.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside {

/// By what stands in the file: a header with a checksum that fits (Ring), or one that fits the size
/// of the file (Object, MutexRing). By its name alone: what a creator left that died (Scratch), and
/// the file beside a System V segment that holds its locks (Sysv).
enum class SegmentKind : std::uint8_t { Ring, Object, MutexRing, Scratch, Sysv };

struct SegmentEntry {
  std::string name;  ///< in /dev/shm; of a file on huge pages that no name leads to, its path
  std::string path;  ///< of the name
  SegmentKind kind = SegmentKind::Ring;
  std::uint64_t bytes = 0;                        ///< of Sysv: of the segment, 0 when it is gone
  std::chrono::system_clock::time_point changed;  ///< mostly when it was made: stores do not count
  ::dev_t device = 0;                             ///< of the file, behind the link on huge pages
  ::ino_t inode = 0;
  /// A living process uses it, for all that this library's locks say. Who has mapped the file by
  /// other means holds none.
  bool in_use = false;
  /// Who is attached to a ring, by the number that its own PID namespace has for it. Others may
  /// have it open.
  std::vector<::pid_t> participants;
};

/// Every segment in /dev/shm and in the hugetlbfs mounts that this process may read, by name. It
/// looks and takes no lock. Throws std::bad_alloc only: what cannot be read is not listed.
std::vector<SegmentEntry> listSegments();

/// Takes a segment away whose file still is what the entry says. 0, or -1 with lastError: InUse
/// when a living process uses it (now), NotFound when it is gone or another is in its place,
/// PermissionDenied.
int unlinkIfUnused(const SegmentEntry& entry) noexcept;

}  // namespace ringside
