#include "harness/compare/configurations_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/compare/compare_overview.hpp"
#include "harness/compare/compare_texts.hpp"
#include "harness/console.hpp"
#include "harness/grouped_table.hpp"

namespace ringside::harness {
namespace {

constexpr std::size_t kMostCells = 20;  ///< of a question
constexpr std::size_t kMostSides = 8;   ///< all are shown
constexpr std::size_t kBestShown = 5;   ///< of more, and
constexpr std::size_t kLastShown = 2;   ///< of these

constexpr const char* kInterval = "95 % of it";
constexpr const char* kMultipleInterval = "95 % of that";

/// One question of the table.
struct Asked {
  const ConfigurationRow* first = nullptr;
  std::vector<const ConfigurationRow*> rows = {};
};

std::vector<Asked> askedOf(const Configurations& configurations) {
  std::vector<Asked> all;
  for (const ConfigurationRow& row : configurations.rows) {
    if (all.empty() || all.back().first->metric != row.metric) all.push_back({.first = &row});
    all.back().rows.push_back(&row);
  }
  return all;
}

/// Of each class as many as of the others, where not all are shown.
std::vector<const ConfigurationRow*> shownOf(const Asked& asked) {
  std::map<std::string, std::size_t> shown;
  for (const ConfigurationRow* row : asked.rows) shown.try_emplace(row->placement, 0);
  const std::size_t most = std::max<std::size_t>(1, kMostCells / shown.size());
  std::vector<const ConfigurationRow*> rows;
  for (const ConfigurationRow* row : asked.rows) {
    if (asked.rows.size() > kMostCells && shown[row->placement]++ >= most) continue;
    rows.push_back(row);
  }
  return rows;
}

/// The best first, and those that are not ranked behind the others.
std::vector<std::size_t> inOrder(const ConfigurationRow& row) {
  std::vector<std::size_t> sides;
  for (const std::vector<std::size_t>& place : row.ranking) {
    sides.insert(sides.end(), place.begin(), place.end());
  }
  const std::size_t ranked = sides.size();
  for (std::size_t side = 0; side < row.values.size(); ++side) {
    const auto end = sides.begin() + static_cast<std::ptrdiff_t>(ranked);
    if (std::find(sides.begin(), end, side) == end) sides.push_back(side);
  }
  const double sign = row.better == results::Better::Lower ? 1 : -1;
  std::stable_sort(sides.begin() + static_cast<std::ptrdiff_t>(ranked), sides.end(),
                   [&](std::size_t a, std::size_t b) {
                     return sign * row.values[a].absolute.median <
                            sign * row.values[b].absolute.median;
                   });
  return sides;
}

std::string placeText(const ConfigurationRow& row, std::size_t side) {
  for (std::size_t place = 0; place < row.ranking.size(); ++place) {
    if (std::ranges::find(row.ranking[place], side) == row.ranking[place].end()) continue;
    return std::to_string(place + 1);
  }
  return kNoValue;
}

class QuestionTable {
 public:
  QuestionTable(const CompareReport& report, const Asked& asked)
      : report_(report), asked_(asked), table_(headings()) {
    for (const ConfigurationRow* row : shownOf(asked)) addRow(*row);
  }

  std::string title() const {
    const ConfigurationRow& row = *asked_.first;
    return fmt::format("{}: {}, the {} the better", row.question, row.metric,
                       row.better == results::Better::Lower ? "less" : "more");
  }
  /// How many cells are not shown; else empty.
  std::string more() const {
    const std::size_t shown = table_.groups();
    if (shown == asked_.rows.size()) return {};
    return fmt::format("and {}: --cell PART chooses, --format json has all",
                       counted(asked_.rows.size() - shown, "more cell"));
  }

  std::string aligned(const TableLook& look) {
    const std::string first = fmt::format("{}\n{}", title(), table_.fitted(look, kDispensable));
    return more().empty() ? first : fmt::format("{}{}\n\n", first, more());
  }
  std::string markdown() const {
    const std::string behind = more().empty() ? "" : fmt::format("{}\n\n", more());
    return fmt::format("### {}\n\n{}{}", title(), table_.markdown(), behind);
  }

 private:
  static constexpr const char* kBeatenBy = "beaten by";
  static constexpr const char* kDispensable[] = {kBeatenBy, kMultipleInterval, "×floor", kInterval};

  bool hasFloors() const {
    return std::ranges::any_of(asked_.rows, [](const ConfigurationRow* row) {
      return std::ranges::any_of(
          row->values, [](const ConfigurationValue& value) { return !!value.over_floor; });
    });
  }

  bool hasMany() const { return report_.sides.size() > 2; }

  Row headings() const {
    Row row = {"", "median", kInterval};
    if (hasFloors()) row.insert(row.end(), {"×floor", kMultipleInterval});
    if (hasMany()) row.emplace_back(kBeatenBy);
    row.emplace_back("place");
    return row;
  }

  void addRow(const ConfigurationRow& row) {
    table_.begin(row.placement.empty() ? row.cell : fmt::format("{}: {}", row.placement, row.cell));
    if (!row.why_not.empty()) table_.remark(row.why_not);
    addNotRanked(row);
    const std::vector<std::size_t> sides = inOrder(row);
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const bool is_shown =
          sides.size() <= kMostSides || i < kBestShown || i >= sides.size() - kLastShown;
      if (is_shown) addSide(row, sides[i]);
      if (sides.size() > kMostSides && i == kBestShown) addGap(sides.size());
    }
  }

  void addNotRanked(const ConfigurationRow& row) {
    std::vector<std::string> texts;
    for (const ConfigurationRow::NotRanked& one : row.not_ranked) {
      texts.push_back(fmt::format("{} ({})", report_.sides[one.side].label, one.why));
    }
    constexpr std::size_t kMostReasons = 3;
    if (texts.empty()) return;
    table_.remark(fmt::format("not ranked: {}", namedText(texts, kMostReasons)));
  }

  void addSide(const ConfigurationRow& row, std::size_t side) {
    const ConfigurationValue& value = row.values[side];
    const auto number = [&](double of_it) { return valueText(row.unit, of_it); };
    Row texts = {report_.sides[side].label, number(value.absolute.median),
                 fmt::format("{}–{}", number(value.absolute.low), number(value.absolute.high))};
    if (hasFloors()) {
      const auto& over = value.over_floor;
      texts.push_back(multipleText(over ? std::optional(over->median) : std::nullopt));
      texts.push_back(over ? fmt::format("{}–{}", multipleText(over->low), multipleText(over->high))
                           : kNoValue);
    }
    if (hasMany()) texts.push_back(std::to_string(value.beaten_by));
    texts.push_back(placeText(row, side));
    table_.add(std::move(texts));
  }

  void addGap(std::size_t sides) {
    Row texts(headings().size());
    texts.front() = fmt::format("… {} others", sides - kBestShown - kLastShown);
    table_.add(std::move(texts));
  }

  const CompareReport& report_;
  const Asked& asked_;
  GroupedTable table_;
};

std::vector<std::string> labelsOf(const CompareReport& report,
                                  const std::vector<std::size_t>& sides) {
  std::vector<std::string> labels;
  for (const std::size_t side : sides) labels.push_back(report.sides[side].label);
  return labels;
}

/// Classes and cells that not all have, each with whose they are not and why.
std::vector<std::string> leftOutLines(const CompareReport& report) {
  std::vector<std::string> lines;
  for (const NotInAll& one : report.configurations->left_out) {
    if (lines.size() == kMostNamed) {
      lines.push_back(fmt::format("and {} more, which --format json names",
                                  report.configurations->left_out.size() - kMostNamed));
      break;
    }
    const std::string what =
        one.cell.empty()        ? fmt::format("{} ({})", one.placement, counted(one.cells, "cell"))
        : one.placement.empty() ? one.cell
                                : fmt::format("{}: {}", one.placement, one.cell);
    const std::string whose =
        one.lacking.size() == report.sides.size()
            ? "none has it"
            : fmt::format("not in {}", namedText(labelsOf(report, one.lacking)));
    lines.push_back(one.reason.empty() ? fmt::format("{}: {}", what, whose)
                                       : fmt::format("{}: {} ({})", what, whose, one.reason));
  }
  return lines;
}

constexpr const char* kLeftOutTitle = "not in all, and left out";

std::string headline(const CompareReport& report) {
  const std::string& label = report.configurations->label;
  return fmt::format("configurations by {}{}", report.request.by,
                     label.empty() ? ", of the same runs" : fmt::format("; {}", label));
}

/// What the figures say, and what they cannot.
std::vector<std::string> legendOf(const CompareReport& report) {
  std::vector<std::string> sentences = {
      fmt::format("median: of those of the runs. {}: percentiles of its bootstrap, runs resampled "
                  "first, repetitions within each then.",
                  kInterval)};
  const auto alone = static_cast<std::size_t>(
      std::ranges::count_if(report.sides, [](const ComparedSide& side) { return side.runs == 1; }));
  if (!report.is_by_axis && alone > 0) {
    sentences.push_back(
        fmt::format("Of one run, as of {}, it holds nothing of what differs between days: a "
                    "ranking then is of these runs.",
                    alone == report.sides.size() ? "all here" : counted(alone, "side")));
  }
  if (report.sides.size() > 2) {
    sentences.emplace_back("beaten by: how many others lie wholly on its better side.");
  }
  sentences.push_back(fmt::format(
      "place: those of one cannot be told apart, for their intervals overlap. It takes {} "
      "repetitions, and is no verdict: of 100 cells that are alike, some 1 to 3 part by chance.",
      kFewestForRanking));
  return sentences;
}

}  // namespace

std::string configurationsText(const CompareReport& report, const TableLook& look) {
  if (!report.configurations) return {};
  std::string text = wrapped("", headline(report), look.columns) + "\n";
  for (const Asked& asked : askedOf(*report.configurations)) {
    text += QuestionTable(report, asked).aligned(look);
  }
  const std::vector<std::string> left_out = leftOutLines(report);
  if (!left_out.empty()) text += fmt::format("{}\n", kLeftOutTitle);
  for (const std::string& line : left_out) text += wrapped("  ", line, look.columns);
  if (!left_out.empty()) text += "\n";
  if (report.configurations->rows.empty()) return text;
  for (const std::string& sentence : legendOf(report)) text += wrapped("", sentence, kUsualColumns);
  return text + "\n";
}

std::string configurationsMarkdown(const CompareReport& report) {
  if (!report.configurations) return {};
  std::string text = fmt::format("## {}\n\n", headline(report));
  for (const Asked& asked : askedOf(*report.configurations)) {
    text += QuestionTable(report, asked).markdown();
  }
  const std::vector<std::string> left_out = leftOutLines(report);
  if (!left_out.empty()) text += fmt::format("#### {}\n\n", kLeftOutTitle);
  for (const std::string& line : left_out) text += fmt::format("- {}\n", line);
  if (!left_out.empty()) text += "\n";
  if (report.configurations->rows.empty()) return text;
  for (const std::string& sentence : legendOf(report)) text += fmt::format("{}\n\n", sentence);
  return text;
}

}  // namespace ringside::harness
