// Memory that a file gives its name: POSIX shared memory, regions, mapped files. It appears
// complete or not at all; the kernel's link(2) decides a race of creators.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <thread>

#include "as_result.hpp"
#include "kernel_facts.hpp"
#include "named_file.hpp"
#include "ringside/shm_region.hpp"
#include "snapshot.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

constexpr const char* kSegmentFolder = "/dev/shm";
constexpr std::size_t kMaxNameLength = 200;
constexpr int kMaxRaces = 1000;  ///< creators and unlinkers that may get in between
constexpr ::mode_t kOthers = 0077;
constexpr ::mode_t kAllBits = 0777;
constexpr ::mode_t kAllowedMode = 0770;  ///< of a segment: never for everybody

bool isNameCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

/// Empty when the name breaks the rule.
std::string pathOf(std::string_view name) {
  if (name.starts_with('/')) name.remove_prefix(1);
  if (name.empty() || name.size() > kMaxNameLength || name == "." || name == "..") return {};
  for (const char c : name) {
    if (!isNameCharacter(c)) return {};
  }
  return std::string(kSegmentFolder) + "/" + std::string(name);
}

void checkAccess(const struct ::stat& facts, const MemoryOptions& options,
                 const std::string& path) {
  const bool shared_on_purpose = (options.mode & kOthers) != 0;
  if (facts.st_uid != ::geteuid() && !shared_on_purpose) {
    throwError(Errc::PermissionDenied, path + " belongs to user " + std::to_string(facts.st_uid) +
                                           "; ask for a mode that others may open to accept that");
  }
  if ((facts.st_mode & kAllBits & ~options.mode) != 0) {
    throwError(
        Errc::PermissionDenied,
        path + " may be opened by more than was asked for; ask for " + "its mode, or unlink it");
  }
}

bool isLink(const std::string& path) {
  struct ::stat facts = {};
  return ::lstat(path.c_str(), &facts) == 0 && S_ISLNK(facts.st_mode);
}

UniqueFd openPlain(const std::string& path, int way) {
  return UniqueFd(::open(path.c_str(), way | O_CLOEXEC | O_NONBLOCK));
}

/// The file that the name at `path` stands for, and its path in `path`: what it stands for may
/// change between the look and the opening. No descriptor, with errno, when it can't be opened.
UniqueFd openSegment(std::string& path, int way) {
  const std::string name = path;
  for (int race = 0; race < kMaxRaces; ++race) {
    path = resolveSegment(name);
    UniqueFd descriptor = openPlain(path, way | O_NOFOLLOW);
    const int cause = errno;
    if (descriptor || resolveSegment(name) == path) {
      errno = cause;
      return descriptor;
    }
  }
  throwError(Errc::TimedOut, name + " changed while it was opened");
}

/// Where a file of these pages can be made for this segment.
std::string segmentFolder(const PageKind& pages) {
  if (!pages.huge) return kSegmentFolder;
  for (const HugePageFolder& folder : hugePageFolders()) {
    const bool usable = ::access(folder.path.c_str(), W_OK | X_OK) == 0;
    if (folder.page_bytes == pages.bytes && usable) return folder.path;
  }
  throwError(Errc::OutOfMemory, "no hugetlbfs with pages of " + std::to_string(pages.bytes) +
                                    " bytes is mounted where this user may write (mount -t "
                                    "hugetlbfs none /dev/hugepages)");
}

/// Transparent huge pages come by touching; reserving the space would take base pages.
void takeTransparentPages(void* address, std::size_t size) {
  const std::size_t page = transparentHugePageBytes();
  if (page > 0 && size >= page) ::madvise(address, size, MADV_POPULATE_WRITE);
}

}  // namespace

NamedMemory::NamedFile NamedMemory::segmentFile(const std::string& name) {
  const std::string path = pathOf(name);
  if (path.empty()) {
    throwError(Errc::InvalidParam, "segment name '" + name +
                                       "' must be 1 to 200 of [A-Za-z0-9_.-] after an optional "
                                       "slash, and not . or ..");
  }
  return {path, true};
}

void NamedMemory::take(const NamedFile& file, std::size_t size, const MemoryOptions& options,
                       const Contents& contents, Opening opening) {
  if (size == 0 && opening != Opening::Open) {
    throwError(Errc::InvalidParam, file.path + ": 0 bytes were asked for");
  }
  if ((options.mode & ~(file.segment ? kAllowedMode : kAllBits)) != 0) {
    throwError(Errc::InvalidParam, file.path + ": a mode beyond " +
                                       (file.segment ? "0770" : "0777") + " was asked for");
  }
  if (opening == Opening::Create && options.access != Access::ReadWrite) {
    throwError(Errc::InvalidParam, file.path + ": a new region can only be read and written");
  }
  const bool creates = opening != Opening::Open && options.access == Access::ReadWrite;
  for (int race = 0; race < kMaxRaces; ++race) {
    if (opening != Opening::Create && open(file, size, options, contents)) return;
    if (!creates) throwError(Errc::NotFound, file.path + " does not exist");
    if (create(file, size, options, contents)) return;
    if (opening == Opening::Create) throwError(Errc::InUse, file.path + " exists already");
  }
  throwError(Errc::TimedOut, file.path + " appeared and vanished " + std::to_string(kMaxRaces) +
                                 " times while it was opened");
}

/// False when there is nothing of that name (any more).
bool NamedMemory::open(const NamedFile& file, std::size_t size, const MemoryOptions& options,
                       const Contents& contents) {
  std::string path = file.path;
  const int way = options.access == Access::ReadWrite ? O_RDWR : O_RDONLY;
  UniqueFd descriptor = file.segment ? openSegment(path, way) : openPlain(path, way);
  if (!descriptor) {
    if (errno != ENOENT) throwErrno("cannot open " + path);
    if (path != file.path) {
      throwError(Errc::NotFound, file.path + " links to " + path + ", which is gone: unlink it");
    }
    if (!file.segment && isLink(path)) {
      throwError(Errc::NotFound, path + " is a symbolic link that leads nowhere");
    }
    return false;
  }
  const Snapshot seen(descriptor.get(), path);
  if (!S_ISREG(seen.facts().st_mode)) {
    throwError(Errc::InvalidParam, path + " is not a plain file");
  }
  if (file.segment) checkAccess(seen.facts(), options, path);
  // A file of a path may lie in /dev/shm as well.
  if (file.segment || isInMemory(descriptor.get())) announcePresence(descriptor.get());
  seen.show(contents);
  const std::size_t huge = hugePageBytesOf(descriptor.get());
  const PageKind pages{huge > 0 ? huge : basePageBytes(), huge > 0};
  if (size == 0) {
    size = seen.sizeBytes();
    if (size == 0) throwError(Errc::TemporaryError, path + " is empty: not complete yet");
  }
  seen.requireSize(size, pages.bytes);
  state_.options = options;
  map(size, pages, options.access == Access::Private ? MAP_PRIVATE : MAP_SHARED, descriptor.get());
  state_.descriptor = descriptor.release();
  state_.growth = Growth::WithFile;
  struct ::stat now = {};
  if (::fstat(state_.descriptor, &now) != 0 || now.st_nlink == 0) {  // unlinked: nobody's now
    reset();
    return false;
  }
  bindAsAsked();
  settleAsAsked();
  // Transparent pages show only where they are mapped.
  if (options.huge_pages == HugePages::Require) {
    ::madvise(state_.address, this->size(), MADV_POPULATE_READ);
  }
  requireHugePages(path + " has none");
  return true;
}

/// A complete segment or file that has no name yet, mapped.
std::unique_ptr<UnnamedFile> NamedMemory::make(const NamedFile& file, std::size_t size,
                                               const MemoryOptions& options,
                                               const Contents& contents) {
  std::unique_ptr<UnnamedFile> unnamed;
  const auto attempt = [&](const PageKind& pages) {
    unnamed = std::make_unique<UnnamedFile>(
        file.segment ? segmentFolder(pages) : folderOf(file.path), options.mode);
    const std::size_t rounded = roundUp(size, pages.bytes);
    if (::ftruncate(unnamed->descriptor(), static_cast<::off_t>(rounded)) != 0) {
      throwErrno("cannot give " + file.path + " a size of " + std::to_string(rounded) + " bytes");
    }
    map(size, pages, MAP_SHARED, unnamed->descriptor());
    bindAsAsked();
    if (file.segment && options.huge_pages != HugePages::Never) {
      takeTransparentPages(state_.address, rounded);
    }
    reserveSpace(unnamed->descriptor(), 0, rounded, file.path);
  };
  if (file.segment) {
    obtain(size, options, Satisfied::ByTransparentToo, attempt);
  } else {
    const std::size_t huge = hugePageBytesOf(folderOf(file.path));
    state_.options = options;
    try {
      attempt({huge > 0 ? huge : basePageBytes(), huge > 0});
    } catch (const std::system_error& error) {
      if (huge == 0 || error.code() != Errc::OutOfMemory) throw;
      throwError(Errc::OutOfMemory,
                 std::string("too few huge pages (reserve some: sysctl vm.nr_hugepages): ") +
                     error.what());
    }
    requireHugePages("the file lies where its path says");
  }
  settleAsAsked();
  if (contents) contents.initialise(state_.address, this->size());
  return unnamed;
}

void NamedMemory::keep(UnnamedFile& file) {
  state_.descriptor = file.release();
  state_.growth = Growth::WithFile;
  state_.created = true;
}

/// False when somebody else took the name first.
bool NamedMemory::create(const NamedFile& file, std::size_t size, const MemoryOptions& options,
                         const Contents& contents) {
  const std::unique_ptr<UnnamedFile> unnamed = make(file, size, options, contents);
  if (unnamed->publish(file.path)) {
    keep(*unnamed);
  } else {
    reset();
  }
  return state_.created;
}

void NamedMemory::takeUnnamed(std::size_t size, const MemoryOptions& options,
                              const Contents& contents) {
  if (options.access != Access::ReadWrite) {
    throwError(Errc::InvalidParam, "new memory without a name can only be read and written");
  }
  keep(*make({std::string(kSegmentFolder) + "/(no name)", true}, size, options, contents));
}

ShmMem::ShmMem(std::size_t size, const std::string& name, const MemoryOptions& options,
               const Contents& contents) {
  take(segmentFile(name), size, options, contents, Opening::OpenOrCreate);
}

ShmMem::ShmMem(std::size_t size, const MemoryOptions& options, const Contents& contents) {
  takeUnnamed(size, options, contents);
}

int ShmMem::unlink(const std::string& name) noexcept {
  return asResult([&] { unlinkSegment(segmentFile(name).path); });
}

int ShmMem::unlinkIfUnused(const std::string& name) noexcept {
  return asResult([&] {
    const std::string path = segmentFile(name).path;
    if (!unlinkUnused(path, [](int) {})) throwError(Errc::InUse, path + " is in use");
  });
}

FileMem::FileMem(std::size_t size, const std::string& path, const MemoryOptions& options,
                 const Contents& contents) {
  const bool has_folder = path.find('/') != std::string::npos;
  take({has_folder ? path : "./" + path, false}, size, options, contents, Opening::OpenOrCreate);
}

int FileMem::sync(Flush flush) noexcept {
  if (state_.address == nullptr) return fail(Errc::OperationFailed);
  if (::msync(state_.address, size(), flush == Flush::Async ? MS_ASYNC : MS_SYNC) == 0) return 0;
  return fail(std::error_code(errno, std::system_category()));
}

ShmRegion ShmRegion::create(const std::string& name, std::size_t size,
                            const MemoryOptions& options) {
  ShmRegion region;
  region.take(segmentFile(name), size, options, {}, Opening::Create);
  return region;
}

ShmRegion ShmRegion::open(const std::string& name, const MemoryOptions& options) {
  ShmRegion region;
  region.take(segmentFile(name), 0, options, {}, Opening::Open);
  return region;
}

bool ShmRegion::exists(const std::string& name) {
  struct ::stat facts = {};
  return ::stat(segmentFile(name).path.c_str(), &facts) == 0;
}

bool ShmRegion::wait_until_exists(const std::string& name, const std::atomic<bool>& keep_waiting,
                                  std::chrono::milliseconds poll, const MemoryOptions& options) {
  MemoryOptions to_look = options;
  to_look.access = Access::ReadOnly;
  to_look.prefault = false;
  to_look.lock = false;
  while (keep_waiting) {
    try {
      open(name, to_look);
      return true;
    } catch (const std::system_error& error) {
      const bool comes_yet = error.code() == Errc::NotFound || error.code() == Errc::TemporaryError;
      if (!comes_yet) throw;
    }
    std::this_thread::sleep_for(poll);
  }
  return false;
}

}  // namespace ringside
