#include "harness/compare/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "harness/compare/compare_overview.hpp"
#include "harness/compare/in_turn.hpp"
#include "harness/usage_error.hpp"
#include "results/figure_reader.hpp"
#include "results/record_lines.hpp"

namespace ringside::harness {

using results::Record;

std::string labelsOf(const CompareReport& report, const std::vector<std::size_t>& places) {
  std::vector<std::string> labels;
  for (const std::size_t place : places) labels.push_back(report.bundles[place].label);
  return namedText(labels);
}

/// Of one bundle, while nobody else looks at it.
struct Reading::OfBundle {
  std::size_t bundle = 0;
  results::Gathering gathering;
  std::uint64_t records = 0;
  std::string first_cell = {};
  std::vector<std::string> values = {};                    ///< of the key, as they came
  std::map<std::string, std::set<std::string>> runs = {};  ///< of each value
  struct Cell {
    std::string side;   ///< the value of the key, or the bundle's label
    std::string name;   ///< by which it meets others
    std::string run;    ///< that its last record came from
    std::string block;  ///< what that is called among all bundles
  };
  std::unordered_map<std::string, Cell> cells = {};
};

Reading::Reading(CompareReport& report, const std::optional<Grouping>& grouping)
    : request_(report.request),
      bundles_(report.bundles),
      grouping_(grouping),
      terms_{.metrics = request_.metrics, .shifts = request_.shifts},
      gathering_(terms_),
      prefixes_(bundles_.size()) {
  for (const std::vector<std::size_t>& machine : report.machines) {
    for (const std::size_t place : machine) prefixes_[place] = labelsOf(report, machine) + ": ";
  }
  inTurn(
      bundles_.size(), [&](std::size_t bundle) { return read(bundle); },
      [&](std::size_t bundle, OfBundle&& found) { take(bundle, std::move(found)); });
  refuseNothing();
}

Reading::OfBundle Reading::read(std::size_t bundle) const {
  OfBundle here{.bundle = bundle, .gathering = results::Gathering(terms_)};
  const results::FigureReader reader(terms_);
  std::string origin;
  const auto parse = [&](const std::string& line) {
    results::FiguresOfLine figures = reader.read(line);
    origin = std::move(figures.origin);
    return std::move(figures.record);
  };
  const auto visit = [&](const Record& record) { add(here, record, origin); };
  try {
    results::visitRecordLines(bundles_[bundle].folder, results::CutOffLine::Drop, parse, visit);
  } catch (const results::RecordError& error) {
    throw UsageError(error.what());
  }
  return here;
}

void Reading::add(OfBundle& here, const Record& record, const std::string& origin) const {
  if (here.first_cell.empty()) here.first_cell = record.cell;
  if (record.cell.find(request_.cell_part) == std::string::npos) return;
  ++here.records;
  const std::string& label = bundles_[here.bundle].label;
  const auto [known, is_new] = here.cells.try_emplace(record.cell);
  OfBundle::Cell& cell = known->second;
  if (is_new) {
    const bool is_by_axis = grouping_ && grouping_->isAxis();
    cell.side = grouping_ ? grouping_->valueOf(here.bundle, record) : label;
    cell.name = is_by_axis ? prefixes_[here.bundle] + grouping_->cellOf(record) : record.cell;
    const bool is_known = std::ranges::find(here.values, cell.side) != here.values.end();
    if (!is_known) here.values.push_back(cell.side);
  }
  if (is_new || cell.run != origin) {
    cell.run = origin;
    cell.block = fmt::format("{}/{}", label, origin);
    here.runs[cell.side].insert(origin);
  }
  here.gathering.add(cell.side, cell.name, record, cell.block);
}

void Reading::take(std::size_t bundle, OfBundle&& read) {
  bundles_[bundle].records = read.records;
  if (first_cell_.empty()) first_cell_ = read.first_cell;
  for (const std::string& value : read.values) {
    std::set<std::size_t>& bundles = bundles_of_[value];
    if (bundles.empty()) values_.push_back(value);
    bundles.insert(bundle);
    runs_of_[value] += read.runs.at(value).size();
  }
  gathering_.absorb(std::move(read.gathering));
}

std::vector<ComparedSide> Reading::sides() const {
  std::vector<ComparedSide> sides;
  if (!grouping_) {
    for (std::size_t i = 0; i < bundles_.size(); ++i) {
      const auto runs = runs_of_.find(bundles_[i].label);
      sides.push_back({.label = bundles_[i].label,
                       .name = bundles_[i].folder.string(),
                       .bundles = {i},
                       .runs = runs == runs_of_.end() ? 0 : runs->second});
    }
    return sides;
  }
  refuseOneGroup();
  const std::vector<std::string> values = grouping_->inOrder(values_);
  constexpr std::size_t kShort = 16;
  const bool are_short = std::all_of(values.begin(), values.end(), [](const std::string& value) {
    return value.size() <= kShort;
  });
  for (const std::string& value : values) {
    const std::set<std::size_t>& from = bundles_of_.at(value);
    sides.push_back({.label = are_short ? value : fmt::format("#{}", sides.size() + 1),
                     .name = value,
                     .bundles = {from.begin(), from.end()},
                     .runs = runs_of_.at(value)});
  }
  return sides;
}

const std::string& Reading::nameOf(const ComparedSide& side) const {
  return grouping_ ? side.name : side.label;
}

void Reading::meetAcrossPlacements(const std::vector<ComparedSide>& sides) {
  if (grouping_ && grouping_->isAxis()) return;
  std::map<std::string, std::vector<const results::GatheredCell*>> alike;
  for (const results::GatheredCell& cell : gathering_.cells()) {
    alike[nameWithoutPlacement(cell.name, cell.axes)].push_back(&cell);
  }
  const std::size_t baseline = gathering_.placeOf(nameOf(sides.front()));
  const auto onlyOneOf = [](const std::vector<const results::GatheredCell*>& cells,
                            std::size_t side) -> const results::GatheredCell* {
    const auto has = [side](const auto* cell) { return cell->of(side) != nullptr; };
    const auto first = std::ranges::find_if(cells, has);
    if (first == cells.end() || std::find_if(first + 1, cells.end(), has) != cells.end()) return {};
    return *first;
  };
  for (const ComparedSide& side : sides) {
    if (&side == &sides.front() || side.judging == results::Judging::Verdicts) continue;
    for (const auto& [name, cells] : alike) {
      const results::GatheredCell* there = onlyOneOf(cells, baseline);
      const results::GatheredCell* here = onlyOneOf(cells, gathering_.placeOf(nameOf(side)));
      if (there == nullptr || here == nullptr) continue;
      gathering_.move(nameOf(side), here->name, there->name);
    }
  }
}

void Reading::refuseNothing() const {
  const bool has_any = std::any_of(bundles_.begin(), bundles_.end(),
                                   [](const ComparedBundle& b) { return b.records > 0; });
  if (has_any) return;
  if (first_cell_.empty()) {
    throw UsageError("none of these bundles has a record: their runs ended before the first one");
  }
  throw UsageError(fmt::format("--cell {}: no cell has that in its name; one is called {}",
                               request_.cell_part, first_cell_));
}

void Reading::refuseOneGroup() const {
  if (values_.size() >= 2) return;
  throw UsageError(
      fmt::format("--by {}: all records have {}, so there is nothing to compare by it; {}",
                  request_.by, values_.front(),
                  grouping_->isAxis() ? "run a suite that sweeps this axis, or take another one"
                                      : "name bundles that differ in it, or take another fact"));
}

}  // namespace ringside::harness
