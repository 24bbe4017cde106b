#include "harness/compare/configurations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "harness/compare/compare_report.hpp"
#include "harness/compare/grouping.hpp"
#include "harness/compare/in_turn.hpp"
#include "harness/console.hpp"
#include "results/statistics/order_statistics.hpp"

namespace ringside::harness {
namespace {

using results::BootstrapMedian;
using results::GatheredCell;
using results::GatheredRow;
using results::GatheredSide;
using results::GatheredValue;

/// What one asks of a machine, and the metric that answers; in the order of the table.
struct Question {
  std::string_view metric;
  std::string_view words;
};
constexpr Question kQuestions[] = {
    {"rtt_ns_p99", "smallest tail of a round trip"},
    {"response_ns_p99", "smallest tail of a response"},
    {"read_ns_p99", "smallest tail of a read"},
    {"rtt_ns_p50", "quickest round trip"},
    {"response_ns_p50", "quickest response"},
    {"read_ns_p50", "quickest read"},
    {"messages_per_s", "most messages"},
    {"slo_rate_per_s", "highest rate within the limit"},
};

constexpr std::string_view kCpus = "cpus";

/// One cell of all sides, wherever its CPUs are: of each side at most one that was gathered.
struct Group {
  std::string placement;
  std::string cell;
  std::vector<const GatheredCell*> cells = {};

  const GatheredCell* cellOf(std::size_t place) const {
    const auto has = [place](const GatheredCell* one) { return one->of(place) != nullptr; };
    const auto found = std::ranges::find_if(cells, has);
    return found == cells.end() ? nullptr : *found;
  }
};

// --- what all have ------------------------------------------------------------------------------

std::string placementOf(const results::Axes& axes) {
  return axes.placement.starts_with("cpus:") ? std::string(kCpus) : axes.placement;
}

bool sharesASide(const std::vector<const GatheredCell*>& cells, const GatheredCell& other) {
  for (const GatheredCell* cell : cells) {
    for (std::size_t side = 0; side < cell->sides.size(); ++side) {
      if (cell->sides[side] && other.of(side) != nullptr) return true;
    }
  }
  return false;
}

/// CPUs that were named stand for one another, unless a side has some twice.
std::vector<Group> groupsOf(const CompareReport& report, const results::Gathering& gathering) {
  const bool is_by_placement = report.request.by == "placement";
  std::vector<Group> groups;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const GatheredCell& cell : gathering.cells()) {
    Group group = is_by_placement ? Group{.placement = "", .cell = cell.name}
                                  : Group{.placement = placementOf(cell.axes),
                                          .cell = nameWithoutPlacement(cell.name, cell.axes)};
    const auto [known, is_new] = places.try_emplace({group.placement, group.cell}, groups.size());
    if (!is_new && sharesASide(groups[known->second].cells, cell)) {
      group.placement = cell.axes.placement;
      groups.push_back(std::move(group));
      groups.back().cells.push_back(&cell);
      continue;
    }
    if (is_new) groups.push_back(std::move(group));
    groups[known->second].cells.push_back(&cell);
  }
  return groups;
}

/// Sides that have no repetition that is ok; `reason` becomes that of the first that says one.
std::vector<std::size_t> lackingOf(const Group& group, const std::vector<std::size_t>& places,
                                   std::string& reason) {
  std::vector<std::size_t> lacking;
  for (std::size_t side = 0; side < places.size(); ++side) {
    const GatheredCell* cell = group.cellOf(places[side]);
    if (cell != nullptr && cell->of(places[side])->seen.status_counts.ok > 0) continue;
    lacking.push_back(side);
    if (cell != nullptr && reason.empty()) {
      reason = cell->of(places[side])->seen.reason.value_or("");
    }
  }
  return lacking;
}

/// A class of which the same sides lack every cell is one entry.
std::vector<NotInAll> classesTogether(std::vector<NotInAll> left_out,
                                      const std::set<std::string>& classes_kept) {
  std::vector<NotInAll> together;
  std::map<std::string, std::set<std::vector<std::size_t>>> lacking_of;
  for (const NotInAll& one : left_out) lacking_of[one.placement].insert(one.lacking);
  std::map<std::string, std::size_t> places;
  for (NotInAll& one : left_out) {
    const bool is_whole =
        !classes_kept.contains(one.placement) && lacking_of.at(one.placement).size() == 1;
    if (!is_whole) {
      together.push_back(std::move(one));
      continue;
    }
    const auto [place, is_new] = places.try_emplace(one.placement, together.size());
    if (is_new) {
      one.cell.clear();
      together.push_back(std::move(one));
    } else {
      ++together[place->second].cells;
    }
  }
  return together;
}

// --- the values ---------------------------------------------------------------------------------

using Blocks = std::vector<std::vector<double>>;

/// Of one side, by the run that they come from.
Blocks blocksOf(std::span<const GatheredValue> values, double GatheredValue::*which) {
  std::map<std::uint32_t, std::vector<double>> blocks;
  for (const GatheredValue& value : values) blocks[value.block].push_back(value.*which);
  Blocks all;
  for (auto& [block, of_block] : blocks) all.push_back(std::move(of_block));
  return all;
}

std::string troubleOf(const GatheredSide& side) {
  const results::StatusCounts& counts = side.seen.status_counts;
  const std::uint32_t bad = counts.failed > 0 ? counts.failed : counts.invalid;
  if (bad == 0) return {};
  return fmt::format("{} of {} repetitions {}: {}", bad, counts.ok + counts.failed + counts.invalid,
                     counts.failed > 0 ? "failed" : "invalid", side.seen.reason.value_or(""));
}

ConfigurationValue valueOf(std::span<const GatheredValue> values, const GatheredSide& side,
                           results::MedianBootstrap& bootstrap) {
  const Blocks blocks = blocksOf(values, &GatheredValue::value);
  ConfigurationValue found{.absolute = bootstrap.of(blocks),
                           .repetitions = static_cast<std::uint32_t>(values.size()),
                           .bundles = static_cast<std::uint32_t>(blocks.size()),
                           .trouble = troubleOf(side)};
  const bool has_floors = std::ranges::all_of(values, [](const GatheredValue& value) {
    return value.over_floor != GatheredValue::kNoFloor;
  });
  if (has_floors) found.over_floor = bootstrap.of(blocksOf(values, &GatheredValue::over_floor));
  std::vector<double> floors = side.floors;
  if (!floors.empty()) found.floor_ns = results::medianOf(floors);
  return found;
}

// --- the ranking --------------------------------------------------------------------------------

/// Sides with an interval to go by; the others are named in the row.
std::vector<std::size_t> rankable(ConfigurationRow& row) {
  std::vector<std::size_t> sides;
  for (std::size_t side = 0; side < row.values.size(); ++side) {
    const ConfigurationValue& value = row.values[side];
    if (!value.trouble.empty()) {
      row.not_ranked.push_back({side, value.trouble});
    } else if (value.repetitions < kFewestForRanking) {
      row.not_ranked.push_back(
          {side, fmt::format("{}, and {} are needed", counted(value.repetitions, "repetition"),
                             kFewestForRanking)});
    } else {
      sides.push_back(side);
    }
  }
  return sides;
}

/// An interval whose better end comes first.
struct Bounds {
  double best;
  double worst;
  double median;
};

Bounds boundsOf(const ConfigurationRow& row, std::size_t side) {
  const BootstrapMedian& value = row.values[side].absolute;
  if (row.better == results::Better::Lower) return {value.low, value.high, value.median};
  return {-value.high, -value.low, -value.median};
}

void countBetter(ConfigurationRow& row, const std::vector<std::size_t>& sides) {
  std::vector<double> worst;
  for (const std::size_t side : sides) worst.push_back(boundsOf(row, side).worst);
  std::ranges::sort(worst);
  for (const std::size_t side : sides) {
    const auto first_not_better = std::ranges::lower_bound(worst, boundsOf(row, side).best);
    row.values[side].beaten_by = static_cast<std::uint32_t>(first_not_better - worst.begin());
  }
}

/// In the order of their better ends, a place ends where the next one lies beyond all before it.
void rank(ConfigurationRow& row) {
  std::vector<std::size_t> sides = rankable(row);
  if (sides.size() < 2) {
    row.why_not = fmt::format("fewer than two have {} repetitions that are ok", kFewestForRanking);
    return;
  }
  std::ranges::stable_sort(sides, {}, [&](std::size_t side) { return boundsOf(row, side).best; });
  countBetter(row, sides);
  double worst = boundsOf(row, sides.front()).worst;
  for (const std::size_t side : sides) {
    const Bounds bounds = boundsOf(row, side);
    if (row.ranking.empty() || bounds.best > worst) row.ranking.emplace_back();
    row.ranking.back().push_back(side);
    worst = std::max(worst, bounds.worst);
  }
  for (std::vector<std::size_t>& place : row.ranking) {
    std::ranges::stable_sort(place, {},
                             [&](std::size_t side) { return boundsOf(row, side).median; });
  }
  if (row.ranking.size() > 1) return;
  row.ranking.clear();
  const bool any_beaten = row.values[sides.back()].beaten_by > 0;
  row.why_not = any_beaten ? "no ranking: some part, but between them each overlaps the next"
                           : "cannot be told apart: their intervals overlap";
}

// --- the rows -----------------------------------------------------------------------------------

/// What a row is of; empty where none of the questions is asked.
std::string questionOf(const CompareRequest& request, const results::Axes& axes,
                       const std::string& metric) {
  const auto* question = std::ranges::find(kQuestions, metric, &Question::metric);
  const bool is_known = question != std::end(kQuestions);
  if (!request.metrics.empty()) return is_known ? std::string(question->words) : metric;
  if (!is_known || (metric == "messages_per_s" && axes.workload == "ping_pong")) return {};
  return std::string(question->words);
}

/// What one side has of a metric.
std::span<const GatheredValue> valuesOf(const Group& group, const std::string& metric,
                                        std::size_t place) {
  const GatheredCell* cell = group.cellOf(place);
  const auto row = std::ranges::find(cell->metrics, metric, &GatheredRow::name);
  return row == cell->metrics.end() ? std::span<const GatheredValue>() : row->of(place);
}

/// Rows, and metrics that some sides do not have.
struct RowsOfGroup {
  std::vector<ConfigurationRow> rows = {};
  std::vector<NotInAll> left_out = {};
};

ConfigurationRow rowOf(const Group& group, const GatheredRow& like,
                       const std::vector<std::size_t>& places,
                       results::MedianBootstrap& bootstrap) {
  ConfigurationRow row{.question = {},
                       .metric = like.name,
                       .unit = like.unit,
                       .better = like.better,
                       .placement = group.placement,
                       .cell = group.cell,
                       .axes = group.cells.front()->axes};
  for (const std::size_t place : places) {
    row.values.push_back(
        valueOf(valuesOf(group, like.name, place), *group.cellOf(place)->of(place), bootstrap));
  }
  rank(row);
  return row;
}

RowsOfGroup rowsOf(const Group& group, const CompareRequest& request,
                   const std::vector<std::size_t>& places) {
  results::MedianBootstrap bootstrap(results::kCoverage);
  RowsOfGroup found;
  const GatheredCell& cell = *group.cells.front();
  for (const GatheredRow& like : cell.metrics) {
    const std::string question = questionOf(request, cell.axes, like.name);
    if (question.empty()) continue;
    NotInAll left_out{.placement = group.placement,
                      .cell = group.cell,
                      .reason = fmt::format("it has no {}", like.name)};
    for (std::size_t side = 0; side < places.size(); ++side) {
      if (valuesOf(group, like.name, places[side]).empty()) left_out.lacking.push_back(side);
    }
    if (left_out.lacking.empty()) {
      found.rows.push_back(rowOf(group, like, places, bootstrap));
      found.rows.back().question = question;
    } else if (left_out.lacking.size() < places.size()) {
      found.left_out.push_back(std::move(left_out));
    }
  }
  return found;
}

/// By question, then by class, then as they came.
void putInOrder(std::vector<ConfigurationRow>& rows) {
  std::map<std::string, std::size_t> classes;
  for (const ConfigurationRow& row : rows) classes.try_emplace(row.placement, classes.size());
  std::ranges::stable_sort(rows, {}, [&](const ConfigurationRow& row) {
    const auto* question = std::ranges::find(kQuestions, row.metric, &Question::metric);
    return std::tuple(question - std::begin(kQuestions), row.metric, classes.at(row.placement));
  });
}

std::string labelOf(const CompareReport& report) {
  if (report.is_by_axis) return {};
  const bool are_apart = std::ranges::any_of(report.sides, [](const ComparedSide& side) {
    return side.judging == results::Judging::RatiosOnly;
  });
  if (!are_apart) return "measured at different times, between which a machine drifts";
  return fmt::format(
      "{}: the machines were not measured at the same moment, nor beside the same neighbours",
      kBetweenMachines);
}

}  // namespace

Configurations configurationsOf(const CompareReport& report, const results::Gathering& gathering,
                                const std::vector<std::size_t>& places) {
  Configurations found{.label = labelOf(report)};
  std::vector<Group> shared;
  std::set<std::string> classes_kept;
  for (Group& group : groupsOf(report, gathering)) {
    NotInAll left_out{.placement = group.placement, .cell = group.cell};
    left_out.lacking = lackingOf(group, places, left_out.reason);
    if (!left_out.lacking.empty()) {
      found.left_out.push_back(std::move(left_out));
      continue;
    }
    classes_kept.insert(group.placement);
    shared.push_back(std::move(group));
  }
  found.left_out = classesTogether(std::move(found.left_out), classes_kept);
  inTurn(
      shared.size(), [&](std::size_t i) { return rowsOf(shared[i], report.request, places); },
      [&](std::size_t, RowsOfGroup&& of_group) {
        std::ranges::move(of_group.rows, std::back_inserter(found.rows));
        std::ranges::move(of_group.left_out, std::back_inserter(found.left_out));
      });
  putInOrder(found.rows);
  return found;
}

}  // namespace ringside::harness
