#include "ringside/mapping.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <stdexcept>

#include "guarded_ranges.hpp"
#include "kernel_facts.hpp"
#include "lock_file.hpp"
#include "numa.hpp"
#include "page_flags.hpp"

namespace ringside {
namespace {

constexpr int kMaxInterrupts = 1000;

int failErrno() noexcept { return fail(std::error_code(errno, std::system_category())); }

int checked(int result) noexcept { return result == 0 ? 0 : failErrno(); }

int systemAdvice(Advice advice) {
  switch (advice) {
    case Advice::Normal:
      return MADV_NORMAL;
    case Advice::Sequential:
      return MADV_SEQUENTIAL;
    case Advice::Random:
      return MADV_RANDOM;
    case Advice::WillNeed:
      return MADV_WILLNEED;
    case Advice::DontNeed:
      return MADV_DONTNEED;
    case Advice::HugePage:
      return MADV_HUGEPAGE;
  }
  return MADV_NORMAL;
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

/// "NAME on a file system of 64 MiB, of which 3 MiB are free"
std::string withSpaceOf(int descriptor, const std::string& what) {
  struct ::statvfs facts = {};
  if (::fstatvfs(descriptor, &facts) != 0 || facts.f_blocks == 0) return what;
  return what + " on a file system of " + mebibytes(facts.f_blocks * facts.f_frsize) +
         ", of which " + mebibytes(facts.f_bavail * facts.f_frsize) + " are free";
}

std::string listOf(const std::vector<int>& nodes) {
  std::string list;
  for (const int node : nodes) list += (list.empty() ? "" : ", ") + std::to_string(node);
  return list;
}

/// Reserved pages are taken where the memory fills at least one.
bool worthHugePages(std::size_t size, const MemoryOptions& options, std::size_t page) {
  return options.huge_pages == HugePages::Require ||
         (options.huge_pages == HugePages::Try && size >= page);
}

/// A transparent huge page counts only when all that is resident is made of them.
std::size_t pageBytesOf(const RangeFacts& range) {
  const bool all_huge = range.huge_bytes > 0 && range.huge_bytes == range.resident_bytes;
  const std::size_t page = range.kernel_page_size_bytes;
  return all_huge ? std::max(page, transparentHugePageBytes()) : page;
}

int protectionFor(Access access) {
  return access == Access::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
}

}  // namespace

int mlock(void* address, std::size_t size) noexcept { return checked(::mlock(address, size)); }

MemoryFacts memoryFacts(const void* address, std::size_t size) {
  if (address == nullptr) return {};
  const RangeFacts range = rangeFacts(address, size);
  return {pageBytesOf(range), range.locked_bytes, nodePagesOf(address, size)};
}

// Each asks only for what it answers: where the pages lie takes a question for every page.

std::size_t Mapping::pageSize() const {
  return state_.address != nullptr ? pageBytesOf(rangeFacts(state_.address, size())) : 0;
}

std::size_t Mapping::lockedBytes() const {
  return state_.address != nullptr ? rangeFacts(state_.address, size()).locked_bytes : 0;
}

std::map<int, std::uint64_t> Mapping::nodePages() const {
  if (state_.address == nullptr) return {};
  return nodePagesOf(state_.address, size());
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    reset();
    state_ = std::exchange(other.state_, {});
  }
  return *this;
}

void Mapping::reset() noexcept {
  // munmap(2) detaches a SysV segment too.
  removeGuardedRange(state_.range);
  if (state_.address != nullptr) ::munmap(state_.address, state_.size);
  if (state_.descriptor >= 0) ::close(state_.descriptor);
  state_ = {};
}

void* Mapping::get(std::size_t offset) {
  return const_cast<void*>(static_cast<const Mapping&>(*this).get(offset));
}

const void* Mapping::get(std::size_t offset) const {
  if (state_.address == nullptr) throw std::runtime_error("memory is not mapped");
  if (offset >= size()) {
    throw std::out_of_range("offset " + std::to_string(offset) + " is past the end of " +
                            std::to_string(size()) + " mapped bytes");
  }
  return static_cast<const std::byte*>(state_.address) + offset;
}

const std::atomic<bool>* Mapping::truncation() const noexcept {
  static constinit std::atomic<bool> never = false;
  return state_.range != nullptr ? &state_.range->truncated : &never;
}

ProcessMark Mapping::mark() const noexcept {
  if (state_.range == nullptr) return ProcessMark();
  const ProcessMark mark(state_.range->mark);
  // The handler may have been here before the mark was.
  if (truncated() && state_.range->mark != nullptr) {
    state_.range->mark->store(0, std::memory_order_relaxed);
  }
  return mark;
}

int Mapping::mbind(int node) noexcept {
  try {
    return mbind(std::vector<int>{node}, NumaPolicy::Bind);
  } catch (const std::bad_alloc&) {
    return fail(Errc::OutOfMemory);
  }
}

int Mapping::mbind(const std::vector<int>& nodes, NumaPolicy policy) noexcept {
  if (state_.address == nullptr) return fail(Errc::OperationFailed);
  // The kernel moves only pages that are mapped, and does not say which are reserved in a file.
  if (state_.growth == Growth::WithFile && isInMemory(state_.descriptor)) {
    ::madvise(state_.address, size(), MADV_POPULATE_READ);
  }
  return ringside::mbind(state_.address, size(), nodes, policy);
}

int Mapping::mlock() noexcept {
  if (state_.address == nullptr) return fail(Errc::OperationFailed);
  return ringside::mlock(state_.address, size());
}

int Mapping::advise(Advice advice) noexcept {
  if (state_.address == nullptr) return fail(Errc::OperationFailed);
  return checked(::madvise(state_.address, size(), systemAdvice(advice)));
}

int Mapping::prefault() noexcept {
  if (state_.address == nullptr) return fail(Errc::OperationFailed);
  const bool writes = state_.options.access == Access::ReadWrite;
  return checked(
      ::madvise(state_.address, size(), writes ? MADV_POPULATE_WRITE : MADV_POPULATE_READ));
}

void Mapping::reopen() {
  const bool writes = state_.options.access == Access::ReadWrite;
  UniqueFd own = openAgain(state_.descriptor, writes ? O_RDWR : O_RDONLY);
  ::close(state_.descriptor);
  state_.descriptor = own.release();
}

void Mapping::obtain(std::size_t size, const MemoryOptions& options, Satisfied satisfied,
                     const std::function<void(const PageKind&)>& attempt) {
  if (size == 0) throwError(Errc::InvalidParam, "memory of 0 bytes was asked for");
  const std::error_code error_before = lastError;
  const std::size_t huge = hugePageBytes(options.huge_page_size);
  std::string why = "this kernel has no reserved pages of that size";
  if (huge > 0 && worthHugePages(size, options, huge)) {
    try {
      state_.options = options;
      return attempt({huge, true});
    } catch (const std::system_error& error) {
      why = error.what();
      lastError = error_before;  // what follows may succeed, and a success leaves it as it was
      reset();
    }
  }
  state_.options = options;
  if (satisfied == Satisfied::ByReserved) requireHugePages(why);
  attempt({basePageBytes(), false});
  requireHugePages(why);
}

void Mapping::requireHugePages(const std::string& why) const {
  if (state_.options.huge_pages != HugePages::Require || pageSize() > basePageBytes()) return;
  throwError(Errc::OutOfMemory,
             "no huge pages are to be had (reserve some: sysctl vm.nr_hugepages): " + why);
}

void Mapping::map(std::size_t size, const PageKind& pages, int flags, int descriptor) {
  const std::size_t rounded = roundUp(size, pages.bytes);
  if (descriptor < 0 && pages.huge) flags |= MAP_HUGETLB | hugePageFlags(pages.bytes);
  void* address =
      ::mmap(nullptr, rounded, protectionFor(state_.options.access), flags, descriptor, 0);
  if (address == MAP_FAILED) throwErrno("cannot map " + std::to_string(rounded) + " bytes");
  state_.address = address;
  state_.size = rounded;
  state_.page = pages.bytes;
  if (descriptor >= 0) state_.range = addGuardedRange(address, rounded, pages.bytes);
}

void Mapping::bindAsAsked() {
  const MemoryOptions& options = state_.options;
  // A hint: pageSize() tells what came of it.
  const bool wants_huge = options.huge_pages != HugePages::Never;
  ::madvise(state_.address, size(), wants_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  if (options.numa_nodes.empty()) return;
  if (mbind(options.numa_nodes, options.numa_policy) != 0) {
    const bool full = state_.page > basePageBytes() && lastError == Errc::OutOfMemory;
    throw std::system_error(
        lastError, (full ? "no huge pages are free on NUMA node " : "cannot bind to NUMA node ") +
                       listOf(options.numa_nodes));
  }
}

void Mapping::settleAsAsked() {
  if (state_.options.prefault && prefault() != 0) {
    throw std::system_error(lastError, "cannot prefault " + std::to_string(size()) + " bytes");
  }
  if (state_.options.lock && mlock() != 0) {
    throw std::system_error(
        lastError, "cannot lock " + std::to_string(size()) + " bytes in RAM (see ulimit -l)");
  }
}

void Mapping::reserveSpace(int descriptor, std::size_t from, std::size_t to,
                           const std::string& what) {
  int failure = EINTR;
  for (int tries = 0; failure == EINTR && tries < kMaxInterrupts; ++tries) {
    failure =
        ::posix_fallocate(descriptor, static_cast<::off_t>(from), static_cast<::off_t>(to - from));
  }
  if (failure == 0) return;
  errno = failure;
  throwErrno("cannot reserve " + std::to_string(to - from) + " bytes for " +
             withSpaceOf(descriptor, what));
}

}  // namespace ringside
