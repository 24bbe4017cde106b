// Mapping::resize(): mremap(2), and growing the file first where there is one.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "guarded_ranges.hpp"
#include "kernel_facts.hpp"
#include "lock_file.hpp"
#include "ringside/mapping.hpp"

namespace ringside {

int Mapping::resize(std::size_t size) noexcept {
  if (state_.address == nullptr) return fail(Errc::OperationFailed);
  if (size == 0) return fail(Errc::InvalidParam);
  try {
    const std::size_t rounded = roundUp(size, state_.page);
    if (rounded < state_.size) {
      cutOff(rounded);
    } else if (rounded > state_.size) {
      if (state_.growth == Growth::Never) return fail(Errc::OperationFailed);
      if (state_.growth == Growth::WithFile) growFile(rounded);
      moveTo(rounded);
    }
    return 0;
  } catch (const std::system_error& error) {
    return fail(error.code());
  } catch (const std::bad_alloc&) {
    return fail(Errc::OutOfMemory);
  }
}

void Mapping::cutOff(std::size_t size) {
  if (::munmap(static_cast<std::byte*>(state_.address) + size, state_.size - size) != 0) {
    throwErrno("cannot unmap the end");
  }
  state_.size = size;
  moveGuardedRange(state_.range, state_.address, size);
}

/// A file that others have made larger already is taken as it is.
void Mapping::growFile(std::size_t size) {
  struct ::stat facts = {};
  if (::fstat(state_.descriptor, &facts) != 0) throwErrno("cannot look at the file");
  if (roundUp(static_cast<std::size_t>(facts.st_size), state_.page) >= size) return;
  if (state_.options.access != Access::ReadWrite) {
    throwError(Errc::InvalidParam, "the file is smaller, and is not opened for writing");
  }
  // A failure makes it smaller again: under a lock that a forked child does not share.
  const UniqueFd own = openAgain(state_.descriptor, O_RDWR);
  const LifecycleLock lock(own.get());
  if (::fstat(state_.descriptor, &facts) != 0) throwErrno("cannot look at the file");
  const std::size_t before = roundUp(static_cast<std::size_t>(facts.st_size), state_.page);
  if (before >= size) return;
  try {
    addEnd(before, size);
  } catch (...) {
    // What a hugetlbfs took on the way. A sealed memfd keeps its new size, without pages.
    ::fallocate(state_.descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<::off_t>(before), static_cast<::off_t>(size - before));
    static_cast<void>(!::ftruncate(state_.descriptor, facts.st_size));
    throw;
  }
}

/// The new end is mapped for itself first: nodes are bound before pages are taken, and what could
/// refuse the larger mapping does so while the file is as it was.
void Mapping::addEnd(std::size_t from, std::size_t to) {
  Mapping end;
  end.state_.options = state_.options;
  end.state_.page = state_.page;
  void* address = ::mmap(nullptr, to - from, PROT_READ | PROT_WRITE, MAP_SHARED, state_.descriptor,
                         static_cast<::off_t>(from));
  if (address == MAP_FAILED) throwErrno("cannot map the new end");
  end.state_.address = address;
  end.state_.size = to - from;
  const bool counts = state_.page == basePageBytes() && lockedBytes() > 0;  // against a limit
  if (counts && ::mlock2(address, to - from, MLOCK_ONFAULT) != 0) {
    throwErrno("cannot lock the new end");
  }
  end.bindAsAsked();
  reserveSpace(state_.descriptor, from, to, "the new end");
}

void Mapping::moveTo(std::size_t size) {
  const std::size_t before = state_.size;
  if (state_.page > basePageBytes()) {
    mapAnew(size);
  } else {
    void* moved = ::mremap(state_.address, state_.size, size, MREMAP_MAYMOVE);
    // EFAULT: parts of it were bound or locked on their own, which the kernel keeps apart.
    if (moved == MAP_FAILED && errno == EFAULT && state_.growth == Growth::WithFile) {
      mapAnew(size);
    } else if (moved == MAP_FAILED) {
      // What it says of a limit of locked bytes, and of more than a process can have.
      if (errno == EAGAIN || errno == EINVAL) errno = ENOMEM;
      if (errno == EFAULT) throwError(Errc::OperationFailed, "its parts are bound or locked apart");
      throwErrno("cannot map " + std::to_string(size) + " bytes");
    } else {
      state_.address = moved;
      state_.size = size;
      moveGuardedRange(state_.range, moved, size);
    }
  }
  try {
    settleAsAsked();
  } catch (...) {
    cutOff(before);
    throw;
  }
}

/// Where mremap(2) can't: huge pages, and ranges that the kernel holds in parts.
void Mapping::mapAnew(std::size_t size) {
  if (state_.options.access == Access::Private) {
    throwError(Errc::OperationFailed, "what was written to private memory can't be mapped anew");
  }
  Mapping moved;
  moved.state_.options = state_.options;
  const bool huge = state_.page > basePageBytes();
  moved.map(size, {state_.page, huge}, MAP_SHARED, state_.descriptor);
  if (!huge && lockedBytes() > 0 && moved.mlock() != 0) {
    throw std::system_error(lastError, "cannot lock " + std::to_string(size) + " bytes");
  }
  std::swap(state_.address, moved.state_.address);
  std::swap(state_.size, moved.state_.size);
  std::swap(state_.range, moved.state_.range);
}

}  // namespace ringside
