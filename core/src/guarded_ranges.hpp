// Where this process has files mapped, for a signal handler to find out whether a fault is in one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ringside {

/// A mapped range with a file behind it. Its place in the table is used again, and never freed: the
/// handler may look at any time.
struct GuardedRange {
  std::atomic<std::uintptr_t> begin = 0;  ///< 0: none, or just being changed
  std::atomic<std::size_t> size_bytes = 0;
  std::atomic<std::size_t> page_bytes = 0;
  std::atomic<bool> taken = false;
  std::atomic<bool> truncated = false;
  /// Not 0 while what is in the range may be used by this process, see ProcessMark. On a page that
  /// a fork empties; nullptr where there is no such page.
  std::atomic<std::uint32_t>* mark = nullptr;
};

/// nullptr when there is no memory for a place in the table: such a range is not guarded.
GuardedRange* addGuardedRange(const void* address, std::size_t size, std::size_t page) noexcept;
/// After it moved or changed its size. Nothing for nullptr, as below.
void moveGuardedRange(GuardedRange* range, const void* address, std::size_t size) noexcept;
/// Before it is unmapped.
void removeGuardedRange(GuardedRange* range) noexcept;
/// nullptr when the address is in none. Async-signal-safe.
GuardedRange* findGuardedRange(std::uintptr_t address) noexcept;

}  // namespace ringside
