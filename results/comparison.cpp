#include "results/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "results/regimes.hpp"
#include "results/statistics/hodges_lehmann.hpp"

namespace ringside::results {
namespace {

constexpr std::uint32_t kFewestForVerdict = 4;  ///< of each side: 97 % of an exact test

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

/// What one side has of a metric.
struct Values {
  std::vector<double> all;
  std::vector<double> over_floor;  ///< as many, or empty
};

Values valuesOf(const GatheredRow& row, std::size_t place) {
  Values values;
  for (const GatheredValue& gathered : row.of(place)) {
    values.all.push_back(gathered.value);
    if (gathered.over_floor != GatheredValue::kNoFloor) {
      values.over_floor.push_back(gathered.over_floor);
    }
  }
  if (values.over_floor.size() != values.all.size()) values.over_floor.clear();
  return values;
}

/// The sides that are compared, and their places in what was gathered.
struct Compared {
  std::span<const Side> sides;
  std::vector<std::size_t> places;
  double margin = 0;
};

Judgement judged(const ComparedCell& cell, const ComparedMetric& metric, const Compared& compared,
                 std::size_t side) {
  const std::span<const Side> sides = compared.sides;
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
  return judgementOf(*ratio, metric.better, compared.margin);
}

/// nullopt for what none of the sides has.
std::optional<ComparedMetric> settled(const GatheredRow& row, const Compared& compared) {
  const bool has_any = std::ranges::any_of(row.sides, [](const auto& s) { return !s.empty(); });
  if (!has_any) return std::nullopt;
  ComparedMetric metric{.name = row.name, .unit = row.unit, .better = row.better};
  const Values baseline = valuesOf(row, compared.places.front());
  for (std::size_t side = 0; side < compared.sides.size(); ++side) {
    const Values here = valuesOf(row, compared.places[side]);
    metric.values.push_back(here.all.empty() ? std::nullopt : std::optional(spreadOf(here.all)));
    metric.over_floor.push_back(here.over_floor.empty() ? std::nullopt
                                                        : std::optional(medianOf(here.over_floor)));
    if (side == 0) continue;
    Contrast& contrast = metric.contrasts.emplace_back();
    contrast.ratio = ratioOf(here.all, baseline.all);
    contrast.floor_ratio = ratioOf(here.over_floor, baseline.over_floor);
  }
  return metric;
}

SideOfCell settled(const GatheredSide* gathered) {
  if (gathered == nullptr) return {};
  SideOfCell side = gathered->seen;
  if (!gathered->handoffs.empty()) side.handoff_ns = medianOf(gathered->handoffs);
  return side;
}

ComparedCell settled(const GatheredCell& gathered, const Compared& compared) {
  ComparedCell cell{.name = gathered.name, .workload = gathered.axes.workload};
  for (const std::size_t place : compared.places) cell.sides.push_back(settled(gathered.of(place)));
  for (std::size_t side = 1; side < compared.sides.size(); ++side) {
    cell.wholes.push_back(wholeOf(cell, compared.sides, side));
  }
  for (const GatheredRow& row : gathered.metrics) {
    std::optional<ComparedMetric> metric = settled(row, compared);
    if (!metric) continue;
    for (std::size_t side = 1; side < compared.sides.size(); ++side) {
      metric->contrasts[side - 1].judgement = judged(cell, *metric, compared, side);
    }
    cell.metrics.push_back(std::move(*metric));
  }
  for (const auto& [histogram, rows] : gathered.distributions) {
    for (const GatheredRow& row : rows) {
      if (auto metric = settled(row, compared)) cell.distribution.push_back(std::move(*metric));
    }
  }
  return cell;
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

std::vector<ComparedCell> comparedCells(const Gathering& gathering, std::span<const Side> sides,
                                        double margin) {
  assert(sides.size() >= 2);
  Compared compared{.sides = sides, .places = {}, .margin = margin};
  for (const Side& side : sides) compared.places.push_back(gathering.placeOf(side.name));
  std::vector<ComparedCell> cells;
  for (const GatheredCell& gathered : gathering.cells()) {
    const bool has_any = std::ranges::any_of(gathered.sides, [](const auto& s) { return !!s; });
    if (has_any) cells.push_back(settled(gathered, compared));
  }
  return cells;
}

}  // namespace ringside::results
