#include "harness/selftest/selftest_record.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/usage_error.hpp"
#include "results/descriptor.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

/// Five digits say all that a table of them needs, and thousands are kept.
double shortened(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10.0, 4 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

ordered_json toJson(const TriedMetric& metric) {
  ordered_json effects = ordered_json::array();
  for (const double effect : metric.effects) effects.push_back(shortened(effect));
  return {{"cell", metric.cell},
          {"metric", metric.metric},
          {"verdict", metric.verdict},
          {"gates", metric.gates},
          {"tested", metric.tested},
          {"estimate", shortened(metric.estimate)},
          {"lower", shortened(metric.lower)},
          {"upper", shortened(metric.upper)},
          {"p_without_margin", shortened(metric.p_without_margin)},
          {"above", metric.above},
          {"below", metric.below},
          {"margin", shortened(metric.margin)},
          {"pass_bound", shortened(metric.pass_bound)},
          {"effects", effects},
          {"p_relabelled",
           metric.p_relabelled ? ordered_json(shortened(*metric.p_relabelled)) : nullptr}};
}

/// What lines of earlier versions lack stays empty.
TriedMetric metricFrom(const ordered_json& json) {
  TriedMetric metric{.cell = json.at("cell"),
                     .metric = json.at("metric"),
                     .verdict = json.at("verdict"),
                     .gates = json.at("gates"),
                     .tested = json.at("tested"),
                     .estimate = json.at("estimate"),
                     .lower = json.at("lower"),
                     .upper = json.at("upper"),
                     .p_without_margin = json.at("p_without_margin"),
                     .above = json.at("above"),
                     .below = json.at("below")};
  if (!json.contains("effects")) return metric;
  metric.margin = json.at("margin");
  metric.pass_bound = json.at("pass_bound");
  metric.effects = json.at("effects").get<std::vector<double>>();
  if (!json.at("p_relabelled").is_null()) metric.p_relabelled = json.at("p_relabelled");
  return metric;
}

ordered_json toJson(const TriedInjection& injection) {
  return {{"what", injection.what},     {"cell", injection.cell},
          {"metric", injection.metric}, {"true_ns", injection.true_ns},
          {"effect", injection.effect}, {"power", injection.power},
          {"found", injection.found}};
}

TriedInjection injectionFrom(const ordered_json& json) {
  return {.what = json.at("what"),
          .cell = json.at("cell"),
          .metric = json.at("metric"),
          .true_ns = json.at("true_ns"),
          .effect = json.at("effect"),
          .power = json.at("power"),
          .found = json.at("found")};
}

ordered_json toJson(const TriedGate& gate) {
  ordered_json metrics = ordered_json::array();
  for (const TriedMetric& metric : gate.metrics) metrics.push_back(toJson(metric));
  ordered_json layout = ordered_json::array();
  for (const TriedGate::LayoutSpread& spread : gate.layout) {
    layout.push_back({{"cell", spread.cell},
                      {"metric", spread.metric},
                      {"links", spread.links},
                      {"sigma", spread.sigma},
                      {"noise", spread.noise}});
  }
  return {{"schema", 1},
          {"kind", gate.kind},
          {"date", gate.date},
          {"machine", gate.machine},
          {"cpu", gate.cpu},
          {"program", gate.program},
          {"suite", gate.suite},
          {"seed", gate.seed},
          {"seconds", gate.seconds},
          {"blocks", gate.blocks},
          {"loaded_blocks", gate.loaded_blocks},
          {"exit_code", gate.exit_code},
          {"rejected_by", gate.rejected_by},
          {"metrics", metrics},
          {"injection", gate.injection ? toJson(*gate.injection) : ordered_json(nullptr)},
          {"layout", layout}};
}

TriedGate gateFrom(const ordered_json& json) {
  TriedGate gate{.kind = json.at("kind"),
                 .date = json.at("date"),
                 .machine = json.at("machine"),
                 .cpu = json.at("cpu"),
                 .program = json.at("program"),
                 .suite = json.at("suite"),
                 .seed = json.at("seed"),
                 .seconds = json.at("seconds"),
                 .blocks = json.at("blocks"),
                 .loaded_blocks = json.at("loaded_blocks"),
                 .exit_code = json.at("exit_code"),
                 .rejected_by = {},
                 .metrics = {},
                 .injection = {},
                 .layout = {}};
  if (json.contains("rejected_by")) json.at("rejected_by").get_to(gate.rejected_by);
  for (const ordered_json& metric : json.at("metrics")) gate.metrics.push_back(metricFrom(metric));
  if (!json.at("injection").is_null()) gate.injection = injectionFrom(json.at("injection"));
  for (const ordered_json& spread : json.at("layout")) {
    gate.layout.push_back({.cell = spread.at("cell"),
                           .metric = spread.at("metric"),
                           .links = spread.at("links"),
                           .sigma = spread.at("sigma"),
                           .noise = spread.at("noise")});
  }
  return gate;
}

}  // namespace

void appendTried(const std::filesystem::path& file, const TriedGate& gate) {
  const std::string line =
      toJson(gate).dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  const results::Descriptor descriptor(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  const int failure =
      descriptor.number() < 0 ? errno : results::writeAll(descriptor.number(), line);
  if (failure == 0) return;
  throw std::system_error(failure, std::system_category(),
                          file.string() + ": what the self-test found cannot be written");
}

std::vector<TriedGate> readTried(const std::filesystem::path& file) {
  std::vector<TriedGate> gates;
  std::ifstream stream(file);
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (line.empty()) continue;
    try {
      gates.push_back(gateFrom(ordered_json::parse(line)));
    } catch (const ordered_json::exception& error) {
      throw UsageError(
          fmt::format("{}:{}: this is no line of a self-test ({}); take it away, or "
                      "name another file with --record",
                      file.string(), number, error.what()));
    }
  }
  return gates;
}

}  // namespace ringside::harness
