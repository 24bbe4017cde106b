#include "harness/contest_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "harness/console.hpp"
#include "harness/contest_rows.hpp"

namespace ringside::harness {
namespace {

using results::Contest;
using results::Entrant;

/// What sets a shape apart beside what has a column: placement, huge pages …
std::string variantOf(const Contest& contest) {
  std::string variant;
  for (const Axis& axis : allAxes()) {
    const bool has_column = axis.name == "element_size_bytes" || axis.name == "capacity" ||
                            axis.name == "batch" || axis.name == "wait" || axis.name == "tuning";
    const std::string label = has_column ? "" : axis.label(contest.axes);
    if (!label.empty()) variant += (variant.empty() ? "" : " ") + label;
  }
  return variant;
}

template <class Contests, class Value>
bool varies(const Contests& contests, Value value) {
  return std::any_of(contests.begin(), contests.end(), [&](const Contest* contest) {
    return value(*contest) != value(*contests.front());
  });
}

std::uint64_t batchOf(const Contest& contest) { return contest.axes.batch; }

std::string bytesText(const Contest& contest) {
  return std::to_string(contest.axes.element_size_bytes);
}

/// "98.1 M 1.58": what it did, and that in proportion to the best comparator.
std::string shortText(const Entrant& entrant, const Contest& contest) {
  const std::string value = valueText(entrant.median, contest);
  return entrant.ratio ? fmt::format("{} {}", value, ratioNumber(entrant.ratio->median)) : value;
}

// --- each subject against the best -------------------------------------------------------------

std::string subjectTable(const ContestSection& section) {
  const bool with_variant = varies(section.contests, variantOf);
  const bool with_batch = section.contests.front()->axes.batch > 1;
  Row headings = {"queue", "shape", "bytes",  "cap",    "value", "best comparator",
                  "value", "ratio", "×floor", "rounds", ""};
  if (with_batch) headings.insert(headings.begin() + 4, "batch");
  if (with_variant) headings.insert(headings.begin() + 1, "with");
  TextTable table(headings, with_variant ? 3 : 2);
  for (const Contest* contest : section.contests) {
    const Entrant* best = contest->best ? &contest->entrants[*contest->best] : nullptr;
    for (const Entrant& entrant : contest->entrants) {
      if (!entrant.is_subject) continue;
      Row row = {labelOf(entrant, section.contests),
                 shapeText(contest->axes),
                 bytesText(*contest),
                 std::to_string(contest->axes.capacity),
                 valueText(entrant.median, *contest),
                 best == nullptr ? "–" : labelOf(*best, {contest}),
                 best == nullptr ? "–" : valueText(best->median, *contest),
                 ratioText(entrant.ratio),
                 floorText(entrant),
                 std::to_string(entrant.rounds),
                 ""};
      if (with_batch) row.insert(row.begin() + 4, std::to_string(contest->axes.batch));
      if (with_variant) row.insert(row.begin() + 1, variantOf(*contest));
      table.add(std::move(row));
    }
  }
  return table.allAligned();
}

// --- all queues of a shape ---------------------------------------------------------------------

/// Contests that differ in the element size alone, or in a batch that goes with it.
struct Family {
  std::string heading;
  std::string title;  ///< the same without the unit
  std::vector<const Contest*> contests;
};

std::vector<Family> familiesOf(const ContestSection& section) {
  const bool with_variant = varies(section.contests, variantOf);
  std::vector<Family> families;
  for (const Contest* contest : section.contests) {
    std::string shape =
        fmt::format(", {}, capacity {}", shapeText(contest->axes), contest->axes.capacity);
    if (with_variant) shape += ", " + variantOf(*contest);
    const std::string heading = section.heading + shape;
    auto family = std::find_if(families.begin(), families.end(), [&](const Family& candidate) {
      return candidate.heading == heading;
    });
    if (family == families.end())
      family = families.insert(family, {heading, section.title + shape, {}});
    family->contests.push_back(contest);
  }
  return families;
}

/// One queue in all sizes.
struct QueueRow {
  std::string label;
  const Entrant* any = nullptr;
  std::map<const Contest*, const Entrant*> entrants;

  /// Subjects, then comparators, then those that give something up.
  int rank() const { return any->is_subject ? 0 : any->gives_up.empty() ? 1 : 2; }
  /// The mean of log(ratio), far below all others without one.
  double merit() const {
    double sum = 0;
    std::size_t count = 0;
    for (const auto& [contest, entrant] : entrants) {
      if (!entrant->ratio) continue;
      sum += std::log(entrant->ratio->median);
      ++count;
    }
    return count == 0 ? std::numeric_limits<double>::lowest() : sum / static_cast<double>(count);
  }
};

std::vector<QueueRow> rowsOf(const Family& family) {
  std::vector<QueueRow> rows;
  for (const Contest* contest : family.contests) {
    for (const Entrant& entrant : contest->entrants) {
      const std::string label = labelOf(entrant, family.contests);
      auto row = std::find_if(rows.begin(), rows.end(),
                              [&](const QueueRow& candidate) { return candidate.label == label; });
      if (row == rows.end()) row = rows.insert(row, {label, &entrant, {}});
      row->entrants[contest] = &entrant;
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const QueueRow& a, const QueueRow& b) {
    return a.rank() != b.rank() ? a.rank() < b.rank() : a.merit() > b.merit();
  });
  return rows;
}

std::string familyTable(const Family& family) {
  Row headings = {"queue"};
  const bool with_batch = varies(family.contests, batchOf);
  for (const Contest* contest : family.contests) {
    std::string heading = bytesText(*contest) + " B";
    if (with_batch) heading += fmt::format(" × {}", contest->axes.batch);
    headings.push_back(std::move(heading));
  }
  headings.emplace_back("");
  TextTable table(std::move(headings), 1);
  for (const QueueRow& queue : rowsOf(family)) {
    Row row = {queue.label};
    for (const Contest* contest : family.contests) {
      const auto found = queue.entrants.find(contest);
      row.push_back(found == queue.entrants.end() ? "" : shortText(*found->second, *contest));
    }
    row.emplace_back(queue.any->gives_up.empty() ? "" : "gives something up");
    table.add(std::move(row));
  }
  return table.allAligned();
}

// --- what was expected -------------------------------------------------------------------------

std::string againstText(const results::Finding& finding, const Contest& contest) {
  return finding.yardstick ? labelOf(contest.entrants[*finding.yardstick], {&contest}) : "nobody";
}

std::string expectationTable(const ContestReport& report, const ContestSection& section) {
  TextTable table({"of", "shape", "against", "bytes", "cap", "at least", "ratio", "rounds", ""}, 3);
  std::size_t rows = 0;
  for (const Contest* contest : section.contests) {
    for (const results::Finding& finding : report.findings) {
      if (&report.contests[finding.contest] != contest) continue;
      const double at_least = report.terms.expectations[finding.expectation].at_least;
      table.add({labelOf(contest->entrants[finding.entrant], section.contests),
                 shapeText(contest->axes), againstText(finding, *contest), bytesText(*contest),
                 std::to_string(contest->axes.capacity), ratioNumber(at_least),
                 ratioText(finding.ratio), std::to_string(finding.rounds),
                 std::string(results::toString(finding.fulfilment))});
      ++rows;
    }
  }
  if (rows == 0) return {};
  return fmt::format("{}: what was expected\n{}\n", section.heading, table.allAligned());
}

/// Of lines that nothing in this run is about.
std::string withoutCells(const ContestReport& report) {
  std::set<std::size_t> found;
  for (const results::Finding& finding : report.findings) found.insert(finding.expectation);
  const std::size_t missing = report.terms.expectations.size() - found.size();
  if (missing == 0) return {};
  return fmt::format("{} of {} not looked at: this run has no cell for it\n", missing,
                     counted(report.terms.expectations.size(), "expectation"));
}

std::string expectations(const ContestReport& report) {
  std::string text;
  for (const ContestSection& section : sectionsOf(report)) {
    text += expectationTable(report, section);
  }
  const std::string missing = withoutCells(report);
  return missing.empty() ? text : text + missing + "\n";
}

// --- below the tables --------------------------------------------------------------------------

std::string listed(const char* heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  std::string text = fmt::format("{}\n", heading);
  for (const std::string& line : lines) text += fmt::format("  {}\n", line);
  return text + "\n";
}

constexpr const char* kLegend =
    "ratio: to the best comparator of the same shape, round by round: the median, and the "
    "interval\n"
    "that holds the true one with 95 % (below six rounds: from the lowest to the highest). Above "
    "1\n"
    "is better, for times too. Who gives something up is no comparator.\n"
    "×floor: messages in the time of one hand-off of a cache line; of a round trip, its length in\n"
    "two of them. rounds: in which both ran in the placement of the run.\n";

// --- the block for a README --------------------------------------------------------------------

/// The first of the subjects that ran there, by its best variant.
const Entrant* shownSubject(const ContestReport& report, const Contest& contest) {
  for (const std::string& subject : report.terms.subjects) {
    for (const Entrant& entrant : contest.entrants) {  // of a subject the best comes first
      if (entrant.axes.queue == subject && !entrant.values.empty()) return &entrant;
    }
  }
  return nullptr;
}

std::string blockCell(const ContestReport& report, const Contest& contest) {
  const Entrant* subject = shownSubject(report, contest);
  if (subject == nullptr) return "–";
  const std::string value = valueText(subject->median, contest);
  const std::string label = labelOf(*subject, {&contest});
  const std::string variant = label.substr(subject->axes.queue.size());
  const std::string first =
      variant.empty() ? value : fmt::format("{} ({})", value, variant.substr(1));
  if (!contest.best || !subject->ratio) return first;
  return fmt::format("{}, {} × {}", first, ratioText(subject->ratio),
                     labelOf(contest.entrants[*contest.best], {&contest}));
}

std::string blockRowName(const ContestReport& report, const Family& family) {
  std::string queues;
  for (const Contest* contest : family.contests) {
    const Entrant* subject = shownSubject(report, *contest);
    if (subject == nullptr || !queues.empty()) continue;
    queues = subject->axes.queue;
  }
  return fmt::format("{}: {}", queues.empty() ? "–" : queues, family.title);
}

std::string blockTable(const ContestReport& report) {
  std::set<std::uint64_t> sizes;
  for (const Contest& contest : report.contests) sizes.insert(contest.axes.element_size_bytes);
  Row headings = {""};
  for (const std::uint64_t size : sizes) headings.push_back(fmt::format("{} B", size));
  TextTable table(std::move(headings), 1);
  for (const ContestSection& section : sectionsOf(report)) {
    for (const Family& family : familiesOf(section)) {
      Row row = {blockRowName(report, family)};
      for (const std::uint64_t size : sizes) {
        const auto contest =
            std::find_if(family.contests.begin(), family.contests.end(),
                         [&](const Contest* one) { return one->axes.element_size_bytes == size; });
        row.push_back(contest == family.contests.end() ? "" : blockCell(report, **contest));
      }
      table.add(std::move(row));
    }
  }
  return table.allMarkdown();
}

std::string blockPlacement(const ContestReport& report) {
  std::string text;
  for (const auto& [placement, regimes] : report.survey.all()) {
    text += fmt::format("{}{} (a cache line is handed over in {:.0f} ns)", text.empty() ? "" : ", ",
                        placement, report.survey.ofRun(placement)->median_ns);
  }
  return text.empty() ? "placement not measured" : "placement " + text;
}

}  // namespace

std::string contestTables(const ContestReport& report) {
  std::string text;
  const std::vector<ContestSection> sections = sectionsOf(report);
  for (const ContestSection& section : sections) {
    for (const Family& family : familiesOf(section)) {
      text += fmt::format("{}: value, ratio to the best comparator\n{}\n", family.heading,
                          familyTable(family));
    }
  }
  for (const ContestSection& section : sections) {
    text += fmt::format("{}: subjects against the best comparator\n{}\n", section.heading,
                        subjectTable(section));
  }
  text += expectations(report);
  text += listed("placement", placementLines(report));
  text += listed("gives up, and is shown apart", givesUpLines(report));
  text += listed("not all was well", troubleLines(report));
  return text + kLegend;
}

std::string contestBlock(const ContestReport& report, const RunPlace& place) {
  const auto known = [](const std::string& text, const char* what) {
    return text.empty() ? std::string(what) + " not known" : text;
  };
  std::string text =
      fmt::format("Measured on {}; {}; {}, interleaved; {}; {}.\n\n{}\n",
                  known(place.machine, "a machine that is"), known(place.date, "date"),
                  counted(report.rounds, "round"), blockPlacement(report),
                  known(place.build, "build"), blockTable(report));
  text +=
      "Figures are messages per second, or times, medians over the rounds; × the best comparator "
      "of "
      "the same shape\nis the median of the ratios round by round, with the interval that holds it "
      "with 95 %: above 1 is better, for times too.\n";
  const std::vector<std::string> apart = givesUpLines(report);
  if (!apart.empty()) text += "No comparators, for what they give up:";
  for (const std::string& line : apart) {
    text += fmt::format("{} {}", &line == &apart.front() ? "" : ";", line);
  }
  return apart.empty() ? text : text + ".\n";
}

}  // namespace ringside::harness
