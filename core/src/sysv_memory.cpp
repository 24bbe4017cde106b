// System V shared memory. The kernel has no way to make a segment of a key appear complete: memory
// that must hold something is created under a lock of a file beside it.
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "as_result.hpp"
#include "kernel_facts.hpp"
#include "lock_file.hpp"
#include "named_file.hpp"
#include "page_flags.hpp"
#include "ringside/backings.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

constexpr int kMaxRaces = 1000;
constexpr unsigned kModeBits = 0777;
constexpr unsigned kOthers = 0077;
constexpr ::mode_t kAllowedMode = 0770;  ///< never for everybody
constexpr int kLockFileWay = O_RDWR | O_CLOEXEC | O_NOFOLLOW;

std::string nameOf(::key_t key) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "SysV key 0x%08x", static_cast<unsigned>(key));
  return text;
}

std::string lockPath(::key_t key) {
  char text[64] = {};
  std::snprintf(text, sizeof text, "/dev/shm/ringside-sysv-%08x", static_cast<unsigned>(key));
  return text;
}

void requireModeInRange(const MemoryOptions& options) {
  if ((options.mode & ~kAllowedMode) == 0) return;
  throwError(Errc::InvalidParam, "SysV memory: a mode beyond 0770 was asked for");
}

/// -1 with errno, as shmget(2).
int makeSegment(::key_t key, std::size_t size, const PageKind& pages,
                const MemoryOptions& options) {
  int flags = IPC_CREAT | IPC_EXCL | static_cast<int>(options.mode & kModeBits);
  if (pages.huge) flags |= SHM_HUGETLB | hugePageFlags(pages.bytes);
  return ::shmget(key, roundUp(size, pages.bytes), flags);
}

struct ::shmid_ds factsOf(int id) {
  struct ::shmid_ds facts = {};
  if (::shmctl(id, IPC_STAT, &facts) != 0) throwErrno("cannot look at a SysV segment");
  return facts;
}

bool isRemoved(const std::error_code& code) {
  return code.value() == EIDRM || code.value() == EINVAL;
}

void checkAccess(const struct ::shmid_ds& facts, const MemoryOptions& options,
                 const std::string& what) {
  if (facts.shm_perm.uid != ::geteuid() && (options.mode & kOthers) == 0) {
    throwError(Errc::PermissionDenied, what + " belongs to another user");
  }
  if ((facts.shm_perm.mode & kModeBits & ~options.mode) != 0) {
    throwError(Errc::PermissionDenied, what + " may be opened by more than was asked for");
  }
}

/// The lock file of a key, made where there is none.
UniqueFd openLockFile(const std::string& path, const MemoryOptions& options) {
  // With O_CREAT the kernel refuses what another user made in a sticky folder.
  UniqueFd file(::open(path.c_str(), kLockFileWay));
  if (!file && errno == ENOENT) {
    file = UniqueFd(::open(path.c_str(), kLockFileWay | O_CREAT, 0600));
  }
  if (!file) throwErrno("cannot open " + path);
  struct ::stat facts = {};
  if (::fstat(file.get(), &facts) != 0) throwErrno("cannot look at " + path);
  if (facts.st_uid == ::geteuid()) ::fchmod(file.get(), options.mode);
  return file;
}

/// Processes that have the segment of a key attached; 0 also when there is none.
unsigned long attachedTo(::key_t key) {
  const int id = ::shmget(key, 0, 0);
  struct ::shmid_ds facts = {};
  if (id >= 0 && ::shmctl(id, IPC_STAT, &facts) == 0) return facts.shm_nattch;
  if (errno == ENOENT || isRemoved(std::error_code(errno, std::system_category()))) return 0;
  throwErrno("cannot look at " + nameOf(key));
}

/// There may be none.
void removeSegment(::key_t key) {
  const int id = ::shmget(key, 0, 0);
  if (id < 0 ? errno == ENOENT : ::shmctl(id, IPC_RMID, nullptr) == 0) return;
  if (!isRemoved(std::error_code(errno, std::system_category()))) {
    throwErrno("cannot remove " + nameOf(key));
  }
}

/// Under its lock: takes the lock file away where there is no segment.
void dropLockFile(int descriptor, ::key_t key) {
  const std::string path = lockPath(key);
  if (::shmget(key, 0, 0) < 0 && isStill(descriptor, path)) ::unlink(path.c_str());
}

// While contents are made, the lock file holds the id of their segment; a creator that dies leaves
// it there.

void initialise(const Contents& contents, int lock_file, int id, void* address, std::size_t size) {
  if (::pwrite(lock_file, &id, sizeof id, 0) != sizeof id) throwErrno("cannot write a lock file");
  contents.initialise(address, size);
  if (::ftruncate(lock_file, 0) != 0) throwErrno("cannot cut a lock file");
}

bool isHalfMade(int lock_file, int id) {
  int unfinished = -1;
  return ::pread(lock_file, &unfinished, sizeof unfinished, 0) == sizeof unfinished &&
         unfinished == id;
}

bool isBlank(const void* address, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(address);
  return std::all_of(bytes, bytes + size, [](unsigned char byte) { return byte == 0; });
}

}  // namespace

SysvMem::SysvMem(std::size_t size, const MemoryOptions& options, const Contents& contents) {
  if (options.access != Access::ReadWrite) {
    throwError(Errc::InvalidParam, "new memory without a key can only be read and written");
  }
  requireModeInRange(options);
  obtain(size, options, Satisfied::ByReserved, [&](const PageKind& pages) {
    const int id = makeSegment(IPC_PRIVATE, size, pages, options);
    if (id < 0) throwErrno("cannot make a SysV segment of " + std::to_string(size) + " bytes");
    try {
      attachSegment(id, options);
    } catch (...) {
      ::shmctl(id, IPC_RMID, nullptr);
      throw;
    }
    ::shmctl(id, IPC_RMID, nullptr);  // it lives as long as it is attached, and never longer
    bindAsAsked();
  });
  settleAsAsked();
  state_.created = true;
  if (!contents) return;
  state_.descriptor = makeCompanion().release();
  contents.initialise(state_.address, this->size());
}

SysvMem::SysvMem(std::size_t size, ::key_t key, const MemoryOptions& options,
                 const Contents& contents) {
  if (size == 0) throwError(Errc::InvalidParam, nameOf(key) + ": 0 bytes were asked for");
  if (key == IPC_PRIVATE) throwError(Errc::InvalidParam, "key 0 is no key: leave it out");
  if (options.access == Access::Private) {
    throwError(Errc::InvalidParam, nameOf(key) + ": SysV memory has no private mapping");
  }
  requireModeInRange(options);
  for (int race = 0; race < kMaxRaces; ++race) {
    if (!contents) {
      if (openOrCreate(size, key, options, contents, -1)) return;
      continue;
    }
    UniqueFd lock_file = openLockFile(lockPath(key), options);
    const LifecycleLock lock(lock_file.get());
    if (!isStill(lock_file.get(), lockPath(key))) continue;  // removed meanwhile
    try {
      if (!openOrCreate(size, key, options, contents, lock_file.get())) continue;
    } catch (...) {
      dropLockFile(lock_file.get(), key);
      throw;
    }
    state_.descriptor = lock_file.release();
    return;
  }
  throwError(Errc::TimedOut, nameOf(key) + " appeared and vanished " + std::to_string(kMaxRaces) +
                                 " times while it was opened");
}

bool SysvMem::openOrCreate(std::size_t size, ::key_t key, const MemoryOptions& options,
                           const Contents& contents, int lock_file) {
  if (open(size, key, options, contents, lock_file)) return true;
  if (options.access != Access::ReadWrite) {
    throwError(Errc::NotFound, nameOf(key) + " does not exist");
  }
  return create(size, key, options, contents, lock_file);
}

bool SysvMem::open(std::size_t size, ::key_t key, const MemoryOptions& options,
                   const Contents& contents, int lock_file) {
  const int id = ::shmget(key, 0, 0);
  if (id < 0) {
    if (errno == ENOENT) return false;
    throwErrno("cannot open " + nameOf(key));
  }
  struct ::shmid_ds facts = {};
  try {
    facts = factsOf(id);
    checkAccess(facts, options, nameOf(key));
    state_.options = options;
    attachSegment(id, options);
    if ((factsOf(id).shm_perm.mode & SHM_DEST) != 0) {  // removed: nobody's now
      reset();
      return false;
    }
  } catch (const std::system_error& error) {
    if (!isRemoved(error.code())) throw;
    reset();
    return false;
  }
  const std::size_t page = state_.page;
  if (roundUp(facts.shm_segsz, page) != roundUp(size, page)) {
    throwError(Errc::InvalidParam, nameOf(key) + " has " + std::to_string(facts.shm_segsz) +
                                       " bytes, not " + std::to_string(roundUp(size, page)));
  }
  if (contents) {
    // Under the lock, what is blank or half-made was left by a creator that died.
    const std::size_t beginning = std::min(basePageBytes(), this->size());
    const bool half_made = isHalfMade(lock_file, id);
    if (half_made || isBlank(state_.address, beginning)) {
      if (options.access != Access::ReadWrite) {
        throwError(Errc::NotFound, nameOf(key) + " holds nothing yet");
      }
      if (half_made) std::memset(state_.address, 0, this->size());
      initialise(contents, lock_file, id, state_.address, this->size());
    } else if (contents.inspect) {
      contents.inspect({static_cast<const std::byte*>(state_.address), beginning}, this->size());
    }
  }
  bindAsAsked();
  settleAsAsked();
  requireHugePages(nameOf(key) + " has none");
  return true;
}

/// False when somebody else was faster.
bool SysvMem::create(std::size_t size, ::key_t key, const MemoryOptions& options,
                     const Contents& contents, int lock_file) {
  bool taken = false;
  int id = -1;
  try {
    obtain(size, options, Satisfied::ByReserved, [&](const PageKind& pages) {
      id = makeSegment(key, size, pages, options);
      taken = id < 0 && errno == EEXIST;
      if (taken) return;
      if (id < 0)
        throwErrno("cannot make " + nameOf(key) + " of " + std::to_string(size) + " bytes");
      try {
        attachSegment(id, options);
        bindAsAsked();
      } catch (...) {
        ::shmctl(id, IPC_RMID, nullptr);
        throw;
      }
    });
    if (taken) return false;
    settleAsAsked();
    if (contents) initialise(contents, lock_file, id, state_.address, this->size());
  } catch (...) {
    if (id >= 0) ::shmctl(id, IPC_RMID, nullptr);
    throw;
  }
  state_.created = true;
  return true;
}

void SysvMem::attachSegment(int id, const MemoryOptions& options) {
  void* address = ::shmat(id, nullptr, options.access == Access::ReadOnly ? SHM_RDONLY : 0);
  if (address == reinterpret_cast<void*>(-1)) throwErrno("cannot attach a SysV segment");
  try {
    const struct ::shmid_ds facts = factsOf(id);
    state_.page = rangeFacts(address, facts.shm_segsz).kernel_page_size_bytes;
    state_.size = roundUp(facts.shm_segsz, state_.page);
  } catch (...) {
    ::shmdt(address);
    throw;
  }
  state_.address = address;
}

::key_t SysvMem::keyOf(const std::string& path, int project) {
  if (project < 1 || project > 255) {
    throwError(Errc::InvalidParam,
               "project " + std::to_string(project) + " of a SysV key must be 1 to 255");
  }
  const ::key_t key = ::ftok(path.c_str(), project);
  if (key == -1) throwErrno("cannot make a SysV key of " + path);
  return key;
}

int SysvMem::remove(::key_t key) noexcept {
  if (key == IPC_PRIVATE) return fail(Errc::InvalidParam);
  return asResult([&] {
    removeSegment(key);
    const UniqueFd lock_file(::open(lockPath(key).c_str(), kLockFileWay));
    if (!lock_file) return;
    const LifecycleLock lock(lock_file.get());
    dropLockFile(lock_file.get(), key);
  });
}

int SysvMem::removeIfUnused(::key_t key) noexcept {
  if (key == IPC_PRIVATE) return fail(Errc::InvalidParam);
  return asResult([&] {
    const UniqueFd lock_file(::open(lockPath(key).c_str(), kLockFileWay));
    if (!lock_file && errno != ENOENT) throwErrno("cannot open " + lockPath(key));
    // Who opens it with contents waits for the lock: nobody attaches to it from here on.
    const bool alone =
        !lock_file || (tryLockAll(lock_file.get()) && isStill(lock_file.get(), lockPath(key)));
    if (!alone || attachedTo(key) > 0) throwError(Errc::InUse, nameOf(key) + " is in use");
    removeSegment(key);
    if (lock_file) dropLockFile(lock_file.get(), key);
  });
}

}  // namespace ringside
