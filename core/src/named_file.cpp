#include "named_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>

#include "kernel_facts.hpp"
#include "lock_file.hpp"
#include "ringside/error.hpp"

namespace ringside {
namespace {

constexpr int kMaxScratchFiles = 100;
constexpr int kMaxRaces = 1000;  ///< others that may take a name away, or make it, in between
constexpr std::size_t kDigits = 16;

std::string randomDigits() {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) throwErrno("no random bytes");
  char digits[kDigits + 1] = {};
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(random));
  return digits;
}

std::string nameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// What a symbolic link says; empty when `path` is none.
std::string targetOf(const std::string& path) {
  char target[PATH_MAX] = {};
  return ::readlink(path.c_str(), target, sizeof target - 1) > 0 ? target : "";
}

UniqueFd openPlain(const std::string& path, int way) {
  return UniqueFd(::open(path.c_str(), way | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

/// Removes files in `folder` that were made for `name`, that no living process uses, and that
/// `path`, if it is a link, does not lead to.
void sweep(const std::string& folder, std::string_view name, const std::string& path) {
  const std::unique_ptr<::DIR, int (*)(::DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (entries == nullptr) return;
  while (const ::dirent* entry = ::readdir(entries.get())) {
    if (madeFor(entry->d_name) != name) continue;
    const std::string file = folder + "/" + entry->d_name;
    const UniqueFd descriptor = openPlain(file, O_RDWR);
    // The lock first: who makes the file names it while it is announced.
    if (!descriptor || !tryLock(descriptor.get(), kPresenceLock)) continue;
    if (path.empty() || targetOf(path) != file) ::unlink(file.c_str());
  }
}

/// The plain file of that name, announced: as long as it is open no unlinkUnused() is about to take
/// away this name, which might stand for another file by then. None where it can't be opened.
UniqueFd holdName(const std::string& path) {
  for (int race = 0; race < kMaxRaces; ++race) {
    const std::string file = fileBehind(path);
    UniqueFd descriptor = openPlainFile(file, O_RDONLY);
    if (!descriptor) return {};
    announcePresence(descriptor.get());
    if (isStill(descriptor.get(), path)) return descriptor;
  }
  throwError(Errc::TimedOut, path + " changed while it was unlinked");
}

/// The name first: a file on huge pages without one is found and swept.
void unlinkBoth(const std::string& path, const std::string& file) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throwErrno("cannot unlink " + path);
  if (file != path) ::unlink(file.c_str());
}

}  // namespace

std::string_view madeFor(std::string_view entry) {
  if (entry.size() <= kDigits + 1) return {};
  const std::size_t dot = entry.size() - kDigits - 1;
  const bool digits = entry.find_first_not_of("0123456789abcdef", dot + 1) == entry.npos;
  return entry[dot] == '.' && digits ? entry.substr(0, dot) : std::string_view();
}

std::string folderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

UnnamedFile::UnnamedFile(const std::string& folder, ::mode_t mode) : folder_(folder) {
  for (int tries = 0; !open(folder); ++tries) {
    if (tries == kMaxScratchFiles) throwError(Errc::TimedOut, "no file can be kept in " + folder);
  }
  if (::fchmod(descriptor_.get(), mode) != 0) throwErrno("cannot set a mode in " + folder);
}

UnnamedFile::~UnnamedFile() {
  if (!scratch_path_.empty()) ::unlink(scratch_path_.c_str());
}

/// False when a sweeper was faster than the lock.
bool UnnamedFile::open(const std::string& folder) {
  // Without /proc a file can't be linked by its descriptor.
  bool needs_scratch = ::access("/proc/self/fd", X_OK) != 0;
  if (!needs_scratch) {
    descriptor_ = UniqueFd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    needs_scratch = !descriptor_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
  }
  if (needs_scratch) {
    sweep(folder, kScratchName, "");
    const std::string path = folder + "/" + std::string(kScratchName) + "." + randomDigits();
    descriptor_ = UniqueFd(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (descriptor_) scratch_path_ = path;
  }
  if (!descriptor_) throwErrno("cannot make a file in " + folder);
  return tryShare(descriptor_.get(), kPresenceLock);
}

/// False when there is something of that name.
bool UnnamedFile::link(const std::string& path) {
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor_.get());
  const int result = scratch_path_.empty() ? ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD,
                                                      path.c_str(), AT_SYMLINK_FOLLOW)
                                           : ::link(scratch_path_.c_str(), path.c_str());
  if (result == 0) return true;
  if (errno == EEXIST || (errno == ENOENT && !scratch_path_.empty())) return false;
  throwErrno("cannot name " + path);
}

bool UnnamedFile::publish(const std::string& path) {
  if (folderOf(path) == folder_) return link(path);
  const std::string target = folder_ + "/" + nameOf(path) + "." + randomDigits();
  if (!link(target)) return false;
  if (::symlink(target.c_str(), path.c_str()) == 0) {
    sweepOrphans(path);
    return true;
  }
  const int cause = errno;
  ::unlink(target.c_str());
  if (cause == EEXIST) return false;
  errno = cause;
  throwErrno("cannot name " + path);
}

std::string resolveSegment(const std::string& path) {
  const std::string target = targetOf(path);
  if (target.empty()) return path;
  const std::vector<HugePageFolder> folders = hugePageFolders();
  const bool huge = std::any_of(folders.begin(), folders.end(), [&](const HugePageFolder& folder) {
    return folder.path == folderOf(target);
  });
  if (!huge || madeFor(nameOf(target)) != nameOf(path)) {
    throwError(Errc::PermissionDenied,
               path + " is a symbolic link to " + target + ", which is no segment on huge pages");
  }
  return target;
}

void unlinkSegment(const std::string& path) {
  const UniqueFd held = holdName(path);
  unlinkBoth(path, fileBehind(path));
  sweepOrphans(path);
}

std::string fileBehind(const std::string& path) {
  const std::string target = targetOf(path);
  const bool huge =
      madeFor(nameOf(target)) == nameOf(path) && hugePageBytesOf(folderOf(target)) > 0;
  return huge ? target : path;
}

UniqueFd openPlainFile(const std::string& path, int way) {
  struct ::stat facts = {};
  if (::lstat(path.c_str(), &facts) != 0) return {};
  if (S_ISREG(facts.st_mode)) return openPlain(path, way);
  errno = EINVAL;
  return {};
}

bool unlinkUnused(const std::string& path, const std::function<void(int descriptor)>& agree) {
  for (int race = 0; race < kMaxRaces; ++race) {
    const std::string file = fileBehind(path);
    const UniqueFd descriptor = openPlainFile(file, O_RDWR);
    if (!descriptor && errno == ENOENT && file == path) return true;
    if (!descriptor) throwErrno("cannot open " + file);
    if (!tryLockAll(descriptor.get())) return false;
    agree(descriptor.get());
    // Who opens it now waits to announce itself, and looks then whether it has a name. Nobody of
    // this library takes the name away meanwhile (holdName()): if it is ours now, it stays so.
    if (!isStill(descriptor.get(), path)) continue;
    unlinkBoth(path, file);
    return true;
  }
  throwError(Errc::TimedOut, path + " changed while it was unlinked");
}

bool isStill(int descriptor, const std::string& path) {
  struct ::stat ours = {};
  struct ::stat named = {};
  return ::fstat(descriptor, &ours) == 0 && ::stat(path.c_str(), &named) == 0 &&
         ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

void announcePresence(int descriptor) {
  constexpr int kTries = 1000;  // a sweeper holds it for an instant
  for (int tries = 0; tries < kTries; ++tries) {
    if (tryShare(descriptor, kPresenceLock)) return;
    ::usleep(1000);
  }
  throwError(Errc::TimedOut, "the segment's file has been locked for a second");
}

void sweepOrphans(const std::string& path) {
  for (const HugePageFolder& folder : hugePageFolders()) sweep(folder.path, nameOf(path), path);
}

}  // namespace ringside
