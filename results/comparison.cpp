#include "results/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "results/regimes.hpp"
#include "results/statistics/hodges_lehmann.hpp"

namespace ringside::results {
namespace {

constexpr std::string_view kRates[] = {"messages_per_s", "messages_per_s_robust",
                                       "cpu_s_per_million"};
constexpr std::string_view kRoundTrips[] = {
    "rtt_ns_p50",       "rtt_ns_p99",     "rtt_ns_p999",      "rtt_ns_p50_clean",
    "rtt_ns_p99_clean", "messages_per_s", "cpu_s_per_million"};
constexpr std::string_view kResponses[] = {"response_ns_p50",       "response_ns_p99",
                                           "response_ns_p999",      "response_ns_p50_clean",
                                           "response_ns_p99_clean", "cpu_s_per_million"};
constexpr std::string_view kReads[] = {"messages_per_s", "writes_per_s", "read_ns_p50",
                                       "read_ns_p99",    "read_ns_p999", "cpu_s_per_million"};
constexpr std::string_view kSlo[] = {"slo_rate_per_s"};

struct WorkloadMetrics {
  std::string_view workload;
  std::span<const std::string_view> metrics;
};
constexpr WorkloadMetrics kWorkloads[] = {
    {"ping_pong", kRoundTrips}, {"paced", kResponses}, {"snapshot", kReads}, {"slo", kSlo}};

constexpr std::string_view kClean = "_clean";
constexpr std::uint32_t kFewestForVerdict = 4;  ///< of each side: 97 % of an exact test

/// A percentile says something only where a message lies beyond it.
double leastMessagesFor(std::string_view metric) {
  if (metric.find("_p999") != std::string_view::npos) return 1000;
  return metric.find("_p99") != std::string_view::npos ? 100 : 0;
}

/// How many messages a percentile is of: "rtt_ns_p99_clean" of those in "rtt_ns_clean"; of all that
/// were counted where the record has no such histogram.
std::optional<double> messagesOf(const Record& record, const std::string& metric) {
  std::string histogram = metric.substr(0, metric.find("_p99"));
  if (metric.ends_with(kClean)) histogram += kClean;
  const auto found = record.histograms.find(histogram);
  if (found == record.histograms.end() || !found->second) return metricOf(record, "messages");
  return static_cast<double>(found->second->count());
}

bool hasMessagesBeyond(const Histogram& histogram, double percentile) {
  constexpr double kRounding = 1e-6;
  return static_cast<double>(histogram.count()) * (100 - percentile) >= 100 - kRounding;
}

std::optional<double> valueOf(const Record& record, const std::string& metric) {
  const double least = leastMessagesFor(metric);
  const std::optional<double> messages =
      least > 0 ? messagesOf(record, metric) : std::optional<double>();
  if (messages && *messages < least) return std::nullopt;
  return metricOf(record, metric);
}

/// What a value comes to by the floor of its own machine; nullopt for what has none.
std::optional<double> overFloor(const Record& record, std::string_view name, double value) {
  const std::optional<double> floor_ns = metricOf(record, "floor_ns");
  if (!floor_ns || !(*floor_ns > 0)) return std::nullopt;
  if (name.starts_with("rtt_ns")) return value / (2 * *floor_ns);
  for (const char* timed : {"response_ns", "service_ns", "one_way_ns", "read_ns"}) {
    if (name.starts_with(timed)) return value / *floor_ns;
  }
  for (const char* rate : {"messages_per_s", "reads_per_s", "writes_per_s", "slo_rate_per_s"}) {
    if (name.starts_with(rate)) return value * *floor_ns * 1e-9;
  }
  return std::nullopt;
}

/// "rtt_ns_clean" at 99.9 is "rtt_ns_p999_clean".
std::string nameOf(std::string_view histogram, double percentile) {
  const bool is_clean = histogram.ends_with(kClean);
  if (is_clean) histogram.remove_suffix(kClean.size());
  std::string digits = fmt::format("{:g}", percentile);
  std::erase(digits, '.');
  return fmt::format("{}_p{}{}", histogram, digits, is_clean ? kClean : "");
}

template <class Value>
Value valueOr(const std::map<std::string, Value>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? Value{} : found->second;
}

double medianOf(std::vector<double> values) { return spreadOf(std::move(values)).median; }

/// The logarithms of at most kMostValues.
std::vector<double> logsOf(std::span<const double> values) {
  const std::size_t kept = std::min(values.size(), kMostValues);
  std::vector<double> logs;
  for (std::size_t i = 0; i < kept; ++i) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * values.size() / kept);
    const auto end = values.begin() + static_cast<std::ptrdiff_t>((i + 1) * values.size() / kept);
    logs.push_back(std::log(medianOf({begin, end})));
  }
  return logs;
}

void addNotes(std::vector<std::string>& notes, const Record& record) {
  for (const std::string& note : record.notes) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
}

std::uint32_t& countOf(StatusCounts& counts, Status status) {
  switch (status) {
    case Status::Failed:
      return counts.failed;
    case Status::Invalid:
      return counts.invalid;
    case Status::Skipped:
      return counts.skipped;
    case Status::Ok:
      break;
  }
  return counts.ok;
}

/// The gravest record of a cell gives the reason.
void addStatus(SideOfCell& side, const Record& record) {
  const StatusCounts before = side.status_counts;
  ++countOf(side.status_counts, record.status);
  const bool is_graver =
      (record.status == Status::Failed && before.failed == 0) ||
      (record.status == Status::Invalid && before.failed + before.invalid == 0) ||
      (record.status == Status::Skipped && before.failed + before.invalid + before.skipped == 0);
  if (is_graver) side.reason = record.reason.value_or("no reason is recorded");
}

/// "A: 2 of 5 repetitions failed: lost 3"; empty where none did and none was invalid.
std::string troubleOf(const SideOfCell& side, const std::string& name) {
  const StatusCounts& counts = side.status_counts;
  const std::uint32_t all = counts.ok + counts.failed + counts.invalid;
  const std::uint32_t bad = counts.failed > 0 ? counts.failed : counts.invalid;
  if (bad == 0) return {};
  return fmt::format("{}: {} of {} repetitions {}: {}", name, bad, all,
                     counts.failed > 0 ? "failed" : "invalid", *side.reason);
}

std::string absenceOf(const SideOfCell& side, const std::string& name) {
  if (side.status_counts.skipped == 0) return fmt::format("{} has no such cell", name);
  return fmt::format("{} skipped it: {}", name, *side.reason);
}

/// The same placement, as was asked for, and another distance between its CPUs; else empty.
std::string moveBetween(const ComparedCell& cell, std::span<const Side> sides, std::size_t side) {
  const SideOfCell& here = cell.sides[side];
  const SideOfCell& there = cell.sides[0];
  if (here.placement != there.placement || !here.handoff_ns || !there.handoff_ns) return {};
  const double ratio = *here.handoff_ns / *there.handoff_ns;
  if (std::max(ratio, 1 / ratio) < kRegimeRatio) return {};
  return fmt::format(
      "the CPUs of {} stood elsewhere than those of {}: a cache line was handed over in {:.0f} ns, "
      "not in {:.0f} ns",
      sides[side].name, sides[0].name, *here.handoff_ns, *there.handoff_ns);
}

/// Missing, invalid, not comparable, or nothing.
Judgement wholeOf(const ComparedCell& cell, std::span<const Side> sides, std::size_t side) {
  const SideOfCell& there = cell.sides[0];
  const SideOfCell& here = cell.sides[side];
  if (there.isMissing() && here.isMissing() && there.reason && there.reason == here.reason) {
    return {Verdict::Missing, fmt::format("{} and {} skipped it: {}", sides[0].name,
                                          sides[side].name, *there.reason)};
  }
  if (there.isMissing()) return {Verdict::Missing, absenceOf(there, sides[0].name)};
  if (here.isMissing()) return {Verdict::Missing, absenceOf(here, sides[side].name)};
  std::string trouble = troubleOf(there, sides[0].name);
  const std::string also = troubleOf(here, sides[side].name);
  if (!trouble.empty() && !also.empty()) trouble += "; ";
  trouble += also;
  if (!trouble.empty()) return {Verdict::Invalid, trouble};
  if (sides[side].judging == Judging::RatiosOnly) return {};
  std::string move = moveBetween(cell, sides, side);
  if (move.empty()) return {};
  return {Verdict::Inconclusive, std::move(move)};
}

bool isAllZero(const Spread& spread) { return spread.lowest == 0 && spread.highest == 0; }

/// What lies above 0 throughout lies above zeros, by whatever ratio.
Judgement withoutRatio(const ComparedMetric& metric, std::span<const Side> sides,
                       std::size_t side) {
  const Spread& there = *metric.values[0];
  const Spread& here = *metric.values[side];
  if (isAllZero(there) && isAllZero(here)) return {Verdict::Same, "0 in all repetitions of both"};
  const bool are_enough = std::min(there.repetitions, here.repetitions) >= kFewestForVerdict;
  const bool is_more = isAllZero(there) && here.lowest > 0;
  const bool is_less = isAllZero(here) && there.lowest > 0;
  if (are_enough && (is_more || is_less)) {
    return {is_more == (metric.better == Better::Higher) ? Verdict::Better : Verdict::Worse,
            fmt::format("0 in all repetitions of {}, above 0 in all of {}",
                        sides[is_more ? 0 : side].name, sides[is_more ? side : 0].name)};
  }
  return {Verdict::Inconclusive, "there is no ratio: a repetition has a value that is not above 0"};
}

/// Where both sides have values, and nothing else decides.
Judgement judgementOf(const Ratio& ratio, Better better, double margin) {
  const double percent = 100 * margin;
  if (ratio.low >= 1 / (1 + margin) && ratio.high <= 1 + margin) {
    return {Verdict::Same, fmt::format("the whole interval lies within {:g} % of 1", percent)};
  }
  if (ratio.low > 1 || ratio.high < 1) {
    const bool is_more = ratio.low > 1;
    return {is_more == (better == Better::Higher) ? Verdict::Better : Verdict::Worse,
            fmt::format("the whole interval lies {} 1", is_more ? "above" : "below")};
  }
  return {Verdict::Inconclusive,
          fmt::format("the interval holds 1 and reaches beyond {:g} % of it", percent)};
}

}  // namespace

std::string_view toString(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Better:
      return "better";
    case Verdict::Worse:
      return "worse";
    case Verdict::Same:
      return "same";
    case Verdict::Inconclusive:
      return "inconclusive";
    case Verdict::Missing:
      return "missing";
    case Verdict::Invalid:
      return "invalid";
  }
  return "";
}

std::optional<Ratio> ratioOf(std::span<const double> candidate, std::span<const double> baseline) {
  const auto has_logarithm = [](double value) { return value > 0 && std::isfinite(value); };
  if (candidate.empty() || baseline.empty() ||
      !std::all_of(candidate.begin(), candidate.end(), has_logarithm) ||
      !std::all_of(baseline.begin(), baseline.end(), has_logarithm)) {
    return std::nullopt;
  }
  const std::vector<double> values = logsOf(candidate);
  const std::vector<double> reference = logsOf(baseline);
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  const auto [first, last] = std::minmax_element(reference.begin(), reference.end());
  const ShiftEstimate shift = hodgesLehmannShift(values, reference, (1 - kCoverage) / 2);
  return Ratio{.estimate = std::exp(shift.estimate),
               .low = std::exp(shift.lower.value_or(*lowest - *last)),
               .high = std::exp(shift.upper.value_or(*highest - *first)),
               .coverage = std::max(0.0, 2 * shift.coverage - 1)};
}

std::span<const std::string_view> comparedMetricsOf(std::string_view workload) noexcept {
  for (const WorkloadMetrics& known : kWorkloads) {
    if (known.workload == workload) return known.metrics;
  }
  return kRates;
}

// --- gathering ----------------------------------------------------------------------------------

Comparison::Gathered& Comparison::gatheredOf(const std::string& cell, const Record& record) {
  const auto [place, is_new] = places_.try_emplace(cell, cells_.size());
  if (!is_new) return cells_[place->second];
  Gathered& gathered = cells_.emplace_back();
  gathered.cell = cell;
  gathered.workload = record.axes.workload;
  const auto defaults = comparedMetricsOf(record.axes.workload);
  std::vector<std::string> names(defaults.begin(), defaults.end());
  if (!terms_.metrics.empty()) names = terms_.metrics;
  for (const std::string& name : names) {
    const Metric* metric = findMetric(name);
    assert(metric != nullptr);
    gathered.metrics.push_back({.name = name, .unit = metric->unit, .better = metric->better});
  }
  return gathered;
}

void Comparison::add(const std::string& side, const std::string& cell, const Record& record) {
  Gathered& gathered = gatheredOf(cell, record);
  SideOfCell& here = gathered.sides[side];
  addStatus(here, record);
  addNotes(here.notes, record);
  here.placement = record.axes.placement;
  if (record.status != Status::Ok) return;
  if (record.obtained && record.obtained->canary) {
    gathered.handoffs[side].push_back(record.obtained->canary->before_ns);
    gathered.handoffs[side].push_back(record.obtained->canary->after_ns);
  }
  for (Row& row : gathered.metrics) {
    const std::optional<double> value = valueOf(record, row.name);
    if (!value) continue;
    row.sides[side].values.push_back(*value);
    const std::optional<double> multiple = overFloor(record, row.name, *value);
    if (multiple) row.sides[side].over_floor.push_back(*multiple);
  }
  addDistributions(gathered, side, record);
}

void Comparison::addDistributions(Gathered& gathered, const std::string& side,
                                  const Record& record) {
  for (const auto& [name, histogram] : record.histograms) {
    if (!histogram || histogram->empty()) continue;
    std::vector<Row>& rows = gathered.distributions[name];
    for (std::size_t i = 0; i < kShiftPercentiles.size(); ++i) {
      const double percentile = kShiftPercentiles[i];
      if (i == rows.size()) rows.push_back({.name = nameOf(name, percentile)});
      if (!hasMessagesBeyond(*histogram, percentile)) continue;
      const auto value = static_cast<double>(histogram->valueAtPercentile(percentile));
      rows[i].sides[side].values.push_back(value);
      const std::optional<double> multiple = overFloor(record, name, value);
      if (multiple) rows[i].sides[side].over_floor.push_back(*multiple);
    }
  }
}

void Comparison::move(const std::string& side, const std::string& from, const std::string& to) {
  const auto source = places_.find(from);
  const auto target = places_.find(to);
  if (source == places_.end() || target == places_.end() || from == to) return;
  Gathered& old = cells_[source->second];
  Gathered& kept = cells_[target->second];
  if (old.workload != kept.workload || kept.sides.contains(side)) return;
  const auto take = [&](auto& here, auto& there) {
    if (auto node = here.extract(side); !node.empty()) there.insert(std::move(node));
  };
  take(old.sides, kept.sides);
  take(old.handoffs, kept.handoffs);
  for (std::size_t i = 0; i < old.metrics.size(); ++i) {
    take(old.metrics[i].sides, kept.metrics[i].sides);
  }
  for (auto& [histogram, rows] : old.distributions) {
    std::vector<Row>& there = kept.distributions[histogram];
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i == there.size()) there.push_back({.name = rows[i].name});
      take(rows[i].sides, there[i].sides);
    }
  }
}

// --- settling -----------------------------------------------------------------------------------

std::vector<ComparedCell> Comparison::cells(std::span<const Side> sides) const {
  assert(sides.size() >= 2);
  std::vector<ComparedCell> cells;
  for (const Gathered& gathered : cells_) {
    if (!gathered.sides.empty()) cells.push_back(settled(gathered, sides));
  }
  return cells;
}

ComparedCell Comparison::settled(const Gathered& gathered, std::span<const Side> sides) const {
  ComparedCell cell{.name = gathered.cell, .workload = gathered.workload};
  for (const Side& side : sides) {
    cell.sides.push_back(valueOr(gathered.sides, side.name));
    const std::vector<double> readings = valueOr(gathered.handoffs, side.name);
    if (!readings.empty()) cell.sides.back().handoff_ns = medianOf(readings);
  }
  for (std::size_t side = 1; side < sides.size(); ++side) {
    cell.wholes.push_back(wholeOf(cell, sides, side));
  }
  for (const Row& row : gathered.metrics) {
    if (row.sides.empty()) continue;
    ComparedMetric& metric = cell.metrics.emplace_back(settled(row, sides));
    for (std::size_t side = 1; side < sides.size(); ++side) {
      metric.contrasts[side - 1].judgement = judged(cell, metric, sides, side);
    }
  }
  for (const auto& [histogram, rows] : gathered.distributions) {
    for (const Row& row : rows) {
      if (!row.sides.empty()) cell.distribution.push_back(settled(row, sides));
    }
  }
  return cell;
}

ComparedMetric Comparison::settled(const Row& row, std::span<const Side> sides) {
  ComparedMetric metric{.name = row.name, .unit = row.unit, .better = row.better};
  const Values baseline = valueOr(row.sides, sides.front().name);
  for (const Side& side : sides) {
    const Values here = valueOr(row.sides, side.name);
    const bool has_floors = !here.values.empty() && here.over_floor.size() == here.values.size();
    metric.values.push_back(here.values.empty() ? std::nullopt
                                                : std::optional(spreadOf(here.values)));
    metric.over_floor.push_back(has_floors ? std::optional(medianOf(here.over_floor))
                                           : std::nullopt);
    if (&side == &sides.front()) continue;
    Contrast& contrast = metric.contrasts.emplace_back();
    contrast.ratio = ratioOf(here.values, baseline.values);
    if (!metric.over_floor.front() || !has_floors) continue;
    contrast.floor_ratio = ratioOf(here.over_floor, baseline.over_floor);
  }
  return metric;
}

Judgement Comparison::judged(const ComparedCell& cell, const ComparedMetric& metric,
                             std::span<const Side> sides, std::size_t side) const {
  if (cell.wholes[side - 1].verdict) return cell.wholes[side - 1];
  for (const std::size_t place : {std::size_t{0}, side}) {
    if (metric.values[place]) continue;
    return {Verdict::Missing, fmt::format("{} has no {} here", sides[place].name, metric.name)};
  }
  if (sides[side].judging == Judging::RatiosOnly) return {};
  const std::optional<Ratio>& ratio = metric.contrasts[side - 1].ratio;
  if (!ratio) return withoutRatio(metric, sides, side);
  if (ratio->coverage < kCoverage) {
    return {Verdict::Inconclusive,
            fmt::format("{} and {} repetitions: an interval covers with {:.0f} % at most, and "
                        "{:.0f} % are asked for, which 4 and 4 reach",
                        metric.values[0]->repetitions, metric.values[side]->repetitions,
                        std::floor(100 * ratio->coverage + 1e-9), 100 * kCoverage)};
  }
  return judgementOf(*ratio, metric.better, terms_.margin);
}

}  // namespace ringside::results
