#include "harness/compare/compare_texts.hpp"

#include <fmt/format.h>

#include "harness/format_numbers.hpp"

namespace ringside::harness {

std::string valueText(results::Unit unit, double value) {
  switch (unit) {
    case results::Unit::Ns:
      return formatNs(value);
    case results::Unit::Ms:
      return formatNs(1e6 * value);
    case results::Unit::S:
      return fmt::format("{:.3g} s", value);
    case results::Unit::Count:
    case results::Unit::PerS:
    case results::Unit::BytesPerS:
      break;
  }
  return value < 1 ? fmt::format("{:.3g}", value) : formatCount(value);
}

std::string multipleText(const std::optional<double>& over_floor) {
  if (!over_floor) return kNoValue;
  return *over_floor < 999.5 ? fmt::format("{:.3g}", *over_floor) : formatCount(*over_floor);
}

}  // namespace ringside::harness
