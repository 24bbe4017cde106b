#include "harness/replay/recorded_cell.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/axes.hpp"
#include "harness/fnv1a.hpp"
#include "harness/run_request.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using results::Axes;
using results::Record;

constexpr const char* kSuiteFile = "scenario.toml";
constexpr const char* kOtherwise = "or say how long by --warmup-ms and --duration-ms";

/// "quick/throughput/spsc/…" → "throughput"; empty for a name of another kind.
std::string scenarioOf(const Record& record) {
  const std::string suite = record.suite + "/";
  if (!record.cell.starts_with(suite)) return {};
  const std::string rest = record.cell.substr(suite.size());
  return rest.substr(0, std::min(rest.find('/'), rest.size()));
}

// --- how long -----------------------------------------------------------------------------------

bool hasSuite(const KeptRecord& kept) {
  std::error_code ignored;
  return !kept.bundle.empty() && fs::exists(kept.bundle / kSuiteFile, ignored);
}

RecordedTiming timingOfRecordAlone(const Record& record) {
  const auto measured_ms = static_cast<std::uint64_t>(std::llround(record.seconds * 1e3));
  if (measured_ms == 0) return {{}, "both by default, for its suite does not lie beside it"};
  RecordedTiming known{{}, "warm-up by default, for its suite does not lie beside it"};
  known.timing.duration_ms = measured_ms;
  return known;
}

void refuseChangedSuite(const fs::path& bundle, const fs::path& file) {
  const std::optional<RememberedRun> run = rememberedRun(bundle);
  if (!run) return;
  if (fnv1a(results::readFile(file).value_or("")) == run->scenario_fnv1a) return;
  throw UsageError(fmt::format(
      "{}: this is not the suite that was run: somebody has changed it; put it back, {}",
      file.string(), kOtherwise));
}

RecordedTiming timingInBundle(const KeptRecord& kept) {
  const fs::path file = kept.bundle / kSuiteFile;
  refuseChangedSuite(kept.bundle, file);
  const Suite suite = readSuite(file, {});
  const std::string name = scenarioOf(kept.record);
  const auto scenario = std::find_if(suite.scenarios.begin(), suite.scenarios.end(),
                                     [&](const Scenario& one) { return one.name == name; });
  if (suite.name == kept.record.suite && scenario != suite.scenarios.end()) {
    return {scenario->timing, fmt::format("as in {}", file.string())};
  }
  throw UsageError(fmt::format(
      "{}: this suite has no scenario of the cell {}; put back the one that was run, {}",
      file.string(), kept.record.cell, kOtherwise));
}

// --- what to ask for ----------------------------------------------------------------------------

/// Of every worker, producers first; empty where they were not pinned, or never got there.
std::vector<int> cpusOf(const Record& record) {
  if (!record.obtained || record.axes.placement == "unpinned") return {};
  std::vector<int> cpus = record.obtained->producer_cpus;
  cpus.insert(cpus.end(), record.obtained->consumer_cpus.begin(),
              record.obtained->consumer_cpus.end());
  const bool has_all = cpus.size() == record.axes.producers + record.axes.consumers &&
                       std::ranges::all_of(cpus, [](int cpu) { return cpu >= 0; });
  return has_all ? cpus : std::vector<int>();
}

/// The same CPUs, where they are known, and else the same relation.
std::string placementToAskFor(const Record& record) {
  const std::string& name = record.axes.placement;
  const std::vector<int> cpus = cpusOf(record);
  if (!cpus.empty() && !name.starts_with("cpus:")) {
    return fmt::format("cpus:{}", fmt::join(cpus, ","));
  }
  return name == toString(Relation::SameCpu) ? "auto" : name;
}

/// What lies in no memory that can be chosen says what it came to.
std::string memoryToAskFor(const Axes& axes) {
  return axes.memory == "kernel" || axes.memory == "process" ? "posix_shm" : axes.memory;
}

/// By the names of the axes; without those that the record's workload does not have.
std::map<std::string_view, AxisValue> valuesToAskFor(const Axes& axes,
                                                     const std::string& placement) {
  std::map<std::string_view, AxisValue> values = {{"element_size_bytes", axes.element_size_bytes},
                                                  {"capacity", axes.capacity},
                                                  {"producers", std::uint64_t{axes.producers}},
                                                  {"consumers", std::uint64_t{axes.consumers}},
                                                  {"placement", placement},
                                                  {"memory", memoryToAskFor(axes)},
                                                  {"huge_pages", axes.huge_pages},
                                                  {"lock_memory", axes.lock_memory},
                                                  {"prefault", axes.prefault},
                                                  {"numa_node", axes.numa_policy},
                                                  {"wait", axes.wait},
                                                  {"batch", std::uint64_t{axes.batch}},
                                                  {"tuning", axes.tuning},
                                                  {"validate", axes.validate},
                                                  {"queue", axes.queue}};
  const bool has_trace = axes.arrivals && axes.arrivals->starts_with("trace:");
  if (axes.rate_per_s && !has_trace) {  // a trace has a rate of its own
    values["rate_per_s"] = static_cast<std::uint64_t>(std::llround(std::abs(*axes.rate_per_s)));
  }
  if (axes.arrivals) values["arrivals"] = *axes.arrivals;
  if (axes.seed) values["seed"] = *axes.seed;
  if (axes.percentile) values["percentile"] = *axes.percentile;
  if (axes.limit_ns) values["limit_ns"] = *axes.limit_ns;
  return values;
}

Workload workloadOf(const Record& record, const Where& where) {
  for (std::size_t i = 0; i < kWorkloadCount; ++i) {
    const auto workload = static_cast<Workload>(i);
    if (toString(workload) == record.axes.workload) return workload;
  }
  throw UsageError(fmt::format(
      "{}: workload is '{}', which this program does not have; use the ringside that recorded it",
      where.text, record.axes.workload));
}

Suite suiteOf(const KeptRecord& kept, const Timing& timing, const std::string& placement) {
  const Record& record = kept.record;
  const Where where{kept.where() + ": axes"};
  const std::string name = scenarioOf(record);
  Scenario scenario{.name = name.empty() ? "replay" : name,
                    .workload = workloadOf(record, where),
                    .timing = timing,
                    .sweeps = {},
                    .where = where};
  const auto values = valuesToAskFor(record.axes, placement);
  for (const Axis& axis : allAxes()) {
    const auto known = values.find(axis.name);
    const AxisValue value = known == values.end() ? defaultValue(axis) : known->second;
    checkValue(axis, value, where);
    scenario.sweeps.push_back({.axis = &axis, .values = {value}, .where = where});
  }
  return {.name = record.suite,
          .question = fmt::format("What does {} do when it is run again?", record.cell),
          .scenarios = {std::move(scenario)},
          .text = {},
          .folder = kept.bundle.empty() ? kept.file.parent_path() : kept.bundle};
}

// --- what it comes to here ----------------------------------------------------------------------

/// The axes of a record in JSON, by name.
ordered_json jsonOf(const Axes& axes) {
  Record record;
  record.axes = axes;
  return ordered_json::parse(results::toJson(record)).at("axes");
}

/// Why it would be another cell; empty when it is the same.
std::string differenceOf(const Axes& then, const Axes& now) {
  const ordered_json before = jsonOf(then);
  const ordered_json here = jsonOf(now);
  for (const auto& [name, value] : before.items()) {
    const ordered_json same = here.value(name, ordered_json());
    if (same != value)
      return fmt::format("{} was {} and is {} here", name, value.dump(), same.dump());
  }
  return {};
}

/// On another machine the same CPUs may be related otherwise.
void noteRelation(const std::string& then, const Topology& topology, Cell& cell) {
  if (cell.placing.producer_cpus.empty() || cell.placing.consumer_cpus.empty()) return;
  const int producer = cell.placing.producer_cpus.front();
  const int consumer = cell.placing.consumer_cpus.front();
  const std::string_view now = toString(topology.relation(producer, consumer));
  if (!parseRelation(then) || then == now) return;
  cell.notes.push_back(
      fmt::format("CPUs {} and {} were {} and are {} here", producer, consumer, then, now));
}

void skipFor(Cell& cell, const std::string& reason) {
  if (!cell.skip_reason && !reason.empty()) cell.skip_reason = reason;
}

}  // namespace

RecordedTiming timingOf(const KeptRecord& kept, const AskedTiming& asked) {
  RecordedTiming known{{}, "as asked"};
  if (!asked.warmup_ms || !asked.duration_ms) {
    known = hasSuite(kept) ? timingInBundle(kept) : timingOfRecordAlone(kept.record);
    if (asked.warmup_ms) known.source += ", but for the warm-up";
    if (asked.duration_ms) known.source += ", but for the measured time";
  }
  known.timing.repetitions = 1;
  known.timing.warmup_ms = asked.warmup_ms.value_or(known.timing.warmup_ms);
  known.timing.duration_ms = asked.duration_ms.value_or(known.timing.duration_ms);
  return known;
}

RecordedCell remakeCell(const KeptRecord& kept, const Timing& timing, const Topology& topology,
                        const MemoryLimits& limits) {
  const Record& record = kept.record;
  const std::string placement = placementToAskFor(record);
  const auto placed =
      placeWorkers(topology, placement, {record.axes.producers, record.axes.consumers});
  const auto* const no_placing = std::get_if<NoPlacing>(&placed);
  RecordedCell made;
  made.suite = suiteOf(kept, timing, no_placing == nullptr ? placement : "auto");
  const MemoryLimits any_memory{.total_bytes = std::numeric_limits<std::uint64_t>::max(),
                                .shm_free_bytes = limits.shm_free_bytes};
  made.cell = makePlan(made.suite, topology, any_memory).cells.at(0);
  made.cell.name = record.cell;
  if (no_placing != nullptr) {
    made.cell.skip_reason = fmt::format("it ran on {}: {}", placement, no_placing->reason);
  }
  if (made.cell.bytes_needed > limits.total_bytes) {
    skipFor(made.cell, fmt::format("it needs {} bytes of memory, this machine has {}",
                                   made.cell.bytes_needed, limits.total_bytes));
  }
  made.cell.axes.placement = record.axes.placement;
  if (!made.cell.skip_reason) skipFor(made.cell, differenceOf(record.axes, made.cell.axes));
  if (made.cell.skip_reason) {
    made.cell.notes.clear();  // about how it would have run
  } else {
    noteRelation(record.axes.placement, topology, made.cell);
  }
  return made;
}

}  // namespace ringside::harness
