#include "segment_input.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "ringside/backings.hpp"

namespace ringside {
namespace {

constexpr std::size_t kFixedBytes = 8;
constexpr std::size_t kEditBytes = 10;

template <class T>
T read(std::span<const std::uint8_t> bytes, std::size_t offset) {
  T value = 0;
  if (offset + sizeof value <= bytes.size()) std::memcpy(&value, &bytes[offset], sizeof value);
  return value;
}

template <class T>
void write(std::vector<std::uint8_t>& bytes, T value) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
  bytes.insert(bytes.end(), first, first + sizeof value);
}

std::uint64_t changed(std::uint64_t before, const Edit& edit) {
  switch (edit.change) {
    case Change::Set:
      return edit.value;
    case Change::Flip:
      return before ^ edit.value;
    case Change::Add:
      return before + edit.value;
  }
  return before;
}

void apply(const Edit& edit, SegmentHeader& header) {
  auto* const bytes = reinterpret_cast<unsigned char*>(&header);
  const std::size_t width = std::min<std::size_t>(edit.width, sizeof header - edit.offset);
  std::uint64_t value = 0;
  std::memcpy(&value, bytes + edit.offset, width);
  value = changed(value, edit);
  std::memcpy(bytes + edit.offset, &value, width);
}

}  // namespace

const std::vector<Geometry>& fuzzRings() {
  static const std::vector<Geometry> rings = {
      makeGeometry(PolicyKind::Spsc, 64, 16),
      makeGeometry(PolicyKind::Mpsc, 64, 16),
      makeGeometry(PolicyKind::Mpmc, 64, 16),
      makeGeometry(PolicyKind::Spsc, 1, 1),
      makeGeometry(PolicyKind::Mpsc, 8, 3),
      makeGeometry(PolicyKind::Mpmc, 1472, 144),
      makeGeometry(PolicyKind::Mpmc, 64, 16, Delivery::AtLeastOnce)};
  return rings;
}

SegmentInput decode(std::span<const std::uint8_t> bytes) {
  SegmentInput input;
  const std::size_t rings = fuzzRings().size();
  input.made = static_cast<std::uint8_t>(read<std::uint8_t>(bytes, 0) % rings);
  input.asked = static_cast<std::uint8_t>(read<std::uint8_t>(bytes, 1) % rings);
  input.checksum = static_cast<Checksum>(read<std::uint8_t>(bytes, 2) % 2);
  input.file_size = static_cast<FileSize>(read<std::uint8_t>(bytes, 3) % 3);
  input.given_bytes = read<std::uint32_t>(bytes, 4);
  for (std::size_t at = kFixedBytes;
       at + kEditBytes <= bytes.size() && input.edits.size() < kMaxEdits; at += kEditBytes) {
    const auto kind = read<std::uint8_t>(bytes, at + 1);
    input.edits.push_back({.offset = read<std::uint8_t>(bytes, at),
                           .change = static_cast<Change>(kind / 4 % 3),
                           .width = static_cast<std::uint8_t>(1U << kind % 4),
                           .value = read<std::uint64_t>(bytes, at + 2)});
  }
  return input;
}

std::vector<std::uint8_t> encode(const SegmentInput& input) {
  std::vector<std::uint8_t> bytes = {input.made, input.asked,
                                     static_cast<std::uint8_t>(input.checksum),
                                     static_cast<std::uint8_t>(input.file_size)};
  write(bytes, input.given_bytes);
  for (const Edit& edit : input.edits) {
    std::uint8_t kind = static_cast<std::uint8_t>(static_cast<unsigned>(edit.change) * 4);
    for (unsigned width = edit.width; width > 1; width /= 2) ++kind;
    bytes.push_back(edit.offset);
    bytes.push_back(kind);
    write(bytes, edit.value);
  }
  return bytes;
}

const SegmentHeader& pristineHeader(std::size_t ring) {
  static const std::vector<SegmentHeader> headers = [] {
    std::vector<SegmentHeader> made;
    for (const Geometry& geometry : fuzzRings()) {
      LocalMem memory(geometry.total_bytes, {.huge_pages = HugePages::Never});
      initialiseSegment(memory.get(), geometry);
      std::memcpy(&made.emplace_back(), memory.get(), sizeof(SegmentHeader));
    }
    return made;
  }();
  return headers[ring];
}

SegmentHeader damagedHeader(const SegmentInput& input) {
  SegmentHeader header = pristineHeader(input.made);
  for (const Edit& edit : input.edits) apply(edit, header);
  if (input.checksum == Checksum::Recomputed) header.crc32c = headerChecksum(header);
  return header;
}

std::uint64_t fileBytes(const SegmentInput& input, const SegmentHeader& header) {
  switch (input.file_size) {
    case FileSize::OfTheRing:
      return fuzzRings()[input.made].total_bytes;
    case FileSize::AsTheHeaderSays:
      return std::min(header.total_bytes, kMaxFileBytes);
    case FileSize::Given:
      break;
  }
  return input.given_bytes % (kMaxFileBytes + 1);
}

}  // namespace ringside
