#include "harness/open_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "harness/traffic.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kDefaultSeed = 1;

/// And which workloads have it.
struct OpenAxis {
  std::string_view name;
  bool paced;
  bool slo;
};
constexpr std::array kOpenAxes = {OpenAxis{"rate_per_s", true, false},
                                  OpenAxis{"arrivals", true, true}, OpenAxis{"seed", true, true},
                                  OpenAxis{"percentile", false, true},
                                  OpenAxis{"limit_ns", false, true}};

const Sweep& sweepOf(const Scenario& scenario, std::string_view axis) {
  return *std::find_if(scenario.sweeps.begin(), scenario.sweeps.end(),
                       [&](const Sweep& sweep) { return sweep.axis->name == axis; });
}

bool has(const OpenAxis& axis, Workload workload) {
  return workload == Workload::Slo ? axis.slo : axis.paced && workload == Workload::Paced;
}

/// Of a cell: the rate may vary from cell to cell, and a trace has its own.
void checkLength(const Scenario& scenario, const Cell& cell) {
  if (cell.workload != Workload::Paced) return;
  const double length_ns =
      static_cast<double>(cell.timing.warmup_ms + cell.timing.duration_ms) * 1e6;
  const double messages = expectedMessages(
      cell.arrivals, {.rate_per_s = *cell.axes.rate_per_s, .length_ns = length_ns});
  if (messages <= static_cast<double>(kMaxPlannedMessages)) return;
  throw UsageError(fmt::format(
      "{}: rate_per_s is {:.0f}; in {} ms of warm-up and measuring that is more than "
      "the {} messages a repetition can plan; use a lower rate or a shorter duration_ms",
      sweepOf(scenario, "rate_per_s").where.text, *cell.axes.rate_per_s,
      cell.timing.warmup_ms + cell.timing.duration_ms, kMaxPlannedMessages));
}

}  // namespace

void refuseUnusedAxes(const Suite& suite) {
  for (const OpenAxis& axis : kOpenAxes) {
    const bool used =
        std::any_of(suite.scenarios.begin(), suite.scenarios.end(),
                    [&](const Scenario& scenario) { return has(axis, scenario.workload); });
    if (used) continue;
    for (const Scenario& scenario : suite.scenarios) {
      const Sweep& sweep = sweepOf(scenario, axis.name);
      if (sweep.values == std::vector<AxisValue>{defaultValue(*sweep.axis)}) continue;
      throw UsageError(
          fmt::format("{}: {} is given, but no scenario has workload = \"{}\"; leave "
                      "the key out",
                      sweep.where.text, axis.name, axis.paced ? "paced" : "slo"));
    }
  }
}

void settleOpenLoop(const Suite& suite, const Scenario& scenario, Cell& cell) {
  results::Axes& axes = cell.axes;
  if (cell.workload != Workload::Slo) {
    axes.percentile.reset();
    axes.limit_ns.reset();
  } else {
    axes.rate_per_s.reset();
    if (!parsePercentile(*axes.percentile)) {
      throw UsageError(
          fmt::format("{}: percentile is '{}'; it must be 'p' and a number above 0, at most 100, "
                      "as \"p99.9\"",
                      sweepOf(scenario, "percentile").where.text, *axes.percentile));
    }
  }
  if (cell.workload != Workload::Paced && cell.workload != Workload::Slo) {
    axes.rate_per_s.reset();
    axes.arrivals.reset();
    axes.seed.reset();
    return;
  }
  const std::string& where = sweepOf(scenario, "arrivals").where.text;
  cell.arrivals = parseArrivals(*axes.arrivals, suite.folder, where);
  if (cell.arrivals.kind == ArrivalKind::Trace && cell.workload == Workload::Slo) {
    throw UsageError(
        fmt::format("{}: arrivals is '{}', which has a rate of its own; slo looks for "
                    "a rate: use poisson, periodic or burst",
                    where, *axes.arrivals));
  }
  if (cell.arrivals.kind == ArrivalKind::Trace) axes.rate_per_s = cell.arrivals.traceRate();
  checkLength(scenario, cell);
}

std::optional<double> parsePercentile(const std::string& text) {
  if (!text.starts_with('p')) return std::nullopt;
  double percent = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + 1, end, percent);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == end;
  if (!whole || !(percent > 0) || !(percent <= 100)) return std::nullopt;
  return percent;
}

std::string rateLabel(const results::Axes& axes) {
  return axes.rate_per_s ? fmt::format("rate={:.0f}", *axes.rate_per_s) : "";
}

std::string arrivalsLabel(const results::Axes& axes) {
  if (!axes.arrivals || *axes.arrivals == "poisson") return "";
  const std::size_t colon = axes.arrivals->find(':');
  if (!axes.arrivals->starts_with("trace:")) return *axes.arrivals;
  // A slash would look like the next part of the name.
  return "trace:" + std::filesystem::path(axes.arrivals->substr(colon + 1)).filename().string();
}

std::string seedLabel(const results::Axes& axes) {
  return axes.seed.value_or(kDefaultSeed) == kDefaultSeed ? "" : fmt::format("seed={}", *axes.seed);
}

std::string limitLabel(const results::Axes& axes) {
  if (!axes.percentile || !axes.limit_ns) return "";
  return fmt::format("{}<={}ns", *axes.percentile, *axes.limit_ns);
}

}  // namespace ringside::harness
