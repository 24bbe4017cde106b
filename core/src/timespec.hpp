// Points in time as the system calls take them.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>

namespace ringside {

/// Of the clock that `when` belongs to. Before its beginning is its beginning: the kernel refuses
/// negative times, and those have passed anyway.
template <class Clock, class Duration>
::timespec toTimespec(std::chrono::time_point<Clock, Duration> when) noexcept {
  const auto ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
  const auto since_beginning = std::max<decltype(ns)>(ns, 0);
  return {static_cast<::time_t>(since_beginning / 1'000'000'000),
          static_cast<long>(since_beginning % 1'000'000'000)};
}

}  // namespace ringside
