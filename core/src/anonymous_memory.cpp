// Memory that has no name: private, shared over fork, or passed by descriptor.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "kernel_facts.hpp"
#include "lock_file.hpp"
#include "page_flags.hpp"
#include "ringside/backings.hpp"
#include "snapshot.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

#ifndef MFD_NOEXEC_SEAL
constexpr unsigned kNoExecution = 0x0008U;  // since Linux 6.3
#else
constexpr unsigned kNoExecution = MFD_NOEXEC_SEAL;
#endif

void requireReadWrite(const MemoryOptions& options) {
  if (options.access == Access::ReadWrite) return;
  throwError(Errc::InvalidParam, "new memory without a name can only be read and written");
}

UniqueFd makeMemfd(const PageKind& pages) {
  unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  if (pages.huge) flags |= MFD_HUGETLB | static_cast<unsigned>(hugePageFlags(pages.bytes));
  int descriptor = ::memfd_create("ringside", flags | kNoExecution);
  if (descriptor < 0 && errno == EINVAL) descriptor = ::memfd_create("ringside", flags);
  if (descriptor < 0) throwErrno("cannot make a memfd");
  return UniqueFd(descriptor);
}

}  // namespace

LocalMem::LocalMem(std::size_t size, const MemoryOptions& options, const Contents& contents) {
  requireReadWrite(options);
  obtain(size, options, Satisfied::ByReserved, [&](const PageKind& pages) {
    map(size, pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    state_.growth = pages.huge ? Growth::Never : Growth::Anonymous;
    bindAsAsked();
  });
  settleAsAsked();
  state_.created = true;
  if (contents) contents.initialise(state_.address, this->size());
}

AnonMem::AnonMem(std::size_t size, const MemoryOptions& options, const Contents& contents) {
  requireReadWrite(options);
  obtain(size, options, Satisfied::ByReserved, [&](const PageKind& pages) {
    map(size, pages, MAP_SHARED | MAP_ANONYMOUS, -1);
    bindAsAsked();
  });
  settleAsAsked();
  state_.created = true;
  if (!contents) return;
  state_.descriptor = makeCompanion().release();
  contents.initialise(state_.address, this->size());
}

MemfdMem::MemfdMem(std::size_t size, const MemoryOptions& options, const Contents& contents) {
  requireReadWrite(options);
  obtain(size, options, Satisfied::ByReserved, [&](const PageKind& pages) {
    state_.descriptor = makeMemfd(pages).release();
    const std::size_t rounded = roundUp(size, pages.bytes);
    if (::ftruncate(state_.descriptor, static_cast<::off_t>(rounded)) != 0) {
      throwErrno("cannot give a memfd a size of " + std::to_string(rounded) + " bytes");
    }
    map(size, pages, MAP_SHARED, state_.descriptor);
    bindAsAsked();
    reserveSpace(state_.descriptor, 0, rounded, "a memfd");
    state_.growth = Growth::WithFile;
  });
  settleAsAsked();
  state_.created = true;
  if (contents) contents.initialise(state_.address, this->size());
  // Nobody may add another seal either: one against writing would stop all.
  if (::fcntl(state_.descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
    throwErrno("cannot seal a memfd");
  }
}

MemfdMem::MemfdMem(std::size_t size, int descriptor, const MemoryOptions& options,
                   const Contents& contents) {
  if (size == 0) throwError(Errc::InvalidParam, "memory of 0 bytes was asked for");
  const int seals = ::fcntl(descriptor, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    throwError(Errc::InvalidParam, "descriptor " + std::to_string(descriptor) +
                                       " is not a memfd that is sealed against shrinking");
  }
  state_.options = options;
  state_.descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (state_.descriptor < 0) throwErrno("cannot keep descriptor " + std::to_string(descriptor));
  reopen();  // the locks are of a file description, and this one is the sender's
  const Snapshot seen(state_.descriptor, "the memfd");
  seen.show(contents);
  const std::size_t huge = hugePageBytesOf(state_.descriptor);
  const PageKind pages{huge > 0 ? huge : basePageBytes(), huge > 0};
  seen.requireSize(size, pages.bytes);
  map(size, pages, options.access == Access::Private ? MAP_PRIVATE : MAP_SHARED, state_.descriptor);
  state_.growth = Growth::WithFile;
  bindAsAsked();
  settleAsAsked();
}

}  // namespace ringside
