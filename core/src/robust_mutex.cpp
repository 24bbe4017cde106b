#include "ringside/robust_mutex.hpp"

#include <cerrno>
#include <system_error>

#include "ringside/error.hpp"
#include "thread_sanitizer.hpp"
#include "timespec.hpp"

namespace ringside {
namespace {

void require(int result, const char* what) {
  if (result != 0) throw std::system_error(result, std::system_category(), what);
}

/// The attributes of every RobustMutex.
class Attributes {
 public:
  Attributes() {
    require(::pthread_mutexattr_init(&attributes_), "no mutex attributes");
    require(::pthread_mutexattr_setpshared(&attributes_, PTHREAD_PROCESS_SHARED),
            "no mutex between processes");
    require(::pthread_mutexattr_setrobust(&attributes_, PTHREAD_MUTEX_ROBUST), "no robust mutex");
    require(::pthread_mutexattr_settype(&attributes_, PTHREAD_MUTEX_ERRORCHECK),
            "no mutex that knows its owner");
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::pthread_mutexattr_destroy(&attributes_); }
  const ::pthread_mutexattr_t* get() const { return &attributes_; }

 private:
  ::pthread_mutexattr_t attributes_;
};

/// ThreadSanitizer (LLVM 14) does not know pthread_mutex_clocklock, and not that a timed lock can
/// be inherited from the dead: it would miss the lock. In its builds alone a waiter tries again.
int lockByTrying(::pthread_mutex_t& mutex, const Deadline& deadline) noexcept {
  for (;;) {
    const int result = ::pthread_mutex_trylock(&mutex);
    if (result != EBUSY) return result;
    if (expired(deadline)) return ETIMEDOUT;
    ::sched_yield();
  }
}

Errc meaningOf(int result) noexcept {
  switch (result) {
    case EBUSY:
      return Errc::TemporaryError;
    case ETIMEDOUT:
      return Errc::TimedOut;
    case EDEADLK:
      return Errc::InUse;
    case EINVAL:
      return Errc::InvalidParam;
    default:  // EPERM: not the owner
      return Errc::OperationFailed;
  }
}

}  // namespace

RobustMutex::RobustMutex() : damaged_(0) {
  const Attributes attributes;
  require(::pthread_mutex_init(&mutex_, attributes.get()), "cannot make a robust mutex");
}

int RobustMutex::lockUntil(const Deadline& deadline) noexcept {
  if (!deadline) return lock();
  if (kThreadSanitizer) return taken(lockByTrying(mutex_, deadline));
  const ::timespec when = toTimespec(*deadline);
  return taken(::pthread_mutex_clocklock(&mutex_, CLOCK_MONOTONIC, &when));
}

bool RobustMutex::takenFromTheDead(int result) noexcept {
  if (result != EOWNERDEAD) return false;
  // Consistent at once: unlocked without that, the mutex would be lost for ever. Killed anywhere
  // in these lines, this process is a dead owner itself and the next locker comes here again.
  damaged_.store(1, std::memory_order_relaxed);
  ::pthread_mutex_consistent(&mutex_);
  return true;
}

int RobustMutex::refused(int result) noexcept { return fail(meaningOf(result)); }

}  // namespace ringside
