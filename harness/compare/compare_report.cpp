#include "harness/compare/compare_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "harness/axes.hpp"
#include "harness/compare/bundle_folders.hpp"
#include "harness/compare/grouping.hpp"
#include "harness/console.hpp"
#include "harness/usage_error.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::Judging;

// --- what was asked -----------------------------------------------------------------------------

void refuseUnknownMetrics(const std::vector<std::string>& names) {
  std::vector<std::string_view> known;
  for (const results::Metric& metric : results::allMetrics()) known.push_back(metric.name);
  for (const std::string& name : names) {
    if (results::findMetric(name) != nullptr) continue;
    throw UsageError(fmt::format("--metric {}: there is no such metric{}; it is one of {}", name,
                                 suggestion(name, known), fmt::join(known, ", ")));
  }
}

void refuseTooFewBundles(const CompareRequest& request) {
  if (request.bundles.size() >= 2 || !request.by.empty()) return;
  throw UsageError(fmt::format(
      "compare {}: one bundle is compared with itself only with --by KEY, such as --by backing; "
      "else name two or more",
      request.bundles.empty() ? "" : request.bundles.front().string()));
}

/// A, B … Z, then A27 and on.
std::string letterOf(std::size_t place) {
  if (place < 26) return {static_cast<char>('A' + place)};
  return fmt::format("A{}", place + 1);
}

std::vector<ComparedBundle> openBundles(const CompareRequest& request) {
  refuseTooFewBundles(request);
  refuseWhatAreNoBundles(request.bundles);
  std::vector<ComparedBundle> bundles;
  for (const fs::path& folder : request.bundles) {
    bundles.push_back({letterOf(bundles.size()), folder, EnvironmentFacts::of(folder)});
  }
  return bundles;
}

std::vector<EnvironmentFacts> factsOf(const std::vector<ComparedBundle>& bundles) {
  std::vector<EnvironmentFacts> all;
  for (const ComparedBundle& bundle : bundles) all.push_back(bundle.facts);
  return all;
}

std::optional<Grouping> groupingOf(const CompareRequest& request,
                                   const std::vector<ComparedBundle>& bundles) {
  if (request.by.empty()) return std::nullopt;
  return Grouping(request.by, factsOf(bundles));
}

/// Bundles of one machine in one state, as far as the fingerprints say; one that does not say is of
/// a machine of its own.
std::vector<std::vector<std::size_t>> machinesOf(const std::vector<ComparedBundle>& bundles) {
  std::vector<std::vector<std::size_t>> machines;
  for (std::size_t place = 0; place < bundles.size(); ++place) {
    const std::optional<std::string>& own = bundles[place].facts.machine();
    const auto known = std::find_if(machines.begin(), machines.end(), [&](const auto& machine) {
      return own && bundles[machine.front()].facts.machine() == own;
    });
    if (known == machines.end()) {
      machines.push_back({place});
    } else {
      known->push_back(place);
    }
  }
  return machines;
}

/// "A, C".
std::string labelsOf(const CompareReport& report, const std::vector<std::size_t>& places) {
  std::vector<std::string> labels;
  for (const std::size_t place : places) labels.push_back(report.bundles[place].label);
  return fmt::format("{}", fmt::join(labels, ", "));
}

// --- reading ------------------------------------------------------------------------------------

/// Reads all bundles, one record at a time, into sides. Of an axis and several machines, what is
/// compared is the values of the axis within each.
class Reading {
 public:
  Reading(CompareReport& report, std::optional<Grouping>& grouping)
      : request_(report.request),
        bundles_(report.bundles),
        grouping_(grouping),
        gathering_({.metrics = request_.metrics}) {
    prefixes_.resize(bundles_.size());
    for (const std::vector<std::size_t>& machine : report.machines) {
      for (const std::size_t place : machine) {
        prefixes_[place] = labelsOf(report, machine) + ": ";
      }
    }
    for (std::size_t bundle = 0; bundle < bundles_.size(); ++bundle) read(bundle);
    refuseNothing();
  }

  /// The sides in order, labelled; of a fact that has one value only, refused.
  std::vector<ComparedSide> sides() const {
    std::vector<ComparedSide> sides;
    if (!grouping_) {
      for (std::size_t i = 0; i < bundles_.size(); ++i) {
        sides.push_back({bundles_[i].label, bundles_[i].folder.string(), {i}});
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
      sides.push_back({are_short ? value : fmt::format("#{}", sides.size() + 1),
                       value,
                       {from.begin(), from.end()}});
    }
    return sides;
  }

  /// Between machines, a cell that only one side has meets the only one of the other that differs
  /// from it in nothing but the placement.
  std::vector<results::ComparedCell> cells(const std::vector<ComparedSide>& sides) {
    std::vector<results::Side> named;
    for (const ComparedSide& side : sides) named.push_back({nameOf(side), side.judging});
    for (const ComparedSide& side : sides) {
      const bool is_baseline = &side == &sides.front();
      if (is_baseline || side.judging == Judging::Verdicts) continue;
      for (const auto& [name, cells] : placed_) {
        const auto there = cells.find(nameOf(sides.front()));
        const auto here = cells.find(nameOf(side));
        if (there == cells.end() || here == cells.end()) continue;
        if (there->second.size() != 1 || here->second.size() != 1) continue;
        gathering_.move(here->first, *here->second.begin(), *there->second.begin());
      }
    }
    return results::comparedCells(gathering_, named, request_.margin_percent / 100);
  }

 private:
  /// As the comparison knows it.
  const std::string& nameOf(const ComparedSide& side) const {
    return grouping_ ? side.name : side.label;
  }

  void read(std::size_t bundle) {
    const auto take = [&](const results::Record& record) { add(bundle, record); };
    try {
      results::visitRecords(bundles_[bundle].folder, results::CutOffLine::Drop, take);
    } catch (const results::RecordError& error) {
      throw UsageError(error.what());
    }
  }

  void add(std::size_t bundle, const results::Record& record) {
    if (first_cell_.empty()) first_cell_ = record.cell;
    if (record.cell.find(request_.cell_part) == std::string::npos) return;
    ++bundles_[bundle].records;
    if (!grouping_) return addTo(bundles_[bundle].label, record);
    const std::string value = grouping_->valueOf(bundle, record);
    if (bundles_of_[value].empty()) values_.push_back(value);
    bundles_of_[value].insert(bundle);
    if (!grouping_->isAxis()) return addTo(value, record);
    gathering_.add(value, prefixes_[bundle] + grouping_->cellOf(record), record);
  }

  void addTo(const std::string& side, const results::Record& record) {
    placed_[nameWithoutPlacement(record)][side].insert(record.cell);
    gathering_.add(side, record.cell, record);
  }

  void refuseNothing() const {
    const bool has_any = std::any_of(bundles_.begin(), bundles_.end(),
                                     [](const ComparedBundle& b) { return b.records > 0; });
    if (has_any) return;
    if (first_cell_.empty()) {
      throw UsageError("none of these bundles has a record: their runs ended before the first one");
    }
    throw UsageError(fmt::format("--cell {}: no cell has that in its name; one is called {}",
                                 request_.cell_part, first_cell_));
  }

  void refuseOneGroup() const {
    if (values_.size() >= 2) return;
    throw UsageError(
        fmt::format("--by {}: all records have {}, so there is nothing to compare by it; {}",
                    request_.by, values_.front(),
                    grouping_->isAxis() ? "run a suite that sweeps this axis, or take another one"
                                        : "name bundles that differ in it, or take another fact"));
  }

  const CompareRequest& request_;
  std::vector<ComparedBundle>& bundles_;
  std::optional<Grouping>& grouping_;
  results::Gathering gathering_;
  std::vector<std::string> prefixes_;  ///< of each bundle's cells: the machine's bundles, or empty
  std::vector<std::string> values_;    ///< of the key, as they came
  std::map<std::string, std::set<std::size_t>> bundles_of_;
  /// Cells of each side, by their names without the placement.
  std::map<std::string, std::map<std::string, std::set<std::string>>> placed_;
  std::string first_cell_;
};

// --- what may be concluded ----------------------------------------------------------------------

/// One machine, as far as the fingerprints say; one bundle is of one whatever it says.
bool areOfOneMachine(const std::vector<ComparedBundle>& bundles, const ComparedSide& a,
                     const ComparedSide& b) {
  std::set<std::size_t> places(a.bundles.begin(), a.bundles.end());
  places.insert(b.bundles.begin(), b.bundles.end());
  if (places.size() == 1) return true;
  const std::optional<std::string>& machine = bundles[*places.begin()].facts.machine();
  return machine && std::all_of(places.begin(), places.end(), [&](std::size_t place) {
           return bundles[place].facts.machine() == machine;
         });
}

std::string machineNote(const CompareReport& report) {
  std::vector<std::string> apart;
  for (const ComparedSide& side : report.sides) {
    const bool is_baseline = &side == &report.sides.front();
    if (!is_baseline && side.judging == Judging::RatiosOnly) apart.push_back(side.label);
  }
  if (apart.empty()) return {};
  const std::vector<std::string> differ = machineDifferences(factsOf(report.bundles));
  const bool is_unknown =
      std::any_of(report.bundles.begin(), report.bundles.end(),
                  [](const ComparedBundle& bundle) { return !bundle.facts.machine(); });
  const std::string why =
      is_unknown ? "not every bundle says which machine it is of"
      : differ.empty()
          ? "their fingerprints are not the same"
          : fmt::format("not of one machine in one state, for {} {}", fmt::join(differ, ", "),
                        differ.size() == 1 ? "differs" : "differ");
  return fmt::format("{} beside {}: {} ({}); ratios are reported, nothing is judged",
                     fmt::join(apart, ", "), report.sides.front().label, kBetweenMachines, why);
}

std::string driftNote(const CompareReport& report) {
  const bool some_judged =
      std::any_of(report.sides.begin() + 1, report.sides.end(),
                  [&](const ComparedSide& side) { return side.judging == Judging::Verdicts; });
  const bool are_all_alone = report.machines.size() == report.bundles.size();
  if (report.bundles.size() < 2 || !some_judged || are_all_alone) return {};
  return "runs of different times: a machine drifts between them by more than many changes make; "
         "`ringside gate` measures both side by side, and its verdict is the one to fail a build "
         "by";
}

/// Of so many intervals some miss by chance.
std::string chanceNote(const CompareReport& report) {
  std::uint64_t judged = 0;
  for (const results::ComparedCell& cell : report.cells) {
    for (const results::ComparedMetric& metric : cell.metrics) {
      for (const results::Contrast& contrast : metric.contrasts) {
        judged += contrast.judgement.verdict && contrast.ratio &&
                          contrast.ratio->coverage >= results::kCoverage
                      ? 1
                      : 0;
      }
    }
  }
  constexpr std::uint64_t kFew = 10;
  if (judged < kFew) return {};
  return fmt::format(
      "each interval holds the true ratio with {:.0f} %: of {}, about {:.0f} do not, by chance",
      100 * results::kCoverage, judged,
      std::ceil((1 - results::kCoverage) * static_cast<double>(judged)));
}

std::vector<std::string> pooledNotes(const CompareReport& report) {
  std::vector<std::string> notes;
  if (report.request.by.empty()) return notes;
  for (const std::vector<std::size_t>& machine : report.machines) {
    if (machine.size() < 2) continue;
    notes.push_back(fmt::format("the repetitions of {} taken together", labelsOf(report, machine)));
  }
  for (const ComparedSide& side : report.sides) {
    if (side.bundles.size() < 2 || !report.machines.empty()) continue;
    notes.push_back(fmt::format("{}: the repetitions of {} taken together", side.label,
                                labelsOf(report, side.bundles)));
  }
  return notes;
}

std::string apartNote(const CompareReport& report) {
  if (report.machines.empty()) return {};
  std::vector<std::string> machines;
  for (const std::vector<std::size_t>& machine : report.machines) {
    machines.push_back(labelsOf(report, machine));
  }
  return fmt::format(
      "bundles of {} machines, or of one in several states: {}; cells of one never meet those of "
      "another, and {} is compared within each",
      machines.size(), fmt::join(machines, " | "), report.request.by);
}

bool hasMetric(const CompareReport& report, const std::string& name) {
  for (const results::ComparedCell& cell : report.cells) {
    for (const results::ComparedMetric& metric : cell.metrics) {
      if (metric.name == name) return true;
    }
  }
  return false;
}

/// A metric that was asked for and that no record has was asked for by mistake.
void refuseAbsentMetrics(const CompareReport& report) {
  const bool any_ok =
      std::any_of(report.cells.begin(), report.cells.end(), [](const results::ComparedCell& cell) {
        return std::any_of(cell.sides.begin(), cell.sides.end(),
                           [](const results::SideOfCell& s) { return s.status_counts.ok > 0; });
      });
  if (!any_ok) return;
  for (const std::string& name : report.request.metrics) {
    if (hasMetric(report, name)) continue;
    throw UsageError(fmt::format(
        "--metric {}: no record that is ok has it; leave the option out to see what the "
        "workloads of these bundles are measured by",
        name));
  }
}

std::string nothingSharedNote(const CompareReport& report) {
  const bool any_shared =
      std::any_of(report.cells.begin(), report.cells.end(), [](const results::ComparedCell& cell) {
        return std::any_of(cell.wholes.begin(), cell.wholes.end(),
                           [](const results::Judgement& whole) {
                             return whole.verdict != results::Verdict::Missing;
                           });
      });
  if (any_shared) return {};
  return fmt::format("no cell is there twice: cells meet by their names{}",
                     report.is_by_axis ? " without what they say of " + report.request.by
                                       : ", so runs of one suite are to be compared");
}

void addNotes(CompareReport& report) {
  const auto add = [&](std::string note) {
    if (!note.empty()) report.notes.push_back(std::move(note));
  };
  add(nothingSharedNote(report));
  add(machineNote(report));
  add(apartNote(report));
  for (std::string& note : pooledNotes(report)) add(std::move(note));
  add(chanceNote(report));
  add(driftNote(report));
}

}  // namespace

const char* const kBetweenMachines = "between-machine, confounded with time and neighbours";

CompareReport compareBundles(const CompareRequest& request) {
  refuseUnknownMetrics(request.metrics);
  CompareReport report;
  report.request = request;
  report.bundles = openBundles(request);
  report.differences = differencesOf(factsOf(report.bundles));
  std::optional<Grouping> grouping = groupingOf(request, report.bundles);
  report.is_by_axis = grouping && grouping->isAxis();
  if (report.is_by_axis) report.machines = machinesOf(report.bundles);
  if (report.machines.size() == 1) report.machines.clear();
  Reading reading(report, grouping);
  report.sides = reading.sides();
  for (ComparedSide& side : report.sides) {
    const bool is_one =
        report.is_by_axis || areOfOneMachine(report.bundles, report.sides.front(), side);
    side.judging = is_one ? Judging::Verdicts : Judging::RatiosOnly;
  }
  report.cells = reading.cells(report.sides);
  refuseAbsentMetrics(report);
  addNotes(report);
  return report;
}

}  // namespace ringside::harness
