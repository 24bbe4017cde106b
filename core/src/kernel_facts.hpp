// What the kernel says about mapped memory, read from /proc and /sys; nothing is guessed.
#pragma once

#include <cstddef>
#include <string>

namespace ringside {

/// smaps of the part of one range that the kernel holds, summed over its areas.
struct RangeFacts {
  std::size_t kernel_page_size_bytes = 0;  ///< smallest page size among the areas
  std::size_t resident_bytes = 0;
  std::size_t huge_bytes = 0;  ///< resident as transparent huge pages, anonymous or shmem
  std::size_t locked_bytes = 0;
};

RangeFacts rangeFacts(const void* address, std::size_t size);

std::size_t basePageBytes();
/// The default huge page size ("Hugepagesize" of /proc/meminfo), 0 where the kernel has none.
std::size_t hugePageBytes();

/// `size` rounded up to a multiple of `page`. Throws InvalidParam when that overflows.
std::size_t roundUp(std::size_t size, std::size_t page);

}  // namespace ringside
