// Google Benchmark's JSON, schema version 1, as its json_reporter writes it. One entry of the type
// "iteration" for each repetition of a cell, and one "aggregate" for each percentile; none of "cv",
// which some readers take for a time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <utility>

#include "results/export/cell_figures.hpp"
#include "results/json_number.hpp"

namespace ringside::results {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNsPerS = 1e9;
constexpr double kNsPerSecondPerMillion = 1e3;  // seconds for a million are 1000 ns for one
constexpr const char* kPercentiles[] = {"p50", "p90", "p99", "p999", "max"};
constexpr const char* kClean = "_clean";

std::optional<double> finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// What a message took: the median of its times, or else the time that each had on average.
std::optional<double> timeOf(const Record& record) {
  const std::string_view timed_by = timedBy(record);
  if (!timed_by.empty()) return finite(metricOf(record, fmt::format("{}_p50", timed_by)));
  for (const char* rate : {"messages_per_s", "slo_rate_per_s"}) {
    const auto per_s = finite(metricOf(record, rate));
    if (per_s && *per_s > 0) return kNsPerS / *per_s;
  }
  return std::nullopt;
}

/// As Google Benchmark has it, an entry without a measurement has zeros for times.
void putTimes(Json& entry, const Record& record, std::optional<double> time_ns) {
  const auto cpu_s = finite(metricOf(record, "cpu_s_per_million"));
  const double real_ns = time_ns.value_or(0);
  const double messages = time_ns ? finite(metricOf(record, "messages")).value_or(0) : 0;
  entry["iterations"] = static_cast<std::uint64_t>(std::max(messages, 0.0));
  entry["real_time"] = real_ns;
  entry["cpu_time"] = time_ns && cpu_s ? *cpu_s * kNsPerSecondPerMillion : real_ns;
  entry["time_unit"] = "ns";
}

void putCounter(Json& entry, const std::string& name, const std::optional<double>& value) {
  if (value) putNumber(entry, name, *value);
}

void putCounters(Json& entry, const Record& record) {
  const std::string_view timed_by = timedBy(record);
  for (const char* which : {"", kClean}) {
    for (const char* percentile : kPercentiles) {
      if (timed_by.empty()) break;
      putCounter(entry, fmt::format("{}{}_ns", percentile, which),
                 metricOf(record, fmt::format("{}_{}{}", timed_by, percentile, which)));
    }
  }
  putCounter(entry, "items_per_second", metricOf(record, "messages_per_s"));
  putCounter(entry, "msgs_per_second", metricOf(record, "messages_per_s"));
  putCounter(entry, "bytes_per_second", metricOf(record, "bytes_per_s"));
}

void putOutcome(Json& entry, const Record& record, bool has_time) {
  if (record.status == Status::Skipped) {
    entry["skipped"] = true;
    entry["skip_message"] = record.reason.value_or("");
  } else if (record.status != Status::Ok) {
    entry["error_occurred"] = true;
    entry["error_message"] = outcomeOf(record);
  } else if (!has_time) {
    entry["skipped"] = true;
    entry["skip_message"] = "it has neither times nor a rate";
  }
}

/// Where a cell stands: its scenario is the family.
struct Place {
  std::size_t family = 0;
  std::size_t instance = 0;
};

class Gbench final : public Exporter {
 public:
  explicit Gbench(const ExportTerms& terms) : terms_(terms) {}

  void add(const Record& record) override {
    summariser_.add(record);
    entries_[record.cell].push_back(iterationOf(record));
  }

  std::vector<ExportedFile> files() const override {
    Json benchmarks = Json::array();
    std::map<std::string, Place> families;
    for (const CellSummary& cell : summariser_.summaries()) {
      const auto next = families.size();
      Place& place = families.try_emplace(scenarioPathOf(cell.cell), Place{next, 0}).first->second;
      for (Json entry : entries_.at(cell.cell)) {
        benchmarks.push_back(settled(std::move(entry), place, cell));
      }
      for (const Figure& figure : figuresOf(cell, terms_)) {
        if (figure.metric->unit != Unit::Ns) continue;
        benchmarks.push_back(settled(aggregateOf(cell, figure), place, cell));
      }
      ++place.instance;
    }
    const Json document = {{"context", context()}, {"benchmarks", std::move(benchmarks)}};
    return {
        {"benchmark.json", document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"}};
  }

 private:
  /// What the entry begins with; settled() knows the rest.
  static Json beginning(const std::string& name, const std::string& cell, const char* run_type) {
    return {{"name", name},     {"family_index", 0},    {"per_family_instance_index", 0},
            {"run_name", cell}, {"run_type", run_type}, {"repetitions", 0}};
  }

  static Json settled(Json entry, const Place& place, const CellSummary& cell) {
    entry["family_index"] = place.family;
    entry["per_family_instance_index"] = place.instance;
    entry["repetitions"] = cell.repetitions;
    return entry;
  }

  static Json iterationOf(const Record& record) {
    Json entry = beginning(record.cell, record.cell, "iteration");
    entry["repetition_index"] = record.repetition;
    entry["threads"] = record.axes.producers + record.axes.consumers;
    const bool is_ok = record.status == Status::Ok;
    const auto time_ns = is_ok ? timeOf(record) : std::nullopt;
    putOutcome(entry, record, time_ns.has_value());
    putTimes(entry, record, time_ns);
    if (time_ns) putCounters(entry, record);
    if (!record.notes.empty()) entry["label"] = fmt::format("{}", fmt::join(record.notes, "; "));
    return entry;
  }

  static Json aggregateOf(const CellSummary& cell, const Figure& figure) {
    Json entry = beginning(cell.cell + "/" + figure.short_name, cell.cell, "aggregate");
    entry["threads"] = cell.axes.producers + cell.axes.consumers;
    entry["aggregate_name"] = figure.short_name;
    entry["aggregate_unit"] = "time";
    entry["iterations"] = figure.spread.repetitions;
    entry["real_time"] = figure.spread.median;
    entry["cpu_time"] = figure.spread.median;
    entry["time_unit"] = "ns";
    return entry;
  }

  Json context() const {
    const RunFacts& facts = terms_.facts;
    Json context = {{"date", isoTime(facts.began)},
                    {"host_name", facts.host},
                    {"executable", "ringside"},
                    {"num_cpus", facts.cpus},
                    {"mhz_per_cpu", std::llround(facts.mhz)}};
    if (!facts.governor.empty()) context["cpu_scaling_enabled"] = facts.governor != "performance";
    context["caches"] = Json::array();
    context["load_avg"] = facts.load;
    context["library_version"] = facts.version;
    context["library_build_type"] = facts.build.starts_with("Debug") ? "debug" : "release";
    context["json_schema_version"] = 1;
    const std::pair<const char*, const std::string&> custom[] = {
        {"ringside_bundle", facts.bundle},
        {"ringside_revision", facts.revision},
        {"ringside_machine", facts.machine},
        {"cpu_model", facts.cpu},
        {"kernel", facts.kernel}};
    for (const auto& [key, value] : custom) {
      if (!value.empty()) context[key] = value;
    }
    return context;
  }

  ExportTerms terms_;
  Summariser summariser_;
  std::map<std::string, std::vector<Json>> entries_;  // by cell
};

}  // namespace

std::unique_ptr<Exporter> makeGbench(const ExportTerms& terms) {
  return std::make_unique<Gbench>(terms);
}

}  // namespace ringside::results
