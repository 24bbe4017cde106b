// The axes that a scenario can sweep: one table says of each its type, its range, its default, and
// where it stands in a record. Reading, checking, naming and help all come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "results/record.hpp"

namespace ringside::harness {

/// One value on an axis.
using AxisValue = std::variant<std::string, std::uint64_t, bool>;

/// Where a value was written: "scenarios/quick.toml:14", or "-a capacity=0".
struct Where {
  std::string text;
};

struct Axis {
  enum class Type { Word, Count, Flag };

  std::string_view name;
  Type type;
  std::string_view summary;
  std::string_view default_value;  ///< as it would be written; empty: it must be given
  std::uint64_t lowest = 0;        ///< of a Count, inclusive
  std::uint64_t highest = 0;
  std::span<const std::string_view> words = {};  ///< of a Word; empty: checked elsewhere
  bool takes_number = false;                     ///< a Word that may be a whole number instead
  void (*set)(results::Axes&, const AxisValue&) = nullptr;
  /// How a cell's name shows it; empty when it does not, because it is the default.
  std::string (*label)(const results::Axes&) = nullptr;
};

/// In the order in which they vary, the last one fastest.
std::span<const Axis> allAxes();
const Axis* findAxis(std::string_view name);

/// Throws UsageError when the value cannot stand on this axis.
void checkValue(const Axis& axis, const AxisValue& value, const Where& where);
/// "a whole number of 1 to 64", "a string", …: what may stand on the axis.
std::string whatStandsOn(const Axis& axis);
/// The default as a value. Only for axes that have one.
AxisValue defaultValue(const Axis& axis);

std::string toString(const AxisValue& value);

/// The one of `known` that is nearest to `name` (Levenshtein), empty when none is near.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known);
/// " (did you mean 'x'?)", or nothing.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace ringside::harness
