// A hint to the core about a line that it will write.
#pragma once

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

}  // namespace ringside
