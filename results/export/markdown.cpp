// A comment for a pull request: one row for each cell, then what was not ok. Never longer than such
// a comment may be; what did not fit is counted in its last line.
#include <fmt/format.h>

#include <algorithm>

#include "results/export/cell_figures.hpp"

namespace ringside::results {
namespace {

/// GitHub takes 64 KiB, and what a user writes around it must fit too.
constexpr std::size_t kLongest = 60 * 1024;
constexpr std::size_t kLongestReasons = 12 * 1024;
constexpr double kMillion = 1e6;

/// In a cell of the table: one line, and no markup of its own.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '|':
      case '`':
      case '*':
      case '[':
        safe += std::string("\\") + c;
        break;
      case '<':
        safe += "&lt;";
        break;
      case '\n':
      case '\r':
        safe += ' ';
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// Where nothing else may be escaped, between backticks.
std::string inTable(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '|' ? "\\|" : std::string(1, c);
  return safe;
}

std::string statusText(const CellSummary& cell) {
  const StatusCounts& counts = cell.status_counts;
  std::string text = std::to_string(counts.ok);
  for (const auto& [count, word] : {std::pair{counts.failed, "failed"},
                                    {counts.invalid, "invalid"},
                                    {counts.skipped, "skipped"}}) {
    if (count > 0) text += fmt::format(", {} {}", count, word);
  }
  return text;
}

std::string integrityText(const CellSummary& cell) {
  if (!cell.validation) return "";
  const Validation& v = *cell.validation;
  return fmt::format("{}/{}/{}/{}", v.lost, v.duplicated, v.reordered, v.torn);
}

/// Four digits, or all in front of the point.
std::string numberText(double value) {
  constexpr double kFourDigits = 1000;
  return value < kFourDigits ? fmt::format("{:.4g}", value) : fmt::format("{:.0f}", value);
}

/// The median, with how far the repetitions reached.
std::string spreadText(const CellSummary& cell, const std::string& metric, double unit) {
  const auto found = cell.metrics.find(metric);
  if (found == cell.metrics.end()) return "";
  const Spread& spread = found->second;
  if (spread.repetitions == 1) return numberText(spread.median / unit);
  return fmt::format("{} ({} to {})", numberText(spread.median / unit),
                     numberText(spread.lowest / unit), numberText(spread.highest / unit));
}

std::string medianText(const CellSummary& cell, const std::string& metric) {
  const auto found = cell.metrics.find(metric);
  return found == cell.metrics.end() ? "" : numberText(found->second.median);
}

/// A list that ends where there is no more room for it.
class Limited {
 public:
  explicit Limited(std::size_t room) : room_(room) {}

  void add(const std::string& line) {
    const bool fits = left_out_ == 0 && text_.size() + line.size() <= room_;
    if (fits) text_ += line;
    left_out_ += fits ? 0 : 1;
  }

  bool isEmpty() const { return text_.empty() && left_out_ == 0; }
  /// With what was left out in a line of its own.
  std::string text(std::string_view what) const {
    if (left_out_ == 0) return text_;
    return text_ + fmt::format("\n{} more {} left out: there is no room.\n", left_out_, what);
  }

 private:
  std::size_t room_;
  std::string text_;
  std::uint64_t left_out_ = 0;
};

class Markdown final : public Exporter {
 public:
  explicit Markdown(const ExportTerms& terms) : terms_(terms) {}

  void add(const Record& record) override {
    if (suite_.empty()) suite_ = record.suite;
    ++records_;
    ok_ += record.status == Status::Ok ? 1 : 0;
    if (record.status != Status::Ok) {
      reasons_.add(fmt::format("- `{}`, repetition {}: {}\n", record.cell, record.repetition,
                               escaped(outcomeOf(record))));
    }
    summariser_.add(record);
  }

  std::vector<ExportedFile> files() const override {
    const std::vector<CellSummary> cells = summariser_.summaries();
    std::string text = beginning(cells.size());
    const std::string end = reasonsText();
    Limited rows(kLongest - text.size() - end.size() - kRoomForCount);
    for (const CellSummary& cell : cells) rows.add(rowOf(cell));
    text += headings() + rows.text("cells") + end;
    return {{"summary.md", text}};
  }

 private:
  static constexpr std::size_t kRoomForCount = 1024;  // and for the headings

  std::string beginning(std::size_t cells) const {
    const RunFacts& facts = terms_.facts;
    return fmt::format(
        "### {}: {} of {} repetitions ok, {} cell{}\n\n{}, {}, {}; ringside {}, {}.\n"
        "Medians over the repetitions, in brackets the lowest and the highest; times in ns.\n\n",
        escaped(suite_), ok_, records_, cells, cells == 1 ? "" : "s", escaped(facts.host),
        escaped(facts.cpu), isoTime(facts.began), facts.version,
        facts.revision.empty() ? "no revision" : escaped(facts.revision));
  }

  std::string headings() const {
    std::string names = "| cell | repetitions | ";
    std::string rule = "| :-- | :-- | ";
    for (const std::string& column : columns()) {
      names += column + " | ";
      rule += "--: | ";
    }
    names += "lost/dup./reord./torn |\n";
    return names + rule + ":-- |\n";
  }

  std::vector<std::string> columns() const {
    if (terms_.only.empty()) return {"M msgs/s", "p50", "p99", "p99.9", "max"};
    std::vector<std::string> names;
    for (const std::string& name : terms_.only) {
      const Metric* metric = findMetric(name);
      const std::string_view unit = metric == nullptr ? "" : symbolOf(metric->unit);
      names.push_back(unit.empty() ? name : fmt::format("{}, {}", name, unit));
    }
    return names;
  }

  std::vector<std::string> valuesOf(const CellSummary& cell) const {
    std::vector<std::string> values;
    for (const std::string& name : terms_.only) values.push_back(spreadText(cell, name, 1));
    if (!terms_.only.empty()) return values;
    const std::string timed_by(timedBy(cell));
    return {spreadText(cell, "messages_per_s", kMillion), spreadText(cell, timed_by + "_p50", 1),
            spreadText(cell, timed_by + "_p99", 1), medianText(cell, timed_by + "_p999"),
            medianText(cell, timed_by + "_max")};
  }

  std::string rowOf(const CellSummary& cell) const {
    std::string row = fmt::format("| `{}` | {} | ", inTable(cell.cell), statusText(cell));
    for (const std::string& value : valuesOf(cell)) row += value + " | ";
    return row + integrityText(cell) + " |\n";
  }

  std::string reasonsText() const {
    if (reasons_.isEmpty()) return "";
    return fmt::format("\n<details><summary>{} not ok</summary>\n\n{}\n</details>\n",
                       records_ - ok_, reasons_.text("repetitions"));
  }

  ExportTerms terms_;
  Summariser summariser_;
  std::string suite_;
  std::uint64_t records_ = 0;
  std::uint64_t ok_ = 0;
  Limited reasons_{kLongestReasons};
};

}  // namespace

std::unique_ptr<Exporter> makeMarkdown(const ExportTerms& terms) {
  return std::make_unique<Markdown>(terms);
}

}  // namespace ringside::results
