// What happens when somebody makes the file behind shared memory shorter while it is in use. The
// kernel sends SIGBUS to whoever touches what is gone, and the process dies; with the guard it
// lives and is told. A MemfdMem needs none: it is sealed against shrinking.
#pragma once

namespace ringside {

/// From now on, in this process, touching memory of this library (ShmMem, FileMem and what is made
/// of them) where its file has ended reads zeros and writes to nowhere. Its Mapping is truncated()
/// from then on, and a ring in it is of no use: the call that touched it ends, perhaps as if
/// nothing had happened, and every later one is OperationFailed, which describeDamage() explains.
/// Threads that wait in it stop waiting. Also for memory that was made before.
///
/// The same for a page that the kernel has no memory for, which reserving it at creation prevents.
///
/// Installs a handler for SIGBUS, once: every other SIGBUS goes to the handler that was there, or
/// kills the process as before. A handler that is installed later takes the guard's place, unless
/// it passes on what is not its own. 0, or -1 with lastError.
int guardAgainstTruncation() noexcept;

}  // namespace ringside
