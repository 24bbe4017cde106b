// What the kernel says about memory, read from /proc and /sys; nothing is guessed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ringside/memory_options.hpp"

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
/// Of transparent huge pages; 0 where the kernel has none.
std::size_t transparentHugePageBytes();

/// Of reserved huge pages of the size that is asked; 0 where the kernel has none of it.
std::size_t hugePageBytes(HugePageSize size);

/// A folder where a hugetlbfs is mounted.
struct HugePageFolder {
  std::string path;
  std::size_t page_bytes = 0;
};
std::vector<HugePageFolder> hugePageFolders();
/// The page size of the hugetlbfs that a file lies on, 0 for a file on any other file system.
std::size_t hugePageBytesOf(int descriptor);
std::size_t hugePageBytesOf(const std::string& path);

/// Whether a file is in memory and not on a disk.
bool isInMemory(int descriptor);

/// `size` rounded up to a multiple of `page`. Throws InvalidParam when that overflows.
std::size_t roundUp(std::size_t size, std::size_t page);

}  // namespace ringside
