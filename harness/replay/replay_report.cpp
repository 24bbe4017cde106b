#include "harness/replay/replay_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/compare/compare_texts.hpp"
#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/text_table.hpp"
#include "results/metrics.hpp"
#include "results/summary.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::Record;

constexpr const char* kNone = "–";

/// A metric that both have.
struct Pair {
  const results::Metric* metric = nullptr;
  double then = 0;
  results::Spread now;

  /// Now to then, of the median; nullopt where then was 0.
  std::optional<double> ratio() const {
    const double quotient = now.median / then;
    return std::isfinite(quotient) ? std::optional(quotient) : std::nullopt;
  }
};

std::vector<Pair> pairsOf(const ReplayOutcome& outcome) {
  std::vector<Pair> pairs;
  for (const results::Metric& metric : results::allMetrics()) {
    const std::optional<double> then = results::metricOf(outcome.then.record, metric.name);
    std::vector<double> values;
    for (const Record& record : outcome.now) {
      if (const auto value = results::metricOf(record, metric.name)) values.push_back(*value);
    }
    if (!then || values.empty()) continue;
    pairs.push_back({&metric, *then, results::spreadOf(std::move(values))});
  }
  return pairs;
}

/// What a difference between both proves.
std::string caution(const ReplayOutcome& outcome) {
  return fmt::format(
      "{} says nothing about better or worse; that takes `ringside compare` or "
      "`ringside gate`",
      outcome.now.size() > 1 ? "one repetition of then" : "one repetition each");
}

// --- for people ---------------------------------------------------------------------------------

std::string figureText(results::Unit unit, double value) {
  if (unit == results::Unit::PerS) return formatCount(value) + "/s";
  if (unit == results::Unit::BytesPerS) return formatBytes(value) + "/s";
  return valueText(unit, value);
}

std::string ratioText(const Pair& pair) {
  const std::optional<double> ratio = pair.ratio();
  return ratio ? fmt::format("{:.3g}", *ratio) : kNone;
}

std::string cpusText(const results::Obtained& obtained) {
  return fmt::format("CPUs of producers {}, of consumers {}",
                     fmt::join(obtained.producer_cpus, ","),
                     fmt::join(obtained.consumer_cpus, ","));
}

std::string countsText(const Record& record) {
  if (!record.validation) return "nothing was checked";
  const results::Validation& v = *record.validation;
  return fmt::format("{} sent: {} lost, {} duplicated, {} reordered, {} torn", v.sent, v.lost,
                     v.duplicated, v.reordered, v.torn);
}

/// "failed: integrity …; CPUs of producers 0, of consumers 1; 61000 sent: 1 lost, …"
std::string recordText(const Record& record) {
  std::string text(toString(record.status));
  if (record.reason) text += ": " + *record.reason;
  if (!record.obtained) return text;
  return fmt::format("{}; {}; {}", text, cpusText(*record.obtained), countsText(record));
}

std::string line(std::string_view name, const std::string& text) {
  return fmt::format("{:<11} {}\n", name, text);
}

/// "1, 2 failed"; of many, only how many.
std::string siblingsText(const std::vector<std::string>& siblings) {
  constexpr std::size_t kNamed = 12;
  if (siblings.size() > kNamed) return fmt::format("{} others", siblings.size());
  return fmt::format("{}", fmt::join(siblings, ", "));
}

std::string headingText(const ReplayOutcome& outcome) {
  const Record& then = outcome.then.record;
  std::string repetition = std::to_string(then.repetition);
  if (!outcome.then.siblings.empty()) {
    repetition += fmt::format(" (there too: {})", siblingsText(outcome.then.siblings));
  }
  if (then.axes.seed) repetition += fmt::format(", seed {}", *then.axes.seed);
  return line("record", outcome.then.where()) + line("cell", then.cell) +
         line("repetition", repetition) +
         line("timing",
              fmt::format("warm-up {} ms, measured {} ms: {}", outcome.timing.timing.warmup_ms,
                          outcome.timing.timing.duration_ms, outcome.timing.source));
}

std::string recordsText(const ReplayOutcome& outcome) {
  std::string text = line("then", recordText(outcome.then.record));
  for (const Record& record : outcome.now) text += line("now", recordText(record));
  std::vector<std::string> said;
  for (const Record& record : outcome.now) {
    for (const std::string& note : record.notes) {
      if (std::ranges::find(said, note) != said.end()) continue;
      said.push_back(note);
      text += line("note", note);
    }
  }
  return text;
}

std::string metricsText(const ReplayOutcome& outcome) {
  const std::vector<Pair> pairs = pairsOf(outcome);
  if (pairs.empty()) return "no metric that both have\n";
  const bool is_spread = outcome.now.size() > 1;
  TextTable table(is_spread ? Row{"metric", "then", "now, median", "lowest", "highest", "now/then"}
                            : Row{"metric", "then", "now", "now/then"},
                  1);
  for (const Pair& pair : pairs) {
    const auto text = [&](double value) { return figureText(pair.metric->unit, value); };
    Row row = {std::string(pair.metric->name), text(pair.then), text(pair.now.median)};
    if (is_spread) row.insert(row.end(), {text(pair.now.lowest), text(pair.now.highest)});
    row.push_back(ratioText(pair));
    table.add(std::move(row));
  }
  return table.allAligned() + "\n" + caution(outcome) + "\n";
}

std::string differencesText(const ReplayOutcome& outcome) {
  if (!outcome.is_environment_known && outcome.differences.empty()) {
    return "environment: of then nothing is known, for no environment.json lies beside the "
           "record\n";
  }
  if (outcome.differences.empty()) return "environment: as it was\n";
  std::string text = fmt::format("environment, {} other than then:\n",
                                 counted(outcome.differences.size(), "fact"));
  for (const Difference& one : outcome.differences) {
    const auto shown = [](const std::string& value) { return value.empty() ? kNone : value; };
    text += fmt::format("  {}: then {}, now {}\n", one.fact, shown(one.values[0]),
                        shown(one.values[1]));
  }
  return text;
}

// --- for programs -------------------------------------------------------------------------------

ordered_json toJsonWithoutHistograms(Record record) {
  record.histograms.clear();
  ordered_json json = ordered_json::parse(results::toJson(record));
  json.erase("histograms");
  return json;
}

ordered_json metricsJson(const ReplayOutcome& outcome) {
  ordered_json metrics = ordered_json::array();
  for (const Pair& pair : pairsOf(outcome)) {
    const std::optional<double> ratio = pair.ratio();
    metrics.push_back({{"name", pair.metric->name},
                       {"unit", symbolOf(pair.metric->unit)},
                       {"then", pair.then},
                       {"now", pair.now.median},
                       {"now_lowest", pair.now.lowest},
                       {"now_highest", pair.now.highest},
                       {"ratio", ratio ? ordered_json(*ratio) : ordered_json(nullptr)}});
  }
  return metrics;
}

ordered_json differencesJson(const ReplayOutcome& outcome) {
  ordered_json differences = ordered_json::array();
  for (const Difference& one : outcome.differences) {
    const auto shown = [](const std::string& value) {
      return value.empty() ? ordered_json(nullptr) : ordered_json(value);
    };
    differences.push_back(
        {{"fact", one.fact}, {"then", shown(one.values[0])}, {"now", shown(one.values[1])}});
  }
  return differences;
}

}  // namespace

std::string renderReplay(const ReplayOutcome& outcome) {
  return headingText(outcome) + recordsText(outcome) + "\n" + metricsText(outcome) + "\n" +
         differencesText(outcome);
}

std::string renderReplayJson(const ReplayOutcome& outcome) {
  const results::Axes& axes = outcome.then.record.axes;
  ordered_json now = ordered_json::array();
  for (const Record& record : outcome.now) now.push_back(toJsonWithoutHistograms(record));
  const std::string bundle = outcome.bundle.string();
  return renderJson({{"file", outcome.then.file.string()},
                     {"line", outcome.then.line},
                     {"cell", outcome.then.record.cell},
                     {"repetition", outcome.then.record.repetition},
                     {"seed", axes.seed ? ordered_json(*axes.seed) : ordered_json(nullptr)},
                     {"warmup_ms", outcome.timing.timing.warmup_ms},
                     {"duration_ms", outcome.timing.timing.duration_ms},
                     {"timing", outcome.timing.source},
                     {"then", toJsonWithoutHistograms(outcome.then.record)},
                     {"now", now},
                     {"metrics", metricsJson(outcome)},
                     {"caution", caution(outcome)},
                     {"environment_known", outcome.is_environment_known},
                     {"differences", differencesJson(outcome)},
                     {"bundle", bundle.empty() ? ordered_json(nullptr) : ordered_json(bundle)},
                     {"exit_code", static_cast<int>(outcome.exit_code)}});
}

}  // namespace ringside::harness
