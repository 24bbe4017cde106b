#include "harness/command_line/number_checks.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string>

namespace ringside::harness {
namespace {

/// The limits stand in its description as the parser's own checks have them: "N in [1 - 64]".
template <class Number>
CLI::Validator between(Number lowest, Number highest, const char* what) {
  const auto check = [=](const std::string& text) -> std::string {
    Number value{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = failure == std::errc{} && end == text.data() + text.size();
    if (is_number && value >= lowest && value <= highest) return "";
    return fmt::format("'{}' is no {} from {} to {}", text, what, lowest, highest);
  };
  return {check, fmt::format("N in [{} - {}]", lowest, highest)};
}

}  // namespace

CLI::Validator wholeNumber(std::uint64_t lowest, std::uint64_t highest) {
  return between(lowest, highest, "whole number");
}

CLI::Validator anySeed() {
  CLI::Validator check = wholeNumber(0, std::numeric_limits<std::uint64_t>::max());
  check.description("N");  // limits that nobody meets would fill the help
  return check;
}

CLI::Validator decimalNumber(double lowest, double highest) {
  return between(lowest, highest, "number");
}

}  // namespace ringside::harness
