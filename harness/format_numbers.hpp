// Numbers for people: three significant digits and a unit.
#pragma once

#include <string>

namespace ringside::harness {

/// "61.2 M", "845 k", "12".
std::string formatCount(double value);
/// "110 ns", "1.24 µs", "3.10 ms", "2.00 s".
std::string formatNs(double value_ns);
/// "0:34", "12:05".
std::string formatMinutes(double seconds);
/// "12 s", "3.50 min", "2.25 h", "11.0 d".
std::string formatAge(double seconds);
/// "212 KiB", "1.50 MiB".
std::string formatBytes(double bytes);

}  // namespace ringside::harness
