// Asking where pages lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace ringside {

/// Resident base pages of a range on each node; empty where the kernel has no NUMA.
std::map<int, std::uint64_t> nodePagesOf(const void* address, std::size_t size);

}  // namespace ringside
