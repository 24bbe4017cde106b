#include "ringside/process_mark.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include "wiped_page.hpp"

namespace ringside {
namespace {

/// Never unmapped: marks are compared until the very end.
std::atomic<std::uint32_t>& wordOfThisProcess() noexcept {
  static std::atomic<std::uint32_t> without_page = 0;
  static std::atomic<std::uint32_t>* const page = makeWipedPage();
  return page != nullptr ? *page : without_page;
}

}  // namespace

std::atomic<std::uint32_t>* makeWipedPage() noexcept {
  constexpr std::size_t kBytes = kWipedWords * sizeof(std::atomic<std::uint32_t>);
  void* const page =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  ::madvise(page, kBytes, MADV_WIPEONFORK);
  return static_cast<std::atomic<std::uint32_t>*>(page);
}

ProcessMark::ProcessMark(std::atomic<std::uint32_t>* word) noexcept
    : word_(word != nullptr ? word : &wordOfThisProcess()),
      value_(static_cast<std::uint32_t>(::getpid())) {
  // relaxed: all threads of a process write the same.
  if (word_->load(std::memory_order_relaxed) == 0) word_->store(value_, std::memory_order_relaxed);
  value_ = word_->load(std::memory_order_relaxed);
}

}  // namespace ringside
