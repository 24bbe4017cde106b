// Named shared memory that appears complete or not at all: it is built in a file without a name,
// filled, and only then linked to its name. The kernel's link(2) decides a race of creators.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "kernel_facts.hpp"
#include "ringside/mapped_memory.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

constexpr const char* kFolder = "/dev/shm";
constexpr std::size_t kMaxNameLength = 200;
constexpr int kMaxRaces = 1000;  ///< creators and unlinkers that may get in between
constexpr ::mode_t kOthers = 0077;
constexpr ::mode_t kAllBits = 0777;
constexpr ::mode_t kAllowedMode = 0770;  ///< never for everybody
constexpr int kMaxInterrupts = 1000;

bool isNameCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

/// Empty when the name breaks the rule.
std::string pathOf(const std::string& name) {
  const std::string bare = name.empty() || name[0] != '/' ? name : name.substr(1);
  if (bare.empty() || bare.size() > kMaxNameLength || bare[0] == '.') return {};
  for (const char c : bare) {
    if (!isNameCharacter(c)) return {};
  }
  return std::string(kFolder) + "/" + bare;
}

/// A file that has no name yet. `scratch_path` is set only where the file system cannot make one
/// without a name at all.
struct UnnamedFile {
  UniqueFd descriptor;
  std::string scratch_path;

  UnnamedFile() = default;
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  ~UnnamedFile() {
    if (!scratch_path.empty()) ::unlink(scratch_path.c_str());
  }

  void open() {
    // Without /proc a file cannot be linked by its descriptor.
    bool needs_scratch = ::access("/proc/self/fd", X_OK) != 0;
    if (!needs_scratch) {
      descriptor = UniqueFd(::open(kFolder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
      needs_scratch = !descriptor && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
    }
    if (needs_scratch) {
      std::uint64_t random = 0;
      if (::getrandom(&random, sizeof random, 0) != sizeof random) throwErrno("no random bytes");
      scratch_path = std::string(kFolder) + "/.ringside." + std::to_string(random);
      descriptor =
          UniqueFd(::open(scratch_path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    }
    if (!descriptor) throwErrno(std::string("cannot make a file in ") + kFolder);
  }

  /// False when the name is taken.
  bool link(const std::string& path) {
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor.get());
    const int result = scratch_path.empty() ? ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD,
                                                       path.c_str(), AT_SYMLINK_FOLLOW)
                                            : ::link(scratch_path.c_str(), path.c_str());
    if (result == 0) return true;
    if (errno == EEXIST) return false;
    throwErrno("cannot name " + path);
  }
};

struct ::stat statOf(int descriptor, const std::string& path) {
  struct ::stat facts = {};
  if (::fstat(descriptor, &facts) != 0) throwErrno("cannot look at " + path);
  return facts;
}

void checkOwner(const struct ::stat& facts, const MemoryOptions& options, const std::string& path) {
  if (!S_ISREG(facts.st_mode)) throwError(Errc::InvalidParam, path + " is not a plain file");
  const bool shared_on_purpose = (options.mode & kOthers) != 0;
  if (facts.st_uid != ::geteuid() && !shared_on_purpose) {
    throwError(Errc::PermissionDenied, path + " belongs to user " + std::to_string(facts.st_uid) +
                                           "; ask for a mode that others may open to accept that");
  }
  const ::mode_t more = facts.st_mode & kAllBits & ~options.mode;
  if (more != 0) {
    throwError(
        Errc::PermissionDenied,
        path + " may be opened by more than was asked for; ask for " + "its mode, or unlink it");
  }
}

}  // namespace

ShmMem::ShmMem(std::size_t size, const std::string& name, const MemoryOptions& options)
    : ShmMem(
          size, name, options, [](void*, std::size_t) {}, [](int, std::size_t) {}) {}

ShmMem::ShmMem(std::size_t size, const std::string& name, const MemoryOptions& options,
               const Initialise& initialise, const Inspect& inspect) {
  const std::string path = pathOf(name);
  if (path.empty()) {
    throwError(Errc::InvalidParam, "segment name '" + name +
                                       "' must be 1 to 200 of [A-Za-z0-9_.-] after an optional "
                                       "slash, and not begin with a dot");
  }
  if (size == 0) throwError(Errc::InvalidParam, path + ": 0 bytes were asked for");
  if ((options.mode & ~kAllowedMode) != 0) {
    throwError(Errc::InvalidParam, path + ": a mode beyond 0770 was asked for");
  }
  const std::size_t rounded = roundUp(size, basePageBytes());
  for (int race = 0; race < kMaxRaces; ++race) {
    if (open(path, rounded, options, inspect)) return;
    if (create(path, rounded, options, initialise)) return;
  }
  throwError(Errc::TimedOut, path + " appeared and vanished " + std::to_string(kMaxRaces) +
                                 " times while it was opened");
}

ShmMem::ShmMem(ShmMem&& other) noexcept
    : Mapping(std::move(other)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      created_(std::exchange(other.created_, false)) {}

ShmMem& ShmMem::operator=(ShmMem&& other) noexcept {
  if (this != &other) {
    Mapping::operator=(std::move(other));
    if (descriptor_ >= 0) ::close(descriptor_);  // and with it the locks
    descriptor_ = std::exchange(other.descriptor_, -1);
    created_ = std::exchange(other.created_, false);
  }
  return *this;
}

ShmMem::~ShmMem() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ShmMem::reopen() {
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor_);
  UniqueFd own(::open(self.c_str(), O_RDWR | O_CLOEXEC));
  if (!own) throwErrno("cannot open the segment again after a fork");
  ::close(descriptor_);
  descriptor_ = own.release();
}

int ShmMem::unlink(const std::string& name) noexcept {
  const std::string path = pathOf(name);
  if (path.empty()) return fail(Errc::InvalidParam);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return 0;
  return fail(std::error_code(errno, std::system_category()));
}

/// False when there is nothing of that name (any more).
bool ShmMem::open(const std::string& path, std::size_t size, const MemoryOptions& options,
                  const Inspect& inspect) {
  UniqueFd descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!descriptor) {
    if (errno == ENOENT) return false;
    throwErrno("cannot open " + path);
  }
  const struct ::stat facts = statOf(descriptor.get(), path);
  checkOwner(facts, options, path);
  inspect(descriptor.get(), static_cast<std::size_t>(facts.st_size));
  if (static_cast<std::size_t>(facts.st_size) != size) {
    throwError(Errc::InvalidParam, path + " has " + std::to_string(facts.st_size) + " bytes, not " +
                                       std::to_string(size));
  }
  map(descriptor.get(), size, options);
  if (statOf(descriptor.get(), path).st_nlink == 0) {  // unlinked meanwhile: it is nobody's now
    reset();
    return false;
  }
  bindAsAsked(options);
  settleAsAsked(options);
  requireHugePages(options, path);
  descriptor_ = descriptor.release();
  return true;
}

/// False when somebody else took the name first.
bool ShmMem::create(const std::string& path, std::size_t size, const MemoryOptions& options,
                    const Initialise& initialise) {
  UnnamedFile file;
  file.open();
  if (::fchmod(file.descriptor.get(), options.mode) != 0) throwErrno("cannot set mode of " + path);
  if (::ftruncate(file.descriptor.get(), static_cast<::off_t>(size)) != 0) {
    throwErrno("cannot give " + path + " a size of " + std::to_string(size) + " bytes");
  }
  map(file.descriptor.get(), size, options);
  bindAsAsked(options);
  reserve(file.descriptor.get(), options, path);
  settleAsAsked(options);
  initialise(address_, size_);
  created_ = file.link(path);
  if (created_) {
    descriptor_ = file.descriptor.release();
  } else {
    reset();
  }
  return created_;
}

void ShmMem::map(int descriptor, std::size_t size, const MemoryOptions& options) {
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) throwErrno("cannot map " + std::to_string(size) + " shared bytes");
  reset(address, size);
  // A hint: pageSize() tells what came of it.
  if (options.huge_pages != HugePages::Never) ::madvise(address, size, MADV_HUGEPAGE);
}

/// Takes the space now, so that a full file system is an error here and not a SIGBUS later.
/// Populating comes first where it can bring huge pages: fallocate would take base pages.
void ShmMem::reserve(int descriptor, const MemoryOptions& options, const std::string& path) {
  if (options.huge_pages != HugePages::Never) ::madvise(address_, size_, MADV_POPULATE_WRITE);
  int failure = EINTR;
  for (int tries = 0; failure == EINTR && tries < kMaxInterrupts; ++tries) {
    failure = ::posix_fallocate(descriptor, 0, static_cast<::off_t>(size_));
  }
  if (failure != 0) {
    errno = failure;
    throwErrno("cannot reserve " + std::to_string(size_) + " bytes for " + path + " in " + kFolder);
  }
  requireHugePages(options, path);
}

void ShmMem::requireHugePages(const MemoryOptions& options, const std::string& path) const {
  if (options.huge_pages != HugePages::Require || pageSize() > basePageBytes()) return;
  throwError(Errc::OutOfMemory,
             "no huge pages for " + path + ": ask for a multiple of " +
                 std::to_string(hugePageBytes()) + " bytes, and mount " + kFolder +
                 " with huge=advise, where /sys/kernel/mm/transparent_hugepage/shmem_enabled is "
                 "not never");
}

}  // namespace ringside
