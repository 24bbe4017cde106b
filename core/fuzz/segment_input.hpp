// What one input of segment_fuzz says: the header of a valid ring, changes to it, the size of its
// file, and which ring the opener wants. It holds the changes and not the header, so that a seed
// stays what it is when the layout changes, and most inputs get past the checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ringside/segment.hpp"

namespace ringside {

enum class Checksum : std::uint8_t { AsItWas, Recomputed };
enum class FileSize : std::uint8_t { OfTheRing, AsTheHeaderSays, Given };
enum class Change : std::uint8_t { Set, Flip, Add };

/// Of `width` bytes (1, 2, 4 or 8) from `offset` on, as far as they are in the header.
struct Edit {
  std::uint8_t offset = 0;
  Change change = Change::Set;
  std::uint8_t width = 8;
  std::uint64_t value = 0;
};

struct SegmentInput {
  std::uint8_t made = 0;   ///< whose header it was, by its place in fuzzRings()
  std::uint8_t asked = 0;  ///< which one is opened
  Checksum checksum = Checksum::AsItWas;
  FileSize file_size = FileSize::OfTheRing;
  std::uint32_t given_bytes = 0;
  std::vector<Edit> edits;
};

/// Rings of every policy, small ones.
const std::vector<Geometry>& fuzzRings();

/// Any bytes are an input; encode() gives the bytes of one. At most kMaxEdits are read.
constexpr std::size_t kMaxEdits = 8;
SegmentInput decode(std::span<const std::uint8_t> bytes);
std::vector<std::uint8_t> encode(const SegmentInput& input);

/// The header as this library makes it, always the same one.
const SegmentHeader& pristineHeader(std::size_t ring);
/// The header that an input says.
SegmentHeader damagedHeader(const SegmentInput& input);
/// The size of the file that an input says, at most kMaxFileBytes.
constexpr std::uint64_t kMaxFileBytes = 1U << 22;
std::uint64_t fileBytes(const SegmentInput& input, const SegmentHeader& header);

}  // namespace ringside
