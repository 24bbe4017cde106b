// What to ask of the kernel when memory is made or opened. What it gave is asked of the mapping.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ringside {

/// `Try` takes what comes, and Mapping::pageSize() says what came; `Require` throws when base pages
/// are all there is.
enum class HugePages : std::uint8_t { Never, Try, Require };

/// Which huge pages. Default is the kernel's own ("Hugepagesize" of /proc/meminfo).
enum class HugePageSize : std::uint8_t { Default, TwoMiB, OneGiB };

/// Where pages go when there are several NUMA nodes to choose from. Bind: to these nodes only.
/// Preferred: to these as long as they have room. Interleave: to each in turn.
enum class NumaPolicy : std::uint8_t { Bind, Preferred, Interleave };

/// ReadOnly and Private open what exists and create nothing. Private is copy-on-write: what is
/// written stays in this process.
enum class Access : std::uint8_t { ReadWrite, ReadOnly, Private };

struct MemoryOptions {
  HugePages huge_pages = HugePages::Try;
  HugePageSize huge_page_size = HugePageSize::Default;
  bool prefault = false;             ///< touch every page now, so that no fault comes later
  bool lock = false;                 ///< keep it in RAM; throws when RLIMIT_MEMLOCK forbids
  std::vector<int> numa_nodes = {};  ///< before the first touch; none: as the kernel likes
  NumaPolicy numa_policy = NumaPolicy::Bind;
  Access access = Access::ReadWrite;
  ::mode_t mode =
      0600;  ///< of a new file or segment, whatever the umask; of a segment at most 0770
};

/// What memory must hold before anybody else can see it, as a ring does. Memory that has no file
/// gets one beside it, for the locks that tell who is attached.
struct Contents {
  /// Fills new, zeroed memory. What it throws undoes the creation.
  std::function<void(void* address, std::size_t size)> initialise = {};
  /// Looks at what exists, by a copy of its beginning (one base page, or less where there is less)
  /// and its size in bytes; throws to refuse it. Without one, what exists is taken as it is.
  std::function<void(std::span<const std::byte> beginning, std::size_t size)> inspect = {};

  explicit operator bool() const { return initialise != nullptr; }
};

}  // namespace ringside
