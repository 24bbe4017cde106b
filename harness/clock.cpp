#include "harness/clock.hpp"

#include <fstream>
#include <sstream>
#include <string>

namespace ringside::harness {
namespace {

constexpr std::uint64_t kCalibrationNs = 50'000'000;

[[maybe_unused]] bool kernelTrustsCounter() {
  std::ifstream source("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  std::string name;
  source >> name;
  return name == "tsc";
}

/// One rate in all frequency and sleep states.
[[maybe_unused]] bool counterIsInvariant() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags")) continue;
    return line.find(" constant_tsc") != std::string::npos &&
           (line.find(" nonstop_tsc") != std::string::npos ||
            line.find(" tsc_known_freq") != std::string::npos);
  }
  return false;
}

}  // namespace

std::string_view toString(ClockSource source) {
  return source == ClockSource::TimeStampCounter ? "time stamp counter" : "CLOCK_MONOTONIC_RAW";
}

Clock calibrateClock() {
  Clock clock;
#if defined(__x86_64__)
  if (!kernelTrustsCounter() || !counterIsInvariant()) return clock;
  clock.source = ClockSource::TimeStampCounter;
  const std::uint64_t begin_ns = Clock::monotonicRawNs();
  const std::uint64_t begin_ticks = clock.now();
  std::uint64_t end_ns = begin_ns;
  while (end_ns - begin_ns < kCalibrationNs) end_ns = Clock::monotonicRawNs();
  clock.ns_per_tick =
      static_cast<double>(end_ns - begin_ns) / static_cast<double>(clock.now() - begin_ticks);
#endif
  return clock;
}

}  // namespace ringside::harness
