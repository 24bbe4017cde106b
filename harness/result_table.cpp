#include "harness/result_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::CellSummary;

/// Why something in a row is not as asked, each reason once, numbered from 1.
class Footnotes {
 public:
  std::size_t number(const std::string& text) {
    const auto found = std::find(texts_.begin(), texts_.end(), text);
    if (found != texts_.end()) return static_cast<std::size_t>(found - texts_.begin()) + 1;
    texts_.push_back(text);
    return texts_.size();
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

std::string statusWord(const CellSummary& cell) {
  const results::StatusCounts& counts = cell.status_counts;
  if (counts.failed > 0) return "failed";
  if (counts.invalid > 0) return "invalid";
  return counts.skipped > 0 ? "skipped" : "ok";
}

const results::Spread* spreadOf(const CellSummary& cell, const char* metric) {
  const auto found = cell.metrics.find(metric);
  return found == cell.metrics.end() ? nullptr : &found->second;
}

/// One column: its heading and what people read in it.
struct Column {
  const char* heading;
  std::string (*text)(const CellSummary&);
};

constexpr char kRate[] = "messages_per_s";
constexpr char kRobust[] = "messages_per_s_robust";
constexpr char kFaults[] = "faults";
constexpr char kCpu[] = "cpu_s_per_million";
constexpr char kP50[] = "rtt_ns_p50";
constexpr char kP99[] = "rtt_ns_p99";
constexpr char kP999[] = "rtt_ns_p999";
constexpr char kMax[] = "rtt_ns_max";

/// A percentile says something only where some messages lie beyond it.
bool hasMessages(const CellSummary& cell, double least) {
  const results::Spread* messages = spreadOf(cell, "messages");
  return messages != nullptr && messages->lowest >= least;
}

std::string timeText(const CellSummary& cell, const char* metric, double least_messages) {
  const results::Spread* spread = spreadOf(cell, metric);
  if (spread == nullptr || !hasMessages(cell, least_messages)) return "–";
  return formatNs(std::string_view(metric) == kMax ? spread->highest : spread->median);
}

std::string rateText(const CellSummary& cell) {
  const results::Spread* spread = spreadOf(cell, kRate);
  return spread == nullptr ? statusWord(cell) : formatCount(spread->median);
}

std::string cpuText(const CellSummary& cell) {
  const results::Spread* spread = spreadOf(cell, kCpu);
  return spread == nullptr ? "–" : fmt::format("{:.3g}", spread->median);
}

std::string shapeOf(const CellSummary& cell) {
  return fmt::format("{}p{}c", cell.axes.producers, cell.axes.consumers);
}

std::string integrityText(const CellSummary& cell) {
  if (!cell.validation) return "–";
  const results::Validation& v = *cell.validation;
  return fmt::format("{}/{}/{}/{}", v.lost, v.duplicated, v.reordered, v.torn);
}

ordered_json integrityValue(const CellSummary& cell) {
  if (!cell.validation) return nullptr;
  const results::Validation& v = *cell.validation;
  return {{"sent", v.sent},           {"received", v.received},
          {"lost", v.lost},           {"duplicated", v.duplicated},
          {"reordered", v.reordered}, {"torn", v.torn}};
}

constexpr Column kColumns[] = {
    {"queue", [](const CellSummary& c) { return c.axes.queue; }},
    {"shape", shapeOf},
    {"bytes", [](const CellSummary& c) { return std::to_string(c.axes.element_size_bytes); }},
    {"cap", [](const CellSummary& c) { return std::to_string(c.axes.capacity); }},
    {"messages/s", rateText},
    {"p50", [](const CellSummary& c) { return timeText(c, kP50, 1); }},
    {"p99", [](const CellSummary& c) { return timeText(c, kP99, 100); }},
    {"p99.9", [](const CellSummary& c) { return timeText(c, kP999, 1000); }},
    {"max", [](const CellSummary& c) { return timeText(c, kMax, 1); }},
    {"cpu/M", cpuText},
    {"l/d/r/t", integrityText},
};
constexpr std::size_t kLeftAligned = 2;  // the first columns are words

std::string scenarioOf(const CellSummary& cell) {
  const std::size_t first = cell.cell.find('/');
  return cell.cell.substr(first + 1, cell.cell.find('/', first + 1) - first - 1);
}

/// What the cells of one scenario have in common stands above them, what differs in a footnote.
std::string headingOf(const std::vector<CellSummary>& cells, std::size_t first) {
  const CellSummary& cell = cells[first];
  bool same_placement = true;
  for (const CellSummary& other : cells) {
    if (scenarioOf(other) == scenarioOf(cell)) {
      same_placement &= other.axes.placement == cell.axes.placement;
    }
  }
  const std::string name = scenarioOf(cell);
  return fmt::format(
      "{}{}, {}{}", name, name == cell.axes.workload ? "" : " (" + cell.axes.workload + ")",
      counted(cell.repetitions, "repetition"), same_placement ? ", " + cell.axes.placement : "");
}

bool placementsVary(const std::vector<CellSummary>& cells) {
  return std::any_of(cells.begin(), cells.end(), [&](const CellSummary& cell) {
    return scenarioOf(cell) == scenarioOf(cells.front()) &&
           cell.axes.placement != cells.front().axes.placement;
  });
}

/// What sets a cell apart beside its columns: "mem=memfd locked". Of its name, which says whatever
/// is not the default: suite/scenario/queue/shape, and then the axes.
std::string variantOf(const CellSummary& cell) {
  constexpr int kPartsBeforeAxes = 4;
  std::istringstream parts(cell.cell);
  std::string variant;
  int number = 0;
  for (std::string part; std::getline(parts, part, '/'); ++number) {
    const bool has_column =
        part.starts_with("el=") || part.starts_with("cap=") || part == cell.axes.placement;
    if (number < kPartsBeforeAxes || has_column) continue;
    variant += (variant.empty() ? "" : " ") + part;
  }
  return variant;
}

bool anyVariant(const std::vector<CellSummary>& cells) {
  return std::any_of(cells.begin(), cells.end(),
                     [](const CellSummary& cell) { return !variantOf(cell).empty(); });
}

/// What in a row is not as one would expect, as numbers of footnotes.
std::string marksOf(const CellSummary& cell, Footnotes& footnotes) {
  std::vector<std::size_t> numbers;
  if (cell.first_reason) {
    const std::string prefix =
        cell.status_counts.ok > 0
            ? fmt::format("{} of {} repetitions {}: ", cell.repetitions - cell.status_counts.ok,
                          cell.repetitions, statusWord(cell))
            : statusWord(cell) + ": ";
    numbers.push_back(footnotes.number(prefix + *cell.first_reason));
  }
  for (const std::string& note : cell.notes) numbers.push_back(footnotes.number(note));
  if (numbers.empty()) return "";
  return fmt::format("[{}]", fmt::join(numbers, ","));
}

/// The rows, and what stands around them.
struct ResultTable {
  TextTable cells;
  std::vector<std::string> sections;  ///< the heading before a row, or empty
  std::vector<std::string> footnotes;
};

Row headings(bool with_placement, bool with_variant) {
  Row row;
  for (const Column& column : kColumns) row.emplace_back(column.heading);
  if (with_placement) row.insert(row.begin() + 1, "placement");
  if (with_variant) row.insert(row.begin() + 1, "with");
  row.emplace_back("");
  return row;
}

ResultTable makeTable(const std::vector<CellSummary>& cells) {
  const bool with_placement = placementsVary(cells);
  const bool with_variant = anyVariant(cells);
  const std::size_t words = kLeftAligned + (with_variant ? 1 : 0);
  ResultTable table{TextTable(headings(with_placement, with_variant), words), {}, {}};
  Footnotes footnotes;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    Row row;
    for (const Column& column : kColumns) row.push_back(column.text(cells[i]));
    if (with_placement) row.insert(row.begin() + 1, cells[i].axes.placement);
    if (with_variant) row.insert(row.begin() + 1, variantOf(cells[i]));
    row.push_back(marksOf(cells[i], footnotes));
    table.cells.add(std::move(row));
    const bool begins = i == 0 || scenarioOf(cells[i]) != scenarioOf(cells[i - 1]);
    table.sections.push_back(begins ? headingOf(cells, i) : "");
  }
  table.footnotes = footnotes.texts();
  return table;
}

constexpr const char* kLegend =
    "Medians over the repetitions; max is the highest of all. p50 to max: round trip.\n"
    "cpu/M: CPU seconds of all workers for a million messages.\n"
    "l/d/r/t: messages lost, duplicated, reordered, torn.";

std::string renderText(const ResultTable& table) {
  std::string text;
  for (std::size_t i = 0; i < table.sections.size(); ++i) {
    if (!table.sections[i].empty()) {
      text += (i == 0 ? "" : "\n") + table.sections[i] + "\n" + table.cells.alignedHeadings();
    }
    text += table.cells.aligned(i);
  }
  text += std::string("\n") + kLegend + "\n";
  for (std::size_t i = 0; i < table.footnotes.size(); ++i) {
    text += fmt::format("[{}] {}\n", i + 1, table.footnotes[i]);
  }
  return text;
}

std::string renderMarkdown(const ResultTable& table) {
  std::string text;
  for (std::size_t i = 0; i < table.sections.size(); ++i) {
    if (!table.sections[i].empty()) {
      text += fmt::format("{}### {}\n\n{}", i == 0 ? "" : "\n", table.sections[i],
                          table.cells.markdownHeadings());
    }
    text += table.cells.markdown(i);
  }
  text += fmt::format("\n{}\n", kLegend);
  for (std::size_t i = 0; i < table.footnotes.size(); ++i) {
    text += fmt::format("\n[{}] {}\n", i + 1, table.footnotes[i]);
  }
  return text;
}

ordered_json toJson(const CellSummary& cell) {
  ordered_json json = {
      {"cell", cell.cell},
      {"workload", cell.axes.workload},
      {"queue", cell.axes.queue},
      {"producers", cell.axes.producers},
      {"consumers", cell.axes.consumers},
      {"element_size_bytes", cell.axes.element_size_bytes},
      {"capacity", cell.axes.capacity},
      {"placement", cell.axes.placement},
      {"memory", cell.axes.memory},
      {"huge_pages", cell.axes.huge_pages},
      {"lock_memory", cell.axes.lock_memory},
      {"prefault", cell.axes.prefault},
      {"numa_node", cell.axes.numa_policy},
      {"wait", cell.axes.wait},
      {"batch", cell.axes.batch},
      {"validate", cell.axes.validate},
      {"status", statusWord(cell)},
      {"reason", cell.first_reason ? ordered_json(*cell.first_reason) : ordered_json(nullptr)},
      {"notes", cell.notes},
      {"repetitions", cell.repetitions}};
  for (const char* metric : {kRate, kRobust, kP50, kP99, kP999, kMax, kCpu, kFaults}) {
    const results::Spread* spread = spreadOf(cell, metric);
    const bool highest = std::string_view(metric) == kMax;
    json[metric] = spread == nullptr ? ordered_json(nullptr)
                                     : ordered_json(highest ? spread->highest : spread->median);
  }
  json["validation"] = integrityValue(cell);
  return json;
}

ordered_json toJson(const std::vector<CellSummary>& cells) {
  ordered_json list = ordered_json::array();
  for (const CellSummary& cell : cells) list.push_back(toJson(cell));
  return list;
}

/// One flat line a cell.
std::vector<ordered_json> toFlatJson(const std::vector<CellSummary>& cells) {
  std::vector<ordered_json> lines;
  for (const CellSummary& cell : cells) {
    ordered_json flat = toJson(cell);
    flat["notes"] = fmt::format("{}", fmt::join(cell.notes, "; "));
    const ordered_json counts = flat["validation"];
    flat.erase("validation");
    for (const char* name : {"sent", "received", "lost", "duplicated", "reordered", "torn"}) {
      flat[name] = counts.is_null() ? ordered_json(nullptr) : counts[name];
    }
    lines.push_back(std::move(flat));
  }
  return lines;
}

}  // namespace

std::string renderResults(const std::vector<CellSummary>& cells, Format format) {
  const bool for_people = format == Format::Table || format == Format::Markdown;
  if (cells.empty() && for_people) return "nothing was measured\n";
  switch (format) {
    case Format::Json:
      return renderJson(toJson(cells));
    case Format::Csv:
      return renderCsv(toFlatJson(cells));
    case Format::Markdown:
      return renderMarkdown(makeTable(cells));
    case Format::Table:
      break;
  }
  return renderText(makeTable(cells));
}

}  // namespace ringside::harness
