// Hints to the core about lines that it will write.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ringside {

/// Asks for the line to be brought here and taken from all others, without waiting for it. Changes
/// nothing, whatever lies there, and may be ignored. Where lines are written one after the other
/// they are on their way at once then, as many as the core has room for, and not only as many as
/// its store buffer has stores for.
inline void prefetchForWrite(const void* place) noexcept {
#if defined(__x86_64__) || defined(__i386__)
  // Of itself the compiler emits it for named processors only; those without it do nothing here.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(place)));
#else
  __builtin_prefetch(place, 1);
#endif
}

/// The rest of a larger piece is left to the processor, which sees by then where this goes.
constexpr std::uint64_t kMostBytesAskedFor = 4096;

/// The same for all lines of `bytes` from `first` on, of the first kMostBytesAskedFor at most.
inline void prefetchForWrite(const std::byte* first, std::uint64_t bytes) noexcept {
  constexpr std::uint64_t kLineBytes = 64;
  const std::uint64_t end = std::min(bytes, kMostBytesAskedFor);
  prefetchForWrite(first);
  for (std::uint64_t at = kLineBytes; at < end; at += kLineBytes) prefetchForWrite(first + at);
}

}  // namespace ringside
