// The clock of the timed loops: the time stamp counter where it runs at one rate in all states and
// the kernel trusts it, else CLOCK_MONOTONIC_RAW. Calibrated once, by the parent, for all workers.
#pragma once

#include <time.h>

#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace ringside::harness {

/// What comes behind begins when all that was loaded before is there.
inline void finishLoads() noexcept {
#if defined(__x86_64__)
  _mm_lfence();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

enum class ClockSource : std::uint8_t { TimeStampCounter, MonotonicRaw };

std::string_view toString(ClockSource source);

/// Small, copied into every worker.
struct Clock {
  ClockSource source = ClockSource::MonotonicRaw;
  double ns_per_tick = 1.0;

  std::uint64_t now() const noexcept {
#if defined(__x86_64__)
    if (source == ClockSource::TimeStampCounter) return __rdtsc();
#endif
    return monotonicRawNs();
  }
  /// After everything that was loaded before: the stamp of an arrival.
  std::uint64_t nowAfterLoads() const noexcept {
    finishLoads();
    return now();
  }
  std::uint64_t nsBetween(std::uint64_t begin, std::uint64_t end) const noexcept {
    return end <= begin
               ? 0
               : static_cast<std::uint64_t>(static_cast<double>(end - begin) * ns_per_tick);
  }

  static std::uint64_t monotonicRawNs() noexcept {
    ::timespec now = {};
    ::clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec);
  }
};

/// Chooses the source and measures its rate for 50 ms against CLOCK_MONOTONIC_RAW.
Clock calibrateClock();

}  // namespace ringside::harness
