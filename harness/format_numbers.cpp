#include "harness/format_numbers.hpp"

#include <fmt/format.h>

#include <cmath>
#include <span>

namespace ringside::harness {
namespace {

struct Scale {
  double factor;
  const char* unit;
};

/// Three significant digits on the largest scale that keeps the value at 1 or more.
std::string scaled(double value, std::span<const Scale> scales) {
  const Scale* fitting = &scales.front();
  for (const Scale& scale : scales) {
    if (value >= 0.9995 * scale.factor) fitting = &scale;
  }
  const double number = value / fitting->factor;
  const bool whole = fitting->factor == 1 && number == std::floor(number);
  const int decimals = whole || number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", number, decimals, fitting->unit);
}

constexpr Scale kCounts[] = {{1, ""}, {1e3, " k"}, {1e6, " M"}, {1e9, " G"}};
constexpr Scale kTimes[] = {{1, " ns"}, {1e3, " µs"}, {1e6, " ms"}, {1e9, " s"}};
constexpr Scale kAges[] = {{1, " s"}, {60, " min"}, {3600, " h"}, {86400, " d"}};
constexpr Scale kBytes[] = {{1, " B"}, {1024, " KiB"}, {1048576, " MiB"}, {1073741824, " GiB"}};

}  // namespace

std::string formatCount(double value) { return scaled(value, kCounts); }
std::string formatNs(double value_ns) { return scaled(value_ns, kTimes); }
std::string formatAge(double seconds) { return scaled(seconds, kAges); }
std::string formatBytes(double bytes) { return scaled(bytes, kBytes); }

std::string formatMinutes(double seconds) {
  const auto whole = static_cast<long>(std::lround(seconds));
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace ringside::harness
