#include "harness/clock.hpp"

#include <fstream>
#include <sstream>
#include <string>

namespace ringside::harness {
namespace {

constexpr std::uint64_t kCalibrationNs = 50'000'000;
constexpr int kReadings = 20;

/// The counter and the kernel's clock at one moment.
struct Moment {
  double ns = 0;
  double ticks = 0;
};

/// Of several readings the one during which the least time passed: an interruption between the two
/// clocks would falsify the rate.
[[maybe_unused]] Moment readTogether(const Clock& clock) {
  Moment best;
  std::uint64_t shortest = ~0ULL;
  for (int i = 0; i < kReadings; ++i) {
    const std::uint64_t before = Clock::monotonicRawNs();
    const std::uint64_t ticks = clock.now();
    const std::uint64_t after = Clock::monotonicRawNs();
    if (after - before >= shortest) continue;
    shortest = after - before;
    best = {static_cast<double>(before) + static_cast<double>(shortest) / 2,
            static_cast<double>(ticks)};
  }
  return best;
}

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
  const Moment begin = readTogether(clock);
  while (static_cast<double>(Clock::monotonicRawNs()) - begin.ns < kCalibrationNs) {
  }
  const Moment end = readTogether(clock);
  clock.ns_per_tick = (end.ns - begin.ns) / (end.ticks - begin.ticks);
#endif
  return clock;
}

}  // namespace ringside::harness
