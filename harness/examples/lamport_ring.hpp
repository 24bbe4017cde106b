// A queue as one finds them: a header with a class template over the element and the capacity, with
// calls of its own. It knows nothing of Ringside. Lamport's ring, with each side's last look at the
// other one's position kept beside its own.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

namespace example {

/// One producer, one consumer; holds kCapacity elements of a trivially copyable type. All of it
/// lies within the object, so that it may be placed in shared memory.
template <class Element, std::size_t kCapacity>
class LamportRing {
 public:
  [[nodiscard]] bool offer(const Element& element) noexcept {
    const std::size_t position = written_.load(std::memory_order_relaxed);  // ours alone
    if (position - seen_read_ == kCapacity) {
      seen_read_ = read_.load(std::memory_order_acquire);  // SYNC: poll()
      if (position - seen_read_ == kCapacity) return false;
    }
    elements_[position % kCapacity] = element;
    written_.store(position + 1, std::memory_order_release);  // SYNC: poll()
    return true;
  }

  [[nodiscard]] bool poll(Element& element) noexcept {
    const std::size_t position = read_.load(std::memory_order_relaxed);  // ours alone
    if (position == seen_written_) {
      seen_written_ = written_.load(std::memory_order_acquire);  // SYNC: offer()
      if (position == seen_written_) return false;
    }
    element = elements_[position % kCapacity];
    read_.store(position + 1, std::memory_order_release);  // SYNC: offer()
    return true;
  }

 private:
  alignas(64) std::atomic<std::size_t> written_{0};
  std::size_t seen_read_ = 0;  ///< the producer's
  alignas(64) std::atomic<std::size_t> read_{0};
  std::size_t seen_written_ = 0;  ///< the consumer's
  alignas(64) std::array<Element, kCapacity> elements_;
};

}  // namespace example
