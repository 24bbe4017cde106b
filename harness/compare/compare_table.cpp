#include "harness/compare/compare_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "harness/compare/compare_overview.hpp"
#include "harness/compare/compare_texts.hpp"
#include "harness/compare/configurations_table.hpp"
#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/grouped_table.hpp"

namespace ringside::harness {
namespace {

using results::ComparedCell;
using results::ComparedMetric;
using results::Contrast;
using results::Verdict;

// --- texts --------------------------------------------------------------------------------------

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
  if (!ratio) return kNoValue;
  if (ratio->coverage == 0) return ratioNumber(ratio->estimate);
  constexpr double kRounding = 1e-9;
  const std::string covers =
      coversLess(ratio) ? fmt::format("; {:.0f} %", std::floor(100 * ratio->coverage + kRounding))
                        : "";
  return fmt::format("{} [{}–{}{}]", ratioNumber(ratio->estimate), ratioNumber(ratio->low),
                     ratioNumber(ratio->high), covers);
}

/// What the legend explains needs no words of its own.
bool isByInterval(const Contrast& contrast) {
  return contrast.ratio && contrast.ratio->coverage >= results::kCoverage;
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
      return metric.values[side] ? valueText(metric.unit, metric.values[side]->median) : kNoValue;
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

/// All that there is to say cell by cell. Beside many sides nobody reads it.
bool isCellByCell(const CompareReport& report) {
  constexpr std::size_t kMostSides = 9;
  return !report.configurations || report.sides.size() <= kMostSides;
}

constexpr const char* kNotCellByCell =
    "cell by cell is left out beside so many: name fewer bundles, or take --format json or csv";

std::string cellText(const CompareReport& report, Distributions distributions,
                     const TableLook& look) {
  CellRows rows(report, distributions);
  std::string text = rows.aligned(look);
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

std::string cellMarkdown(const CompareReport& report, Distributions distributions) {
  const CellRows rows(report, distributions);
  std::string text = rows.markdown();
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

}  // namespace

std::string compareTable(const CompareReport& report, Distributions distributions,
                         const TableLook& look) {
  std::string text = overviewText(report, look) + configurationsText(report, look);
  if (isCellByCell(report)) return text + cellText(report, distributions, look);
  if (!report.cells.empty()) text += wrapped("", kNotCellByCell, look.columns);
  for (const std::string& note : report.notes) text += wrapped("- ", note, look.columns);
  return text;
}

std::string compareMarkdown(const CompareReport& report, Distributions distributions) {
  std::string text = overviewMarkdown(report) + configurationsMarkdown(report);
  if (isCellByCell(report)) return text + cellMarkdown(report, distributions);
  if (!report.cells.empty()) text += fmt::format("{}\n\n", kNotCellByCell);
  for (const std::string& note : report.notes) text += fmt::format("- {}\n", note);
  return text;
}

}  // namespace ringside::harness
