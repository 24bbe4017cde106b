// What the readers of suites have in common: where something stands in a file, and a value of an
// axis.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "harness/axes.hpp"
#include "harness/contest_terms.hpp"
#include "harness/gate_terms.hpp"

namespace ringside::harness {

/// One file, whose name stands in every message.
struct TomlFile {
  std::string name;

  Where at(const toml::node& node) const;
  /// Throws UsageError: "file:line: what".
  [[noreturn]] void refuse(const toml::node& node, const std::string& what) const;
  void refuseUnknownKeys(const toml::table& table, std::string_view what,
                         const std::vector<std::string_view>& known) const;
};

/// A value as it was written, for messages.
std::string textOf(const toml::node& node);

/// Throws UsageError for what cannot stand on the axis.
AxisValue axisValue(const Axis& axis, const toml::node& node, const Where& where);

/// One value or a list of different ones.
std::vector<AxisValue> axisValues(const Axis& axis, const toml::node& node, const Where& where);

/// The keys `subjects` and `expect` of the table [suite]. Throws UsageError.
ContestTerms contestTermsOf(const toml::table& suite, const std::string& file);

/// The table [scenario.gate] of a scenario with this workload. Throws UsageError: a metric that its
/// slots do not have, a margin or bound that is none, a workload that cannot be gated.
ScenarioGate gateOf(const toml::table& gate, const TomlFile& file, Workload workload);

}  // namespace ringside::harness
