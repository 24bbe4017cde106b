#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <vector>

#include "kernel_facts.hpp"
#include "ringside/mapped_memory.hpp"

#ifdef RINGSIDE_NUMA
#include <numaif.h>
#endif

namespace ringside {
namespace {

constexpr int kMaxNodes = 1024;
constexpr std::size_t kPagesPerQuery = 4096;

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

std::map<int, std::uint64_t> nodePagesOf([[maybe_unused]] const void* address,
                                         [[maybe_unused]] std::size_t size) {
  std::map<int, std::uint64_t> pages;
#ifdef RINGSIDE_NUMA
  const std::size_t page = basePageBytes();
  auto* const begin = static_cast<std::byte*>(const_cast<void*>(address));
  for (std::size_t done = 0; done < size / page;) {
    const std::size_t count = std::min(kPagesPerQuery, size / page - done);
    std::vector<void*> addresses(count);
    for (std::size_t i = 0; i < count; ++i) addresses[i] = begin + (done + i) * page;
    std::vector<int> nodes(count, -1);
    if (::move_pages(0, count, addresses.data(), nullptr, nodes.data(), 0) != 0) break;
    for (const int node : nodes) {
      if (node >= 0) ++pages[node];
    }
    done += count;
  }
#endif
  return pages;
}

}  // namespace

int mbind([[maybe_unused]] void* address, [[maybe_unused]] std::size_t size, int node) noexcept {
  if (node < 0 || node >= kMaxNodes) return fail(Errc::InvalidParam);
#ifdef RINGSIDE_NUMA
  constexpr std::size_t kBits = 8 * sizeof(unsigned long);
  unsigned long mask[kMaxNodes / kBits + 1] = {};
  mask[static_cast<std::size_t>(node) / kBits] = 1UL << (static_cast<std::size_t>(node) % kBits);
  return checked(
      static_cast<int>(::mbind(address, size, MPOL_BIND, mask, kMaxNodes + 1, MPOL_MF_MOVE)));
#else
  errno = ENOSYS;
  return failErrno();
#endif
}

int mlock(void* address, std::size_t size) noexcept { return checked(::mlock(address, size)); }

MemoryFacts memoryFacts(const void* address, std::size_t size) {
  if (address == nullptr) return {};
  const RangeFacts range = rangeFacts(address, size);
  const bool all_huge = range.huge_bytes > 0 && range.huge_bytes == range.resident_bytes;
  const std::size_t page = range.kernel_page_size_bytes;
  return {all_huge ? std::max(page, hugePageBytes()) : page, range.locked_bytes,
          nodePagesOf(address, size)};
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    reset(std::exchange(other.address_, nullptr), std::exchange(other.size_, 0));
  }
  return *this;
}

void Mapping::reset(void* address, std::size_t size) noexcept {
  if (address_ != nullptr) ::munmap(address_, size_);
  address_ = address;
  size_ = size;
}

void* Mapping::get(std::size_t offset) {
  return const_cast<void*>(static_cast<const Mapping&>(*this).get(offset));
}

const void* Mapping::get(std::size_t offset) const {
  if (address_ == nullptr) throw std::runtime_error("memory is not mapped");
  if (offset >= size_) {
    throw std::out_of_range("offset " + std::to_string(offset) + " is past the end of " +
                            std::to_string(size_) + " mapped bytes");
  }
  return static_cast<const std::byte*>(address_) + offset;
}

int Mapping::mbind(int node) noexcept {
  if (address_ == nullptr) return fail(Errc::OperationFailed);
  return ringside::mbind(address_, size_, node);
}

int Mapping::mlock() noexcept {
  if (address_ == nullptr) return fail(Errc::OperationFailed);
  return ringside::mlock(address_, size_);
}

int Mapping::advise(Advice advice) noexcept {
  if (address_ == nullptr) return fail(Errc::OperationFailed);
  return checked(::madvise(address_, size_, systemAdvice(advice)));
}

int Mapping::prefault() noexcept {
  if (address_ == nullptr) return fail(Errc::OperationFailed);
  return checked(::madvise(address_, size_, MADV_POPULATE_WRITE));
}

void Mapping::bindAsAsked(const MemoryOptions& options) {
  if (options.numa_node && mbind(*options.numa_node) != 0) {
    throw std::system_error(lastError,
                            "cannot bind to NUMA node " + std::to_string(*options.numa_node));
  }
}

void Mapping::settleAsAsked(const MemoryOptions& options) {
  if (options.prefault && prefault() != 0) {
    throw std::system_error(lastError, "cannot prefault " + std::to_string(size_) + " bytes");
  }
  if (options.lock && mlock() != 0) {
    throw std::system_error(
        lastError, "cannot lock " + std::to_string(size_) + " bytes in RAM (see ulimit -l)");
  }
}

namespace {

void* mapAnonymous(std::size_t size, int extra_flags) {
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);
  return address == MAP_FAILED ? nullptr : address;
}

}  // namespace

LocalMem::LocalMem(std::size_t size, const MemoryOptions& options) {
  if (size == 0) throwError(Errc::InvalidParam, "memory of 0 bytes was asked for");
  const std::size_t huge_page = hugePageBytes();
  const bool worth_one = options.huge_pages == HugePages::Require ||
                         (options.huge_pages == HugePages::Try && size >= huge_page);
  if (worth_one && huge_page > 0) {
    size_ = roundUp(size, huge_page);
    address_ = mapAnonymous(size_, MAP_HUGETLB);
  }
  if (address_ == nullptr) {
    if (options.huge_pages == HugePages::Require) {
      throwError(Errc::OutOfMemory, "no huge pages for " + std::to_string(size) +
                                        " bytes (reserve some: sysctl vm.nr_hugepages)");
    }
    size_ = roundUp(size, basePageBytes());
    address_ = mapAnonymous(size_, 0);
    if (address_ == nullptr) throwErrno("cannot map " + std::to_string(size_) + " bytes");
    // A hint only: pageSize() says whether transparent huge pages came of it.
    if (options.huge_pages == HugePages::Try) ::madvise(address_, size_, MADV_HUGEPAGE);
  }
  bindAsAsked(options);
  settleAsAsked(options);
}

}  // namespace ringside
