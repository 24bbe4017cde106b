#include "results/summary.hpp"

#include <algorithm>
#include <set>

#include "results/metrics.hpp"

namespace ringside::results {
namespace {

void countStatus(StatusCounts& counts, Status status) {
  switch (status) {
    case Status::Ok:
      ++counts.ok;
      return;
    case Status::Failed:
      ++counts.failed;
      return;
    case Status::Invalid:
      ++counts.invalid;
      return;
    case Status::Skipped:
      ++counts.skipped;
      return;
  }
}

void addNotes(std::vector<std::string>& notes, const Record& record) {
  for (const std::string& note : record.notes) {
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  }
}

void addValidation(std::optional<Validation>& sum, const Record& record) {
  if (!record.validation) return;
  if (!sum) sum.emplace();
  sum->sent += record.validation->sent;
  sum->received += record.validation->received;
  sum->lost += record.validation->lost;
  sum->duplicated += record.validation->duplicated;
  sum->reordered += record.validation->reordered;
  sum->torn += record.validation->torn;
}

void gatherMetrics(std::map<std::string, std::vector<double>>& values, const Record& record) {
  std::set<std::string> names;
  for (const Metric& metric : allMetrics()) names.emplace(metric.name);
  for (const auto& stored : record.metrics) names.insert(stored.first);
  for (const std::string& name : names) {
    if (const auto value = metricOf(record, name)) values[name].push_back(*value);
  }
}

}  // namespace

Spread spreadOf(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  const bool is_odd = values.size() % 2 == 1;
  return {.median = is_odd ? values[middle] : (values[middle - 1] + values[middle]) / 2,
          .lowest = values.front(),
          .highest = values.back(),
          .repetitions = static_cast<std::uint32_t>(values.size())};
}

void Summariser::add(const Record& record) {
  const auto [place, is_new] = places_.try_emplace(record.cell, cells_.size());
  if (is_new) {
    cells_.emplace_back();
    cells_.back().summary.cell = record.cell;
    cells_.back().summary.axes = record.axes;
  }
  Gathered& cell = cells_[place->second];
  CellSummary& summary = cell.summary;
  ++summary.repetitions;
  countStatus(summary.status_counts, record.status);
  addNotes(summary.notes, record);
  addValidation(summary.validation, record);
  if (!summary.first_reason) summary.first_reason = record.reason;
  if (record.status != Status::Ok) return;
  gatherMetrics(cell.values, record);
  for (const auto& [name, histogram] : record.histograms) summary.outlines[name].add(*histogram);
}

std::vector<CellSummary> Summariser::summaries() const {
  std::vector<CellSummary> summaries;
  for (const Gathered& cell : cells_) {
    CellSummary& summary = summaries.emplace_back(cell.summary);
    for (const auto& [name, values] : cell.values) summary.metrics[name] = spreadOf(values);
  }
  return summaries;
}

std::vector<CellSummary> summarise(const std::vector<Record>& records) {
  Summariser summariser;
  for (const Record& record : records) summariser.add(record);
  return summariser.summaries();
}

}  // namespace ringside::results
