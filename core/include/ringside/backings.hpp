// What memory can be made of. All kinds share one mechanism (mapping.hpp) and can hold a ring.
//
//   LocalMem   private, anonymous: threads of one process
//   AnonMem    shared, anonymous: inherited over fork
//   MemfdMem   a file without a name, sealed against shrinking: passed by descriptor
//   ShmMem     POSIX shared memory: by name, or without one over fork
//   FileMem    a mapped file: outlives the machine
//   SysvMem    System V shared memory: by key, or without one over fork
//
// Constructors throw std::system_error that says what, where and which value: InvalidParam for a
// size of 0, a bad name, or something that exists with another size; OutOfMemory when there is no
// space, no room under a limit, or no huge page where one is required. What fails leaves nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ringside/mapping.hpp"

namespace ringside {

class UnnamedFile;
struct Spsc;
struct Mpsc;
struct Mpmc;
template <class Memory, class Policy>
struct RingsIn;

/// Private anonymous memory of this process. `Try` takes reserved huge pages from their size on;
/// after a fork such pages need free ones for their copies, or the child gets a SIGBUS.
class LocalMem : public Mapping {
 public:
  using Spsc = RingsIn<LocalMem, ringside::Spsc>;
  using Mpsc = RingsIn<LocalMem, ringside::Mpsc>;
  using Mpmc = RingsIn<LocalMem, ringside::Mpmc>;

  explicit LocalMem(std::size_t size, const MemoryOptions& options = {},
                    const Contents& contents = {});
};

/// Shared anonymous memory: this process and the children that it forks.
class AnonMem : public Mapping {
 public:
  using Spsc = RingsIn<AnonMem, ringside::Spsc>;
  using Mpsc = RingsIn<AnonMem, ringside::Mpsc>;
  using Mpmc = RingsIn<AnonMem, ringside::Mpmc>;

  explicit AnonMem(std::size_t size, const MemoryOptions& options = {},
                   const Contents& contents = {});
};

/// A memfd(2) that nobody can make smaller: no peer can turn a read into a SIGBUS.
class MemfdMem : public Mapping {
 public:
  using Spsc = RingsIn<MemfdMem, ringside::Spsc>;
  using Mpsc = RingsIn<MemfdMem, ringside::Mpsc>;
  using Mpmc = RingsIn<MemfdMem, ringside::Mpmc>;
  using Place = int;  ///< a descriptor

  explicit MemfdMem(std::size_t size, const MemoryOptions& options = {},
                    const Contents& contents = {});
  /// Maps what another process sent (SCM_RIGHTS). The descriptor stays the caller's. InvalidParam
  /// when it is not a memfd that is sealed against shrinking, or of another size.
  MemfdMem(std::size_t size, int descriptor, const MemoryOptions& options = {},
           const Contents& contents = {});
};

/// Memory that a file gives its name. The name appears only when all that is behind it is complete:
/// nobody ever opens a half-made one, and no death leaves one.
class NamedMemory : public Mapping {
 protected:
  enum class Opening : std::uint8_t { OpenOrCreate, Open, Create };
  struct NamedFile {
    std::string path;
    bool segment;  ///< of /dev/shm: checks owner and mode, may lie on reserved huge pages
  };

  NamedMemory() = default;
  /// `size` 0 opens what there is, whatever its size.
  void take(const NamedFile& file, std::size_t size, const MemoryOptions& options,
            const Contents& contents, Opening opening);
  /// The same without any name.
  void takeUnnamed(std::size_t size, const MemoryOptions& options, const Contents& contents);
  static NamedFile segmentFile(const std::string& name);

 private:
  std::unique_ptr<UnnamedFile> make(const NamedFile& file, std::size_t size,
                                    const MemoryOptions& options, const Contents& contents);
  void keep(UnnamedFile& file);
  bool open(const NamedFile& file, std::size_t size, const MemoryOptions& options,
            const Contents& contents);
  bool create(const NamedFile& file, std::size_t size, const MemoryOptions& options,
              const Contents& contents);
};

/// POSIX shared memory with a name: created when there is none, else opened and verified. It
/// outlives the process; unlink() takes the name away. On reserved huge pages it lies in a
/// hugetlbfs mount, and the name in /dev/shm is a link to it.
class ShmMem : public NamedMemory {
 public:
  using Spsc = RingsIn<ShmMem, ringside::Spsc>;
  using Mpsc = RingsIn<ShmMem, ringside::Mpsc>;
  using Mpmc = RingsIn<ShmMem, ringside::Mpmc>;
  using Place = std::string;  ///< a name

  /// `name` is 1 to 200 of [A-Za-z0-9_.-], not . or .., after an optional slash.
  /// PermissionDenied for somebody else's segment, or one that more may open than options.mode
  /// says. NotFound where options.access creates nothing. An existing segment keeps its pages;
  /// `Require` refuses base ones.
  ShmMem(std::size_t size, const std::string& name, const MemoryOptions& options = {},
         const Contents& contents = {});
  /// Without a name: shared with the children that this process forks.
  explicit ShmMem(std::size_t size, const MemoryOptions& options = {},
                  const Contents& contents = {});

  /// Takes the name away; who has it mapped keeps it. 0 also when there is none; -1 with lastError.
  static int unlink(const std::string& name) noexcept;
  /// The same, but only when no living process uses it: -1 with InUse when one is attached to it,
  /// or has just opened it. Nobody loses a segment to it that they were opening meanwhile. It knows
  /// who opened it with this library; who mapped the file by other means is not seen.
  static int unlinkIfUnused(const std::string& name) noexcept;

 protected:
  ShmMem() = default;
};

/// When FileMem::sync() returns: at once, or when the data is on the disk.
enum class Flush : std::uint8_t { Async, Sync };

/// A mapped file: created when there is none, else opened and verified. Private and ReadOnly map
/// what exists. A path in a hugetlbfs or a tmpfs works too.
class FileMem : public NamedMemory {
 public:
  using Spsc = RingsIn<FileMem, ringside::Spsc>;
  using Mpsc = RingsIn<FileMem, ringside::Mpsc>;
  using Mpmc = RingsIn<FileMem, ringside::Mpmc>;
  using Place = std::string;  ///< a path

  FileMem(std::size_t size, const std::string& path, const MemoryOptions& options = {},
          const Contents& contents = {});
  /// Writes what was changed to the disk. 0, or -1 with lastError.
  int sync(Flush flush = Flush::Sync) noexcept;
};

/// System V shared memory. Without a key it vanishes with the last process that has it mapped; with
/// one it stays until remove().
class SysvMem : public Mapping {
 public:
  using Spsc = RingsIn<SysvMem, ringside::Spsc>;
  using Mpsc = RingsIn<SysvMem, ringside::Mpsc>;
  using Mpmc = RingsIn<SysvMem, ringside::Mpmc>;
  using Place = ::key_t;

  explicit SysvMem(std::size_t size, const MemoryOptions& options = {},
                   const Contents& contents = {});
  /// Created or opened; `key` is not IPC_PRIVATE. With contents there is a file beside it,
  /// /dev/shm/ringside-sysv-<key>, which orders creation and holds the locks.
  SysvMem(std::size_t size, ::key_t key, const MemoryOptions& options = {},
          const Contents& contents = {});

  /// ftok(3): a key from an existing file and a number of 1 to 255. Throws std::system_error.
  static ::key_t keyOf(const std::string& path, int project);
  /// Removes the segment of this key; who has it mapped keeps it. 0 also when there is none.
  static int remove(::key_t key) noexcept;
  /// The same, but only when no living process has it attached: else -1 with InUse.
  static int removeIfUnused(::key_t key) noexcept;

 private:
  void attachSegment(int id, const MemoryOptions& options);
  bool openOrCreate(std::size_t size, ::key_t key, const MemoryOptions& options,
                    const Contents& contents, int lock_file);
  bool open(std::size_t size, ::key_t key, const MemoryOptions& options, const Contents& contents,
            int lock_file);
  bool create(std::size_t size, ::key_t key, const MemoryOptions& options, const Contents& contents,
              int lock_file);
};

}  // namespace ringside
