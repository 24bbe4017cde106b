// A check of a content against mistakes, not malice.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::harness {

/// FNV-1a, 64 bits, as 16 hexadecimal digits: http://www.isthe.com/chongo/tech/comp/fnv/.
inline std::string fnv1a(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : content) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3ULL;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace ringside::harness
