// Where pages lie: binding ranges to NUMA nodes, moving what was touched, and asking.
#include "numa.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "kernel_facts.hpp"
#include "ringside/mapping.hpp"

#ifdef RINGSIDE_NUMA
#include <numaif.h>
#endif

namespace ringside {

#ifdef RINGSIDE_NUMA
namespace {

constexpr int kMaxNodes = 1024;
constexpr std::size_t kPagesPerCall = 4096;
constexpr std::size_t kBits = 8 * sizeof(unsigned long);
constexpr int kPreferredMany = 5;  // MPOL_PREFERRED_MANY, since Linux 5.15; not in every numaif.h

/// A set of nodes as the kernel takes it.
struct NodeMask {
  unsigned long words[kMaxNodes / kBits + 1] = {};

  void add(int node) { words[static_cast<std::size_t>(node) / kBits] |= bit(node); }
  bool has(int node) const {
    return (words[static_cast<std::size_t>(node) / kBits] & bit(node)) != 0;
  }

 private:
  static unsigned long bit(int node) { return 1UL << (static_cast<std::size_t>(node) % kBits); }
};

/// EIO is what the kernel says when a page can't be moved, for instance while it is written out.
int failStuck() noexcept {
  if (errno == EIO) return fail(Errc::TemporaryError);
  return fail(std::error_code(errno, std::system_category()));
}

/// The kernel drops nodes that are not there from a set in silence; here each one counts.
bool allUsable(const NodeMask& allowed, const std::vector<int>& nodes) noexcept {
  return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [&](int node) {
    return node >= 0 && node < kMaxNodes && allowed.has(node);
  });
}

int systemPolicy(NumaPolicy policy, std::size_t nodes) {
  switch (policy) {
    case NumaPolicy::Bind:
      return MPOL_BIND;
    case NumaPolicy::Preferred:
      return nodes == 1 ? MPOL_PREFERRED : kPreferredMany;
    case NumaPolicy::Interleave:
      return MPOL_INTERLEAVE;
  }
  return MPOL_BIND;
}

/// Calls `each(addresses, first page)` for the base pages of a range, some at a time; false as soon
/// as a call is.
template <class Each>
bool overPages(const void* address, std::size_t size, Each&& each) {
  const std::size_t page = basePageBytes();
  auto* const begin = static_cast<std::byte*>(const_cast<void*>(address));
  for (std::size_t done = 0; done < size / page;) {
    std::vector<void*> addresses(std::min(kPagesPerCall, size / page - done));
    for (std::size_t i = 0; i < addresses.size(); ++i) addresses[i] = begin + (done + i) * page;
    if (!each(addresses, done)) return false;
    done += addresses.size();
  }
  return true;
}

/// Pages that lie on any node of an interleaved set are in place for the kernel: they are moved one
/// by one. The base pages of a huge one go with its first.
int spread(void* address, std::size_t size, const std::vector<int>& nodes) {
  const std::size_t pages_each = rangeFacts(address, size).kernel_page_size_bytes / basePageBytes();
  const bool done = overPages(address, size, [&](std::vector<void*>& addresses, std::size_t first) {
    std::vector<int> places(addresses.size(), -1);
    if (::move_pages(0, addresses.size(), addresses.data(), nullptr, places.data(), 0) != 0) {
      return false;
    }
    std::vector<void*> moved;
    std::vector<int> targets;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const std::size_t page = first + i;
      const int target = nodes[page / pages_each % nodes.size()];
      if (page % pages_each != 0 || places[i] < 0 || places[i] == target) continue;
      moved.push_back(addresses[i]);
      targets.push_back(target);
    }
    std::vector<int> results(moved.size());
    const long stuck = moved.empty() ? 0
                                     : ::move_pages(0, moved.size(), moved.data(), targets.data(),
                                                    results.data(), MPOL_MF_MOVE);
    if (stuck > 0) errno = EIO;
    return stuck == 0;
  });
  return done ? 0 : failStuck();
}

/// Maps the pages that are in memory but not mapped here, as those are that only others touched:
/// the kernel moves only what is mapped. Which huge pages are in memory it does not say; all are
/// taken, so that a node without free ones is an error now and no SIGBUS later.
bool mapResident(void* address, std::size_t size) {
  const std::size_t page = basePageBytes();
  if (rangeFacts(address, size).kernel_page_size_bytes > page) {
    return ::madvise(address, size, MADV_POPULATE_READ) == 0;
  }
  const auto is_resident = [](unsigned char facts) { return (facts & 1) != 0; };
  return overPages(address, size, [&](std::vector<void*>& addresses, std::size_t) {
    std::vector<unsigned char> pages(addresses.size());
    if (::mincore(addresses.front(), pages.size() * page, pages.data()) != 0) return false;
    for (auto end = pages.begin(); end != pages.end();) {
      const auto begin = std::find_if(end, pages.end(), is_resident);
      end = std::find_if_not(begin, pages.end(), is_resident);
      const auto count = static_cast<std::size_t>(end - begin);
      void* const first =
          count > 0 ? addresses[static_cast<std::size_t>(begin - pages.begin())] : nullptr;
      if (count > 0) ::madvise(first, count * page, MADV_POPULATE_READ);
    }
    return true;
  });
}

int bindTo(void* address, std::size_t size, const std::vector<int>& nodes, NumaPolicy policy) {
  NodeMask allowed;
  if (::get_mempolicy(nullptr, allowed.words, kMaxNodes, nullptr, MPOL_F_MEMS_ALLOWED) != 0) {
    return failStuck();
  }
  if (!allUsable(allowed, nodes)) return fail(Errc::InvalidParam);
  NodeMask mask;
  for (const int node : nodes) mask.add(node);
  const auto bind = [&](unsigned how) {
    return ::mbind(address, size, systemPolicy(policy, nodes.size()), mask.words, kMaxNodes + 1,
                   how) == 0;
  };
  if (!bind(0)) return failStuck();
  if (!mapResident(address, size)) {
    ::mbind(address, size, MPOL_DEFAULT, nullptr, 0, 0);  // or the rest would be a SIGBUS
    return fail(Errc::OutOfMemory);
  }
  const int strict = policy == NumaPolicy::Bind ? MPOL_MF_STRICT : 0;
  // Pages that other processes have mapped too move only for who may move everybody's.
  for (const int move : {MPOL_MF_MOVE_ALL, MPOL_MF_MOVE}) {
    if (bind(static_cast<unsigned>(move | strict))) {
      return policy == NumaPolicy::Interleave ? spread(address, size, nodes) : 0;
    }
    if (errno != EPERM) break;
  }
  return failStuck();
}

}  // namespace

int mbind(void* address, std::size_t size, const std::vector<int>& nodes,
          NumaPolicy policy) noexcept {
  try {
    return bindTo(address, size, nodes, policy);
  } catch (const std::bad_alloc&) {
    return fail(Errc::OutOfMemory);
  }
}

std::map<int, std::uint64_t> nodePagesOf(const void* address, std::size_t size) {
  std::map<int, std::uint64_t> pages;
  overPages(address, size, [&](std::vector<void*>& addresses, std::size_t) {
    std::vector<int> nodes(addresses.size(), -1);
    if (::move_pages(0, nodes.size(), addresses.data(), nullptr, nodes.data(), 0) != 0) {
      return false;
    }
    for (const int node : nodes) {
      if (node >= 0) ++pages[node];
    }
    return true;
  });
  return pages;
}

#else

int mbind(void*, std::size_t, const std::vector<int>&, NumaPolicy) noexcept {
  return fail(std::error_code(ENOSYS, std::system_category()));
}

std::map<int, std::uint64_t> nodePagesOf(const void*, std::size_t) { return {}; }

#endif

int mbind(void* address, std::size_t size, int node) noexcept {
  try {
    return mbind(address, size, std::vector<int>{node}, NumaPolicy::Bind);
  } catch (const std::bad_alloc&) {
    return fail(Errc::OutOfMemory);
  }
}

}  // namespace ringside
