// Locks on single bytes of a file, held by an open file description: the kernel drops them when its
// last descriptor closes, that is at the latest when the process has left its memory.
#pragma once

#include <sys/types.h>

#include <string>

#include "unique_fd.hpp"

namespace ringside {

// Lock bytes lie far beyond the end of the file, where no data is.
constexpr ::off_t kLockBase = ::off_t{1} << 40;
constexpr ::off_t kLifecycleLock = kLockBase;  ///< creating, attaching
constexpr ::off_t kProducerRoleLock = kLockBase + 1;
constexpr ::off_t kConsumerRoleLock = kLockBase + 2;
constexpr ::off_t kPresenceLock = kLockBase + 3;  ///< shared by all who have it open
constexpr ::off_t kAdoptionLock = kLockBase + 4;  ///< choosing an element of a dead consumer
constexpr ::off_t kFirstParticipantLock = kLockBase + 16;

/// False when another file description holds it. Throws std::system_error.
bool tryLock(int descriptor, ::off_t byte);
/// The same for a lock that any number may hold, but not together with one of tryLock().
bool tryShare(int descriptor, ::off_t byte);
void unlock(int descriptor, ::off_t byte) noexcept;
/// True when another file description holds it, or when that cannot be told.
bool isLocked(int descriptor, ::off_t byte) noexcept;

/// Takes every lock byte that there is, in one step and for this description alone. False, and
/// nothing is taken, when another one holds any of them. Throws std::system_error.
bool tryLockAll(int descriptor);
/// True when another file description holds any of them, or when that cannot be told. The
/// descriptor may be open for reading only, as isLocked()'s.
bool isAnyLocked(int descriptor) noexcept;

/// Serialises creating and attaching. The holder may be stopped, so the wait has an end: throws
/// TimedOut.
class LifecycleLock {
 public:
  explicit LifecycleLock(int descriptor);
  LifecycleLock(const LifecycleLock&) = delete;
  LifecycleLock& operator=(const LifecycleLock&) = delete;
  ~LifecycleLock() { unlock(descriptor_, kLifecycleLock); }

 private:
  int descriptor_;
};

/// A file description of its own for an open file: one that came by a fork, or by a message, has
/// the locks of somebody else. Throws std::system_error.
UniqueFd openAgain(int descriptor, int flags);

/// From now on a child that is forked gets a description of its own for this descriptor, without
/// the locks: they end with this process and not with its last child.
void keepFromChildren(int descriptor);
/// Before it is closed.
void forgetDescriptor(int descriptor) noexcept;

/// A file in memory, without a name, for the locks of memory that has no file.
UniqueFd makeCompanion();

}  // namespace ringside
