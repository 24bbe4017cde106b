#include "lock_file.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <set>

#include "ringside/error.hpp"

namespace ringside {
namespace {

constexpr int kLifecycleTries = 1000;  ///< 1 ms apart

struct LockRange {
  ::off_t first;
  ::off_t count = 1;  ///< 0: all that follow
};
constexpr LockRange kAllLocks{kLockBase, 0};

struct ::flock lockOn(LockRange range, short type) {
  struct ::flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = range.first;
  lock.l_len = range.count;
  return lock;
}

bool tryToSet(int descriptor, LockRange range, short type) {
  struct ::flock lock = lockOn(range, type);
  if (::fcntl(descriptor, F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throwErrno("cannot lock a byte of the segment's file");
}

bool isHeld(int descriptor, LockRange range) noexcept {
  struct ::flock lock = lockOn(range, F_WRLCK);
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

/// The descriptors whose locks a forked child must not hold on to.
class LockedDescriptors {
 public:
  /// Never destroyed: children may be forked until the very end.
  static LockedDescriptors& instance() {
    static LockedDescriptors& all = *new LockedDescriptors;
    return all;
  }
  void add(int descriptor) {
    const std::lock_guard lock(mutex_);
    numbers_.insert(descriptor);
  }
  void remove(int descriptor) noexcept {
    const std::lock_guard lock(mutex_);
    numbers_.erase(descriptor);
  }

 private:
  LockedDescriptors() {
    ::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                     [] {
                       instance().reopenAll();
                       instance().mutex_.unlock();
                     });
  }

  /// In the child: open, dup3 and close only. Where /proc is not mounted the locks stay shared.
  void reopenAll() noexcept {
    for (const int descriptor : numbers_) {
      char self[32] = {};
      std::snprintf(self, sizeof self, "/proc/self/fd/%d", descriptor);
      const int own = ::open(self, O_RDWR | O_CLOEXEC);
      if (own < 0) continue;
      ::dup3(own, descriptor, O_CLOEXEC);
      ::close(own);
    }
  }

  std::mutex mutex_;
  std::set<int> numbers_;
};

}  // namespace

bool tryLock(int descriptor, ::off_t byte) { return tryToSet(descriptor, {byte}, F_WRLCK); }

bool tryShare(int descriptor, ::off_t byte) { return tryToSet(descriptor, {byte}, F_RDLCK); }

void unlock(int descriptor, ::off_t byte) noexcept {
  struct ::flock lock = lockOn({byte}, F_UNLCK);
  ::fcntl(descriptor, F_OFD_SETLK, &lock);
}

bool tryLockAll(int descriptor) { return tryToSet(descriptor, kAllLocks, F_WRLCK); }

bool isLocked(int descriptor, ::off_t byte) noexcept { return isHeld(descriptor, {byte}); }

bool isAnyLocked(int descriptor) noexcept { return isHeld(descriptor, kAllLocks); }

LifecycleLock::LifecycleLock(int descriptor) : descriptor_(descriptor) {
  for (int tries = 0; tries < kLifecycleTries; ++tries) {
    if (tryLock(descriptor_, kLifecycleLock)) return;
    const ::timespec pause = {0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  throwError(Errc::TimedOut,
             "another process has been creating or attaching to this segment for a second");
}

UniqueFd openAgain(int descriptor, int flags) {
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor);
  UniqueFd own(::open(self.c_str(), flags | O_CLOEXEC));
  if (!own) throwErrno("cannot open " + self + " again, which needs a mounted /proc");
  return own;
}

void keepFromChildren(int descriptor) { LockedDescriptors::instance().add(descriptor); }

void forgetDescriptor(int descriptor) noexcept { LockedDescriptors::instance().remove(descriptor); }

UniqueFd makeCompanion() {
  UniqueFd file(::memfd_create("ringside-locks", MFD_CLOEXEC));
  if (!file) throwErrno("cannot make a file for the locks");
  return file;
}

}  // namespace ringside
