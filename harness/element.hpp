// What an element carries, so that every run is also a validation: producer and sequence in one
// word that few others resemble, repeated at the beginning of each cache line and in the last word,
// as far as these do not overlap. A torn element has words that differ; a foreign one has a word
// that is none of ours. What lies between is a pattern that is compared for a part of the messages.
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

/// The word of a stamp is content · kStampStep + kStampSalt modulo 2^64, where the content is
/// producer (8 bits) | sequence (40 bits). kStampStep is odd, so each word has one content and can
/// be taken back to it by a multiplication; of all words one in 65,536 has a content of 48 bits,
/// the others were never written here. The word of the next message is a single addition away.
constexpr std::uint64_t kStampStep = 0x9e3779b97f4a7c15ULL;
constexpr std::uint64_t kStampStepInverse = 0xf1de83e19937733dULL;
static_assert(kStampStep * kStampStepInverse == 1);
constexpr std::uint64_t kStampSalt = 0x5a17ULL << 48;
/// No stamp's word: memory that nobody wrote must not look like an element.
constexpr std::uint64_t kTornWord = 0;

constexpr std::uint64_t encodeStamp(Stamp stamp) noexcept {
  const std::uint64_t content =
      static_cast<std::uint64_t>(stamp.producer) << kSequenceBits | stamp.sequence;
  return content * kStampStep + kStampSalt;
}

/// nullopt when it is the word of none.
constexpr std::optional<Stamp> decodeStamp(std::uint64_t word) noexcept {
  const std::uint64_t content = (word - kStampSalt) * kStampStepInverse;
  if (content >> (kSequenceBits + 8) != 0) return std::nullopt;
  return Stamp{static_cast<std::uint32_t>(content >> kSequenceBits),
               content & ((1ULL << kSequenceBits) - 1)};
}
static_assert(!decodeStamp(kTornWord) && !decodeStamp(~kTornWord));

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

  /// The element that is written and read from now on; the first one before.
  void select(std::uint64_t i) noexcept { selected_ = bytes_.data() + i * size_bytes_; }
  const void* selected() const noexcept { return selected_; }

  /// Only who sent it and its number, at the beginning: see Validate::Sequence.
  void writeFirst(std::uint64_t word) noexcept { put(0, word); }
  void writeFirst(Stamp stamp) noexcept { writeFirst(encodeStamp(stamp)); }
  std::uint64_t firstWord() const noexcept { return take(0); }
  std::optional<Stamp> readFirst() const noexcept { return decodeStamp(firstWord()); }

  void write(Stamp stamp) noexcept { write(encodeStamp(stamp)); }
  void write(std::uint64_t word) noexcept {
    for (std::uint64_t at = 0; at + kWordBytes <= last_word_; at += kLineBytes) put(at, word);
    put(last_word_, word);
  }

  /// The word that stands at each stamp; kTornWord when they differ. Looks at the stamps only.
  std::uint64_t commonWord() const noexcept {
    const std::uint64_t word = take(last_word_);
    std::uint64_t difference = 0;
    for (std::uint64_t at = 0; at + kWordBytes <= last_word_; at += kLineBytes) {
      difference |= take(at) ^ word;
    }
    return difference == 0 ? word : kTornWord;
  }
  /// As commonWord(), and looks at every byte between the stamps as well.
  std::uint64_t commonWordOfWhole() const noexcept {
    return patternIsWhole() ? commonWord() : kTornWord;
  }
  /// nullopt when the element is torn or never was one of ours.
  std::optional<Stamp> read() const noexcept { return decodeStamp(commonWord()); }
  std::optional<Stamp> readWhole() const noexcept { return decodeStamp(commonWordOfWhole()); }

 private:
  static constexpr std::uint64_t kLineBytes = 64;
  static constexpr std::uint64_t kWordBytes = sizeof(std::uint64_t);

  bool patternIsWhole() const noexcept {
    for (std::uint64_t line = 0; line < last_word_; line += kLineBytes) {
      const bool stamped = line + kWordBytes <= last_word_;
      const std::uint64_t begin = stamped ? line + kWordBytes : line;
      const std::uint64_t end = std::min(line + kLineBytes, last_word_);
      if (std::memcmp(selected_ + begin, pattern_.data() + begin, end - begin) != 0) return false;
    }
    return true;
  }
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
