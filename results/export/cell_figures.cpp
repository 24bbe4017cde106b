#include "results/export/cell_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "results/comparison.hpp"

namespace ringside::results {
namespace {

constexpr std::array<std::string_view, 3> kTimed = {"rtt_ns", "response_ns", "read_ns"};
constexpr std::array kUsualPercentiles = {"p50", "p99", "p999"};

template <class HasMetric>
std::string_view firstTimed(HasMetric&& has_metric) {
  for (const std::string_view name : kTimed) {
    if (has_metric(fmt::format("{}_p50", name))) return name;
  }
  return "";
}

std::vector<std::string> usualMetricsOf(const CellSummary& cell) {
  const auto compared = comparedMetricsOf(cell.axes.workload);
  std::vector<std::string> names(compared.begin(), compared.end());
  const std::string_view timed_by = timedBy(cell);
  if (timed_by.empty()) return names;
  for (const char* percentile : kUsualPercentiles) {
    std::string name = fmt::format("{}_{}", timed_by, percentile);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

bool isFinite(const Spread& spread) {
  return std::isfinite(spread.median) && std::isfinite(spread.lowest) &&
         std::isfinite(spread.highest);
}

std::string inOneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace

std::string_view timedBy(const Record& record) {
  return firstTimed([&](const std::string& name) { return metricOf(record, name).has_value(); });
}

std::string_view timedBy(const CellSummary& cell) {
  return firstTimed([&](const std::string& name) { return cell.metrics.contains(name); });
}

std::string shortName(std::string_view metric, std::string_view timed_by) {
  const std::string prefix = fmt::format("{}_p", timed_by);
  const std::string most = fmt::format("{}_max", timed_by);
  const bool shortens = !timed_by.empty() && (metric.starts_with(prefix) || metric == most);
  return std::string(shortens ? metric.substr(timed_by.size() + 1) : metric);
}

std::vector<Figure> figuresOf(const CellSummary& cell, const ExportTerms& terms) {
  std::vector<Figure> figures;
  const std::string_view timed_by = timedBy(cell);
  for (const std::string& name : terms.only.empty() ? usualMetricsOf(cell) : terms.only) {
    const Metric* metric = findMetric(name);
    const auto found = cell.metrics.find(name);
    if (metric == nullptr || found == cell.metrics.end() || !isFinite(found->second)) continue;
    figures.push_back({metric, shortName(name, timed_by), found->second});
  }
  return figures;
}

bool NotOk::admits(const Record& record) {
  ++records_;
  if (record.status == Status::Ok) return true;
  if (++refused_ == 1) {
    first_ = fmt::format("{} repetition {}, {}", record.cell, record.repetition, outcomeOf(record));
  }
  return false;
}

std::vector<std::string> NotOk::sentences() const {
  if (refused_ == 0) return {};
  return {fmt::format("{} of {} repetitions {} not ok, and not in it; the first: {}", refused_,
                      records_, refused_ == 1 ? "is" : "are", first_)};
}

std::string outcomeOf(const Record& record) {
  const std::string status(toString(record.status));
  if (record.status == Status::Ok || !record.reason) return status;
  return fmt::format("{}: {}", status, inOneLine(*record.reason));
}

std::string scenarioPathOf(std::string_view cell) {
  const std::size_t suite_end = cell.find('/');
  if (suite_end == std::string_view::npos) return std::string(cell);
  return std::string(cell.substr(0, cell.find('/', suite_end + 1)));
}

}  // namespace ringside::results
