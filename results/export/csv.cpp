// A table with one row for each repetition, whatever came of it: when and where, the axes, what was
// obtained, the validation and the metrics. RFC 4180, in UTF-8; a field is empty where there is
// nothing. `time` and `commit` are as Otava wants them.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "results/export/cell_figures.hpp"
#include "results/record_json.hpp"

namespace ringside::results {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::map<std::string, std::string>;  // fields by column

/// Columns of `obtained` whose names the axes have too.
constexpr std::string_view kObtained = "obtained_";
/// Of each process: these stay in records.jsonl.
constexpr std::string_view kNested[] = {"workers", "parent"};

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
  return field + "\"";
}

/// Lists as words with blanks between them, objects as "0:17 1:4".
std::string fieldOf(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> words;
  for (const auto& [key, element] : value.items()) {
    words.push_back(value.is_object() ? fmt::format("{}:{}", key, fieldOf(element))
                                      : fieldOf(element));
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<std::string> keysOf(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

/// All that a record can have, in the order of schema 1.
std::vector<std::string> axesColumns() {
  Axes all;
  all.rate_per_s = 0;
  all.arrivals = all.percentile = "";
  all.seed = all.limit_ns = 0;
  return keysOf(axesToJson(all));
}

std::string obtainedColumn(const std::string& key) {
  if (key == "canary_ns") return key;
  const Json axes = axesToJson({});
  return axes.contains(key) ? fmt::format("{}{}", kObtained, key) : key;
}

std::vector<std::string> obtainedColumns() {
  std::vector<std::string> columns;
  for (const std::string& key : keysOf(obtainedToJson(Obtained{}))) {
    if (std::ranges::find(kNested, key) == std::end(kNested))
      columns.push_back(obtainedColumn(key));
  }
  return columns;
}

void append(std::vector<std::string>& columns, const std::vector<std::string>& more) {
  columns.insert(columns.end(), more.begin(), more.end());
}

class Csv final : public Exporter {
 public:
  explicit Csv(const ExportTerms& terms) : terms_(terms) {
    const RunFacts& facts = terms.facts;
    run_ = {{"time", fmt::format("{:%Y-%m-%d %H:%M:%S} +0000",
                                 fmt::gmtime(std::chrono::system_clock::to_time_t(facts.began)))},
            {"commit", facts.revision},
            {"host", facts.host},
            {"machine", facts.machine},
            {"ringside_version", facts.version}};
  }

  void add(const Record& record) override {
    Row& row = rows_.emplace_back(run_);
    row["suite"] = record.suite;
    row["cell"] = record.cell;
    row["repetition"] = std::to_string(record.repetition);
    row["status"] = toString(record.status);
    row["reason"] = record.reason.value_or("");
    row["notes"] = fmt::format("{}", fmt::join(record.notes, "; "));
    row["gives_up"] = record.gives_up;
    row["seconds"] = numberText(record.seconds);
    addFields(row, axesToJson(record.axes));
    addObtained(row, record);
    addFields(row, validationToJson(record.validation));
    addMetrics(row, record);
  }

  std::vector<ExportedFile> files() const override {
    const std::vector<std::string> columns = allColumns();
    std::string text = fmt::format("{}\n", fmt::join(columns, ","));
    for (const Row& row : rows_) {
      std::vector<std::string> fields;
      for (const std::string& column : columns) {
        const auto found = row.find(column);
        fields.push_back(found == row.end() ? "" : quoted(found->second));
      }
      text += fmt::format("{}\n", fmt::join(fields, ","));
    }
    return {{"records.csv", text}};
  }

 private:
  static std::string numberText(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : "";
  }

  static void addFields(Row& row, const Json& object) {
    for (const auto& [key, value] : object.items()) row[key] = fieldOf(value);
  }

  static void addObtained(Row& row, const Record& record) {
    const Json obtained = obtainedToJson(record.obtained);
    if (obtained.is_null()) return;
    for (const auto& [key, value] : obtained.items()) row[obtainedColumn(key)] = fieldOf(value);
  }

  void addMetrics(Row& row, const Record& record) {
    for (const Metric& metric : allMetrics()) {
      putMetric(row, std::string(metric.name), metricOf(record, metric.name));
    }
    for (const auto& [name, value] : record.metrics) putMetric(row, name, value);
  }

  void putMetric(Row& row, const std::string& name, std::optional<double> value) {
    if (!value || !terms_.wants(name)) return;
    if (findMetric(name) == nullptr && std::ranges::find(others_, name) == others_.end()) {
      others_.push_back(name);
    }
    row[name] = numberText(*value);
  }

  /// All axes and all of the validation, and the metrics that any record has.
  std::vector<std::string> allColumns() const {
    std::vector<std::string> columns = {"time",   "commit", "host",       "machine",
                                        "suite",  "cell",   "repetition", "status",
                                        "reason", "notes",  "gives_up"};
    append(columns, axesColumns());
    append(columns, obtainedColumns());
    append(columns, keysOf(validationToJson({})));
    columns.emplace_back("seconds");
    for (const Metric& metric : allMetrics()) {
      const std::string name(metric.name);
      if (std::ranges::any_of(rows_, [&](const Row& row) { return row.contains(name); })) {
        columns.push_back(name);
      }
    }
    append(columns, others_);
    columns.emplace_back("ringside_version");
    return columns;
  }

  ExportTerms terms_;
  Row run_;
  std::vector<Row> rows_;
  std::vector<std::string> others_;  // metrics that the table does not know
};

}  // namespace

std::unique_ptr<Exporter> makeCsv(const ExportTerms& terms) { return std::make_unique<Csv>(terms); }

}  // namespace ringside::results
