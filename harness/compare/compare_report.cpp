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
#include "harness/compare/compare_overview.hpp"
#include "harness/compare/grouping.hpp"
#include "harness/compare/reading.hpp"
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
                     namedText(apart), report.sides.front().label, kBetweenMachines, why);
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
      machines.size(), namedText(machines, " | "), report.request.by);
}

/// A metric that was asked for and that no record has was asked for by mistake.
void refuseAbsentMetrics(const CompareRequest& request, const results::Gathering& gathering) {
  std::set<std::string> found;
  bool any_ok = false;
  for (const results::GatheredCell& cell : gathering.cells()) {
    for (const auto& side : cell.sides)
      any_ok = any_ok || (side && side->seen.status_counts.ok > 0);
    for (const results::GatheredRow& row : cell.metrics) {
      if (std::ranges::any_of(row.sides, [](const auto& values) { return !values.empty(); })) {
        found.insert(row.name);
      }
    }
  }
  if (!any_ok) return;
  for (const std::string& name : request.metrics) {
    if (found.contains(name)) continue;
    throw UsageError(fmt::format(
        "--metric {}: no record that is ok has it; leave the option out to see what the "
        "workloads of these bundles are measured by",
        name));
  }
}

std::vector<std::size_t> placesOf(const CompareReport& report, const Reading& reading) {
  std::vector<std::size_t> places;
  for (const ComparedSide& side : report.sides) {
    places.push_back(reading.gathering().placeOf(reading.nameOf(side)));
  }
  return places;
}

std::string tooManyNote(const CompareReport& report, const Reading& reading) {
  const std::uint64_t cells = reading.gathering().cells().size();
  if (cells * (report.sides.size() - 1) <= kMostPairs) return {};
  return fmt::format(
      "cell by cell, {} of {} beside {} are more than is compared: name fewer bundles, choose "
      "cells with --cell PART{}",
      counted(cells, "cell"), counted(report.sides.size() - 1, "side"), report.sides.front().label,
      report.request.by.empty() ? ", or set configurations side by side with --by host" : "");
}

std::vector<results::ComparedCell> cellsOf(const CompareReport& report, const Reading& reading) {
  std::vector<results::Side> sides;
  for (const ComparedSide& side : report.sides) {
    sides.push_back({reading.nameOf(side), side.judging});
  }
  return results::comparedCells(reading.gathering(), sides, report.request.margin_percent / 100);
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
                     report.is_by_axis
                         ? fmt::format(" without what they say of {}", report.request.by)
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
  const std::optional<Grouping> grouping = groupingOf(request, report.bundles);
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
  refuseAbsentMetrics(request, reading.gathering());
  if (grouping) {
    report.configurations =
        configurationsOf(report, reading.gathering(), placesOf(report, reading));
  }
  std::string too_many = tooManyNote(report, reading);
  if (too_many.empty()) {
    reading.meetAcrossPlacements(report.sides);
    report.cells = cellsOf(report, reading);
    addNotes(report);
  } else {
    report.notes.push_back(std::move(too_many));
    report.notes.push_back(machineNote(report));
  }
  return report;
}

}  // namespace ringside::harness
