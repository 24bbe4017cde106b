#include "harness/duet/stored_baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "harness/duet/drift_report.hpp"
#include "harness/duet/slot_reading.hpp"
#include "harness/usage_error.hpp"
#include "results/metrics.hpp"
#include "results/statistics/hodges_lehmann.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kBlocksFile = "blocks.jsonl";
constexpr double kAlpha = 0.025;  ///< a side
constexpr double kSpreads = 3;

void take(const std::string& cell, const std::string& metric, double value, StoredBlocks& stored) {
  if (value > 0 && std::isfinite(value)) stored.values[cell][metric].push_back(value);
}

/// A block of two arms shows the candidate second.
void takeLine(const json& block, StoredBlocks& stored) {
  if (!block.at("why_invalid").is_null()) return;
  const std::string cell = block.at("cell");
  for (const auto& [metric, both] : block.at("values").items()) {
    const json& value = both.back();
    if (value.is_number()) take(cell, metric, value.get<double>(), stored);
  }
  const std::size_t arm = block.at("arms").size() - 1;
  stored.canaries_ns[cell].push_back(block.at("canary_ns").at(arm));
  stored.slot_ns[cell] = block.at("slot_ns");
}

std::vector<double> logsOf(const std::vector<double>& values, double sign, double scale) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(sign * std::log(value / scale));
  return logs;
}

double medianOf(std::vector<double> values) {
  return values.empty() ? 0 : orderStatistic(values, 0.5);
}

double signOf(const std::string& metric) {
  const results::Metric* const known = results::findMetric(metric);
  return known != nullptr && known->better == results::Better::Higher ? -1 : 1;
}

Drifted drifted(const std::string& cell, const std::string& metric, const std::vector<double>& then,
                const std::vector<double>& now) {
  const double sign = signOf(metric);
  const auto shift =
      results::hodgesLehmannShift(logsOf(now, sign, 1), logsOf(then, sign, 1), kAlpha);
  constexpr double kUnbounded = std::numeric_limits<double>::infinity();
  return {.cell = cell,
          .metric = metric,
          .then = medianOf(then),
          .now = medianOf(now),
          .effect = shift.estimate,
          .lower = shift.lower.value_or(-kUnbounded),
          .upper = shift.upper.value_or(kUnbounded),
          .normalised = shift.estimate};
}

/// A faster hand-off makes times shorter and throughput higher: what remains is the queue's.
double canaryEffect(const StoredBlocks& then, const StoredBlocks& now, const std::string& cell) {
  const auto before = then.canaries_ns.find(cell);
  const auto after = now.canaries_ns.find(cell);
  if (before == then.canaries_ns.end() || after == now.canaries_ns.end()) return 0;
  const double first = medianOf(before->second);
  const double second = medianOf(after->second);
  return first > 0 && second > 0 ? std::log(second / first) : 0;
}

}  // namespace

bool DriftReport::alarms() const {
  return std::any_of(metrics.begin(), metrics.end(),
                     [](const Drifted& metric) { return metric.alarms; });
}

results::ExitCode DriftReport::exitCode() const {
  const auto has = [&](results::ExitCode code) {
    return std::any_of(not_measured.begin(), not_measured.end(),
                       [&](const NotMeasured& one) { return one.code == code; });
  };
  for (const auto code : {results::ExitCode::Integrity, results::ExitCode::WorkerFailed}) {
    if (has(code)) return code;
  }
  if (judged && alarms()) return results::ExitCode::Regression;
  if (has(results::ExitCode::Invalid)) return results::ExitCode::Invalid;
  return metrics.empty() ? results::ExitCode::EverythingSkipped : results::ExitCode::Fine;
}

std::vector<results::JudgedMetric> judgedMetrics(const DriftReport& report) {
  std::vector<results::JudgedMetric> all;
  for (const Drifted& metric : report.metrics) {
    results::JudgedMetric& judged = all.emplace_back();
    judged.cell = metric.cell;
    judged.metric = metric.metric;
    judged.gates = report.judged && metric.gates;
    judged.tested = judged.gates;
    judged.verdict = judged.gates && metric.alarms ? "regressed" : "inconclusive";
    judged.reason = driftReason(report, metric);
    judged.candidate_median = metric.now;
  }
  return all;
}

fs::path storedBaseline(const std::string& named) {
  for (const fs::path& folder : {fs::path(named), fs::path(kBaselineFolder) / named}) {
    std::error_code ignored;
    if (!named.empty() && fs::is_regular_file(folder / kBlocksFile, ignored)) return folder;
  }
  std::error_code ignored;
  if (fs::is_regular_file(fs::path(named) / "records.jsonl", ignored)) {
    throw UsageError(fmt::format(
        "--baseline {}: this is the bundle of a run, and has no blocks; `ringside compare` sets "
        "runs side by side, and --save-baseline NAME keeps blocks",
        named));
  }
  return {};
}

StoredBlocks readStored(const fs::path& folder) {
  StoredBlocks stored;
  stored.folder = folder;
  std::ifstream stream(folder / kBlocksFile);
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    try {
      takeLine(json::parse(line), stored);
    } catch (const json::exception& error) {
      throw UsageError(fmt::format("{}:{}: this is no block ({}); measure the baseline again",
                                   (folder / kBlocksFile).string(), number, error.what()));
    }
  }
  if (!stored.values.empty()) return stored;
  throw UsageError(fmt::format("{}: no block in it counts; measure the baseline again",
                               (folder / kBlocksFile).string()));
}

StoredBlocks storedOf(const std::vector<KeptBlock>& blocks) {
  StoredBlocks stored;
  for (const KeptBlock& block : blocks) {
    if (!block.effects.why_invalid.empty()) continue;
    for (const auto& [metric, both] : block.effects.values) {
      take(block.cell, metric, both[block.arms.size() - 1], stored);
    }
    stored.canaries_ns[block.cell].push_back(block.effects.canary_ns[block.arms.size() - 1]);
    stored.slot_ns[block.cell] = block.timing.slot_ns;
  }
  return stored;
}

DriftReport compareStored(const StoredBlocks& then, const StoredBlocks& now,
                          const std::vector<results::GateMetric>& gating, double bound) {
  DriftReport report;
  report.bound = bound;
  for (const auto& [cell, metrics] : then.values) {
    if (!now.values.contains(cell)) report.only_then.push_back(cell);
  }
  for (const auto& [cell, metrics] : now.values) {
    const auto before = then.values.find(cell);
    if (before == then.values.end()) {
      report.only_now.push_back(cell);
      continue;
    }
    const double canary = canaryEffect(then, now, cell);
    for (const auto& [metric, values] : metrics) {
      const auto old = before->second.find(metric);
      if (old == before->second.end()) continue;
      Drifted one = drifted(cell, metric, old->second, values);
      if (metric != "disturbed_fraction") one.normalised = one.effect - canary;
      // The part of disturbed messages is the machine's of that hour; and where a hypervisor has
      // moved the CPUs, the hand-off of a cache line has grown as well.
      one.gates = metric != "disturbed_fraction" &&
                  std::any_of(gating.begin(), gating.end(), [&](const auto& known) {
                    return known.gates && known.cell == cell && known.name == metric;
                  });
      one.alarms = one.gates && one.lower - std::max(0.0, canary) > bound;
      report.metrics.push_back(one);
    }
  }
  return report;
}

double driftBound(const fs::path& history, const std::string& suite, const std::string& machine) {
  std::error_code ignored;
  if (!fs::exists(history, ignored)) return kDriftBound;
  std::map<std::string, std::pair<std::string, double>> last;  // program and value, by metric
  std::vector<double> moves;
  for (const auto& entry : results::readHistory(history, results::CutOffLine::Drop).entries) {
    if (entry.suite != suite || entry.machine != machine) continue;
    for (const results::JudgedMetric& judged : entry.judged) {
      if (!judged.baseline_median || !(*judged.baseline_median > 0)) continue;
      const std::string name = judged.cell + " " + judged.metric;
      const auto before = last.find(name);
      if (before != last.end() && before->second.first == entry.program_hash) {
        moves.push_back(std::abs(std::log(*judged.baseline_median / before->second.second)));
      }
      last[name] = {entry.program_hash, *judged.baseline_median};
    }
  }
  constexpr std::size_t kEnough = 20;
  if (moves.size() < kEnough) return kDriftBound;
  return std::max(kDriftBound, kSpreads * orderStatistic(moves, 0.95));
}

}  // namespace ringside::harness
