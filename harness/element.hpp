// What an element carries, so that every run is also a validation: producer, sequence and a check
// of both in one word, repeated at the beginning of each cache line and in the last word, as far as
// these do not overlap. A torn element has words that differ; a foreign one has a word that does
// not check. What lies between is a pattern that is compared for a part of the messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace ringside::harness {

constexpr std::uint64_t kMinElementSizeBytes = 8;
constexpr unsigned kSequenceBits = 40;
constexpr std::uint32_t kMaxWorkersPerRole = 64;

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

/// The bytes of one element outside of the queue. Between the stamps stands a fixed pattern, which
/// the sender never changes.
class ElementBytes {
 public:
  explicit ElementBytes(std::uint64_t size_bytes) : pattern_(size_bytes), data_(size_bytes) {
    for (std::uint64_t i = 0; i < size_bytes; ++i) {
      pattern_[i] = data_[i] = static_cast<std::byte>(i * 167 + 13);
    }
  }

  void* data() noexcept { return data_.data(); }
  const void* data() const noexcept { return data_.data(); }

  void write(Stamp stamp) noexcept {
    const std::uint64_t word = encodeStamp(stamp);
    for (std::uint64_t at = 0; at + kWordBytes <= lastWord(); at += kLineBytes) put(at, word);
    put(lastWord(), word);
  }

  /// nullopt when the element is torn or never was one of ours. Looks at the stamps only.
  std::optional<Stamp> read() const noexcept {
    const std::uint64_t word = take(lastWord());
    std::uint64_t difference = 0;
    for (std::uint64_t at = 0; at + kWordBytes <= lastWord(); at += kLineBytes) {
      difference |= take(at) ^ word;
    }
    if (difference != 0) return std::nullopt;
    return decodeStamp(word);
  }

  /// As read(), and looks at every byte between the stamps as well.
  std::optional<Stamp> readWhole() const noexcept {
    for (std::uint64_t line = 0; line < lastWord(); line += kLineBytes) {
      const bool stamped = line + kWordBytes <= lastWord();
      const std::uint64_t begin = stamped ? line + kWordBytes : line;
      const std::uint64_t end = std::min(line + kLineBytes, lastWord());
      if (std::memcmp(&data_[begin], &pattern_[begin], end - begin) != 0) return std::nullopt;
    }
    return read();
  }

 private:
  static constexpr std::uint64_t kLineBytes = 64;
  static constexpr std::uint64_t kWordBytes = sizeof(std::uint64_t);

  std::uint64_t lastWord() const noexcept { return data_.size() - kWordBytes; }
  void put(std::uint64_t at, std::uint64_t word) noexcept {
    std::memcpy(&data_[at], &word, sizeof word);
  }
  std::uint64_t take(std::uint64_t at) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, &data_[at], sizeof word);
    return word;
  }

  std::vector<std::byte> pattern_;
  std::vector<std::byte> data_;
};

}  // namespace ringside::harness
