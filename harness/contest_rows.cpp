#include "harness/contest_rows.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

using results::Contest;
using results::Entrant;
using results::Regime;

struct MeasureName {
  std::string_view metric;
  const char* name;
};
constexpr MeasureName kMeasureNames[] = {
    {"messages_per_s", "messages/s"},
    {"rtt_ns_mean99", "mean of the fastest 99 %"},
    {"rtt_ns_p99", "p99"},
    {"response_ns_p50", "p50"},
    {"response_ns_p99", "p99"},
    {"slo_rate_per_s", "messages/s"},
};

std::string_view nameOf(const std::string& metric) {
  for (const MeasureName& known : kMeasureNames) {
    if (known.metric == metric) return known.name;
  }
  return metric;
}

std::string titleOf(const Contest& contest) {
  const std::string& workload = contest.axes.workload;
  if (workload == "ping_pong") return "round trip";
  return contest.axes.batch > 1 ? workload + " in batches" : workload;
}

/// Rates need no word for what they are.
std::string shortTitleOf(const Contest& contest) {
  if (contest.better == results::Better::Higher) return titleOf(contest);
  return fmt::format("{}, {}", titleOf(contest), nameOf(contest.metric));
}

/// Where a shape stands among the others of its section.
auto rankOf(const results::Axes& axes) {
  return std::tuple(axes.producers + axes.consumers, axes.producers, axes.capacity, axes.placement,
                    axes.element_size_bytes);
}

std::string rangeOf(const Regime& regime) {
  return fmt::format("{:.0f}–{:.0f} ns", regime.low_ns, regime.high_ns);
}

std::string placementLine(const std::string& placement, const std::vector<Regime>& regimes,
                          const Regime& of_run) {
  std::uint64_t readings = 0;
  std::vector<std::string> others;
  for (const Regime& regime : regimes) {
    readings += regime.readings;
    if (&regime != &of_run) others.push_back(rangeOf(regime));
  }
  const double share = 100 * static_cast<double>(of_run.readings) / static_cast<double>(readings);
  constexpr std::size_t kMostShown = 4;
  const std::size_t more = others.size() > kMostShown ? others.size() - kMostShown : 0;
  others.resize(others.size() - more);
  return fmt::format("{}: a cache line is handed over in {:.0f} ns ({}) in {:.0f} % of {}{}{}{}",
                     placement, of_run.median_ns, rangeOf(of_run), share,
                     counted(readings, "reading"), others.empty() ? "" : ", else in ",
                     fmt::join(others, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", counted(more, "range")));
}

}  // namespace

std::vector<ContestSection> sectionsOf(const ContestReport& report) {
  std::vector<ContestSection> sections;
  for (const Contest& contest : report.contests) {
    const std::string heading = fmt::format("{}, {}", titleOf(contest), nameOf(contest.metric));
    auto section =
        std::find_if(sections.begin(), sections.end(),
                     [&](const ContestSection& candidate) { return candidate.heading == heading; });
    if (section == sections.end())
      section = sections.insert(section, {heading, shortTitleOf(contest), {}});
    section->contests.push_back(&contest);
  }
  for (ContestSection& section : sections) {
    std::stable_sort(
        section.contests.begin(), section.contests.end(),
        [](const Contest* a, const Contest* b) { return rankOf(a->axes) < rankOf(b->axes); });
  }
  return sections;
}

std::string labelOf(const Entrant& entrant, const std::vector<const Contest*>& in) {
  std::set<std::string> waits;
  std::set<std::string> tunings;
  for (const Contest* contest : in) {
    for (const Entrant& other : contest->entrants) {
      if (other.axes.queue != entrant.axes.queue) continue;
      waits.insert(other.axes.wait);
      tunings.insert(other.axes.tuning);
    }
  }
  std::string label = entrant.axes.queue;
  if (waits.size() > 1) label += " " + entrant.axes.wait;
  if (tunings.size() > 1) label += " " + entrant.axes.tuning;
  return label;
}

std::string valueText(double value, const Contest& contest) {
  if (!(value > 0)) return "–";
  return contest.better == results::Better::Higher ? formatCount(value) : formatNs(value);
}

std::string ratioNumber(double ratio) {
  return fmt::format("{:.{}f}", ratio, ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
}

std::string ratioText(const std::optional<results::MedianInterval>& ratio) {
  if (!ratio) return "–";
  return fmt::format("{} [{}–{}]", ratioNumber(ratio->median), ratioNumber(ratio->low),
                     ratioNumber(ratio->high));
}

std::string floorText(const Entrant& entrant) {
  return entrant.over_floor ? ratioNumber(*entrant.over_floor) : "–";
}

std::string shapeText(const results::Axes& axes) {
  return fmt::format("{}p{}c", axes.producers, axes.consumers);
}

std::vector<std::string> placementLines(const ContestReport& report) {
  std::vector<std::string> lines;
  for (const auto& [placement, regimes] : report.survey.all()) {
    lines.push_back(placementLine(placement, regimes, *report.survey.ofRun(placement)));
  }
  if (report.elsewhere + report.moved > 0) {
    lines.push_back(
        fmt::format("left out of all figures: {} of another placement, {} in which it "
                    "changed",
                    counted(report.elsewhere, "repetition"), report.moved));
  }
  if (report.unmeasured > 0) {
    lines.push_back(fmt::format("{} without a canary, which count only where no other has one",
                                counted(report.unmeasured, "repetition")));
  }
  return lines;
}

std::vector<std::string> troubleLines(const ContestReport& report) {
  struct Trouble {
    std::uint32_t failed = 0;
    std::uint32_t invalid = 0;
    std::string reason;
  };
  std::map<std::string, Trouble> troubles;
  for (const Contest& contest : report.contests) {
    // The measures of one shape are of the same repetitions.
    if (contest.metric != results::measuresOf(contest.axes.workload).front()) continue;
    for (const Entrant& entrant : contest.entrants) {
      if (entrant.failed + entrant.invalid == 0) continue;
      Trouble& trouble = troubles[entrant.axes.queue];
      const bool is_first_failure = trouble.failed == 0 && entrant.failed > 0;
      if (trouble.reason.empty() || is_first_failure) {
        trouble.reason = fmt::format("{} ({}, {}, {} B × {})", entrant.first_reason,
                                     titleOf(contest), shapeText(contest.axes),
                                     contest.axes.element_size_bytes, contest.axes.capacity);
      }
      trouble.failed += entrant.failed;
      trouble.invalid += entrant.invalid;
    }
  }
  std::vector<std::string> lines;
  for (const auto& [queue, trouble] : troubles) {
    lines.push_back(fmt::format("{}: {} failed, {} invalid, such as {}", queue,
                                counted(trouble.failed, "repetition"), trouble.invalid,
                                trouble.reason));
  }
  return lines;
}

std::vector<std::string> givesUpLines(const ContestReport& report) {
  std::map<std::string, std::string> found;
  for (const Contest& contest : report.contests) {
    for (const Entrant& entrant : contest.entrants) {
      if (!entrant.gives_up.empty()) found[entrant.axes.queue] = entrant.gives_up;
    }
  }
  std::vector<std::string> lines;
  for (const auto& [queue, what] : found) lines.push_back(fmt::format("{}: {}", queue, what));
  return lines;
}

}  // namespace ringside::harness
