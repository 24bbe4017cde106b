// Which process this is, for the price of a load: a forked child has a copy of everything that its
// parent had open, and must not act in its name.
#pragma once

#include <atomic>
#include <cstdint>

namespace ringside {

/// Made in one process, it is not here in the children that this process forks, however they are
/// made. (Where the kernel has no MADV_WIPEONFORK, it is here in them too.)
class ProcessMark {
 public:
  ProcessMark() noexcept;

  bool isHere() const noexcept {
    return word_->load(std::memory_order_relaxed) == value_;  // changes only with the process
  }

 private:
  const std::atomic<std::uint32_t>* word_;
  std::uint32_t value_;
};

}  // namespace ringside
