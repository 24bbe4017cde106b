#include "harness/compare/configurations_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/text_table.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

ordered_json textOrNull(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

std::string textOf(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json namesOf(const CompareReport& report, const std::vector<std::size_t>& sides) {
  ordered_json names = ordered_json::array();
  for (const std::size_t side : sides) names.push_back(report.sides[side].name);
  return names;
}

ordered_json nameToJson(const CompareReport& report, const ComparedSide& side) {
  std::set<std::string> machines;
  for (const std::size_t bundle : side.bundles) {
    const std::optional<std::string>& machine = report.bundles[bundle].facts.machine();
    if (machine) machines.insert(*machine);
  }
  return {{"name", side.name},
          {"label", side.label},
          {"bundles", side.bundles.size()},
          {"machines", machines.size()},
          {"holds_days", side.runs > 1}};
}

ordered_json toJson(const CompareReport& report, const ConfigurationRow& row, std::size_t side) {
  const ConfigurationValue& value = row.values[side];
  ordered_json json = {{"configuration", report.sides[side].name},
                       {"median", value.absolute.median},
                       {"low", value.absolute.low},
                       {"high", value.absolute.high}};
  const auto multiple = [&](double results::BootstrapMedian::*which) {
    return value.over_floor ? ordered_json((*value.over_floor).*which) : ordered_json(nullptr);
  };
  json["over_floor"] = multiple(&results::BootstrapMedian::median);
  json["over_floor_low"] = multiple(&results::BootstrapMedian::low);
  json["over_floor_high"] = multiple(&results::BootstrapMedian::high);
  json["floor_ns"] = value.floor_ns ? ordered_json(*value.floor_ns) : ordered_json(nullptr);
  json["repetitions"] = value.repetitions;
  json["bundles"] = value.bundles;
  json["beaten_by"] = value.beaten_by;
  json["trouble"] = textOrNull(value.trouble);
  return json;
}

/// All but the values.
ordered_json headOf(const CompareReport& report, const ConfigurationRow& row) {
  const auto unlessBy = [&](const char* axis, ordered_json value) {
    return report.request.by == axis ? ordered_json(nullptr) : value;
  };
  const results::Axes& axes = row.axes;
  const bool is_by_shape = report.request.by == "producers" || report.request.by == "consumers";
  const std::string shape = fmt::format("{}p{}c", axes.producers, axes.consumers);
  return {{"question", row.question},
          {"metric", row.metric},
          {"unit", symbolOf(row.unit)},
          {"better", row.better == results::Better::Higher ? "higher" : "lower"},
          {"placement", textOrNull(row.placement)},
          {"cell", row.cell},
          {"workload", axes.workload},
          {"queue", unlessBy("queue", axes.queue)},
          {"shape", textOrNull(is_by_shape ? "" : shape)},
          {"element_size_bytes", unlessBy("element_size_bytes", axes.element_size_bytes)},
          {"capacity", unlessBy("capacity", axes.capacity)}};
}

ordered_json toJson(const CompareReport& report, const ConfigurationRow& row) {
  ordered_json json = headOf(report, row);
  json["values"] = ordered_json::array();
  for (std::size_t side = 0; side < row.values.size(); ++side) {
    json["values"].push_back(toJson(report, row, side));
  }
  ordered_json ranking = ordered_json::array();
  for (const std::vector<std::size_t>& place : row.ranking) {
    ranking.push_back(namesOf(report, place));
  }
  json["ranking"] = row.ranking.empty() ? ordered_json(nullptr) : std::move(ranking);
  json["why_not"] = textOrNull(row.why_not);
  json["not_ranked"] = ordered_json::array();
  for (const ConfigurationRow::NotRanked& one : row.not_ranked) {
    json["not_ranked"].push_back(
        {{"configuration", report.sides[one.side].name}, {"why", one.why}});
  }
  return json;
}

ordered_json toJson(const CompareReport& report, const NotInAll& left_out) {
  return {{"placement", textOrNull(left_out.placement)},
          {"cell", textOrNull(left_out.cell)},
          {"cells", left_out.cells},
          {"lacking", namesOf(report, left_out.lacking)},
          {"reason", textOrNull(left_out.reason)}};
}

/// One in a line: as many as these would fill the memory as a tree.
template <class Parts, class ToText>
std::string listOf(const Parts& parts, ToText to_text) {
  std::string text = "[";
  for (const auto& part : parts) {
    text += text.size() == 1 ? "\n    " : ",\n    ";
    text += to_text(part);
  }
  return text += "]";
}

/// Which place a side has, the best being 1.
ordered_json placeOf(const ConfigurationRow& row, std::size_t side) {
  for (std::size_t place = 0; place < row.ranking.size(); ++place) {
    if (std::ranges::find(row.ranking[place], side) != row.ranking[place].end()) return place + 1;
  }
  return nullptr;
}

/// One for each configuration.
std::vector<ordered_json> linesOf(const CompareReport& report, const ConfigurationRow& row) {
  std::vector<ordered_json> lines;
  for (std::size_t side = 0; side < row.values.size(); ++side) {
    ordered_json line = headOf(report, row);
    line.update(toJson(report, row, side));
    line["place"] = placeOf(row, side);
    line["confounded"] = textOrNull(report.configurations->label);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

std::string configurationsJson(const CompareReport& report) {
  if (!report.configurations) return "null";
  const Configurations& found = *report.configurations;
  const auto lines = [&](const auto& parts, auto to_json) {
    return listOf(parts, [&](const auto& part) { return textOf(to_json(part)); });
  };
  return fmt::format(
      "{{\n    \"by\": {},\n    \"label\": {},\n    \"coverage\": {},\n    \"names\": {},\n    "
      "\"rows\": {},\n    \"left_out\": {}\n  }}",
      textOf(report.request.by), textOf(textOrNull(found.label)), results::kCoverage,
      lines(report.sides, [&](const auto& side) { return nameToJson(report, side); }),
      lines(found.rows, [&](const auto& row) { return toJson(report, row); }),
      lines(found.left_out, [&](const auto& one) { return toJson(report, one); }));
}

std::string configurationsCsv(const CompareReport& report) {
  std::string text;
  if (!report.configurations) return text;
  for (const ConfigurationRow& row : report.configurations->rows) {
    const std::string lines = renderCsv(linesOf(report, row));
    text += text.empty() ? lines : lines.substr(lines.find('\n') + 1);
  }
  return text;
}

}  // namespace ringside::harness
