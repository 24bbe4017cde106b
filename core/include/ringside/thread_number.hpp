// A small number for each living thread of this process, to find what belongs to it in a table.
#pragma once

namespace ringside {

constexpr int kMaxThreadNumbers = 1024;

/// -1: not asked for yet, or over.
inline constinit thread_local int known_thread_number = -1;

/// 0 … kMaxThreadNumbers - 1, the same until the thread ends, then free for another; -1 when so
/// many threads have one.
int takeThreadNumber() noexcept;

inline int threadNumber() noexcept {
  return known_thread_number >= 0 ? known_thread_number : takeThreadNumber();
}

}  // namespace ringside
