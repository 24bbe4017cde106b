#include "ringside/process_mark.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace ringside {
namespace {

/// On a page that a fork empties. Never unmapped: marks are compared until the very end.
std::atomic<std::uint32_t>& wordOfThisProcess() noexcept {
  static std::atomic<std::uint32_t> without_page = 0;
  static std::atomic<std::uint32_t>& word = []() -> std::atomic<std::uint32_t>& {
    const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const page =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return without_page;
    ::madvise(page, bytes, MADV_WIPEONFORK);
    return *static_cast<std::atomic<std::uint32_t>*>(page);
  }();
  return word;
}

}  // namespace

ProcessMark::ProcessMark() noexcept : word_(&wordOfThisProcess()), value_(0) {
  const auto own = static_cast<std::uint32_t>(::getpid());
  std::atomic<std::uint32_t>& word = wordOfThisProcess();
  // relaxed: all threads of a process write the same.
  if (word.load(std::memory_order_relaxed) == 0) word.store(own, std::memory_order_relaxed);
  value_ = word.load(std::memory_order_relaxed);
}

}  // namespace ringside
