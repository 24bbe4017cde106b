// What an element carries, so that every run is also a validation: producer, sequence and a check
// of both in one word, repeated at the beginning of each cache line and in the last word, as far as
// these do not overlap. A torn
// element has words that differ; a foreign one has a word that does not check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>

namespace ringside::harness {

constexpr std::uint64_t kMinElementSizeBytes = 8;
constexpr unsigned kSequenceBits = 40;
constexpr std::uint32_t kMaxWorkersPerRole = 64;

/// Who sent an element, and its number among that producer's, counted from 0.
struct Stamp {
  std::uint32_t producer = 0;
  std::uint64_t sequence = 0;
};

/// check (16 bits) | producer (8 bits) | sequence (40 bits).
inline std::uint64_t encodeStamp(Stamp stamp) noexcept {
  const std::uint64_t content =
      static_cast<std::uint64_t>(stamp.producer) << kSequenceBits | stamp.sequence;
  return (content * 0x9e3779b97f4a7c15ULL) >> 48 << 48 | content;
}

/// nullopt when the check does not match.
inline std::optional<Stamp> decodeStamp(std::uint64_t word) noexcept {
  const Stamp stamp{static_cast<std::uint32_t>(word >> kSequenceBits & 0xff),
                    word & ((1ULL << kSequenceBits) - 1)};
  if (encodeStamp(stamp) != word) return std::nullopt;
  return stamp;
}

/// The bytes of one element outside of the queue, on cache lines of their own.
class ElementBytes {
 public:
  explicit ElementBytes(std::uint64_t size_bytes)
      : size_bytes_(size_bytes),
        data_(static_cast<std::byte*>(::operator new (size_bytes, std::align_val_t{64}))) {
    std::memset(data_, 0, size_bytes_);
  }
  ElementBytes(const ElementBytes&) = delete;
  ElementBytes& operator=(const ElementBytes&) = delete;
  ~ElementBytes() { ::operator delete (data_, std::align_val_t{64}); }

  void* data() noexcept { return data_; }
  const void* data() const noexcept { return data_; }

  void write(Stamp stamp) noexcept {
    const std::uint64_t word = encodeStamp(stamp);
    for (std::uint64_t at = 0; at + kWordBytes <= lastWord(); at += kLineBytes) put(at, word);
    put(lastWord(), word);
  }

  /// nullopt when the element is torn or never was one of ours.
  std::optional<Stamp> read() const noexcept {
    const std::uint64_t word = take(lastWord());
    std::uint64_t difference = 0;
    for (std::uint64_t at = 0; at + kWordBytes <= lastWord(); at += kLineBytes)
      difference |= take(at) ^ word;
    if (difference != 0) return std::nullopt;
    return decodeStamp(word);
  }

 private:
  static constexpr std::uint64_t kLineBytes = 64;
  static constexpr std::uint64_t kWordBytes = sizeof(std::uint64_t);

  std::uint64_t lastWord() const noexcept { return size_bytes_ - kWordBytes; }
  void put(std::uint64_t at, std::uint64_t word) noexcept {
    std::memcpy(data_ + at, &word, sizeof word);
  }
  std::uint64_t take(std::uint64_t at) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, data_ + at, sizeof word);
    return word;
  }

  std::uint64_t size_bytes_;
  std::byte* data_;
};

}  // namespace ringside::harness
