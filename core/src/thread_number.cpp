#include "ringside/thread_number.hpp"

#include <bitset>
#include <mutex>

namespace ringside {
namespace {

/// Never destroyed: threads may end after the static objects of the program.
class Numbers {
 public:
  static Numbers& instance() {
    static Numbers& all = *new Numbers;
    return all;
  }
  int take() {
    const std::lock_guard lock(mutex_);
    for (int number = 0; number < kMaxThreadNumbers; ++number) {
      if (taken_[static_cast<std::size_t>(number)]) continue;
      taken_.set(static_cast<std::size_t>(number));
      return number;
    }
    return -1;
  }
  /// What the next owner finds under this number is what this thread left.
  void giveBack(int number) {
    const std::lock_guard lock(mutex_);
    taken_.reset(static_cast<std::size_t>(number));
  }

 private:
  std::mutex mutex_;
  std::bitset<kMaxThreadNumbers> taken_;
};

/// Gives the number back with the thread.
struct Lease {
  ~Lease() {
    if (known_thread_number < 0) return;
    Numbers::instance().giveBack(known_thread_number);
    known_thread_number = -1;
  }
};

}  // namespace

int takeThreadNumber() noexcept {
  static thread_local Lease lease;
  static_cast<void>(&lease);
  known_thread_number = Numbers::instance().take();
  return known_thread_number;
}

}  // namespace ringside
