#include "harness/result_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/cell_variant.hpp"
#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/response_table.hpp"
#include "harness/sparkline.hpp"

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

const results::Spread* spreadOf(const CellSummary& cell, const std::string& metric) {
  const auto found = cell.metrics.find(metric);
  return found == cell.metrics.end() ? nullptr : &found->second;
}

/// What a cell is timed by: round trips, response times, or the reads of a snapshot.
const results::Spread* timeSpreadOf(const CellSummary& cell, const std::string& percentile) {
  for (const char* timed : {"rtt_ns_", "response_ns_", "read_ns_"}) {
    if (const auto* spread = spreadOf(cell, timed + percentile)) return spread;
  }
  return nullptr;
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
constexpr char kBytes[] = "bytes_per_s";
constexpr char kWrites[] = "writes_per_s";
constexpr char kP50[] = "p50";
constexpr char kP99[] = "p99";
constexpr char kP999[] = "p999";
constexpr char kMax[] = "max";
constexpr char kOverFloor[] = "rtt_over_floor";
constexpr char kReadP50[] = "read_ns_p50";
constexpr char kReadP99[] = "read_ns_p99";
constexpr char kReadP999[] = "read_ns_p999";
constexpr char kReadMax[] = "read_ns_max";

constexpr const char* kNone = "–";
constexpr const char* kShape = "shape";

/// A percentile says something only where some messages lie beyond it.
bool hasMessages(const CellSummary& cell, double least) {
  const results::Spread* messages = spreadOf(cell, "messages");
  return messages != nullptr && messages->lowest >= least;
}

std::string timeText(const CellSummary& cell, const char* metric, double least_messages) {
  const results::Spread* spread = timeSpreadOf(cell, metric);
  if (spread == nullptr || !hasMessages(cell, least_messages)) return kNone;
  return formatNs(std::string_view(metric) == kMax ? spread->highest : spread->median);
}

/// How many hand-offs of a cache line half a round trip lasts.
std::string floorText(const CellSummary& cell) {
  const results::Spread* spread = spreadOf(cell, kOverFloor);
  if (spread == nullptr) return kNone;
  return spread->median < 999.5 ? fmt::format("{:.1f}", spread->median)
                                : formatCount(spread->median);
}

std::string rateText(const CellSummary& cell) {
  const results::Spread* spread = spreadOf(cell, kRate);
  return spread == nullptr ? statusWord(cell) : formatCount(spread->median);
}

std::string countText(const CellSummary& cell, const char* metric) {
  const results::Spread* spread = spreadOf(cell, metric);
  return spread == nullptr ? kNone : formatCount(spread->median);
}

std::string cpuText(const CellSummary& cell) {
  const results::Spread* spread = spreadOf(cell, kCpu);
  return spread == nullptr ? kNone : fmt::format("{:.3g}", spread->median);
}

std::string shapeOf(const CellSummary& cell) {
  return fmt::format("{}p{}c", cell.axes.producers, cell.axes.consumers);
}

std::string integrityText(const CellSummary& cell) {
  if (!cell.validation) return kNone;
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
    {kShape, shapeOf},
    {"bytes", [](const CellSummary& c) { return std::to_string(c.axes.element_size_bytes); }},
    {"cap", [](const CellSummary& c) { return std::to_string(c.axes.capacity); }},
    {"msgs/s", rateText},
    {"p50", [](const CellSummary& c) { return timeText(c, kP50, 1); }},
    {"p99", [](const CellSummary& c) { return timeText(c, kP99, 100); }},
    {"p99.9", [](const CellSummary& c) { return timeText(c, kP999, 1000); }},
    {"max", [](const CellSummary& c) { return timeText(c, kMax, 1); }},
    {"×floor", floorText},
    {"cpu/M", cpuText},
    {"l/d/r/t", integrityText},
};
constexpr std::size_t kLeftAligned = 2;  // the first columns are words

/// Columns that are there when a cell has such a value, and what the legend says of them.
struct OptionalColumn {
  std::string_view heading;
  const char* legend;
};
constexpr OptionalColumn kOptionalColumns[] = {
    {"p50", "p50 to max: round trip, or response time where messages are paced.\n"},
    {"p99", ""},
    {"p99.9", ""},
    {"max", "max is the highest of all.\n"},
    {"×floor", "×floor: p50 over two hand-offs of a cache line between the two CPUs.\n"},
    {"cpu/M", "cpu/M: CPU seconds of all workers for a million messages.\n"},
};

const OptionalColumn* findOptional(std::string_view heading) {
  const auto* const found =
      std::find_if(std::begin(kOptionalColumns), std::end(kOptionalColumns),
                   [&](const OptionalColumn& column) { return column.heading == heading; });
  return found == std::end(kOptionalColumns) ? nullptr : found;
}

/// Columns after "msgs/s" that are there when a cell of this workload is.
struct WorkloadColumn {
  const char* workload;
  Column column;
};
constexpr WorkloadColumn kWorkloadColumns[] = {
    {"stream", {"bytes/s", [](const CellSummary& c) { return countText(c, kBytes); }}},
    {"snapshot", {"writes/s", [](const CellSummary& c) { return countText(c, kWrites); }}},
};

/// What goes first where a terminal is too narrow.
constexpr const char* kSpread = "spread";
constexpr const char* kDispensable[] = {"cpu/M", "max", "p99.9", kSpread, "×floor", "cap"};
constexpr std::size_t kSparklineColumns = 8;

/// All columns of a table of these cells.
std::vector<Column> columnsOf(const std::vector<CellSummary>& cells) {
  std::vector<Column> columns(std::begin(kColumns), std::end(kColumns));
  const auto rate = std::find_if(columns.begin(), columns.end(),
                                 [](const Column& column) { return column.text == rateText; });
  auto place = rate + 1;
  for (const WorkloadColumn& more : kWorkloadColumns) {
    const bool wanted = std::any_of(cells.begin(), cells.end(), [&](const CellSummary& cell) {
      return cell.axes.workload == more.workload;
    });
    if (wanted) place = columns.insert(place, more.column) + 1;
  }
  std::erase_if(columns, [&](const Column& column) {
    return findOptional(column.heading) != nullptr &&
           std::all_of(cells.begin(), cells.end(),
                       [&](const CellSummary& cell) { return column.text(cell) == kNone; });
  });
  return columns;
}

std::string scenarioOf(const CellSummary& cell) {
  const std::size_t first = cell.cell.find('/');
  return cell.cell.substr(first + 1, cell.cell.find('/', first + 1) - first - 1);
}

bool placementsVary(const std::vector<CellSummary>& cells) {
  return std::any_of(cells.begin(), cells.end(), [&](const CellSummary& cell) {
    return cell.axes.placement != cells.front().axes.placement;
  });
}

/// What the cells of one scenario have in common stands above them, what differs in a footnote.
std::string headingOf(const std::vector<CellSummary>& cells) {
  const CellSummary& cell = cells.front();
  const std::string name = scenarioOf(cell);
  return fmt::format("{}{}, {}{}", name,
                     name == cell.axes.workload ? "" : " (" + cell.axes.workload + ")",
                     counted(cell.repetitions, "repetition"),
                     placementsVary(cells) ? "" : ", " + cell.axes.placement);
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

/// The cells of one scenario.
struct Section {
  std::string heading;
  TextTable cells;
  std::string spread = {};  ///< what its sparklines span; empty: it has none

  std::vector<std::string> fitInto(std::size_t columns);
};

/// The tables, and what stands below them.
struct ResultTable {
  std::vector<Section> sections;
  std::vector<std::string> footnotes;
  std::string legend;
  std::vector<std::string> left_out = {};  ///< headings of columns

  void fitInto(std::size_t columns);
};

/// A shape that all cells have goes first, into the heading.
std::vector<std::string> Section::fitInto(std::size_t columns) {
  const auto shape = cells.sameInAllRows(kShape);
  std::vector<const char*> order(std::begin(kDispensable), std::end(kDispensable));
  if (shape) order.insert(order.begin(), kShape);
  std::vector<std::string> left_out = cells.fitInto(columns, order);
  if (std::erase(left_out, kShape) > 0) heading += ", " + *shape;
  if (std::find(left_out.begin(), left_out.end(), kSpread) != left_out.end()) spread.clear();
  return left_out;
}

void ResultTable::fitInto(std::size_t columns) {
  for (Section& section : sections) {
    for (const std::string& heading : section.fitInto(columns)) {
      const bool is_new = std::find(left_out.begin(), left_out.end(), heading) == left_out.end();
      if (is_new) left_out.push_back(heading);
    }
  }
}

Row headings(const std::vector<Column>& columns, bool with_placement, bool with_variant) {
  Row row;
  for (const Column& column : columns) row.emplace_back(column.heading);
  if (with_placement) row.insert(row.begin() + 1, "placement");
  if (with_variant) row.insert(row.begin() + 1, "with");
  row.emplace_back("");
  return row;
}

constexpr const char* kSpreadLegend =
    "\nspread: how many of the times lie where, on one logarithmic scale a table, the\n"
    "highest 0.1 % of all at its end.";
constexpr const char* kSnapshotLegend =
    "\nOf a snapshot, msgs/s are reads, and p50 to max is the time of one.";

bool isSnapshot(const CellSummary& cell) { return cell.axes.workload == "snapshot"; }

std::string legendOf(const std::vector<CellSummary>& cells, const std::vector<Column>& columns) {
  std::string legend = "Medians over the repetitions.\n";
  for (const Column& column : columns) {
    if (const OptionalColumn* optional = findOptional(column.heading)) legend += optional->legend;
  }
  legend += "l/d/r/t: messages lost, duplicated, reordered, torn.";
  if (std::any_of(cells.begin(), cells.end(), isSnapshot)) legend += kSnapshotLegend;
  return legend;
}

/// What a cell is timed by, as a form; null where nothing was timed.
const results::Outline* outlineOf(const CellSummary& cell) {
  for (const char* timed : {"rtt_ns", "response_ns", "read_ns"}) {
    const auto found = cell.outlines.find(timed);
    if (found != cell.outlines.end()) return &found->second;
  }
  return nullptr;
}

std::optional<SparklineScale> scaleOfRows(const std::vector<CellSummary>& cells) {
  std::vector<const results::Outline*> outlines;
  for (const CellSummary& cell : cells) {
    if (const results::Outline* outline = outlineOf(cell)) outlines.push_back(outline);
  }
  return scaleOf(outlines);
}

/// Behind a heading: what the sparklines below it span.
std::string spreadText(SparklineScale scale) {
  return fmt::format(", spread {} … {}", formatNs(results::Outline::lowestOf(scale.begin)),
                     formatNs(results::Outline::lowestOf(scale.end)));
}

std::string sparklineOf(const CellSummary& cell, SparklineScale scale) {
  const results::Outline* outline = outlineOf(cell);
  return outline == nullptr ? kNone : sparkline(*outline, scale, kSparklineColumns);
}

/// The columns of a section are those that its cells need.
Section sectionOf(const std::vector<CellSummary>& cells, Footnotes& footnotes,
                  const TableLook& look) {
  const bool with_placement = placementsVary(cells);
  const bool with_variant = anyVariant(cells);
  const std::size_t words = kLeftAligned + (with_variant ? 1 : 0);
  const std::vector<Column> columns = columnsOf(cells);
  const auto scale = look.sparklines ? scaleOfRows(cells) : std::nullopt;
  Row heading_row = headings(columns, with_placement, with_variant);
  if (scale) heading_row.insert(heading_row.end() - 1, kSpread);
  Section section{headingOf(cells), TextTable(std::move(heading_row), words),
                  scale ? spreadText(*scale) : ""};
  for (const CellSummary& cell : cells) {
    Row row;
    for (const Column& column : columns) row.push_back(column.text(cell));
    if (with_placement) row.insert(row.begin() + 1, cell.axes.placement);
    if (with_variant) row.insert(row.begin() + 1, variantOf(cell));
    if (scale) row.push_back(sparklineOf(cell, *scale));
    row.push_back(marksOf(cell, footnotes));
    section.cells.add(std::move(row));
  }
  return section;
}

ResultTable makeTable(const std::vector<CellSummary>& cells, const TableLook& look) {
  ResultTable table;
  Footnotes footnotes;
  for (auto begin = cells.begin(); begin != cells.end();) {
    const auto end = std::find_if(begin, cells.end(), [&](const CellSummary& cell) {
      return scenarioOf(cell) != scenarioOf(*begin);
    });
    table.sections.push_back(sectionOf({begin, end}, footnotes, look));
    begin = end;
  }
  table.footnotes = footnotes.texts();
  table.legend = legendOf(cells, columnsOf(cells));
  table.fitInto(look.columns);
  const bool any = std::any_of(table.sections.begin(), table.sections.end(),
                               [](const Section& section) { return !section.spread.empty(); });
  if (any) table.legend += kSpreadLegend;
  return table;
}

std::string renderText(const ResultTable& table, std::size_t columns) {
  std::string text;
  for (const Section& section : table.sections) {
    text += wrapped("", section.heading + section.spread, columns);
    text += section.cells.allAligned() + "\n";
  }
  text += table.legend + "\n" + leftOutText(table.left_out);
  for (std::size_t i = 0; i < table.footnotes.size(); ++i) {
    text += wrapped(fmt::format("[{}] ", i + 1), table.footnotes[i], columns);
  }
  return text;
}

std::string renderMarkdown(const ResultTable& table) {
  std::string text;
  for (const Section& section : table.sections) {
    text += fmt::format("### {}\n\n{}\n", section.heading, section.cells.allMarkdown());
  }
  text += table.legend + "\n";
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
      {"tuning", cell.axes.tuning},
      {"validate", cell.axes.validate},
      {"status", statusWord(cell)},
      {"reason", cell.first_reason ? ordered_json(*cell.first_reason) : ordered_json(nullptr)},
      {"notes", cell.notes},
      {"repetitions", cell.repetitions}};
  for (const char* metric :
       {kRate, kRobust, "rtt_ns_p50", "rtt_ns_p99", "rtt_ns_p999", "rtt_ns_max", kOverFloor, kCpu,
        kFaults, kBytes, kWrites, kReadP50, kReadP99, kReadP999, kReadMax}) {
    const results::Spread* spread = spreadOf(cell, metric);
    const bool highest = std::string_view(metric).ends_with("_max");
    json[metric] = spread == nullptr ? ordered_json(nullptr)
                                     : ordered_json(highest ? spread->highest : spread->median);
  }
  putResponse(cell, json);
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

std::string renderResults(const std::vector<CellSummary>& cells, Format format,
                          const TableLook& look) {
  const bool for_people = format == Format::Table || format == Format::Markdown;
  if (cells.empty() && for_people) return "nothing was measured\n";
  switch (format) {
    case Format::Json:
      return renderJson(toJson(cells));
    case Format::Csv:
      return renderCsv(toFlatJson(cells));
    case Format::Markdown:
      return renderMarkdown(makeTable(cells, {})) + renderResponse(cells, format);
    case Format::Table:
      break;
  }
  return renderText(makeTable(cells, look), look.columns) + renderResponse(cells, format, look);
}

}  // namespace ringside::harness
