// What a scenario says of its gate: which metrics may not get worse, by how much, and which cells
// must come to a verdict. [scenario.gate] in a suite; without it, what is usual for the workload.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/axes.hpp"
#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// One metric of a gate.
struct MetricTerms {
  std::string name;
  double margin_percent = 1;  ///< worse by up to this is no regression; at least 0
  double pass_percent = 5;    ///< a pass shows that it is not worse by this; above the margin
  bool gates = true;          ///< else it is measured and shown, and cannot fail anything
};

struct ScenarioGate {
  std::vector<MetricTerms> metrics;  ///< empty: none of this workload can be gated
  bool all_required = true;
  /// Where not all are: those whose name has one of these in it.
  std::vector<std::string> required_parts;
  Where required_where = {};

  bool isRequired(std::string_view cell) const;
};

/// What is gated where a suite says nothing: margins and bounds of gate.md 3.7.
ScenarioGate usualGate(Workload workload);

/// Of a metric in a gate that says nothing of it, in percent; 0 for one that no gate has.
double usualMarginOf(std::string_view metric) noexcept;

/// The metrics that slots of this workload have.
std::vector<std::string_view> gateableMetrics(Workload workload);

/// [scenario.gate] written out in full; empty where nothing can be gated.
std::string toToml(const ScenarioGate& gate);

}  // namespace ringside::harness
