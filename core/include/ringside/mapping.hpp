// Memory a ring can live in: private (LocalMem) or shared by name (ShmMem). Both are RAII,
// move-only, and say what the kernel really gave: page size, locked bytes, NUMA nodes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ringside/error.hpp"

namespace ringside {

struct Spsc;
struct Mpsc;
struct Mpmc;
class LocalMem;
class ShmMem;
template <class Memory, class Policy>
struct RingsIn;

/// What is asked of the kernel about page size. `Try` takes what comes, and pageSize() says what
/// came; `Require` throws when base pages are all there is.
enum class HugePages { Never, Try, Require };

/// What to ask of the kernel when memory is made or opened.
struct MemoryOptions {
  HugePages huge_pages = HugePages::Try;
  bool prefault = false;              ///< touch every page now, so that no fault comes later
  bool lock = false;                  ///< keep it in RAM; throws when RLIMIT_MEMLOCK forbids
  std::optional<int> numa_node = {};  ///< bind to this node before the first touch
  ::mode_t mode = 0600;               ///< of a named segment, whatever the umask; at most 0770
};

/// How the memory will be used, as madvise(2) takes it.
enum class Advice { Normal, Sequential, Random, WillNeed, DontNeed, HugePage };

/// Binds [address, address + size) to one NUMA node and moves pages that were touched. 0, or -1
/// with lastError: InvalidParam for a node that does not exist.
int mbind(void* address, std::size_t size, int node) noexcept;
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

/// One mapped range. The mechanism that every kind of memory shares; not made by itself.
class Mapping {
 public:
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// The byte at `offset`. Throws std::runtime_error when nothing is mapped (moved from), and
  /// std::out_of_range when offset is not in [0, size()).
  void* get(std::size_t offset = 0);
  const void* get(std::size_t offset = 0) const;

  /// Bytes mapped: what was asked, rounded up to the page size.
  std::size_t size() const noexcept { return size_; }

  /// Each 0, or -1 with lastError.
  int mbind(int node) noexcept;
  int mlock() noexcept;
  int advise(Advice advice) noexcept;
  int prefault() noexcept;

  /// The page size the kernel uses here, in bytes; 0 when nothing is mapped.
  std::size_t pageSize() const { return memoryFacts(address_, size_).page_size_bytes; }
  /// Bytes of it that are locked in RAM.
  std::size_t lockedBytes() const { return memoryFacts(address_, size_).locked_bytes; }
  /// Resident base pages on each NUMA node.
  std::map<int, std::uint64_t> nodePages() const { return memoryFacts(address_, size_).node_pages; }

 protected:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping() { reset(); }

  /// Unmaps what is mapped and takes over another range, or none.
  void reset(void* address = nullptr, std::size_t size = 0) noexcept;
  /// Binds to the node that is asked for. Before the first touch. Throws std::system_error.
  void bindAsAsked(const MemoryOptions& options);
  /// Prefaults and locks what is asked for. Throws std::system_error.
  void settleAsAsked(const MemoryOptions& options);

  void* address_ = nullptr;
  std::size_t size_ = 0;
};

/// Private anonymous memory of this process. `Try` takes reserved huge pages from 2 MiB on; after a
/// fork such pages need free ones for their copies, or the child gets a SIGBUS. Throws
/// std::system_error; OutOfMemory where `Require` finds no huge page (`sysctl vm.nr_hugepages`).
/// Size 0 is InvalidParam.
class LocalMem : public Mapping {
 public:
  using Spsc = RingsIn<LocalMem, ringside::Spsc>;
  using Mpsc = RingsIn<LocalMem, ringside::Mpsc>;
  using Mpmc = RingsIn<LocalMem, ringside::Mpmc>;

  explicit LocalMem(std::size_t size, const MemoryOptions& options = {});
  LocalMem(LocalMem&&) noexcept = default;
  LocalMem& operator=(LocalMem&&) noexcept = default;
  ~LocalMem() = default;
};

/// POSIX shared memory with a name: created when there is none, else opened and verified. It gets
/// its name only when it is complete, so nobody ever opens a half-made one. It outlives the
/// process; unlink() takes the name away.
class ShmMem : public Mapping {
 public:
  using Spsc = RingsIn<ShmMem, ringside::Spsc>;
  using Mpsc = RingsIn<ShmMem, ringside::Mpsc>;
  using Mpmc = RingsIn<ShmMem, ringside::Mpmc>;

  /// Fills a new segment before it gets its name.
  using Initialise = std::function<void(void* address, std::size_t size)>;
  /// Looks at an existing segment through its descriptor before it is mapped; throws to refuse it.
  using Inspect = std::function<void(int descriptor, std::size_t size)>;

  /// Throws std::system_error: InvalidParam for a bad name or another size, PermissionDenied for
  /// somebody else's segment or one that more may open than options.mode says, OutOfMemory when the
  /// file system is full (nothing stays behind).
  /// `name` is 1 to 200 of [A-Za-z0-9_.-], not beginning with a dot, after an optional slash.
  ShmMem(std::size_t size, const std::string& name, const MemoryOptions& options = {});
  /// As above, for memory that must hold something before anybody sees it.
  ShmMem(std::size_t size, const std::string& name, const MemoryOptions& options,
         const Initialise& initialise, const Inspect& inspect);
  ShmMem(ShmMem&& other) noexcept;
  ShmMem& operator=(ShmMem&& other) noexcept;
  ~ShmMem();

  /// Takes the name away; who has it mapped keeps it. 0 also when there is none; -1 with lastError.
  static int unlink(const std::string& name) noexcept;

  /// True when this object made the segment, false when it opened an existing one.
  bool created() const noexcept { return created_; }
  /// The file behind it: its locks tell who is alive. Valid as long as this object.
  int descriptor() const noexcept { return descriptor_; }
  /// After a fork: a file description of this process's own, for the inherited one, with its locks,
  /// is the parent's too. Throws std::system_error.
  void reopen();

 private:
  bool open(const std::string& path, std::size_t size, const MemoryOptions& options,
            const Inspect& inspect);
  bool create(const std::string& path, std::size_t size, const MemoryOptions& options,
              const Initialise& initialise);
  void map(int descriptor, std::size_t size, const MemoryOptions& options);
  void reserve(int descriptor, const MemoryOptions& options, const std::string& path);
  void requireHugePages(const MemoryOptions& options, const std::string& path) const;

  int descriptor_ = -1;
  bool created_ = false;
};

/// The documents' name for taking a channel's name away.
struct SharedMemory {
  static int unlink(const std::string& name) noexcept { return ShmMem::unlink(name); }
};

}  // namespace ringside
