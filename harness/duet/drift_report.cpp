// renderDrift(), of stored_baseline.hpp.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/duet/effect_text.hpp"
#include "harness/duet/stored_baseline.hpp"
#include "harness/grouped_table.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

std::string verdictText(const DriftReport& report, const Drifted& metric) {
  if (!report.judged) return "–";
  return metric.alarms ? "drift alarm" : "no verdict";
}

ordered_json toJson(const DriftReport& report, const Drifted& metric) {
  const auto number = [](double value) {
    return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
  };
  return {{"cell", metric.cell},
          {"metric", metric.metric},
          {"then", metric.then},
          {"now", metric.now},
          {"worse_by_percent", number(percentOf(metric.effect))},
          {"lower_percent", number(percentOf(metric.lower))},
          {"upper_percent", number(percentOf(metric.upper))},
          {"canary_normalised_percent", number(percentOf(metric.normalised))},
          {"verdict", verdictText(report, metric)}};
}

std::string cellTable(const DriftReport& report, const TableLook& look) {
  constexpr const char* kDispensable[] = {"in canaries", "then", "now"};
  GroupedTable table({"", "then", "now", "worse by", "in canaries", "verdict"});
  std::string cell;
  for (const Drifted& metric : report.metrics) {
    if (metric.cell != cell) table.begin(cell = metric.cell);
    table.add({metric.metric, valueText(metric.metric, metric.then),
               valueText(metric.metric, metric.now),
               effectText(metric.effect, metric.lower, metric.upper), effectText(metric.normalised),
               verdictText(report, metric)});
  }
  table.colour("verdict", toneOfVerdict, look.colour);
  const std::vector<std::string> left_out = table.fitInto(look.columns, kDispensable);
  return table.aligned() + leftOutText(left_out);
}

std::string notesOf(const DriftReport& report) {
  std::string text;
  for (const std::string& cell : report.only_then) text += "only in the baseline: " + cell + "\n";
  for (const std::string& cell : report.only_now) text += "only measured now: " + cell + "\n";
  for (const std::string& note : report.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace

std::string renderDrift(const DriftReport& report, Format format, const TableLook& look) {
  std::vector<ordered_json> rows;
  TextTable table(
      {"verdict", "cell", "metric", "then", "now", "worse by", "interval", "in canaries"}, 3);
  for (const Drifted& metric : report.metrics) {
    rows.push_back(toJson(report, metric));
    table.add({verdictText(report, metric), metric.cell, metric.metric,
               valueText(metric.metric, metric.then), valueText(metric.metric, metric.now),
               effectText(metric.effect),
               fmt::format("[{}, {}]", effectText(metric.lower), effectText(metric.upper)),
               effectText(metric.normalised)});
  }
  switch (format) {
    case Format::Json:
      return renderJson({{"schema", 1},
                         {"bound_percent", percentOf(report.bound)},
                         {"judged", report.judged},
                         {"alarms", report.alarms()},
                         {"metrics", rows},
                         {"only_then", report.only_then},
                         {"only_now", report.only_now},
                         {"notes", report.notes}});
    case Format::Csv:
      return renderCsv(rows);
    case Format::Markdown:
      return table.allMarkdown() + "\n" + notesOf(report);
    case Format::Table:
      break;
  }
  return cellTable(report, look) + notesOf(report);
}

}  // namespace ringside::harness
