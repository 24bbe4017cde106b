#include "harness/compare/grouping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "harness/usage_error.hpp"
#include "results/record_json.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

constexpr const char* kUnknown = "unknown";
constexpr int kPartsBeforeAxes = 4;  // suite/scenario/queue/shape

/// As a record is written, which has each axis under its name but for one.
std::string axisText(const Axis& axis, const results::Axes& axes) {
  const ordered_json written = results::axesToJson(axes);
  const std::string name(axis.name == "numa_node" ? "numa_policy" : axis.name);
  const auto value = written.find(name);
  if (value == written.end() || value->is_null()) return "none";
  if (value->is_number_float()) return fmt::format("{:.0f}", value->get<double>());
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::vector<std::string_view> knownKeys(const std::vector<EnvironmentFacts>& environments) {
  std::vector<std::string_view> keys = {"backing", "host", "node", "cpu_model", "thp"};
  for (const Axis& axis : allAxes()) keys.push_back(axis.name);
  for (const EnvironmentFacts& environment : environments) {
    for (const auto& [name, value] : environment.all()) keys.emplace_back(name);
  }
  return keys;
}

/// Where part number `number` of a name begins, and how long it is.
std::pair<std::size_t, std::size_t> partOf(const std::string& name, int number) {
  std::size_t begin = 0;
  for (int i = 0; i < number && begin != std::string::npos; ++i) {
    const std::size_t slash = name.find('/', begin);
    begin = slash == std::string::npos ? slash : slash + 1;
  }
  if (begin == std::string::npos) return {name.size(), 0};
  const std::size_t end = std::min(name.find('/', begin), name.size());
  return {begin, end - begin};
}

/// "…/1p1c/…" without the one count or the other: "…/*p1c/…".
std::string withoutCount(const std::string& name, char role) {
  const auto [begin, length] = partOf(name, kPartsBeforeAxes - 1);
  const std::size_t letter = name.find(role, begin);
  if (letter == std::string::npos || letter >= begin + length) return name;
  std::size_t first = letter;
  while (first > begin && name[first - 1] >= '0' && name[first - 1] <= '9') --first;
  return fmt::format("{}*{}", name.substr(0, first), name.substr(letter));
}

/// The name with `instead` in the place of that label, and without the label where it is empty.
std::string withInstead(const std::string& name, const std::string& label,
                        const std::string& instead) {
  if (label.empty()) return name;
  const std::size_t axes = partOf(name, kPartsBeforeAxes).first;
  const std::string part = "/" + label;
  for (std::size_t at = name.find(part, axes == 0 ? 0 : axes - 1); at != std::string::npos;
       at = name.find(part, at + 1)) {
    const std::size_t end = at + part.size();
    if (end != name.size() && name[end] != '/') continue;
    return fmt::format("{}{}{}{}", name.substr(0, at), instead.empty() ? "" : "/", instead,
                       name.substr(end));
  }
  return name;
}

/// What a label says of the axis, taken out of it: all of it, but of the two that share
/// "p99<=1000ns" only their own half.
std::string withoutAxis(const std::string& cell, const results::Axes& axes, const Axis& axis) {
  const bool is_limit = axis.name == "limit_ns";
  if (!is_limit && axis.name != "percentile") {
    return withInstead(cell, axis.label(axes), "");
  }
  const std::string label = findAxis("limit_ns")->label(axes);
  if (label.empty()) return cell;
  return withInstead(
      cell, label,
      is_limit ? fmt::format("{}<=*", *axes.percentile) : fmt::format("*<={}ns", *axes.limit_ns));
}

bool isNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string nameWithoutPlacement(const std::string& cell, const results::Axes& axes) {
  return withoutAxis(cell, axes, *findAxis("placement"));
}

Grouping::Grouping(const std::string& key, const std::vector<EnvironmentFacts>& environments)
    : key_(key == "backing" ? "memory" : key), axis_(findAxis(key_)) {
  if (isAxis()) return;
  bool is_known = false;
  for (const EnvironmentFacts& environment : environments) {
    const std::optional<std::string> value = environment.findAs(key_);
    is_known = is_known || value.has_value();
    facts_.push_back(value.value_or(kUnknown));
  }
  if (is_known) return;
  throw UsageError(fmt::format(
      "--by {}: this is no axis (`ringside list` names them), and no fact that environment.json of "
      "these bundles has{}; name an axis such as backing or huge_pages, or a fact such as host, "
      "cpu_model, governor, kernel or memory.total",
      key, suggestion(key, knownKeys(environments))));
}

std::string Grouping::valueOf(std::size_t bundle, const results::Record& record) const {
  return isAxis() ? axisText(*axis_, record.axes) : facts_[bundle];
}

std::string Grouping::cellOf(const results::Record& record) const {
  if (!isAxis()) return record.cell;
  if (axis_->name == "producers") return withoutCount(record.cell, 'p');
  if (axis_->name == "consumers") return withoutCount(record.cell, 'c');
  if (axis_->name != "queue") return withoutAxis(record.cell, record.axes, *axis_);
  const auto [begin, length] = partOf(record.cell, kPartsBeforeAxes - 2);
  return fmt::format("{}*{}", record.cell.substr(0, begin), record.cell.substr(begin + length));
}

std::vector<std::string> Grouping::inOrder(std::vector<std::string> values) const {
  const bool are_numbers = std::all_of(values.begin(), values.end(), isNumber);
  const auto rankOf = [&](const std::string& value) -> std::uint64_t {
    if (are_numbers) {
      std::uint64_t number = 0;
      std::from_chars(value.data(), value.data() + value.size(), number);
      return number;
    }
    if (!isAxis()) return 0;
    if (axis_->type == Axis::Type::Flag) return value == axis_->default_value ? 0 : 1;
    const auto word = std::find(axis_->words.begin(), axis_->words.end(), value);
    return static_cast<std::uint64_t>(word - axis_->words.begin());
  };
  std::stable_sort(values.begin(), values.end(), [&](const std::string& a, const std::string& b) {
    return rankOf(a) < rankOf(b);
  });
  return values;
}

}  // namespace ringside::harness
