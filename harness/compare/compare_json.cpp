#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/compare/compare_table.hpp"
#include "harness/compare/configurations_json.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::ComparedCell;
using results::ComparedMetric;
using results::Contrast;
using results::SideOfCell;

constexpr int kSchema = 1;

ordered_json orNull(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json textOrNull(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

const char* nameOf(results::Better better) {
  return better == results::Better::Higher ? "higher" : "lower";
}

/// Keys of a ratio, all of them also where there is none.
void putRatio(ordered_json& json, const std::string& prefix,
              const std::optional<results::Ratio>& ratio) {
  json[prefix] = ratio ? ordered_json(ratio->estimate) : ordered_json(nullptr);
  const bool has_interval = ratio && ratio->coverage > 0;
  json[prefix + "_low"] = has_interval ? ordered_json(ratio->low) : ordered_json(nullptr);
  json[prefix + "_high"] = has_interval ? ordered_json(ratio->high) : ordered_json(nullptr);
  json[prefix + "_coverage"] = ratio ? ordered_json(ratio->coverage) : ordered_json(nullptr);
}

void putJudgement(ordered_json& json, const results::Judgement& judgement) {
  json["verdict"] =
      judgement.verdict ? ordered_json(toString(*judgement.verdict)) : ordered_json(nullptr);
  json["reason"] = textOrNull(judgement.reason);
}

ordered_json valueToJson(const CompareReport& report, const ComparedMetric& metric,
                         std::size_t side) {
  const std::optional<results::Spread>& value = metric.values[side];
  const auto part = [&](double results::Spread::*which) {
    return value ? ordered_json(*value.*which) : ordered_json(nullptr);
  };
  return {{"side", report.sides[side].label},
          {"median", part(&results::Spread::median)},
          {"lowest", part(&results::Spread::lowest)},
          {"highest", part(&results::Spread::highest)},
          {"repetitions", value ? value->repetitions : 0},
          {"over_floor", orNull(metric.over_floor[side])}};
}

ordered_json toJson(const CompareReport& report, const ComparedMetric& metric) {
  ordered_json json = {{"metric", metric.name},
                       {"unit", symbolOf(metric.unit)},
                       {"better", nameOf(metric.better)},
                       {"values", ordered_json::array()},
                       {"ratios", ordered_json::array()}};
  for (std::size_t side = 0; side < report.sides.size(); ++side) {
    json["values"].push_back(valueToJson(report, metric, side));
    if (side == 0) continue;
    const Contrast& contrast = metric.contrasts[side - 1];
    ordered_json ratio = {{"side", report.sides[side].label}};
    putRatio(ratio, "ratio", contrast.ratio);
    putRatio(ratio, "floor_ratio", contrast.floor_ratio);
    putJudgement(ratio, contrast.judgement);
    json["ratios"].push_back(std::move(ratio));
  }
  return json;
}

ordered_json toJson(const CompareReport& report, const ComparedCell& cell, std::size_t side) {
  const SideOfCell& here = cell.sides[side];
  ordered_json json = {{"side", report.sides[side].label},
                       {"ok", here.status_counts.ok},
                       {"failed", here.status_counts.failed},
                       {"invalid", here.status_counts.invalid},
                       {"skipped", here.status_counts.skipped},
                       {"first_reason", here.reason ? ordered_json(*here.reason) : nullptr},
                       {"notes", here.notes},
                       {"placement", textOrNull(here.placement)},
                       {"handoff_ns", orNull(here.handoff_ns)}};
  if (side > 0) putJudgement(json, cell.wholes[side - 1]);
  return json;
}

ordered_json toJson(const CompareReport& report, const ComparedCell& cell) {
  ordered_json json = {{"cell", cell.name},
                       {"workload", cell.workload},
                       {"sides", ordered_json::array()},
                       {"metrics", ordered_json::array()},
                       {"distribution", ordered_json::array()}};
  for (std::size_t side = 0; side < report.sides.size(); ++side) {
    json["sides"].push_back(toJson(report, cell, side));
  }
  for (const ComparedMetric& metric : cell.metrics) {
    json["metrics"].push_back(toJson(report, metric));
  }
  for (const ComparedMetric& metric : cell.distribution) {
    json["distribution"].push_back(toJson(report, metric));
  }
  return json;
}

ordered_json toJson(const ComparedBundle& bundle) {
  const std::optional<std::string>& machine = bundle.facts.machine();
  return {{"label", bundle.label},
          {"folder", bundle.folder.string()},
          {"time_utc", textOrNull(bundle.facts.time())},
          {"machine", machine ? ordered_json(*machine) : ordered_json(nullptr)},
          {"records", bundle.records}};
}

ordered_json sidesToJson(const CompareReport& report) {
  ordered_json list = ordered_json::array();
  for (const ComparedSide& side : report.sides) {
    ordered_json bundles = ordered_json::array();
    for (const std::size_t place : side.bundles) bundles.push_back(report.bundles[place].label);
    list.push_back({{"label", side.label},
                    {"name", side.name},
                    {"bundles", std::move(bundles)},
                    {"is_judged", side.judging == results::Judging::Verdicts}});
  }
  return list;
}

ordered_json differencesToJson(const CompareReport& report) {
  ordered_json list = ordered_json::array();
  for (const Difference& difference : report.differences) {
    ordered_json values = ordered_json::object();
    for (std::size_t i = 0; i < report.bundles.size(); ++i) {
      values[report.bundles[i].label] = textOrNull(difference.values[i]);
    }
    list.push_back({{"fact", difference.fact}, {"values", std::move(values)}});
  }
  return list;
}

/// One metric of one candidate.
ordered_json flatLine(const CompareReport& report, const ComparedCell& cell, std::size_t side,
                      const ComparedMetric* metric) {
  const auto medianOf = [&](std::size_t place) {
    const bool has_value = metric != nullptr && metric->values[place];
    return has_value ? ordered_json(metric->values[place]->median) : ordered_json(nullptr);
  };
  const auto repetitionsOf = [&](std::size_t place) -> std::uint32_t {
    return metric != nullptr && metric->values[place] ? metric->values[place]->repetitions : 0;
  };
  const auto multipleOf = [&](std::size_t place) {
    return metric != nullptr ? orNull(metric->over_floor[place]) : ordered_json(nullptr);
  };
  const Contrast contrast = metric != nullptr ? metric->contrasts[side - 1]
                                              : Contrast{.judgement = cell.wholes[side - 1]};
  ordered_json line = {
      {"cell", cell.name},
      {"metric", metric != nullptr ? ordered_json(metric->name) : ordered_json(nullptr)},
      {"unit", metric != nullptr ? ordered_json(symbolOf(metric->unit)) : ordered_json(nullptr)},
      {"better", metric != nullptr ? ordered_json(nameOf(metric->better)) : ordered_json(nullptr)},
      {"baseline", report.sides[0].name},
      {"candidate", report.sides[side].name},
      {"baseline_median", medianOf(0)},
      {"candidate_median", medianOf(side)},
      {"baseline_repetitions", repetitionsOf(0)},
      {"candidate_repetitions", repetitionsOf(side)}};
  putRatio(line, "ratio", contrast.ratio);
  line["baseline_over_floor"] = multipleOf(0);
  line["candidate_over_floor"] = multipleOf(side);
  putRatio(line, "floor_ratio", contrast.floor_ratio);
  putJudgement(line, contrast.judgement);
  const bool is_apart = report.sides[side].judging == results::Judging::RatiosOnly;
  line["confounded"] = textOrNull(is_apart ? kBetweenMachines : "");
  return line;
}

}  // namespace

std::string compareJson(const CompareReport& report) {
  ordered_json json = {
      {"schema", kSchema},
      {"by", textOrNull(report.request.by)},
      {"margin_percent", report.request.margin_percent},
      {"coverage", results::kCoverage},
      {"bundles", ordered_json::array()},
      {"differences", differencesToJson(report)},
      {"sides", sidesToJson(report)},
      {"cells", ordered_json::array()},
      {"notes", report.notes},
  };
  for (const ComparedBundle& bundle : report.bundles) json["bundles"].push_back(toJson(bundle));
  for (const ComparedCell& cell : report.cells) json["cells"].push_back(toJson(report, cell));
  std::string text = renderJson(json);
  text.resize(text.rfind('\n', text.rfind('}')));
  return fmt::format("{},\n  \"configurations\": {}\n}}\n", text, configurationsJson(report));
}

std::string compareCsv(const CompareReport& report, Distributions distributions) {
  if (report.cells.empty()) return configurationsCsv(report);
  std::vector<ordered_json> lines;
  for (const ComparedCell& cell : report.cells) {
    for (std::size_t side = 1; side < report.sides.size(); ++side) {
      if (cell.metrics.empty()) lines.push_back(flatLine(report, cell, side, nullptr));
      for (const ComparedMetric& metric : cell.metrics) {
        lines.push_back(flatLine(report, cell, side, &metric));
      }
      if (distributions == Distributions::Hide) continue;
      for (const ComparedMetric& metric : cell.distribution) {
        lines.push_back(flatLine(report, cell, side, &metric));
      }
    }
  }
  return renderCsv(lines);
}

std::string renderComparison(const CompareReport& report, Format format,
                             Distributions distributions, const TableLook& look) {
  switch (format) {
    case Format::Json:
      return compareJson(report);
    case Format::Csv:
      return compareCsv(report, distributions);
    case Format::Markdown:
      return compareMarkdown(report, distributions);
    case Format::Table:
      break;
  }
  return compareTable(report, distributions, look);
}

}  // namespace ringside::harness
