// One mapped range of memory: the mechanism that every kind of memory shares. RAII, move-only, and
// it says what the kernel really gave: page size, locked bytes, NUMA nodes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ringside/error.hpp"
#include "ringside/memory_options.hpp"
#include "ringside/process_mark.hpp"

namespace ringside {

/// How the memory will be used, as madvise(2) takes it. DontNeed gives the pages back: private
/// anonymous memory reads as zero after it, a private mapping as what it was made of; shared memory
/// and files keep their contents.
enum class Advice : std::uint8_t { Normal, Sequential, Random, WillNeed, DontNeed, HugePage };

/// Binds [address, address + size) to one NUMA node and moves pages that are in memory, whoever
/// touched them. Huge pages are all taken now: a node without free ones is an error and no SIGBUS
/// later. 0, or -1 with lastError: InvalidParam for a node that this process may not use or that
/// has no memory, OutOfMemory for huge pages that are not free there.
int mbind(void* address, std::size_t size, int node) noexcept;
/// The same for several nodes. Bind fails with TemporaryError when a page could not be moved;
/// Interleave spreads the pages that were touched as well.
int mbind(void* address, std::size_t size, const std::vector<int>& nodes,
          NumaPolicy policy) noexcept;
/// Keeps the range in RAM. 0, or -1 with lastError (OutOfMemory or PermissionDenied: raise
/// `ulimit -l` or grant CAP_IPC_LOCK).
int mlock(void* address, std::size_t size) noexcept;

/// What the kernel says about a mapped range of this process.
struct MemoryFacts {
  /// From smaps: a transparent huge page counts only when all that is resident is made of them.
  std::size_t page_size_bytes = 0;
  std::size_t locked_bytes = 0;
  /// Resident base pages on each NUMA node; empty where the kernel has no NUMA.
  std::map<int, std::uint64_t> node_pages;
};
MemoryFacts memoryFacts(const void* address, std::size_t size);

/// A kind of page to try: base pages, or reserved huge ones (hugetlb).
struct PageKind {
  std::size_t bytes = 0;
  bool huge = false;
};

struct GuardedRange;

/// Any memory of this library, whatever it is made of. Not made by itself: LocalMem and its like
/// (backings.hpp) make one, and may be moved into one.
class Mapping {
 public:
  Mapping(Mapping&& other) noexcept : state_(std::exchange(other.state_, {})) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping() { reset(); }

  /// The byte at `offset`. Throws std::runtime_error when nothing is mapped (moved from), and
  /// std::out_of_range when offset is not in [0, size()). Writing to ReadOnly memory is a SIGSEGV.
  void* get(std::size_t offset = 0);
  const void* get(std::size_t offset = 0) const;

  /// Bytes mapped: what was asked, rounded up to the page size.
  std::size_t size() const noexcept { return state_.size; }

  /// Each 0, or -1 with lastError.
  int mbind(int node) noexcept;
  int mbind(const std::vector<int>& nodes, NumaPolicy policy) noexcept;
  int mlock() noexcept;
  int advise(Advice advice) noexcept;
  /// Touches every page: for writing, or for reading where the memory is ReadOnly or Private.
  int prefault() noexcept;

  /// Makes it `size` bytes, rounded up. It may move: every pointer from get() is void. A file
  /// behind it grows with it and never shrinks, for others may have it mapped; they see the new
  /// end once they resize too. 0, or -1 with lastError; then size() and contents are as they were,
  /// but it may have moved, and the file behind it may have grown:
  /// OperationFailed for memory that the kernel can't make larger (shared anonymous, SysV, huge
  /// pages without a file), InvalidParam for 0 or more than a ReadOnly or Private file has,
  /// OutOfMemory.
  int resize(std::size_t size) noexcept;

  /// The page size the kernel uses here, in bytes; 0 when nothing is mapped.
  std::size_t pageSize() const;
  /// Bytes of it that are locked in RAM.
  std::size_t lockedBytes() const;
  /// Resident base pages on each NUMA node.
  std::map<int, std::uint64_t> nodePages() const;

  /// True when this object made the memory, false when it opened what existed.
  bool created() const noexcept { return state_.created; }
  /// The file behind it, or the one beside it (see Contents): its locks tell who is alive. -1 where
  /// there is none. Valid as long as this object.
  int descriptor() const noexcept { return state_.descriptor; }
  /// Whether the file behind it ended where this process touched it: see truncation_guard.hpp.
  bool truncated() const noexcept { return truncation()->load(std::memory_order_acquire); }
  /// The same as a place to look at, as long as this object.
  const std::atomic<bool>* truncation() const noexcept;
  /// In use by this process, until a truncation or a fork.
  ProcessMark mark() const noexcept;
  /// After a fork: a file description of this process's own, for the inherited one, with its locks,
  /// is the parent's too. Throws std::system_error.
  void reopen();

 protected:
  enum class Growth : std::uint8_t { Never, Anonymous, WithFile };
  struct State {
    void* address = nullptr;
    std::size_t size = 0;
    std::size_t page = 0;  ///< size is a multiple of it
    int descriptor = -1;
    bool created = false;
    Growth growth = Growth::Never;
    GuardedRange* range = nullptr;  ///< where there is a file
    MemoryOptions options;
  };

  Mapping() = default;

  /// Unmaps and closes what there is.
  void reset() noexcept;
  /// What satisfies HugePages::Require.
  enum class Satisfied : std::uint8_t { ByReserved, ByTransparentToo };
  /// Calls `attempt` with reserved huge pages where they are asked for, and with base pages where
  /// there are none and others may satisfy. An attempt throws std::system_error.
  void obtain(std::size_t size, const MemoryOptions& options, Satisfied satisfied,
              const std::function<void(const PageKind&)>& attempt);
  /// Throws OutOfMemory where huge pages are required and base pages are what there is. `why` ends
  /// the message.
  void requireHugePages(const std::string& why) const;
  /// Maps `size` bytes, rounded up to pages of this kind. `descriptor` stays the caller's.
  void map(std::size_t size, const PageKind& pages, int flags, int descriptor);
  /// Asks for huge pages and nodes, before anything is touched.
  void bindAsAsked();
  /// Prefaults and locks.
  void settleAsAsked();
  /// Takes the space of [from, to) in a file now, so that a full file system is an error and not a
  /// SIGBUS later. `what` and its file system stand in the message.
  static void reserveSpace(int descriptor, std::size_t from, std::size_t to,
                           const std::string& what);

  State state_;

 private:
  void cutOff(std::size_t size);
  void growFile(std::size_t size);
  void addEnd(std::size_t from, std::size_t to);
  void moveTo(std::size_t size);
  void mapAnew(std::size_t size);
};

}  // namespace ringside
