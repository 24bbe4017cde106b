// What lies in memory, byte by byte.
#pragma once

#include <cstddef>
#include <cstring>

#include "ringside/mapping.hpp"

namespace ringside {

inline unsigned char& byteAt(Mapping& memory, std::size_t offset) {
  return *static_cast<unsigned char*>(memory.get(offset));
}

/// Whether all of [from, to) is `value`; `from` is less than `to`.
inline bool isAll(const Mapping& memory, std::size_t from, std::size_t to, unsigned char value) {
  const auto* first = static_cast<const unsigned char*>(memory.get(from));
  return *first == value && std::memcmp(first, first + 1, to - from - 1) == 0;
}

inline bool isAll(const Mapping& memory, unsigned char value) {
  return isAll(memory, 0, memory.size(), value);
}

}  // namespace ringside
