#include "ringside/shared_object.hpp"

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

}  // namespace

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
  ObjectHeader seen = {};
  if (beginning.size() >= sizeof seen) std::memcpy(&seen, beginning.data(), sizeof seen);
  if (std::memcmp(seen.magic, expected.magic, sizeof seen.magic) != 0) {
    throwError(Errc::InvalidParam, "this memory holds no shared object");
  }
  requireEqual("size", seen.size_bytes, expected.size_bytes);
  requireEqual("alignment", seen.alignment, expected.alignment);
  requireEqual("type", seen.type, expected.type);
}

}  // namespace ringside
