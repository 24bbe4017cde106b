#include "harness/gate_terms.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "harness/toml_values.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

constexpr double kMostPercent = 1000;

/// In percent of the baseline's value.
struct KnownMetric {
  std::string_view name;
  Workload workload;
  double margin_percent;
  double pass_percent;
  bool gates;  ///< by itself, where a suite names none
};

/// The clean ones gate: what all messages took is mostly what the machine did (gate.md 0.2). The
/// part of disturbed messages is a guard, so that no regression hides in what the clean ones leave
/// out: it is to find one that doubles it. Margins above 1 % are what `selftest layout` found: 3.8
/// standard deviations between links of one core, over the root of how many are rotated.
constexpr KnownMetric kKnown[] = {
    {"messages_per_s_robust", Workload::Throughput, 2.5, 5, true},
    {"messages_per_s", Workload::Throughput, 2.5, 10, false},
    {"rtt_ns_p50_clean", Workload::PingPong, 1, 5, true},
    {"rtt_ns_p99_clean", Workload::PingPong, 1, 8, true},
    {"disturbed_fraction", Workload::PingPong, 25, 100, true},
    {"rtt_ns_p50", Workload::PingPong, 1, 25, false},
    {"rtt_ns_p99", Workload::PingPong, 1, 25, false},
    {"rtt_ns_p999_clean", Workload::PingPong, 1, 25, false},
    {"response_ns_p50_clean", Workload::Paced, 2, 5, true},
    {"response_ns_p99_clean", Workload::Paced, 1, 8, true},
    {"disturbed_fraction", Workload::Paced, 25, 100, true},
    {"response_ns_p50", Workload::Paced, 2, 25, false},
    {"response_ns_p99", Workload::Paced, 1, 25, false},
    {"response_ns_p999_clean", Workload::Paced, 1, 25, false},
};

/// One [scenario.gate].
class GateReader {
 public:
  GateReader(const TomlFile& file, Workload workload) : file_(file), workload_(workload) {}

  ScenarioGate read(const toml::table& table) const {
    ScenarioGate gate = usualGate(workload_);
    if (gate.metrics.empty()) {
      file_.refuse(table,
                   "this workload cannot be gated; those that can are throughput, ping_pong "
                   "and paced. Take [scenario.gate] away");
    }
    std::vector<std::string_view> known = gateableMetrics(workload_);
    known.emplace_back("required");
    file_.refuseUnknownKeys(table, "[scenario.gate]", known);
    const bool names_some = table.size() > (table.contains("required") ? 1U : 0U);
    for (MetricTerms& metric : gate.metrics) {
      if (names_some) metric.gates = false;
      if (const toml::node* node = table.get(metric.name)) readMetric(*node, metric);
    }
    if (const toml::node* required = table.get("required")) readRequired(*required, gate);
    return gate;
  }

 private:
  void readMetric(const toml::node& node, MetricTerms& metric) const {
    const toml::table* terms = node.as_table();
    if (terms == nullptr) {
      file_.refuse(node, fmt::format("{} is {}; it must be a table such as {{ margin_percent = "
                                     "1.0, pass_percent = 5.0 }}",
                                     metric.name, textOf(node)));
    }
    file_.refuseUnknownKeys(*terms, metric.name, {"margin_percent", "pass_percent", "report_only"});
    metric.margin_percent = percent(*terms, "margin_percent", metric.margin_percent);
    metric.pass_percent = percent(*terms, "pass_percent", metric.pass_percent);
    metric.gates = true;
    if (const toml::node* only = terms->get("report_only")) {
      if (!only->is_boolean()) {
        file_.refuse(*only,
                     fmt::format("report_only is {}; it must be true or false", textOf(*only)));
      }
      metric.gates = !**only->as_boolean();
    }
    if (metric.pass_percent > metric.margin_percent) return;
    file_.refuse(node, fmt::format("{} has a pass_percent of {} that is not above its "
                                   "margin_percent of {}; nothing could pass and nothing fail",
                                   metric.name, metric.pass_percent, metric.margin_percent));
  }

  double percent(const toml::table& terms, std::string_view key, double otherwise) const {
    const toml::node* node = terms.get(key);
    if (node == nullptr) return otherwise;
    const std::optional<double> value = node->value<double>();
    if (value && *value >= 0 && *value <= kMostPercent) return *value;
    file_.refuse(*node, fmt::format("{} is {}; it must be a number from 0 to {}", key,
                                    textOf(*node), kMostPercent));
  }

  void readRequired(const toml::node& node, ScenarioGate& gate) const {
    constexpr std::string_view kWhat =
        "true, false, or a list of parts of the names of the cells that must come to a verdict";
    if (node.is_boolean()) {
      gate.all_required = **node.as_boolean();
      return;
    }
    const toml::array* parts = node.as_array();
    if (parts == nullptr) {
      file_.refuse(node, fmt::format("required is {}; it must be {}", textOf(node), kWhat));
    }
    gate.all_required = false;
    gate.required_where = file_.at(node);
    for (const toml::node& part : *parts) {
      if (!part.is_string() || (**part.as_string()).empty()) {
        file_.refuse(part,
                     fmt::format("required has {} in it; it must be {}", textOf(part), kWhat));
      }
      gate.required_parts.push_back(**part.as_string());
    }
  }

  TomlFile file_;
  Workload workload_;
};

}  // namespace

bool ScenarioGate::isRequired(std::string_view cell) const {
  return all_required ||
         std::any_of(required_parts.begin(), required_parts.end(), [&](const std::string& part) {
           return cell.find(part) != std::string_view::npos;
         });
}

ScenarioGate usualGate(Workload workload) {
  ScenarioGate gate;
  for (const KnownMetric& known : kKnown) {
    if (known.workload != workload) continue;
    gate.metrics.push_back(
        {std::string(known.name), known.margin_percent, known.pass_percent, known.gates});
  }
  return gate;
}

double usualMarginOf(std::string_view metric) noexcept {
  for (const KnownMetric& known : kKnown) {
    if (known.name == metric) return known.margin_percent;
  }
  return 0;
}

std::vector<std::string_view> gateableMetrics(Workload workload) {
  std::vector<std::string_view> names;
  for (const KnownMetric& known : kKnown) {
    if (known.workload == workload) names.push_back(known.name);
  }
  return names;
}

ScenarioGate gateOf(const toml::table& gate, const TomlFile& file, Workload workload) {
  return GateReader(file, workload).read(gate);
}

std::string toToml(const ScenarioGate& gate) {
  const auto tomlText = [](const std::string& text) {
    std::ostringstream stream;
    stream << toml::value<std::string>(text);
    return stream.str();
  };
  if (gate.metrics.empty()) return {};
  std::string text = "[scenario.gate]\n";
  for (const MetricTerms& metric : gate.metrics) {
    text += fmt::format("{} = {{ margin_percent = {}, pass_percent = {}, report_only = {} }}\n",
                        metric.name, metric.margin_percent, metric.pass_percent, !metric.gates);
  }
  if (gate.all_required) {
    text += "required = true\n";
  } else {
    std::vector<std::string> parts;
    for (const std::string& part : gate.required_parts) parts.push_back(tomlText(part));
    text += parts.empty() ? "required = false\n"
                          : fmt::format("required = [{}]\n", fmt::join(parts, ", "));
  }
  return text;
}

}  // namespace ringside::harness
