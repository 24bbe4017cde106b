#include "guarded_ranges.hpp"

#include <array>
#include <new>

#include "wiped_page.hpp"

namespace ringside {
namespace {

/// The table grows by one of these, and never shrinks.
struct Block {
  Block() noexcept {
    std::atomic<std::uint32_t>* const marks = makeWipedPage();
    for (std::size_t i = 0; i < kWipedWords; ++i) {
      ranges[i].mark = marks != nullptr ? marks + i : nullptr;
    }
  }

  std::array<GuardedRange, kWipedWords> ranges;
  std::atomic<Block*> next = nullptr;
};

std::atomic<Block*> first_block = nullptr;

/// The block that `link` leads to, made where there is none. nullptr without memory.
Block* followOrGrow(std::atomic<Block*>& link) noexcept {
  Block* known = link.load(std::memory_order_acquire);  // SYNC: below
  if (known != nullptr) return known;
  Block* const made = new (std::nothrow) Block;
  if (made == nullptr) return nullptr;
  if (link.compare_exchange_strong(known, made, std::memory_order_acq_rel,
                                   std::memory_order_acquire)) {
    return made;
  }
  delete made;  // another thread was faster; its page of marks stays
  return known;
}

bool contains(const GuardedRange& range, std::uintptr_t address) noexcept {
  const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);  // SYNC: place()
  if (begin == 0 || address < begin) return false;
  const std::size_t size = range.size_bytes.load(std::memory_order_acquire);
  // It may be placed anew meanwhile: then they do not belong together.
  return address - begin < size && range.begin.load(std::memory_order_relaxed) == begin;
}

void place(GuardedRange& range, const void* address, std::size_t size) noexcept {
  range.begin.store(0, std::memory_order_release);
  range.size_bytes.store(size, std::memory_order_release);  // SYNC: contains()
  range.begin.store(reinterpret_cast<std::uintptr_t>(address), std::memory_order_release);
}

}  // namespace

GuardedRange* addGuardedRange(const void* address, std::size_t size, std::size_t page) noexcept {
  for (Block* block = followOrGrow(first_block); block != nullptr;
       block = followOrGrow(block->next)) {
    for (GuardedRange& range : block->ranges) {
      if (range.taken.exchange(true, std::memory_order_acq_rel)) continue;  // SYNC: removal
      range.truncated.store(false, std::memory_order_relaxed);              // published by begin
      range.page_bytes.store(page, std::memory_order_relaxed);
      if (range.mark != nullptr) range.mark->store(0, std::memory_order_relaxed);
      place(range, address, size);
      return &range;
    }
  }
  return nullptr;
}

void moveGuardedRange(GuardedRange* range, const void* address, std::size_t size) noexcept {
  if (range != nullptr) place(*range, address, size);
}

void removeGuardedRange(GuardedRange* range) noexcept {
  if (range == nullptr) return;
  range->begin.store(0, std::memory_order_release);
  range->taken.store(false, std::memory_order_release);
}

GuardedRange* findGuardedRange(std::uintptr_t address) noexcept {
  for (Block* block = first_block.load(std::memory_order_acquire); block != nullptr;
       block = block->next.load(std::memory_order_acquire)) {
    for (GuardedRange& range : block->ranges) {
      if (contains(range, address)) return &range;
    }
  }
  return nullptr;
}

}  // namespace ringside
