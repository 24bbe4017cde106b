#include "ringside/shared_object.hpp"

#include <bit>

#include "ringside/segment.hpp"

namespace ringside {
namespace {

constexpr char kMagic[8] = {'S', 'H', 'M', 'O', 'B', 'J', '1', '\x1a'};

/// FNV-1a, 64 bits (Fowler, Noll, Vo).
std::uint64_t hashOf(const char* text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (; *text != '\0'; ++text) {
    hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3ULL;
  }
  return hash;
}

void requireEqual(const char* what, std::uint64_t seen, std::uint64_t expected) {
  if (seen == expected) return;
  throwError(Errc::InvalidParam, std::string("the shared object has ") + what + " " +
                                     std::to_string(seen) + ", not " + std::to_string(expected));
}

/// All zeros where it is too short for one.
ObjectHeader headerIn(std::span<const std::byte> beginning) {
  ObjectHeader header = {};
  if (beginning.size() >= sizeof header) std::memcpy(&header, beginning.data(), sizeof header);
  return header;
}

}  // namespace

std::optional<std::uint64_t> objectBytes(std::span<const std::byte> beginning) {
  const ObjectHeader seen = headerIn(beginning);
  if (std::memcmp(seen.magic, kMagic, sizeof kMagic) != 0) return std::nullopt;
  const bool possible = std::has_single_bit(seen.alignment) &&
                        seen.alignment <= kMaxObjectAlignment && seen.size_bytes >= 1 &&
                        seen.size_bytes <= kMaxSegmentBytes;
  if (!possible) return std::nullopt;
  return objectOffset(seen.alignment) + seen.size_bytes;
}

ObjectHeader makeObjectHeader(std::uint64_t size_bytes, std::uint64_t alignment,
                              const char* type_name) {
  ObjectHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.size_bytes = size_bytes;
  header.alignment = alignment;
  header.type = hashOf(type_name);
  return header;
}

void checkObject(std::span<const std::byte> beginning, const ObjectHeader& expected) {
  const ObjectHeader seen = headerIn(beginning);
  if (std::memcmp(seen.magic, expected.magic, sizeof seen.magic) != 0) {
    throwError(Errc::InvalidParam, "this memory holds no shared object");
  }
  requireEqual("size", seen.size_bytes, expected.size_bytes);
  requireEqual("alignment", seen.alignment, expected.alignment);
  requireEqual("type", seen.type, expected.type);
}

}  // namespace ringside
