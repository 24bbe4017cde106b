#include "harness/compare/compare_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/grouped_table.hpp"

namespace ringside::harness {
namespace {

using results::ComparedCell;
using results::ComparedMetric;
using results::Contrast;
using results::Verdict;

constexpr const char* kNone = "–";

// --- texts --------------------------------------------------------------------------------------

std::string valueText(results::Unit unit, double value) {
  switch (unit) {
    case results::Unit::Ns:
      return formatNs(value);
    case results::Unit::Ms:
      return formatNs(1e6 * value);
    case results::Unit::S:
      return fmt::format("{:.3g} s", value);
    case results::Unit::Count:
    case results::Unit::PerS:
    case results::Unit::BytesPerS:
      break;
  }
  return value < 1 ? fmt::format("{:.3g}", value) : formatCount(value);
}

std::string ratioNumber(double ratio) {
  if (ratio >= 999.5) return formatCount(ratio);
  return ratio >= 0.0995 && ratio < 9.9995 ? fmt::format("{:.3f}", ratio)
                                           : fmt::format("{:.3g}", ratio);
}

/// An interval of too few repetitions says how little it covers: "0.500 [0.495–0.505; 90 %]".
bool coversLess(const std::optional<results::Ratio>& ratio) {
  return ratio && ratio->coverage > 0 && ratio->coverage < results::kCoverage;
}

std::string ratioText(const std::optional<results::Ratio>& ratio) {
  if (!ratio) return kNone;
  if (ratio->coverage == 0) return ratioNumber(ratio->estimate);
  constexpr double kRounding = 1e-9;
  const std::string covers =
      coversLess(ratio) ? fmt::format("; {:.0f} %", std::floor(100 * ratio->coverage + kRounding))
                        : "";
  return fmt::format("{} [{}–{}{}]", ratioNumber(ratio->estimate), ratioNumber(ratio->low),
                     ratioNumber(ratio->high), covers);
}

std::string multipleText(const std::optional<double>& over_floor) {
  if (!over_floor) return kNone;
  return *over_floor < 999.5 ? fmt::format("{:.3g}", *over_floor) : formatCount(*over_floor);
}

/// What the legend explains needs no words of its own.
bool isByInterval(const Contrast& contrast) {
  return contrast.ratio && contrast.ratio->coverage >= results::kCoverage;
}

/// Words that all of these have in front and behind make room: "… mitigations=off …".
std::vector<std::string> shortened(const std::vector<std::string>& values) {
  constexpr std::size_t kShort = 40;
  const auto longest = std::max_element(
      values.begin(), values.end(),
      [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  if (longest->size() <= kShort) return values;
  const std::string& first = values.front();
  std::size_t before = first.size();
  std::size_t behind = first.size();
  for (const std::string& value : values) {
    const auto front = std::mismatch(first.begin(), first.end(), value.begin(), value.end()).first;
    const auto back =
        std::mismatch(first.rbegin(), first.rend(), value.rbegin(), value.rend()).first;
    before = std::min(before, static_cast<std::size_t>(front - first.begin()));
    behind = std::min(behind, static_cast<std::size_t>(back - first.rbegin()));
  }
  const std::size_t word = first.rfind(' ', before);
  before = before == 0 || word == std::string::npos ? 0 : word + 1;
  std::vector<std::string> texts;
  for (const std::string& value : values) {
    const std::size_t kept = std::min(behind, value.size() - std::min(value.size(), before));
    std::size_t end = value.size() - kept;
    end = std::min(value.find(' ', end), value.size());
    texts.push_back(fmt::format("{}{}{}", before > 0 ? "… " : "",
                                value.substr(before, end - before),
                                end < value.size() ? " …" : ""));
  }
  return texts;
}

// --- above the tables ---------------------------------------------------------------------------

TextTable bundleTable(const CompareReport& report) {
  TextTable table({"", "bundle", "measured, UTC", "records"}, 3);
  for (const ComparedBundle& bundle : report.bundles) {
    const std::string time = bundle.facts.time();
    table.add({bundle.label, bundle.folder.string(), time.empty() ? kNone : time,
               std::to_string(bundle.records)});
  }
  return table;
}

TextTable differenceTable(const CompareReport& report) {
  Row headings = {"differs"};
  for (const ComparedBundle& bundle : report.bundles) headings.push_back(bundle.label);
  TextTable table(headings, headings.size());
  for (const Difference& difference : report.differences) {
    Row row = {difference.fact};
    for (std::string& value : shortened(difference.values)) {
      row.push_back(value.empty() ? kNone : std::move(value));
    }
    table.add(std::move(row));
  }
  return table;
}

/// Values that are too long to stand beside one another stand below one another.
std::string differenceText(const CompareReport& report, std::size_t columns) {
  const TextTable table = differenceTable(report);
  if (columns == 0 || table.width() <= columns) return table.allAligned();
  std::string text = "differs\n";
  for (const Difference& difference : report.differences) {
    text += difference.fact + "\n";
    const std::vector<std::string> values = shortened(difference.values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      text += wrapped(fmt::format("  {}  ", report.bundles[i].label),
                      values[i].empty() ? kNone : values[i], columns);
    }
  }
  return text;
}

/// Which sides are compared, where they are not the bundles; else empty.
std::string sidesText(const CompareReport& report) {
  if (report.request.by.empty()) return {};
  std::vector<std::string> names;
  for (const ComparedSide& side : report.sides) {
    names.push_back(side.label == side.name ? side.name
                                            : fmt::format("{} {}", side.label, side.name));
  }
  return fmt::format("by {}: {}; the first is the baseline", report.request.by,
                     fmt::join(names, ", "));
}

// --- the table ----------------------------------------------------------------------------------

/// Whether one of all contrasts is like that.
template <class IsSo>
bool anyContrast(const CompareReport& report, IsSo is_so) {
  for (const ComparedCell& cell : report.cells) {
    for (const ComparedMetric& metric : cell.metrics) {
      if (std::any_of(metric.contrasts.begin(), metric.contrasts.end(), is_so)) return true;
    }
  }
  return false;
}

/// Multiples are shown where a key or another machine asks for them and floors are known; the ratio
/// of them where the floors are not the same.
bool hasMultiples(const CompareReport& report) {
  const bool is_asked =
      !report.request.by.empty() ||
      std::any_of(report.sides.begin(), report.sides.end(), [](const ComparedSide& side) {
        return side.judging == results::Judging::RatiosOnly;
      });
  return is_asked && anyContrast(report, [](const Contrast& contrast) {
           return contrast.floor_ratio.has_value();
         });
}

bool haveFloorsThatDiffer(const CompareReport& report) {
  return anyContrast(report, [](const Contrast& contrast) {
    constexpr double kRounding = 1e-6;
    return contrast.ratio && contrast.floor_ratio &&
           std::abs(contrast.floor_ratio->estimate / contrast.ratio->estimate - 1) > kRounding;
  });
}

/// Rows of all cells, and where each cell begins.
class CellRows {
 public:
  CellRows(const CompareReport& report, Distributions distributions)
      : report_(report),
        has_multiples_(hasMultiples(report)),
        has_floor_ratios_(has_multiples_ && haveFloorsThatDiffer(report)),
        has_many_(report.sides.size() > 2),
        table_(headings()) {
    for (const ComparedCell& cell : report.cells) {
      if (isShared(cell)) addCell(cell, distributions);
    }
  }

  /// Left out for want of columns first: multiples, which the values and the floor say as well;
  /// then values, of which the ratio says how far apart they are.
  std::string aligned(const TableLook& look) {
    const std::string first = multipleHeading(report_.sides[0].label);
    const std::string second = multipleHeading(secondHeading());
    const std::string second_value = secondHeading();
    const std::array<const char*, 5> dispensable = {kFloorRatio, second.c_str(), first.c_str(),
                                                    report_.sides[0].label.c_str(),
                                                    second_value.c_str()};
    return table_.fitted(look, dispensable);
  }
  std::string markdown() const { return table_.markdown(); }

  static bool isShared(const ComparedCell& cell) {
    return std::any_of(cell.wholes.begin(), cell.wholes.end(), [](const results::Judgement& whole) {
      return whole.verdict != Verdict::Missing;
    });
  }

  const std::vector<std::string>& footnotes() const { return footnotes_; }
  const std::map<Verdict, std::uint64_t>& verdicts() const { return verdicts_; }
  std::uint64_t comparisons() const { return comparisons_; }
  bool showsMultiples() const { return has_multiples_; }
  /// Whether one of its intervals covers less than is asked for.
  bool showsLess() const { return shows_less_; }
  std::size_t cells() const { return table_.groups(); }

 private:
  static constexpr const char* kFloorRatio = "ratio of these";

  static std::string multipleHeading(const std::string& side) { return side + " ×floor"; }
  std::string secondHeading() const { return has_many_ ? "value" : report_.sides[1].label; }

  Row headings() const {
    const std::string& first = report_.sides[0].label;
    Row row = {"", first};
    if (has_many_) row.emplace_back("beside it");
    row.push_back(secondHeading());
    row.push_back(fmt::format("ratio to {}", first));
    if (has_multiples_) {
      row.push_back(multipleHeading(first));
      row.push_back(multipleHeading(secondHeading()));
    }
    if (has_floor_ratios_) row.emplace_back(kFloorRatio);
    row.emplace_back("verdict");
    return row;
  }

  void addCell(const ComparedCell& cell, Distributions distributions) {
    table_.begin(cell.name);
    for (const results::Judgement& whole : cell.wholes) {
      if (!whole.verdict) continue;
      table_.remark(fmt::format("{}: {}", toString(*whole.verdict), whole.reason));
    }
    addPlacements(cell);
    for (const ComparedMetric& metric : cell.metrics) addMetric(metric, Judged::Yes, cell);
    if (distributions == Distributions::Show) {
      for (const ComparedMetric& metric : cell.distribution) {
        if (isShown(metric)) addMetric(metric, Judged::No, cell);
      }
    }
  }

  /// Of cells of several machines that met in spite of their names.
  void addPlacements(const ComparedCell& cell) {
    if (report_.is_by_axis) return;
    const results::SideOfCell& there = cell.sides.front();
    for (std::size_t side = 1; side < report_.sides.size(); ++side) {
      const results::SideOfCell& here = cell.sides[side];
      if (there.isMissing() || here.isMissing() || here.placement == there.placement) continue;
      table_.remark(fmt::format("{}: its placement is {}, not {}; all else is the same cell",
                                report_.sides[side].label, here.placement, there.placement));
    }
  }

  /// Of the times that a workload is judged by, not of those that explain them.
  static bool isShown(const ComparedMetric& metric) {
    return std::any_of(kShownTimes.begin(), kShownTimes.end(), [&](const std::string_view shown) {
      return metric.name.starts_with(shown);
    });
  }

  enum class Judged { Yes, No };

  void addMetric(const ComparedMetric& metric, Judged judged, const ComparedCell& cell) {
    const auto valueOf = [&](std::size_t side) {
      return metric.values[side] ? valueText(metric.unit, metric.values[side]->median) : kNone;
    };
    bool is_first = true;
    for (std::size_t side = 1; side < report_.sides.size(); ++side) {
      const results::Judgement& whole = cell.wholes[side - 1];
      if (whole.verdict == Verdict::Missing) continue;
      const Contrast& contrast = metric.contrasts[side - 1];
      Row row = {is_first ? metric.name : "", is_first ? valueOf(0) : ""};
      if (has_many_) row.push_back(report_.sides[side].label);
      row.push_back(valueOf(side));
      row.push_back(ratioText(contrast.ratio));
      shows_less_ = shows_less_ || coversLess(contrast.ratio);
      if (has_multiples_) {
        row.push_back(is_first ? multipleText(metric.over_floor[0]) : "");
        row.push_back(multipleText(metric.over_floor[side]));
      }
      if (has_floor_ratios_) row.push_back(ratioText(contrast.floor_ratio));
      row.push_back(judged == Judged::Yes ? verdictText(contrast, whole) : "");
      table_.add(std::move(row));
      is_first = false;
    }
  }

  /// And counts it.
  std::string verdictText(const Contrast& contrast, const results::Judgement& whole) {
    ++comparisons_;
    if (!contrast.judgement.verdict) return "";
    ++verdicts_[*contrast.judgement.verdict];
    std::string text(toString(*contrast.judgement.verdict));
    if (whole.verdict || isByInterval(contrast)) return text;
    auto found = std::find(footnotes_.begin(), footnotes_.end(), contrast.judgement.reason);
    if (found == footnotes_.end()) found = footnotes_.insert(found, contrast.judgement.reason);
    return fmt::format("{} [{}]", text, found - footnotes_.begin() + 1);
  }

  static constexpr std::array<std::string_view, 3> kShownTimes = {"rtt_ns", "response_ns",
                                                                  "read_ns"};

  const CompareReport& report_;
  bool has_multiples_;
  bool has_floor_ratios_;
  bool has_many_;
  GroupedTable table_;
  std::vector<std::string> footnotes_;
  std::map<Verdict, std::uint64_t> verdicts_;
  std::uint64_t comparisons_ = 0;
  bool shows_less_ = false;
};

// --- below the tables ---------------------------------------------------------------------------

/// Cells that only one side has, or nobody measured, each with the reason.
std::vector<std::string> missingLines(const CompareReport& report) {
  std::vector<std::string> lines;
  for (const ComparedCell& cell : report.cells) {
    if (CellRows::isShared(cell)) continue;
    std::vector<std::string> reasons;
    for (const results::Judgement& whole : cell.wholes) {
      if (std::find(reasons.begin(), reasons.end(), whole.reason) == reasons.end()) {
        reasons.push_back(whole.reason);
      }
    }
    lines.push_back(fmt::format("{}: {}", cell.name, fmt::join(reasons, "; ")));
  }
  return lines;
}

std::string summaryLine(const CellRows& rows) {
  std::vector<std::string> counts;
  for (const Verdict verdict : {Verdict::Worse, Verdict::Better, Verdict::Same,
                                Verdict::Inconclusive, Verdict::Invalid, Verdict::Missing}) {
    const auto found = rows.verdicts().find(verdict);
    if (found == rows.verdicts().end()) continue;
    counts.push_back(fmt::format("{} {}", found->second, toString(verdict)));
  }
  return fmt::format(
      "{} of {}: {}", counted(rows.comparisons(), "comparison"), counted(rows.cells(), "cell"),
      counts.empty() ? "nothing is judged" : fmt::format("{}", fmt::join(counts, ", ")));
}

std::string legend(const CompareReport& report, const CellRows& rows) {
  const auto sentence = [](const std::string& words) { return wrapped("", words, kUsualColumns); };
  std::string text = sentence(fmt::format(
      "Values are medians over the repetitions. ratio: the median of all ratios of a repetition to "
      "one of {}, and the interval that holds the true one with {:.0f} %.",
      report.sides.front().label, 100 * results::kCoverage));
  if (rows.showsLess()) {
    text +=
        sentence("[…; 90 %]: of so few repetitions no interval does; this one holds it with 90 %.");
  }
  if (!rows.verdicts().empty()) {
    text += sentence(
        fmt::format("same: the whole interval lies within {:g} % of 1; better, worse: else on one "
                    "side of it; inconclusive: neither.",
                    report.request.margin_percent));
  }
  if (!rows.showsMultiples()) return text;
  return text +
         sentence(
             "×floor: times in hand-offs of a cache line between the CPUs of that machine, round "
             "trips in two; rates in messages within one.");
}

constexpr const char* kMissingTitle = "not in both, and not compared";

}  // namespace

std::string compareTable(const CompareReport& report, Distributions distributions,
                         const TableLook& look) {
  constexpr const char* kDispensable[] = {"records", "measured, UTC"};
  TextTable bundles = bundleTable(report);
  const std::vector<std::string> left_out = bundles.fitInto(look.columns, kDispensable);
  std::string text = bundles.allAligned() + leftOutText(left_out) + "\n";
  if (!report.differences.empty()) text += differenceText(report, look.columns) + "\n";
  if (report.differences.empty() && report.bundles.size() > 1) {
    text += "nothing that is known of machine and program differs\n\n";
  }
  if (const std::string sides = sidesText(report); !sides.empty()) {
    text += wrapped("", sides, look.columns) + "\n";
  }
  CellRows rows(report, distributions);
  text += rows.aligned(look);
  const std::vector<std::string> missing = missingLines(report);
  if (!missing.empty()) text += fmt::format("{}\n", kMissingTitle);
  for (const std::string& line : missing) text += wrapped("  ", line, look.columns);
  if (!missing.empty()) text += "\n";
  text += wrapped("", summaryLine(rows), look.columns);
  for (const std::string& note : report.notes) text += wrapped("- ", note, look.columns);
  std::size_t number = 0;
  for (const std::string& footnote : rows.footnotes()) {
    text += wrapped(fmt::format("[{}] ", ++number), footnote, look.columns);
  }
  return text + "\n" + legend(report, rows);
}

std::string compareMarkdown(const CompareReport& report, Distributions distributions) {
  std::string text = bundleTable(report).allMarkdown() + "\n";
  if (!report.differences.empty()) text += differenceTable(report).allMarkdown() + "\n";
  if (const std::string sides = sidesText(report); !sides.empty()) text += sides + "\n\n";
  const CellRows rows(report, distributions);
  text += rows.markdown();
  const std::vector<std::string> missing = missingLines(report);
  if (!missing.empty()) text += fmt::format("#### {}\n\n", kMissingTitle);
  for (const std::string& line : missing) text += fmt::format("- {}\n", line);
  if (!missing.empty()) text += "\n";
  text += summaryLine(rows) + "\n\n";
  for (const std::string& note : report.notes) text += fmt::format("- {}\n", note);
  if (!report.notes.empty()) text += "\n";
  std::size_t number = 0;
  for (const std::string& footnote : rows.footnotes()) {
    text += fmt::format("[{}] {}\n\n", ++number, footnote);
  }
  return text + legend(report, rows);
}

}  // namespace ringside::harness
