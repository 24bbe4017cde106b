#include "harness/duet/configuration.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "harness/override.hpp"
#include "harness/toml_values.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kOtherWork = "both sides must do the same work";
constexpr const char* kWhole = "what is gated has single elements, fully validated";
constexpr const char* kOnlySlo = "the workload slo alone has it, and that is not gated";

/// Axes that make another cell, and not another configuration.
struct NoConfiguration {
  std::string_view axis;
  const char* why;
};
constexpr NoConfiguration kNoConfigurations[] = {
    {"element_size_bytes", kOtherWork},
    {"producers", kOtherWork},
    {"consumers", kOtherWork},
    {"rate_per_s", kOtherWork},
    {"arrivals", kOtherWork},
    {"seed", kOtherWork},
    {"placement", "both sides must have the same CPUs, for the pairs of their slots to count"},
    {"queue", "both sides must have the same queue"},
    {"batch", kWhole},
    {"validate", kWhole},
    {"percentile", kOnlySlo},
    {"limit_ns", kOnlySlo},
};

/// What a kernel is told when it starts, and knows from then on.
constexpr std::string_view kBootParameters[] = {
    "mitigations",  "isolcpus",    "nohz_full",
    "rcu_nocbs",    "nosmt",       "maxcpus",
    "nr_cpus",      "idle",        "processor.max_cstate",
    "preempt",      "pti",         "intel_idle.max_cstate",
    "nokaslr",      "tsc",         "intel_pstate",
    "amd_pstate",   "hugepages",   "hugepagesz",
    "clocksource",  "spectre_v2",  "default_hugepagesz",
    "skew_tick",    "irqaffinity", "numa",
    "command_line", "cmdline",     "spec_store_bypass_disable",
};

/// Settings of the host beside kSysctl, which HostSettingsHeld writes.
constexpr std::string_view kHostKeys[] = {"governor", "thp", "shmem_thp", "numa_balancing"};

bool isHostKey(std::string_view key) {
  return std::find(std::begin(kHostKeys), std::end(kHostKeys), key) != std::end(kHostKeys) ||
         key.starts_with(kSysctl);
}

const NoConfiguration* findNoConfiguration(std::string_view axis) {
  const auto* const found =
      std::find_if(std::begin(kNoConfigurations), std::end(kNoConfigurations),
                   [&](const NoConfiguration& one) { return one.axis == axis; });
  return found == std::end(kNoConfigurations) ? nullptr : found;
}

bool isBootParameter(std::string_view key) {
  return std::find(std::begin(kBootParameters), std::end(kBootParameters), key) !=
         std::end(kBootParameters);
}

/// Parts of a text between commas, where each KEY= begins one: a comma in a value stays in it.
std::vector<std::string> partsOf(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    if (parts.empty() || part.find('=') != std::string::npos) {
      parts.push_back(part);
    } else {
      parts.back() += "," + part;
    }
    begin = end + 1;
  }
  return parts;
}

[[noreturn]] void refuseKey(const std::string& where, const std::string& key) {
  if (isBootParameter(key)) {
    throw UsageError(fmt::format(
        "{}: {} is a boot parameter, and stays as it is while the machine runs; start it once with "
        "each value, `ringside run` a suite each time, and set both bundles side by side: "
        "ringside compare BUNDLE BUNDLE --by cmdline",
        where, key));
  }
  const std::vector<std::string_view> known = configurationKeys();
  throw UsageError(fmt::format("{}: unknown key '{}'{}; write KEY=VALUE with one of {}", where, key,
                               suggestion(key, known), fmt::join(known, ", ")));
}

/// As it would be typed.
std::string plain(const AxisValue& value) {
  const auto* const word = std::get_if<std::string>(&value);
  return word != nullptr ? *word : toString(value);
}

std::string axisText(const Axis& axis, const std::string& text, const std::string& where) {
  if (const NoConfiguration* const other = findNoConfiguration(axis.name)) {
    throw UsageError(fmt::format(
        "{}: {} is no configuration: {}; `ringside run` a suite with -a {}=[…], and set its values "
        "side by side: ringside compare BUNDLE --by {}",
        where, axis.name, other->why, axis.name, axis.name));
  }
  const toml::table parsed = parseRightSide(text);
  const toml::node& node = *parsed.get("value");
  if (node.is_array()) {
    throw UsageError(
        fmt::format("{}: {} is a list, and a side has one value of each key", where, text));
  }
  return plain(axisValue(axis, node, {where}));
}

/// The kernel says what may stand there; what would lead out of /proc/sys is no name.
std::string hostText(const std::string& key, const std::string& text, const std::string& where) {
  const std::string_view name =
      std::string_view(key).substr(key.starts_with(kSysctl) ? kSysctl.size() : 0);
  if (name.empty() || name.find("..") != std::string_view::npos || name.front() == '/') {
    throw UsageError(
        fmt::format("{}: {} names no kernel parameter; write sysctl.NAME as sysctl(8) "
                    "does: sysctl.vm.swappiness",
                    where, key));
  }
  if (!text.empty()) return text;
  throw UsageError(fmt::format("{}: there is no value; write {}=VALUE", where, key));
}

std::string valueText(const std::string& key, const std::string& text, const std::string& where) {
  if (const Axis* const axis = findAxis(key)) return axisText(*axis, text, where);
  if (!isHostKey(key)) refuseKey(where, key);
  return hostText(key, text, where);
}

Configuration configurationOf(const std::string& option, const std::vector<std::string>& texts) {
  Configuration side;
  std::vector<std::string> keys;
  for (const std::string& text : texts) {
    for (const std::string& part : partsOf(text)) {
      const std::string where = fmt::format("{} {}", option, part);
      const std::size_t equals = part.find('=');
      const std::string key = trimmed(part.substr(0, equals));
      if (equals == std::string::npos || part.find_first_of("\r\n") != std::string::npos) {
        throw UsageError(fmt::format("{}: write KEY=VALUE, on one line", where));
      }
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
        throw UsageError(
            fmt::format("{}: {} stands twice on this side, which has one value of it", where, key));
      }
      keys.push_back(key);
      side.values.push_back({key, valueText(key, trimmed(part.substr(equals + 1)), where)});
    }
  }
  return side;
}

std::vector<std::string> textsOf(const std::vector<ConfiguredValue>& values) {
  std::vector<std::string> texts;
  for (const ConfiguredValue& one : values) texts.push_back(one.key + "=" + one.value);
  return texts;
}

/// Which of them the other side lacks would be whatever the suite says, and that is for nobody to
/// see.
void refuseKeysOfOneSide(const Configuration& side, const Configuration& other,
                         const std::string& option) {
  for (const ConfiguredValue& one : side.values) {
    const bool has = std::any_of(other.values.begin(), other.values.end(),
                                 [&](const ConfiguredValue& its) { return its.key == one.key; });
    if (has) continue;
    throw UsageError(
        fmt::format("{}: it does not say {}, and the other side has {}={}; name it on "
                    "both sides",
                    option, one.key, one.key, one.value));
  }
}

}  // namespace

std::string Configuration::label() const {
  return fmt::format("{}", fmt::join(textsOf(values), ", "));
}

std::vector<ConfiguredValue> Configuration::axes() const {
  std::vector<ConfiguredValue> found;
  std::copy_if(values.begin(), values.end(), std::back_inserter(found),
               [](const ConfiguredValue& one) { return !isHostKey(one.key); });
  return found;
}

std::vector<std::string> Configuration::overrides() const { return textsOf(axes()); }

std::vector<ConfiguredValue> Configuration::host() const {
  std::vector<ConfiguredValue> found;
  std::copy_if(values.begin(), values.end(), std::back_inserter(found),
               [](const ConfiguredValue& one) { return isHostKey(one.key); });
  return found;
}

std::string Configuration::valueOf(std::string_view key) const {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const ConfiguredValue& one) { return one.key == key; });
  return found == values.end() ? "" : found->value;
}

BothConfigurations parseConfigurations(const std::vector<std::string>& a,
                                       const std::vector<std::string>& b) {
  BothConfigurations sides = {configurationOf("--a", a), configurationOf("--b", b)};
  refuseKeysOfOneSide(sides[0], sides[1], "--b");
  refuseKeysOfOneSide(sides[1], sides[0], "--a");
  const auto isInFirst = [&](const ConfiguredValue& one) {
    return std::find(sides[0].values.begin(), sides[0].values.end(), one) != sides[0].values.end();
  };
  if (std::all_of(sides[1].values.begin(), sides[1].values.end(), isInFirst)) {
    throw UsageError(fmt::format(
        "--a and --b: both sides ask for {}, so there is nothing to compare; give one of them "
        "another value",
        sides[0].label()));
  }
  return sides;
}

std::vector<std::string_view> configurationKeys() {
  std::vector<std::string_view> keys;
  for (const Axis& axis : allAxes()) {
    if (findNoConfiguration(axis.name) == nullptr) keys.push_back(axis.name);
  }
  keys.insert(keys.end(), std::begin(kHostKeys), std::end(kHostKeys));
  keys.emplace_back("sysctl.NAME");
  return keys;
}

}  // namespace ringside::harness
