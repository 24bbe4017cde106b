// Whether what is open may be used now, for the price of a load: a forked child has a copy of
// everything that its parent had open, and must not act in its name.
#pragma once

#include <atomic>
#include <cstdint>

namespace ringside {

/// Made in one process, it is not here in the children that this process forks, however they are
/// made. (Where the kernel has no MADV_WIPEONFORK, it is here in them too.)
class ProcessMark {
 public:
  /// With a word of its own, that whoever sets it to 0 takes all its marks away; nullptr is the one
  /// that all of the process have in common.
  explicit ProcessMark(std::atomic<std::uint32_t>* word = nullptr) noexcept;

  bool isHere() const noexcept {
    return word_->load(std::memory_order_relaxed) == value_;  // changes for good or not at all
  }

 private:
  std::atomic<std::uint32_t>* word_;
  std::uint32_t value_;
};

}  // namespace ringside
