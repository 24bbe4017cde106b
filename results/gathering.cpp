#include "results/gathering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace ringside::results {
namespace {

constexpr std::string_view kRates[] = {"messages_per_s", "messages_per_s_robust",
                                       "cpu_s_per_million"};
constexpr std::string_view kRoundTrips[] = {
    "rtt_ns_p50",       "rtt_ns_p99",     "rtt_ns_p999",      "rtt_ns_p50_clean",
    "rtt_ns_p99_clean", "messages_per_s", "cpu_s_per_million"};
constexpr std::string_view kResponses[] = {"response_ns_p50",       "response_ns_p99",
                                           "response_ns_p999",      "response_ns_p50_clean",
                                           "response_ns_p99_clean", "cpu_s_per_million"};
constexpr std::string_view kReads[] = {"messages_per_s", "writes_per_s", "read_ns_p50",
                                       "read_ns_p99",    "read_ns_p999", "cpu_s_per_million"};
constexpr std::string_view kSlo[] = {"slo_rate_per_s"};

struct WorkloadMetrics {
  std::string_view workload;
  std::span<const std::string_view> metrics;
};
constexpr WorkloadMetrics kWorkloads[] = {
    {"ping_pong", kRoundTrips}, {"paced", kResponses}, {"snapshot", kReads}, {"slo", kSlo}};

constexpr std::string_view kClean = "_clean";
constexpr std::size_t kUsualRepetitions = 5;
/// A percentile says something only where a message lies beyond it.
double leastMessagesFor(std::string_view metric) {
  if (metric.find("_p999") != std::string_view::npos) return 1000;
  return metric.find("_p99") != std::string_view::npos ? 100 : 0;
}

/// How many messages a percentile is of: "rtt_ns_p99_clean" of those in "rtt_ns_clean"; of all that
/// were counted where the record has no such histogram.
std::optional<double> messagesOf(const Record& record, const std::string& metric) {
  std::string histogram = metric.substr(0, metric.find("_p99"));
  if (metric.ends_with(kClean)) histogram += kClean;
  const auto found = record.histograms.find(histogram);
  if (found == record.histograms.end() || !found->second) return metricOf(record, "messages");
  return static_cast<double>(found->second->count());
}

bool hasMessagesBeyond(const Histogram& histogram, double percentile) {
  constexpr double kRounding = 1e-6;
  return static_cast<double>(histogram.count()) * (100 - percentile) >= 100 - kRounding;
}

std::optional<double> valueOf(const Record& record, const std::string& metric) {
  const double least = leastMessagesFor(metric);
  const std::optional<double> messages =
      least > 0 ? messagesOf(record, metric) : std::optional<double>();
  if (messages && *messages < least) return std::nullopt;
  return metricOf(record, metric);
}

/// What a value comes to by the floor of its own machine; nullopt for what has none.
std::optional<double> overFloor(const Record& record, std::string_view name, double value) {
  const std::optional<double> floor_ns = metricOf(record, "floor_ns");
  if (!floor_ns || !(*floor_ns > 0)) return std::nullopt;
  if (name.starts_with("rtt_ns")) return value / (2 * *floor_ns);
  for (const char* timed : {"response_ns", "service_ns", "one_way_ns", "read_ns"}) {
    if (name.starts_with(timed)) return value / *floor_ns;
  }
  for (const char* rate : {"messages_per_s", "reads_per_s", "writes_per_s", "slo_rate_per_s"}) {
    if (name.starts_with(rate)) return value * *floor_ns * 1e-9;
  }
  return std::nullopt;
}

/// "rtt_ns_clean" at 99.9 is "rtt_ns_p999_clean".
std::string nameOf(std::string_view histogram, double percentile) {
  const bool is_clean = histogram.ends_with(kClean);
  if (is_clean) histogram.remove_suffix(kClean.size());
  std::string digits = fmt::format("{:g}", percentile);
  std::erase(digits, '.');
  return fmt::format("{}_p{}{}", histogram, digits, is_clean ? kClean : "");
}

void addNotes(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  for (const std::string& note : more) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
}

std::uint32_t& countOf(StatusCounts& counts, Status status) {
  switch (status) {
    case Status::Failed:
      return counts.failed;
    case Status::Invalid:
      return counts.invalid;
    case Status::Skipped:
      return counts.skipped;
    case Status::Ok:
      break;
  }
  return counts.ok;
}

/// Of the gravest that was seen: 0 where all are ok.
int gravity(const StatusCounts& counts) {
  if (counts.failed > 0) return 3;
  if (counts.invalid > 0) return 2;
  return counts.skipped > 0 ? 1 : 0;
}

/// The first of the gravest records of a cell gives the reason.
void addStatus(SideOfCell& side, const Record& record) {
  const int before = gravity(side.status_counts);
  ++countOf(side.status_counts, record.status);
  if (gravity(side.status_counts) <= before) return;
  side.reason = record.reason.value_or("no reason is recorded");
}

/// What is gathered of a workload.
std::vector<std::string> metricsOf(std::string_view workload, const GatherTerms& terms) {
  if (!terms.metrics.empty()) return terms.metrics;
  const auto defaults = comparedMetricsOf(workload);
  return {defaults.begin(), defaults.end()};
}

GatheredValue gathered(const Record& record, std::string_view name, double value,
                       std::uint32_t block) {
  return {.value = value,
          .over_floor = overFloor(record, name, value).value_or(GatheredValue::kNoFloor),
          .block = block};
}

/// The place of a side, made where it is not there yet.
template <class Value>
Value& at(std::vector<Value>& sides, std::size_t side) {
  if (sides.size() <= side) sides.resize(side + 1);
  return sides[side];
}

/// How the sides and the blocks of one are called in the other.
struct Translation {
  std::vector<std::size_t> sides;
  std::vector<std::size_t> blocks;
};

void absorbRow(GatheredRow& row, GatheredRow& other, const Translation& in) {
  for (std::size_t side = 0; side < other.sides.size(); ++side) {
    if (other.sides[side].empty()) continue;
    std::vector<GatheredValue>& values = at(row.sides, in.sides[side]);
    for (GatheredValue& value : other.sides[side]) {
      value.block = static_cast<std::uint32_t>(in.blocks[value.block]);
    }
    if (values.empty()) {
      values = std::move(other.sides[side]);
    } else {
      values.insert(values.end(), other.sides[side].begin(), other.sides[side].end());
    }
  }
}

/// Rows of the same names are the same; others come behind.
void absorbRows(std::vector<GatheredRow>& rows, std::vector<GatheredRow>& others,
                const Translation& in) {
  for (GatheredRow& other : others) {
    auto row = std::ranges::find(rows, other.name, &GatheredRow::name);
    if (row == rows.end()) {
      row =
          rows.insert(rows.end(), {.name = other.name, .unit = other.unit, .better = other.better});
    }
    absorbRow(*row, other, in);
  }
}

void absorbSide(std::optional<GatheredSide>& side, GatheredSide&& other) {
  if (!side) {
    side = std::move(other);
    return;
  }
  StatusCounts& counts = side->seen.status_counts;
  const StatusCounts& more = other.seen.status_counts;
  if (gravity(more) > gravity(counts)) side->seen.reason = other.seen.reason;
  counts.ok += more.ok;
  counts.failed += more.failed;
  counts.invalid += more.invalid;
  counts.skipped += more.skipped;
  addNotes(side->seen.notes, other.seen.notes);
  side->seen.placement = other.seen.placement;
  side->handoffs.insert(side->handoffs.end(), other.handoffs.begin(), other.handoffs.end());
  side->floors.insert(side->floors.end(), other.floors.begin(), other.floors.end());
}

}  // namespace

std::span<const std::string_view> comparedMetricsOf(std::string_view workload) noexcept {
  for (const WorkloadMetrics& known : kWorkloads) {
    if (known.workload == workload) return known.metrics;
  }
  return kRates;
}

std::vector<std::string> gatheredMetrics(const GatherTerms& terms) {
  std::vector<std::string> names = {"messages", "disturbed_fraction", "floor_ns"};
  const auto add = [&](std::string_view workload) {
    for (std::string& name : metricsOf(workload, terms)) names.push_back(std::move(name));
  };
  add("");
  for (const WorkloadMetrics& known : kWorkloads) add(known.workload);
  return names;
}

bool isEnoughWithoutHistograms(const Record& record, const GatherTerms& terms) {
  constexpr double kFarMore = 4;
  const auto stored = [&](const std::string& name) {
    const auto found = record.metrics.find(name);
    return found == record.metrics.end() ? std::nullopt : std::optional(found->second);
  };
  const double messages = stored("messages").value_or(0);
  const double undisturbed = messages * (1 - stored("disturbed_fraction").value_or(0));
  const auto names = metricsOf(record.axes.workload, terms);
  return std::ranges::all_of(names, [&](const std::string& name) {
    const bool is_clean = name.ends_with(kClean);
    return stored(name) && (is_clean ? undisturbed : messages) >= kFarMore * leastMessagesFor(name);
  });
}

std::size_t Gathering::Names::placeOf(const std::string& name) {
  const auto [place, is_new] = places.try_emplace(name, names.size());
  if (is_new) names.push_back(name);
  return place->second;
}

std::size_t Gathering::placeOf(const std::string& side) const {
  const auto found = sides_.places.find(side);
  return found == sides_.places.end() ? sides_.names.size() : found->second;
}

GatheredCell& Gathering::cellOf(const std::string& name, const Axes& axes) {
  const std::size_t place = names_.placeOf(name);
  if (place < cells_.size()) return cells_[place];
  GatheredCell& cell = cells_.emplace_back(GatheredCell{.name = name, .axes = axes});
  for (std::string& metric_name : metricsOf(axes.workload, terms_)) {
    const Metric* metric = findMetric(metric_name);
    assert(metric != nullptr);
    cell.metrics.push_back(
        {.name = std::move(metric_name), .unit = metric->unit, .better = metric->better});
  }
  return cell;
}

void Gathering::add(const std::string& side_name, const std::string& cell_name,
                    const Record& record, const std::string& block) {
  const std::size_t side = sides_.placeOf(side_name);
  GatheredCell& cell = cellOf(cell_name, record.axes);
  std::optional<GatheredSide>& here = at(cell.sides, side);
  if (!here) here.emplace();
  addStatus(here->seen, record);
  addNotes(here->seen.notes, record.notes);
  here->seen.placement = record.axes.placement;
  const auto block_place = static_cast<std::uint32_t>(blocks_.placeOf(block));
  if (record.status != Status::Ok) return;
  if (record.obtained && record.obtained->canary) {
    here->handoffs.push_back(record.obtained->canary->before_ns);
    here->handoffs.push_back(record.obtained->canary->after_ns);
  }
  if (const auto floor_ns = metricOf(record, "floor_ns")) here->floors.push_back(*floor_ns);
  for (GatheredRow& row : cell.metrics) {
    const std::optional<double> value = valueOf(record, row.name);
    if (!value) continue;
    std::vector<GatheredValue>& values = at(row.sides, side);
    if (values.empty()) values.reserve(kUsualRepetitions);
    values.push_back(gathered(record, row.name, *value, block_place));
  }
  if (terms_.shifts == Shifts::Gather) addShifts(cell, side, block_place, record);
}

void Gathering::addShifts(GatheredCell& cell, std::size_t side, std::uint32_t block,
                          const Record& record) {
  for (const auto& [name, histogram] : record.histograms) {
    if (!histogram || histogram->empty()) continue;
    std::vector<GatheredRow>& rows = cell.distributions[name];
    for (std::size_t i = 0; i < kShiftPercentiles.size(); ++i) {
      const double percentile = kShiftPercentiles[i];
      if (i == rows.size()) rows.push_back({.name = nameOf(name, percentile)});
      if (!hasMessagesBeyond(*histogram, percentile)) continue;
      const auto value = static_cast<double>(histogram->valueAtPercentile(percentile));
      at(rows[i].sides, side).push_back(gathered(record, name, value, block));
    }
  }
}

void Gathering::absorb(Gathering&& other) {
  Translation in;
  for (const std::string& side : other.sides_.names) in.sides.push_back(sides_.placeOf(side));
  for (const std::string& block : other.blocks_.names) in.blocks.push_back(blocks_.placeOf(block));
  for (GatheredCell& theirs : other.cells_) {
    GatheredCell& cell = cellOf(theirs.name, theirs.axes);
    for (std::size_t side = 0; side < theirs.sides.size(); ++side) {
      if (!theirs.sides[side]) continue;
      absorbSide(at(cell.sides, in.sides[side]), std::move(*theirs.sides[side]));
    }
    absorbRows(cell.metrics, theirs.metrics, in);
    for (auto& [histogram, rows] : theirs.distributions) {
      absorbRows(cell.distributions[histogram], rows, in);
    }
  }
}

void Gathering::move(const std::string& side_name, const std::string& from, const std::string& to) {
  const auto source = names_.places.find(from);
  const auto target = names_.places.find(to);
  if (source == names_.places.end() || target == names_.places.end() || from == to) return;
  const std::size_t side = placeOf(side_name);
  GatheredCell& old = cells_[source->second];
  GatheredCell& kept = cells_[target->second];
  if (old.axes.workload != kept.axes.workload) return;
  if (old.of(side) == nullptr || kept.of(side) != nullptr) return;
  at(kept.sides, side) = std::exchange(old.sides[side], std::nullopt);
  const auto take = [&](std::vector<GatheredRow>& rows, std::vector<GatheredRow>& there) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i == there.size()) there.push_back({.name = rows[i].name});
      if (rows[i].of(side).empty()) continue;
      at(there[i].sides, side) = std::exchange(rows[i].sides[side], {});
    }
  };
  take(old.metrics, kept.metrics);
  for (auto& [histogram, rows] : old.distributions) take(rows, kept.distributions[histogram]);
}

}  // namespace ringside::results
