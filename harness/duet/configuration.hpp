// One side of `ringside compare-config`: the values by which it is set apart from the other one.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::harness {

struct ConfiguredValue {
  std::string key;
  std::string value;  ///< as it would be typed, without quotes

  friend bool operator==(const ConfiguredValue&, const ConfiguredValue&) = default;
};

/// All that one side asks for, in the order in which it was said.
struct Configuration {
  std::vector<ConfiguredValue> values;

  /// "huge_pages=never", several with a comma between them: what the side is called.
  std::string label() const;
  /// Axes of the suite's cells.
  std::vector<ConfiguredValue> axes() const;
  /// The same as readSuite() takes them.
  std::vector<std::string> overrides() const;
  /// Settings of the host.
  std::vector<ConfiguredValue> host() const;
  /// Of a key that it has; else empty.
  std::string valueOf(std::string_view key) const;
};
using BothConfigurations = std::array<Configuration, 2>;

/// What --a and --b say: each text is KEY=VALUE, or several with commas between them. Throws
/// UsageError: no KEY=VALUE, an unknown key, one that is twice on a side or on one side alone, a
/// value that cannot stand there, a key that is another load, other CPUs or a boot parameter, and
/// two sides that ask for the same.
BothConfigurations parseConfigurations(const std::vector<std::string>& a,
                                       const std::vector<std::string>& b);

/// What a side can be set apart by; what follows kSysctl is the name of any kernel parameter.
std::vector<std::string_view> configurationKeys();
inline constexpr std::string_view kSysctl = "sysctl.";

}  // namespace ringside::harness
