// Schema 1 of a line of the history, written and read.
#include <fmt/format.h>

#include "results/history.hpp"
#include "results/json_number.hpp"
#include "results/json_object.hpp"

namespace ringside::results {
namespace {

std::string_view toString(EntryKind kind) { return kind == EntryKind::Gate ? "gate" : "run"; }

Json finiteOrNull(const std::optional<double>& value) {
  return value ? numberOrNull(*value) : Json(nullptr);
}

Json toJson(const MeasuredCell& cell) {
  Json metrics = Json::object();
  for (const auto& [name, median] : cell.medians) metrics[name] = finiteOrNull(median);
  return {{"cell", cell.cell},
          {"ok", cell.status_counts.ok},
          {"failed", cell.status_counts.failed},
          {"invalid", cell.status_counts.invalid},
          {"skipped", cell.status_counts.skipped},
          {"clean", cell.is_clean ? Json(*cell.is_clean) : Json(nullptr)},
          {"metrics", std::move(metrics)}};
}

Json toJson(const JudgedMetric& judged) {
  return {{"cell", judged.cell},
          {"metric", judged.metric},
          {"verdict", judged.verdict},
          {"reason", judged.reason},
          {"gates", judged.gates},
          {"tested", judged.tested},
          {"estimate", finiteOrNull(judged.estimate)},
          {"lower", finiteOrNull(judged.lower)},
          {"upper", finiteOrNull(judged.upper)},
          {"detectable", finiteOrNull(judged.detectable)},
          {"baseline_median", finiteOrNull(judged.baseline_median)},
          {"candidate_median", finiteOrNull(judged.candidate_median)}};
}

template <class Part>
Json listOf(const std::vector<Part>& parts) {
  Json list = Json::array();
  for (const Part& part : parts) list.push_back(toJson(part));
  return list;
}

EntryKind readKind(const JsonObject& top) {
  std::string text;
  top.require("kind", text);
  if (text == "run") return EntryKind::Run;
  if (text != "gate") refuse("kind", text, "run or gate");
  return EntryKind::Gate;
}

MeasuredCell readCell(const Json& json) {
  const JsonObject object(json, "cells");
  MeasuredCell cell;
  object.require("cell", cell.cell);
  object.readInto("ok", cell.status_counts.ok);
  object.readInto("failed", cell.status_counts.failed);
  object.readInto("invalid", cell.status_counts.invalid);
  object.readInto("skipped", cell.status_counts.skipped);
  object.readInto("clean", cell.is_clean);
  const Json* metrics = object.find("metrics");
  if (metrics == nullptr) return cell;
  const JsonObject medians(*metrics, "cells.metrics");
  for (const auto& [name, value] : medians.items()) {
    if (!value.is_null()) cell.medians[name] = convert<double>(value, medians.nameOf(name));
  }
  return cell;
}

JudgedMetric readJudged(const Json& json) {
  const JsonObject object(json, "judged");
  JudgedMetric judged;
  object.require("cell", judged.cell);
  object.require("metric", judged.metric);
  object.require("verdict", judged.verdict);
  object.readInto("reason", judged.reason);
  object.readInto("gates", judged.gates);
  object.readInto("tested", judged.tested);
  object.readInto("estimate", judged.estimate);
  object.readInto("lower", judged.lower);
  object.readInto("upper", judged.upper);
  object.readInto("detectable", judged.detectable);
  object.readInto("baseline_median", judged.baseline_median);
  object.readInto("candidate_median", judged.candidate_median);
  return judged;
}

template <class Part>
std::vector<Part> readList(const JsonObject& top, const std::string& key,
                           Part (*readPart)(const Json&)) {
  std::vector<Part> parts;
  const Json* list = top.find(key);
  if (list == nullptr) return parts;
  if (!list->is_array()) refuse(key, *list, "a list");
  for (const Json& part : *list) parts.push_back(readPart(part));
  return parts;
}

}  // namespace

std::string toJson(const HistoryEntry& entry) {
  const Json json = {{"schema", kHistorySchema},
                     {"kind", toString(entry.kind)},
                     {"suite", entry.suite},
                     {"time_utc", entry.time_utc},
                     {"began_utc", entry.began_utc},
                     {"host", entry.host},
                     {"machine", entry.machine},
                     {"cpu", entry.cpu},
                     {"kernel", entry.kernel},
                     {"version", entry.version},
                     {"program_hash", entry.program_hash},
                     {"revision", entry.revision ? Json(*entry.revision) : Json(nullptr)},
                     {"bundle", entry.bundle},
                     {"exit_code", entry.exit_code},
                     {"cells", listOf(entry.cells)},
                     {"judged", listOf(entry.judged)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

HistoryEntry entryFromJson(std::string_view line) {
  const Json json = parseLine(line);
  const JsonObject top(json, "");
  checkSchema(top, kHistorySchema);
  HistoryEntry entry;
  entry.kind = readKind(top);
  top.require("suite", entry.suite);
  top.require("time_utc", entry.time_utc);
  top.require("machine", entry.machine);
  top.readInto("began_utc", entry.began_utc);
  top.readInto("host", entry.host);
  top.readInto("cpu", entry.cpu);
  top.readInto("kernel", entry.kernel);
  top.readInto("version", entry.version);
  top.readInto("program_hash", entry.program_hash);
  top.readInto("revision", entry.revision);
  top.readInto("bundle", entry.bundle);
  top.readInto("exit_code", entry.exit_code);
  entry.cells = readList(top, "cells", readCell);
  entry.judged = readList(top, "judged", readJudged);
  return entry;
}

}  // namespace ringside::results
