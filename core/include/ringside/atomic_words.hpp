// A value in shared memory that may be read while it is written. Each of its words is whole;
// whether they belong together is for others to find out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

namespace ringside {

/// Written and read a word at a time. Release stores and acquire loads throughout, instead of
/// fences, which ThreadSanitizer does not know: a reader that has read one word of a write sees
/// everything that the writer did before that write.
template <class T>
class AtomicWords {
  static_assert(std::is_trivially_copyable_v<T>,
                "copied as bytes: a T with a copy constructor of its own would break");

 public:
  void store(const T& value) noexcept {
    const auto* from = reinterpret_cast<const std::byte*>(&value);
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, from + i * sizeof word, bytesIn(i));
      __atomic_store_n(at(i), word, __ATOMIC_RELEASE);  // SYNC: load()
    }
  }

  /// Whatever the words were, each at its own moment.
  void load(T& value) const noexcept {
    auto* to = reinterpret_cast<std::byte*>(&value);
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::uint64_t word = __atomic_load_n(at(i), __ATOMIC_ACQUIRE);  // SYNC: store()
      std::memcpy(to + i * sizeof word, &word, bytesIn(i));
    }
  }

  /// Only while nobody writes.
  const T& inPlace() const noexcept { return *std::launder(reinterpret_cast<const T*>(bytes_)); }

 private:
  /// The words lie where the T lies: the compiler must not take them for different memory.
  using Word [[gnu::may_alias]] = std::uint64_t;
  static constexpr std::size_t kWords = (sizeof(T) + sizeof(Word) - 1) / sizeof(Word);

  static constexpr std::size_t bytesIn(std::size_t i) noexcept {
    return i + 1 < kWords ? sizeof(Word) : sizeof(T) - (kWords - 1) * sizeof(Word);
  }
  Word* at(std::size_t i) noexcept { return reinterpret_cast<Word*>(bytes_) + i; }
  const Word* at(std::size_t i) const noexcept { return reinterpret_cast<const Word*>(bytes_) + i; }

  alignas(Word) alignas(T) std::byte bytes_[kWords * sizeof(Word)];
};

}  // namespace ringside
