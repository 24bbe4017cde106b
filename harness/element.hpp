// What an element carries, so that every run is also a validation: producer, sequence and a check
// of both in one word, repeated at the beginning of each cache line and in the last word, as far as
// these do not overlap. A torn element has words that differ; a foreign one has a word that does
// not check. What lies between is a pattern that is compared for a part of the messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>

namespace ringside::harness {

constexpr std::uint64_t kMinElementSizeBytes = 8;
constexpr unsigned kSequenceBits = 40;
constexpr std::uint32_t kMaxWorkersPerRole = 64;

/// What of an element is written and looked at. Off: nothing, and nothing is counted; a queue that
/// loses half looks twice as fast. Sequence: who sent it and its number, in the first word. Full:
/// every cache line, and now and then every byte.
enum class Validate : std::uint8_t { Off, Sequence, Full };

/// Who sent an element, and its number among that producer's, counted from 0.
struct Stamp {
  std::uint32_t producer = 0;
  std::uint64_t sequence = 0;
};

/// Makes the check of {0, 0} other than 0: memory that nobody wrote must not look like an element.
constexpr std::uint64_t kCheckSalt = 0x5a17ULL << 48;

/// check (16 bits) | producer (8 bits) | sequence (40 bits).
inline std::uint64_t encodeStamp(Stamp stamp) noexcept {
  const std::uint64_t content =
      static_cast<std::uint64_t>(stamp.producer) << kSequenceBits | stamp.sequence;
  return ((content * 0x9e3779b97f4a7c15ULL) >> 48 << 48 ^ kCheckSalt) | content;
}

/// nullopt when the check does not match.
inline std::optional<Stamp> decodeStamp(std::uint64_t word) noexcept {
  const Stamp stamp{static_cast<std::uint32_t>(word >> kSequenceBits & 0xff),
                    word & ((1ULL << kSequenceBits) - 1)};
  if (encodeStamp(stamp) != word) return std::nullopt;
  return stamp;
}

/// Bytes that begin on a cache line.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::uint64_t size_bytes)
      : data_(static_cast<std::byte*>(::operator new(size_bytes, kAlignment))) {}
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  ~AlignedBytes() { ::operator delete(data_, kAlignment); }
  std::byte* data() const noexcept { return data_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  std::byte* data_;
};

/// The bytes of one element outside of the queue, or of several in a row, of which one is selected
/// at a time. Between the stamps stands a fixed pattern, which the sender never changes.
class ElementBytes {
 public:
  explicit ElementBytes(std::uint64_t size_bytes, std::uint64_t count = 1)
      : pattern_(size_bytes),
        bytes_(size_bytes * count),
        selected_(bytes_.data()),
        size_bytes_(size_bytes),
        last_word_(size_bytes - kWordBytes) {
    for (std::uint64_t i = 0; i < size_bytes; ++i) {
      pattern_.data()[i] = static_cast<std::byte>(i * 167 + 13);
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      std::memcpy(bytes_.data() + i * size_bytes, pattern_.data(), size_bytes);
    }
  }

  /// Of the first element; the others follow.
  void* data() noexcept { return bytes_.data(); }
  const void* data() const noexcept { return bytes_.data(); }
  /// Of element `i`, 0 … count - 1.
  void* at(std::uint64_t i) noexcept { return bytes_.data() + i * size_bytes_; }

  /// The element that is written and read from now on.
  void select(std::uint64_t i) noexcept { selected_ = bytes_.data() + i * size_bytes_; }

  /// Only who sent it and its number, at the beginning: see Validate::Sequence.
  void writeFirst(Stamp stamp) noexcept { put(0, encodeStamp(stamp)); }
  std::optional<Stamp> readFirst() const noexcept { return decodeStamp(take(0)); }

  void write(Stamp stamp) noexcept {
    const std::uint64_t word = encodeStamp(stamp);
    for (std::uint64_t at = 0; at + kWordBytes <= last_word_; at += kLineBytes) put(at, word);
    put(last_word_, word);
  }

  /// nullopt when the element is torn or never was one of ours. Looks at the stamps only.
  std::optional<Stamp> read() const noexcept {
    const std::uint64_t word = take(last_word_);
    std::uint64_t difference = 0;
    for (std::uint64_t at = 0; at + kWordBytes <= last_word_; at += kLineBytes) {
      difference |= take(at) ^ word;
    }
    if (difference != 0) return std::nullopt;
    return decodeStamp(word);
  }

  /// As read(), and looks at every byte between the stamps as well.
  std::optional<Stamp> readWhole() const noexcept {
    for (std::uint64_t line = 0; line < last_word_; line += kLineBytes) {
      const bool stamped = line + kWordBytes <= last_word_;
      const std::uint64_t begin = stamped ? line + kWordBytes : line;
      const std::uint64_t end = std::min(line + kLineBytes, last_word_);
      if (std::memcmp(selected_ + begin, pattern_.data() + begin, end - begin) != 0)
        return std::nullopt;
    }
    return read();
  }

 private:
  static constexpr std::uint64_t kLineBytes = 64;
  static constexpr std::uint64_t kWordBytes = sizeof(std::uint64_t);

  void put(std::uint64_t at, std::uint64_t word) noexcept {
    std::memcpy(selected_ + at, &word, sizeof word);
  }
  std::uint64_t take(std::uint64_t at) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, selected_ + at, sizeof word);
    return word;
  }

  AlignedBytes pattern_;
  AlignedBytes bytes_;
  std::byte* selected_;
  std::uint64_t size_bytes_;
  std::uint64_t last_word_;  ///< where it begins
};

}  // namespace ringside::harness
