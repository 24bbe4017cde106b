#include "harness/handoff_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/heat_map.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

ordered_json toJson(const Handoff& handoff) {
  return {{"first", handoff.cpus.first},
          {"second", handoff.cpus.second},
          {"relation", toString(handoff.relation)},
          {"min_ns", handoff.min_ns},
          {"median_ns", handoff.median_ns},
          {"groups", handoff.groups}};
}

std::vector<ordered_json> pairsToJson(const std::vector<Handoff>& handoffs) {
  std::vector<ordered_json> pairs;
  for (const Handoff& handoff : handoffs) pairs.push_back(toJson(handoff));
  return pairs;
}

/// One relation: how many pairs, the fastest of them, and what one of them usually takes.
struct ClassRow {
  std::size_t pairs = 0;
  const Handoff* fastest = nullptr;
  double slowest_min_ns = 0;
  std::vector<double> medians;
};

ClassRow classRowOf(Relation relation, const std::vector<Handoff>& handoffs) {
  ClassRow row;
  for (const Handoff& handoff : handoffs) {
    if (handoff.relation != relation) continue;
    ++row.pairs;
    row.medians.push_back(handoff.median_ns);
    row.slowest_min_ns = std::max(row.slowest_min_ns, handoff.min_ns);
    if (row.fastest == nullptr || handoff.min_ns < row.fastest->min_ns) row.fastest = &handoff;
  }
  std::sort(row.medians.begin(), row.medians.end());
  return row;
}

TextTable classTable(const std::vector<Handoff>& handoffs) {
  TextTable table({"placement", "pairs", "floor", "slowest pair", "median", "fastest pair"}, 1);
  for (const Relation relation : kPlaceableRelations) {
    const ClassRow row = classRowOf(relation, handoffs);
    if (row.pairs == 0) continue;
    table.add({std::string(toString(relation)), std::to_string(row.pairs),
               fmt::format("{:.1f} ns", row.fastest->min_ns),
               fmt::format("{:.1f} ns", row.slowest_min_ns),
               fmt::format("{:.1f} ns", row.medians[row.medians.size() / 2]),
               fmt::format("CPUs {} and {}", row.fastest->cpus.first, row.fastest->cpus.second)});
  }
  return table;
}

std::string legend() {
  return fmt::format(
      "One way, half of a round trip of a cache line between two pinned threads. Floor:\n"
      "the best mean of {} round trips; median: of all of them.\n",
      kGroupRoundTrips);
}

}  // namespace

ordered_json floorsToJson(const Floors& floors) {
  ordered_json json = ordered_json::object();
  for (const auto& [relation, ns] : floors) json[std::string(toString(relation))] = ns;
  return json;
}

std::string handoffJson(const Topology& topology, const std::vector<Handoff>& handoffs) {
  ordered_json cpus = ordered_json::array();
  for (const CpuPlace& cpu : topology.cpus()) {
    cpus.push_back({{"cpu", cpu.cpu},
                    {"core", cpu.core},
                    {"l2", cpu.l2},
                    {"l3", cpu.l3},
                    {"node", cpu.node},
                    {"package", cpu.package}});
  }
  const ordered_json json = {{"schema", 1},
                             {"group_round_trips", kGroupRoundTrips},
                             {"cpus", cpus},
                             {"pairs", pairsToJson(handoffs)},
                             {"floor_ns", floorsToJson(floorsOf(handoffs))}};
  return renderJson(json);
}

std::string renderHandoffs(const Topology& topology, const std::vector<Handoff>& handoffs,
                           const MatrixLook& look) {
  switch (look.format) {
    case Format::Json:
      return renderJson(ordered_json(pairsToJson(handoffs)));
    case Format::Csv:
      return renderCsv(pairsToJson(handoffs));
    case Format::Markdown:
      return classTable(handoffs).allMarkdown() + "\n" + legend();
    case Format::Table:
      break;
  }
  if (handoffs.empty()) return "there is one CPU that this process may use: nothing to measure\n";
  return drawHeatMap(topology, handoffs, look.colour, look.columns) + "\n" +
         classTable(handoffs).allAligned() + "\n" + legend();
}

}  // namespace ringside::harness
