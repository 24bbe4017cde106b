#include "lock_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "ringside/error.hpp"

namespace ringside {
namespace {

constexpr int kLifecycleTries = 1000;  ///< 1 ms apart

int setLock(int descriptor, ::off_t byte, short type) {
  struct ::flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return ::fcntl(descriptor, F_OFD_SETLK, &lock);
}

bool tryToSet(int descriptor, ::off_t byte, short type) {
  if (setLock(descriptor, byte, type) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throwErrno("cannot lock a byte of the segment's file");
}

}  // namespace

bool tryLock(int descriptor, ::off_t byte) { return tryToSet(descriptor, byte, F_WRLCK); }

bool tryShare(int descriptor, ::off_t byte) { return tryToSet(descriptor, byte, F_RDLCK); }

void unlock(int descriptor, ::off_t byte) noexcept { setLock(descriptor, byte, F_UNLCK); }

LifecycleLock::LifecycleLock(int descriptor) : descriptor_(descriptor) {
  for (int tries = 0; tries < kLifecycleTries; ++tries) {
    if (tryLock(descriptor_, kLifecycleLock)) return;
    const ::timespec pause = {0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  throwError(Errc::TimedOut,
             "another process has been creating or attaching to this segment for a second");
}

UniqueFd makeCompanion() {
  UniqueFd file(::memfd_create("ringside-locks", MFD_CLOEXEC));
  if (!file) throwErrno("cannot make a file for the locks");
  return file;
}

}  // namespace ringside
