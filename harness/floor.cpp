#include "harness/floor.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "harness/console.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

/// Between the first producer and the first consumer; every pair of a cell is placed alike.
std::optional<CpuPair> pairOf(const Cell& cell) {
  if (cell.placing.producer_cpus.empty() || cell.placing.consumer_cpus.empty()) return std::nullopt;
  const CpuPair pair{cell.placing.producer_cpus.front(), cell.placing.consumer_cpus.front()};
  return pair.first == pair.second ? std::nullopt : std::optional(pair);
}

}  // namespace

Floors measureFloors(const Plan& plan, const Topology& topology, const Clock& clock) {
  std::map<Relation, CpuPair> wanted;
  for (const Cell& cell : plan.cells) {
    const std::optional<CpuPair> pair = cell.skip_reason ? std::nullopt : pairOf(cell);
    if (pair) wanted.emplace(topology.relation(pair->first, pair->second), *pair);
  }
  std::vector<CpuPair> pairs;
  for (const auto& [relation, pair] : wanted) pairs.push_back(pair);
  try {
    return floorsOf(measureHandoffs(topology, clock, pairs));
  } catch (const std::runtime_error& error) {
    say("ringside: the floor could not be measured: {}\n", error.what());
    return {};
  }
}

void noteFloor(const Cell& cell, const Session& session, results::Record& record) {
  const std::optional<CpuPair> pair = pairOf(cell);
  if (!pair) return;
  const auto floor = session.floors().find(session.topology().relation(pair->first, pair->second));
  if (floor == session.floors().end()) return;
  record.metrics["floor_ns"] = floor->second;
  for (const char* name : {"rtt_over_floor", "one_way_over_floor", "response_over_floor"}) {
    if (const auto multiple = results::metricOf(record, name)) record.metrics[name] = *multiple;
  }
}

}  // namespace ringside::harness
