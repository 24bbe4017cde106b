#include "harness/duet/drift_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/console.hpp"
#include "harness/duet/effect_text.hpp"
#include "harness/duet/folded_markdown.hpp"
#include "harness/grouped_table.hpp"
#include "results/json_number.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::numberOrNull;

std::string verdictText(const DriftReport& report, const Drifted& metric) {
  if (!report.judged) return "–";
  return metric.alarms ? "drift alarm" : "no verdict";
}

ordered_json toJson(const DriftReport& report, const Drifted& metric) {
  return {{"cell", metric.cell},
          {"metric", metric.metric},
          {"then", metric.then},
          {"now", metric.now},
          {"worse_by_percent", numberOrNull(percentOf(metric.effect))},
          {"lower_percent", numberOrNull(percentOf(metric.lower))},
          {"upper_percent", numberOrNull(percentOf(metric.upper))},
          {"canary_normalised_percent", numberOrNull(percentOf(metric.normalised))},
          {"gates", metric.gates},
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
  return table.fitted(look, kDispensable);
}

/// A list that is too long for a summary is only counted there.
std::string notesOf(const DriftReport& report, std::size_t most_bytes = std::string::npos) {
  std::string cells;
  for (const NotMeasured& one : report.not_measured) {
    cells += fmt::format("not measured: {}: {}\n", one.cell, one.reason);
  }
  for (const std::string& cell : report.only_then) cells += "only in the baseline: " + cell + "\n";
  for (const std::string& cell : report.only_now) cells += "only measured now: " + cell + "\n";
  if (cells.size() > most_bytes) cells = "cells that only one side has: see drift.json\n";
  for (const std::string& note : report.notes) cells += "note: " + note + "\n";
  return cells;
}

/// Of each metric a row; alarms first.
std::string markdownOf(const DriftReport& report, std::size_t most_bytes) {
  constexpr std::size_t kWords = 3;
  FoldedTable parts{
      .heading =
          fmt::format("### Ringside gate {}, stored baseline: {}\n\nBaseline {}, candidate {}.\n\n",
                      report.suite, driftSentence(report), report.baseline, report.candidate),
      .table = TextTable(
          {"verdict", "cell", "metric", "then", "now", "in canaries", "worse by", "interval"},
          kWords),
      .what_folds = "without an alarm",
      .below = notesOf(report, most_bytes / 4),
      .file_with_all = "drift.json"};
  for (const bool alarms : {true, false}) {
    for (const Drifted& metric : report.metrics) {
      if (metric.alarms != alarms) continue;
      parts.table.add(
          {verdictText(report, metric), metric.cell, metric.metric,
           valueText(metric.metric, metric.then), valueText(metric.metric, metric.now),
           effectText(metric.normalised), effectText(metric.effect),
           fmt::format("[{}, {}]", effectText(metric.lower), effectText(metric.upper))});
      ++parts.rows;
      parts.open += alarms || !report.judged ? 1 : 0;
    }
  }
  return foldedMarkdown(parts, most_bytes);
}

results::JunitSuite junitOf(const DriftReport& report) {
  using results::ExitCode;
  results::JunitSuite suite = newJunitSuite("gate", report.suite);
  suite.properties = {{"baseline", report.baseline},
                      {"candidate", report.candidate},
                      {"outcome", driftSentence(report)}};
  for (const Drifted& metric : report.metrics) {
    if (!metric.gates) continue;
    const ExitCode judged = metric.alarms ? ExitCode::Regression : ExitCode::Fine;
    suite.cases.push_back(junitCase(suite, metric.cell, metric.metric,
                                    report.judged ? judged : ExitCode::EverythingSkipped,
                                    driftReason(report, metric)));
  }
  for (const NotMeasured& one : report.not_measured) {
    suite.cases.push_back(junitCase(suite, one.cell, "not measured", one.code, one.reason));
  }
  return suite;
}

std::string annotationsOf(const DriftReport& report) {
  std::string lines;
  for (const Drifted& metric : report.metrics) {
    if (!report.judged || !metric.alarms) continue;
    lines += annotation(Weight::Error, fmt::format("{} {}: {}", metric.cell, metric.metric,
                                                   driftReason(report, metric)));
  }
  for (const NotMeasured& one : report.not_measured) {
    if (one.code == results::ExitCode::EverythingSkipped) continue;
    lines += annotation(Weight::Error, fmt::format("{}: {}", one.cell, one.reason));
  }
  return lines;
}

ordered_json toJson(const DriftReport& report, const std::vector<ordered_json>& rows) {
  ordered_json not_measured = ordered_json::array();
  for (const NotMeasured& one : report.not_measured) {
    not_measured.push_back({{"cell", one.cell}, {"reason", one.reason}});
  }
  return {{"schema", 1},
          {"suite", report.suite},
          {"baseline", report.baseline},
          {"candidate", report.candidate},
          {"exit_code", static_cast<int>(report.exitCode())},
          {"outcome", driftSentence(report)},
          {"bound_percent", percentOf(report.bound)},
          {"judged", report.judged},
          {"alarms", report.alarms()},
          {"metrics", rows},
          {"not_measured", not_measured},
          {"only_then", report.only_then},
          {"only_now", report.only_now},
          {"notes", report.notes}};
}

}  // namespace

std::string driftSentence(const DriftReport& report) {
  using results::ExitCode;
  const ExitCode code = report.exitCode();
  if (code != ExitCode::Fine && code != ExitCode::Regression) {
    return std::string(results::toString(code));
  }
  if (!report.judged) return "nothing is judged, both sides are shown";
  std::size_t gating = 0;
  std::size_t alarms = 0;
  for (const Drifted& metric : report.metrics) {
    gating += metric.gates ? 1 : 0;
    alarms += metric.alarms ? 1 : 0;
  }
  const std::string than = fmt::format("{} worse than the stored baseline by more than {:+.0f} %",
                                       counted(gating, "metric"), percentOf(report.bound));
  return alarms > 0 ? fmt::format("drift alarm: {} of {}", alarms, than)
                    : fmt::format("no alarm: none of {}", than);
}

std::string driftReason(const DriftReport& report, const Drifted& metric) {
  return fmt::format("worse by {} than the stored baseline; above {:+.0f} % is an alarm",
                     effectText(metric.effect, metric.lower, metric.upper),
                     percentOf(report.bound));
}

std::string renderDrift(const DriftReport& report, Format format, const TableLook& look) {
  std::vector<ordered_json> rows;
  for (const Drifted& metric : report.metrics) rows.push_back(toJson(report, metric));
  switch (format) {
    case Format::Json:
      return renderJson(toJson(report, rows));
    case Format::Csv:
      return renderCsv(rows);
    case Format::Markdown:
      return markdownOf(report, std::string::npos);
    case Format::Table:
      break;
  }
  return cellTable(report, look) + notesOf(report);
}

GateForms formsOf(const DriftReport& report) {
  return {.name = "drift",
          .json = renderDrift(report, Format::Json),
          .markdown = markdownOf(report, kMostSummaryBytes),
          .annotations = annotationsOf(report),
          .junit = junitOf(report)};
}

}  // namespace ringside::harness
