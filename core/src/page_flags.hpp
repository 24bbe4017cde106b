// The size of huge pages as mmap(2), memfd_create(2) and shmget(2) take it, all in the same bits.
#pragma once

#include <bit>
#include <cstddef>

namespace ringside {

constexpr int hugePageFlags(std::size_t page_bytes) {
  constexpr int kShift = 26;  // MAP_HUGE_SHIFT, MFD_HUGE_SHIFT, SHM_HUGE_SHIFT
  return std::countr_zero(page_bytes) << kShift;
}

}  // namespace ringside
