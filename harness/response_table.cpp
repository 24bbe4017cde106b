#include "harness/response_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/cell_variant.hpp"
#include "harness/format_numbers.hpp"
#include "harness/open_loop.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::CellSummary;

constexpr const char* kNone = "–";

/// What can be timed. Times from one CPU to another are no better than the clocks agree.
struct Timed {
  const char* metric;
  const char* words;
  bool one_way;
  const char* over_floor;  ///< metric; null: has no multiple of the floor
};
constexpr std::array kTimed = {Timed{"rtt_ns", "round trip", false, "rtt_over_floor"},
                               Timed{"one_way_ns", "one way", true, "one_way_over_floor"},
                               Timed{"response_ns", "response", true, "response_over_floor"},
                               Timed{"service_ns", "service", true, nullptr}};

struct Figure {
  const char* metric;
  double least_messages;  ///< with fewer it would be one of chance
};
constexpr std::array kFigures = {Figure{"p50", 1}, Figure{"p99", 100}, Figure{"p999", 1000},
                                 Figure{"p50_clean", 1}, Figure{"p99_clean", 100}};

std::optional<double> medianOf(const CellSummary& cell, const std::string& metric) {
  const auto found = cell.metrics.find(metric);
  if (found == cell.metrics.end()) return std::nullopt;
  return found->second.median;
}

std::string metricOf(const Timed& timed, const Figure& figure) {
  return fmt::format("{}_{}", timed.metric, figure.metric);
}

bool isTimed(const CellSummary& cell, const Timed& timed) {
  return medianOf(cell, fmt::format("{}_p50", timed.metric)).has_value() &&
         medianOf(cell, "disturbed_fraction").has_value();
}

std::string timeText(const CellSummary& cell, const Timed& timed, const Figure& figure) {
  const auto ns = medianOf(cell, metricOf(timed, figure));
  if (!ns || medianOf(cell, "messages").value_or(0) < figure.least_messages) return kNone;
  const auto bound = medianOf(cell, "clock_bound_ns");
  if (timed.one_way && bound && *ns < *bound) return "< " + formatNs(*bound);
  return formatNs(*ns);
}

std::string overFloorText(const CellSummary& cell, const Timed& timed) {
  if (timed.over_floor == nullptr) return kNone;
  const auto multiple = medianOf(cell, timed.over_floor);
  const auto floor_ns = medianOf(cell, "floor_ns");
  if (!multiple || !floor_ns) return kNone;
  const double bound = medianOf(cell, "clock_bound_ns").value_or(0) / *floor_ns;
  if (timed.one_way && *multiple < bound) return fmt::format("< {:.1f}", bound);
  return fmt::format("{:.1f}", *multiple);
}

std::string percentText(const CellSummary& cell, const char* metric) {
  const auto part = medianOf(cell, metric);
  return part ? fmt::format("{:.2g} %", *part * 100) : kNone;
}

std::string rateText(const CellSummary& cell) {
  if (const auto found = medianOf(cell, "slo_rate_per_s")) {
    return fmt::format("{} found", formatCount(*found));
  }
  if (!cell.axes.rate_per_s) return kNone;
  const std::string arrivals = arrivalsLabel(cell.axes);
  return formatCount(*cell.axes.rate_per_s) + (arrivals.empty() ? "" : " " + arrivals);
}

/// But for what "rate/s" says.
std::string otherAxes(const CellSummary& cell) {
  return variantOf(cell, {rateLabel(cell.axes), arrivalsLabel(cell.axes)});
}

std::string slowestBy(const CellSummary& cell) {
  const auto machine = medianOf(cell, "tail_is_machine");
  if (!machine) return kNone;
  return *machine >= 0.5 ? "machine" : "queue";
}

/// A row of the table.
struct Line {
  const CellSummary* cell;
  const Timed* timed;
};

struct Column {
  std::string heading;
  std::string (*text)(const Line&);
  bool always;  ///< else only where its cells differ
};

/// What tells one row from another.
const Column kNames[] = {
    {"queue", [](const Line& l) { return l.cell->axes.queue; }, true},
    {"time", [](const Line& l) { return std::string(l.timed->words); }, true},
    {"placement", [](const Line& l) { return l.cell->axes.placement; }, false},
    {"shape",
     [](const Line& l) {
       return fmt::format("{}p{}c", l.cell->axes.producers, l.cell->axes.consumers);
     },
     false},
    {"bytes", [](const Line& l) { return std::to_string(l.cell->axes.element_size_bytes); }, false},
    {"cap", [](const Line& l) { return std::to_string(l.cell->axes.capacity); }, false},
    {"rate/s", [](const Line& l) { return rateText(*l.cell); }, false},
    {"with", [](const Line& l) { return otherAxes(*l.cell); }, false},
};

/// What was found; without a column of nothing.
const Column kFound[] = {
    {"p50", [](const Line& l) { return timeText(*l.cell, *l.timed, kFigures[0]); }, true},
    {"p99", [](const Line& l) { return timeText(*l.cell, *l.timed, kFigures[1]); }, true},
    {"p99.9", [](const Line& l) { return timeText(*l.cell, *l.timed, kFigures[2]); }, true},
    {"p50*", [](const Line& l) { return timeText(*l.cell, *l.timed, kFigures[3]); }, true},
    {"p99*", [](const Line& l) { return timeText(*l.cell, *l.timed, kFigures[4]); }, true},
    {"×floor", [](const Line& l) { return overFloorText(*l.cell, *l.timed); }, false},
    {"dist.", [](const Line& l) { return percentText(*l.cell, "disturbed_fraction"); }, true},
    {"late", [](const Line& l) { return percentText(*l.cell, "late_fraction"); }, false},
    {"tail", [](const Line& l) { return slowestBy(*l.cell); }, true},
};
constexpr std::size_t kLeftAligned = 2;

/// What goes first where a terminal is too narrow.
constexpr const char* kDispensable[] = {"late", "p99.9", "dist.", "×floor", "p50*"};

std::vector<Line> linesOf(const std::vector<CellSummary>& cells) {
  std::vector<Line> lines;
  for (const CellSummary& cell : cells) {
    for (const Timed& timed : kTimed) {
      if (isTimed(cell, timed)) lines.push_back({&cell, &timed});
    }
  }
  return lines;
}

std::vector<Column> columnsFor(const std::vector<Line>& lines) {
  std::vector<Column> columns;
  for (const Column& column : kNames) {
    const bool varies = std::any_of(lines.begin(), lines.end(), [&](const Line& line) {
      return column.text(line) != column.text(lines.front());
    });
    if (column.always || varies) columns.push_back(column);
  }
  for (const Column& column : kFound) {
    const bool known = std::any_of(lines.begin(), lines.end(),
                                   [&](const Line& line) { return column.text(line) != kNone; });
    if (column.always || known) columns.push_back(column);
  }
  return columns;
}

TextTable tableOf(const std::vector<Line>& lines) {
  const std::vector<Column> columns = columnsFor(lines);
  Row headings;
  for (const Column& column : columns) headings.push_back(column.heading);
  TextTable table(std::move(headings), kLeftAligned);
  for (const Line& line : lines) {
    Row row;
    for (const Column& column : columns) row.push_back(column.text(line));
    table.add(std::move(row));
  }
  return table;
}

/// "± 85 ns", or the range of what the cells have; empty where no time goes from CPU to CPU.
std::string clockBounds(const std::vector<Line>& lines) {
  std::optional<double> least;
  std::optional<double> most;
  for (const Line& line : lines) {
    const auto bound = medianOf(*line.cell, "clock_bound_ns");
    if (!line.timed->one_way || !bound) continue;
    least = std::min(least.value_or(*bound), *bound);
    most = std::max(most.value_or(*bound), *bound);
  }
  if (!least) return "";
  const std::string low = "± " + formatNs(*least);
  const std::string high = "± " + formatNs(*most);
  return low == high ? low : low + " to " + high;
}

std::string legendFor(const std::vector<Line>& lines) {
  std::string text =
      "* without the messages that the machine disturbed; dist.: their part; late: the\n"
      "part sent over 1 µs after its time. tail: who makes p99 what it is: the machine,\n"
      "when p99* is less than half of it, or the queue.\n";
  const bool has_floor = std::any_of(lines.begin(), lines.end(), [](const Line& line) {
    return overFloorText(*line.cell, *line.timed) != kNone;
  });
  if (has_floor) text += "×floor: p50 over the hand-offs of a cache line that it takes at least.\n";
  const std::string bounds = clockBounds(lines);
  if (bounds.empty()) return text;
  return text + fmt::format(
                    "All but round trips go from one clock to another, and are known to {};\n"
                    "what is smaller stands as < that.\n",
                    bounds);
}

}  // namespace

std::string renderResponse(const std::vector<CellSummary>& cells, Format format,
                           const TableLook& look) {
  const std::vector<Line> lines = linesOf(cells);
  if (lines.empty()) return "";
  TextTable table = tableOf(lines);
  const std::string legend = legendFor(lines);
  if (format == Format::Markdown) {
    return fmt::format("\n### Times, and who made them\n\n{}\n{}", table.allMarkdown(), legend);
  }
  const std::vector<std::string> left_out = table.fitInto(look.columns, kDispensable);
  return fmt::format("\ntimes, and who made them\n{}\n{}{}", table.allAligned(), legend,
                     leftOutText(left_out));
}

void putResponse(const CellSummary& cell, ordered_json& json) {
  const auto put = [&](const std::string& metric) {
    const auto value = medianOf(cell, metric);
    json[metric] = value ? ordered_json(*value) : ordered_json(nullptr);
  };
  for (const Timed& timed : kTimed) {
    for (const Figure& figure : kFigures) {
      if (!json.contains(metricOf(timed, figure))) put(metricOf(timed, figure));
    }
  }
  for (const Timed& timed : kTimed) {
    if (timed.over_floor != nullptr && !json.contains(timed.over_floor)) put(timed.over_floor);
  }
  for (const char* metric : {"late_fraction", "disturbed_fraction", "tail_is_machine",
                             "clock_bound_ns", "slo_rate_per_s"}) {
    put(metric);
  }
}

}  // namespace ringside::harness
