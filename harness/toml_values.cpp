#include "harness/toml_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "harness/usage_error.hpp"

namespace ringside::harness {

Where TomlFile::at(const toml::node& node) const {
  return {fmt::format("{}:{}", name, node.source().begin.line)};
}

void TomlFile::refuse(const toml::node& node, const std::string& what) const {
  throw UsageError(fmt::format("{}: {}", at(node).text, what));
}

void TomlFile::refuseUnknownKeys(const toml::table& table, std::string_view what,
                                 const std::vector<std::string_view>& known) const {
  for (const auto& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    refuse(node, fmt::format("unknown key '{}' in {}{}; known are {}", key.str(), what,
                             suggestion(key.str(), known), fmt::join(known, ", ")));
  }
}

std::string textOf(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

AxisValue axisValue(const Axis& axis, const toml::node& node, const Where& where) {
  AxisValue value;
  if (node.is_string()) {
    value = **node.as_string();
  } else if (node.is_boolean()) {
    value = **node.as_boolean();
  } else if (node.is_integer() && **node.as_integer() >= 0 && axis.takes_number) {
    value = std::to_string(**node.as_integer());
  } else if (node.is_integer() && **node.as_integer() >= 0) {
    value = static_cast<std::uint64_t>(**node.as_integer());
  } else {
    throw UsageError(fmt::format("{}: {} is {}; it must be {}", where.text, axis.name, textOf(node),
                                 whatStandsOn(axis)));
  }
  checkValue(axis, value, where);
  return value;
}

std::vector<AxisValue> axisValues(const Axis& axis, const toml::node& node, const Where& where) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return {axisValue(axis, node, where)};
  if (list->empty()) {
    throw UsageError(
        fmt::format("{}: {} is an empty list; write one value or more", where.text, axis.name));
  }
  std::vector<AxisValue> values;
  for (const toml::node& element : *list) {
    AxisValue next = axisValue(axis, element, where);
    if (std::find(values.begin(), values.end(), next) != values.end()) {
      throw UsageError(fmt::format("{}: {} names {} twice; once is enough", where.text, axis.name,
                                   toString(next)));
    }
    values.push_back(std::move(next));
  }
  return values;
}

}  // namespace ringside::harness
