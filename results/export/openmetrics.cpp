// OpenMetrics text: a series for each cell and metric, the median over the repetitions that are ok,
// with every axis as a label. Percentiles of one distribution are quantiles of a summary, for
// promtool refuses that label on a gauge; everything else is a gauge.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "results/export/cell_figures.hpp"
#include "results/record_json.hpp"

namespace ringside::results {
namespace {

using Json = nlohmann::ordered_json;
using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr double kNsPerS = 1e9;
constexpr double kMsPerS = 1e3;
constexpr std::string_view kSeconds = "seconds";

struct Quantile {
  std::string_view suffix;
  std::string_view label;
};
constexpr Quantile kQuantiles[] = {
    {"p50", "0.5"}, {"p90", "0.9"}, {"p99", "0.99"}, {"p999", "0.999"}, {"max", "1.0"}};

/// What the messages of each histogram took, for people.
constexpr std::pair<std::string_view, std::string_view> kTimed[] = {
    {"rtt_ns", "Round trip"},
    {"service_ns", "Time from the actual send"},
    {"response_ns", "Time from the intended send"},
    {"one_way_ns", "Time from push to pop"},
    {"read_ns", "One read"}};

std::string familyName(std::string_view histogram, std::string_view clean) {
  return fmt::format("ringside_{}{}_seconds", histogram.substr(0, histogram.size() - 3), clean);
}

void replaceIn(std::string& text, std::string_view from, std::string_view to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
}

std::string escaped(std::string_view text) {
  std::string value;
  for (const char c : text) {
    if (c == '\\' || c == '"') value += '\\';
    value += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return value;
}

std::string labelsText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value));
  }
  return "{" + text + "}";
}

/// Empty for an axis that the cell does not have.
Labels labelsOf(const CellSummary& cell) {
  const std::string path = scenarioPathOf(cell.cell);
  Labels labels = {{"suite", path.substr(0, path.find('/'))},
                   {"scenario", path.substr(std::min(path.find('/'), path.size() - 1) + 1)},
                   {"cell", cell.cell}};
  const Json axes = axesToJson(cell.axes);
  for (const auto& [name, value] : axes.items()) {
    const std::string text = value.is_null()     ? ""
                             : value.is_string() ? value.get<std::string>()
                                                 : value.dump();
    labels.emplace_back(name, text);
  }
  return labels;
}

/// What stands under one TYPE, UNIT and HELP.
struct Family {
  std::string name;
  std::string type;
  std::string unit;  // also the end of its name
  std::string help;
  std::string samples;
};

class Families {
 public:
  Family& named(const std::string& name) {
    const auto [place, is_new] = places_.try_emplace(name, families_.size());
    if (is_new)
      families_.push_back({.name = name, .type = {}, .unit = {}, .help = {}, .samples = {}});
    return families_[place->second];
  }

  std::string text() const {
    std::string all;
    for (const Family& family : families_) {
      all += fmt::format("# TYPE {} {}\n", family.name, family.type);
      if (!family.unit.empty()) all += fmt::format("# UNIT {} {}\n", family.name, family.unit);
      all += fmt::format("# HELP {} {}\n{}", family.name, family.help, family.samples);
    }
    return all + "# EOF\n";
  }

 private:
  std::vector<Family> families_;
  std::map<std::string, std::size_t> places_;  // in families_
};

/// A metric that is no percentile.
struct Gauge {
  std::string name;
  std::string_view unit;
  double divisor = 1;  // to base units
};

Gauge gaugeOf(const Metric& metric) {
  std::string name = fmt::format("ringside_{}", metric.name);
  const auto seconds = [&](std::string_view from, double divisor) {
    replaceIn(name, from, "");
    return Gauge{name + "_seconds", kSeconds, divisor};
  };
  switch (metric.unit) {
    case Unit::Ns:
      return seconds("_ns", kNsPerS);
    case Unit::Ms:
      return seconds("_ms", kMsPerS);
    case Unit::S:
      return seconds("_s", 1);
    case Unit::PerS:
    case Unit::BytesPerS:
      replaceIn(name, "_per_s", "_per_second");
      break;
    case Unit::Count:
      break;
  }
  return {name, "", 1};
}

/// How many values a histogram has, and what they come to.
struct Total {
  std::uint64_t count = 0;
  double sum_ns = 0;
};
using Totals = std::map<std::pair<std::string, std::string>, Total>;  // by cell and histogram

class Openmetrics final : public Exporter {
 public:
  explicit Openmetrics(const ExportTerms& terms) : terms_(terms) {}

  void add(const Record& record) override {
    summariser_.add(record);
    if (record.status != Status::Ok) return;
    for (const auto& [name, histogram] : record.histograms) {
      if (!histogram) continue;
      Total& total = totals_[{record.cell, name}];
      total.count += histogram->count();
      total.sum_ns += histogram->mean() * static_cast<double>(histogram->count());
    }
  }

  std::vector<ExportedFile> files() const override {
    Families families;
    for (const CellSummary& cell : summariser_.summaries()) {
      const Labels labels = labelsOf(cell);
      addStatus(families, cell, labels);
      for (const auto& [histogram, what] : kTimed) {
        for (const std::string_view clean : {"", "_clean"}) {
          addSummary(families, cell, labels, {histogram, clean, what});
        }
      }
      addGauges(families, cell, labels);
    }
    return {{"metrics.txt", families.text()}};
  }

 private:
  struct Timed {
    std::string_view histogram;
    std::string_view clean;
    std::string_view what;
  };

  static void addSample(Family& family, const std::string& suffix, const Labels& labels,
                        const std::string& value) {
    family.samples += fmt::format("{}{}{} {}\n", family.name, suffix, labelsText(labels), value);
  }

  static void addStatus(Families& families, const CellSummary& cell, const Labels& labels) {
    Family& family = families.named("ringside_repetitions");
    family.type = "gauge";
    family.help = "Repetitions of a cell, by what came of them.";
    const StatusCounts& counts = cell.status_counts;
    for (const auto& [status, count] : {std::pair{Status::Ok, counts.ok},
                                        {Status::Failed, counts.failed},
                                        {Status::Invalid, counts.invalid},
                                        {Status::Skipped, counts.skipped}}) {
      Labels all = labels;
      all.emplace_back("status", toString(status));
      addSample(family, "", all, std::to_string(count));
    }
  }

  void addSummary(Families& families, const CellSummary& cell, const Labels& labels,
                  const Timed& timed) const {
    Family* family = nullptr;
    for (const Quantile& quantile : kQuantiles) {
      const auto value =
          wantedValue(cell, fmt::format("{}_{}{}", timed.histogram, quantile.suffix, timed.clean));
      if (!value) continue;
      if (family == nullptr) family = &summaryOf(families, timed);
      Labels all = labels;
      all.emplace_back("quantile", quantile.label);
      addSample(*family, "", all, fmt::format("{}", *value / kNsPerS));
    }
    if (family == nullptr) return;
    const auto total = totals_.find({cell.cell, fmt::format("{}{}", timed.histogram, timed.clean)});
    if (total == totals_.end()) return;
    addSample(*family, "_sum", labels, fmt::format("{}", total->second.sum_ns / kNsPerS));
    addSample(*family, "_count", labels, std::to_string(total->second.count));
  }

  static Family& summaryOf(Families& families, const Timed& timed) {
    Family& family = families.named(familyName(timed.histogram, timed.clean));
    family.type = "summary";
    family.unit = kSeconds;
    family.help = fmt::format("{}{}, percentiles as medians over the repetitions.", timed.what,
                              timed.clean.empty() ? "" : " of messages that nothing disturbed");
    return family;
  }

  void addGauges(Families& families, const CellSummary& cell, const Labels& labels) const {
    for (const Metric& metric : allMetrics()) {
      const auto value = wantedValue(cell, std::string(metric.name));
      if (!value || isPercentile(metric.name)) continue;
      const Gauge gauge = gaugeOf(metric);
      Family& family = families.named(gauge.name);
      family.type = "gauge";
      family.unit = gauge.unit;
      family.help = fmt::format("{} of a record, the median over the repetitions.", metric.name);
      addSample(family, "", labels, fmt::format("{}", *value / gauge.divisor));
    }
  }

  static bool isPercentile(std::string_view metric) {
    return std::ranges::any_of(kTimed, [&](const auto& timed) {
      return std::ranges::any_of(kQuantiles, [&](const Quantile& quantile) {
        const std::string name = fmt::format("{}_{}", timed.first, quantile.suffix);
        return metric == name || metric == name + "_clean";
      });
    });
  }

  std::optional<double> wantedValue(const CellSummary& cell, const std::string& metric) const {
    const auto found = cell.metrics.find(metric);
    if (found == cell.metrics.end() || !terms_.wants(metric)) return std::nullopt;
    return std::isfinite(found->second.median) ? std::optional(found->second.median) : std::nullopt;
  }

  ExportTerms terms_;
  Summariser summariser_;
  Totals totals_;
};

}  // namespace

std::unique_ptr<Exporter> makeOpenmetrics(const ExportTerms& terms) {
  return std::make_unique<Openmetrics>(terms);
}

}  // namespace ringside::results
