// Schema 1 of a record, written. The order of the keys is part of the schema; record_reader.cpp
// reads what is written here.
#include <nlohmann/json.hpp>
#include <utility>

#include "results/hdr_codec.hpp"
#include "results/json_number.hpp"
#include "results/record_json.hpp"

namespace ringside::results {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json orNull(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json nodePagesToJson(const std::map<int, std::uint64_t>& node_pages) {
  Json json = Json::object();
  for (const auto& [node, pages] : node_pages) json[std::to_string(node)] = pages;
  return json;
}

Json memoryToJson(const MemoryReading& memory) {
  return {{"page_size_bytes", memory.page_size_bytes},
          {"locked_bytes", memory.locked_bytes},
          {"node_pages", nodePagesToJson(memory.node_pages)}};
}

Json readingToJson(const ProcessReading& reading) {
  return {{"name", reading.name},
          {"pid", reading.pid},
          {"cpu_at_start", reading.cpu_at_start},
          {"cpu_at_end", reading.cpu_at_end},
          {"wall_ns", reading.wall_ns},
          {"cpu_ns", reading.cpu_ns},
          {"minor_faults", reading.minor_faults},
          {"major_faults", reading.major_faults},
          {"voluntary_switches", reading.voluntary_switches},
          {"involuntary_switches", reading.involuntary_switches},
          {"run_delay_ns", orNull(reading.run_delay_ns)},
          {"before", memoryToJson(reading.before)},
          {"after", memoryToJson(reading.after)}};
}

Json canaryToJson(const std::optional<Canary>& canary) {
  return canary ? Json{canary->before_ns, canary->after_ns} : Json(nullptr);
}

Json metricsToJson(const Record& record) {
  Json json = Json::object();
  for (const auto& [name, value] : record.metrics) putNumber(json, name, value);
  return json;
}

Json histogramsToJson(const Record& record) {
  Json json = Json::object();
  for (const auto& [name, histogram] : record.histograms) {
    if (histogram) json[name] = encodeHdr(*histogram);
  }
  return json;
}

}  // namespace

Json axesToJson(const Axes& axes) {
  Json json = {
      {"workload", axes.workload},
      {"queue", axes.queue},
      {"producers", axes.producers},
      {"consumers", axes.consumers},
      {"element_size_bytes", axes.element_size_bytes},
      {"capacity", axes.capacity},
      {"placement", axes.placement},
      {"memory", axes.memory},
      {"huge_pages", axes.huge_pages},
      {"lock_memory", axes.lock_memory},
      {"numa_node", orNull(axes.numa_node)},
      {"wait", axes.wait},
      {"batch", axes.batch},
      {"tuning", axes.tuning},
      {"rate_per_s", nullptr},
  };
  if (axes.rate_per_s) putNumber(json, "rate_per_s", *axes.rate_per_s);
  if (axes.arrivals) json["arrivals"] = *axes.arrivals;
  if (axes.seed) json["seed"] = *axes.seed;
  if (axes.percentile) json["percentile"] = *axes.percentile;
  if (axes.limit_ns) json["limit_ns"] = *axes.limit_ns;
  json["prefault"] = axes.prefault;
  json["numa_policy"] = axes.numa_policy;
  json["validate"] = axes.validate;
  return json;
}

Json obtainedToJson(const std::optional<Obtained>& obtained) {
  if (!obtained) return nullptr;
  Json workers = Json::array();
  for (const ProcessReading& worker : obtained->workers) workers.push_back(readingToJson(worker));
  return {
      {"producer_cpus", obtained->producer_cpus},
      {"consumer_cpus", obtained->consumer_cpus},
      {"page_size_bytes", obtained->page_size_bytes},
      {"locked_bytes", obtained->locked_bytes},
      {"node_pages", nodePagesToJson(obtained->node_pages)},
      {"producer_pids", obtained->producer_pids},
      {"consumer_pids", obtained->consumer_pids},
      {"capacity", obtained->capacity},
      {"memory", obtained->memory},
      {"workers", std::move(workers)},
      {"parent", obtained->parent ? readingToJson(*obtained->parent) : Json(nullptr)},
      {"canary_ns", canaryToJson(obtained->canary)},
  };
}

Json validationToJson(const std::optional<Validation>& validation) {
  const auto countOf = [&](std::uint64_t Validation::*count) {
    return validation ? Json((*validation).*count) : Json(nullptr);
  };
  return {
      {"sent", countOf(&Validation::sent)},
      {"received", countOf(&Validation::received)},
      {"lost", countOf(&Validation::lost)},
      {"duplicated", countOf(&Validation::duplicated)},
      {"reordered", countOf(&Validation::reordered)},
      {"torn", countOf(&Validation::torn)},
  };
}

std::string toJson(const Record& record) {
  Json json = {
      {"schema", record.schema},
      {"suite", record.suite},
      {"cell", record.cell},
      {"repetition", record.repetition},
      {"status", toString(record.status)},
      {"reason", orNull(record.reason)},
      {"notes", record.notes},
      {"axes", axesToJson(record.axes)},
      {"obtained", obtainedToJson(record.obtained)},
      {"validation", validationToJson(record.validation)},
  };
  putNumber(json, "seconds", record.seconds);
  json["metrics"] = metricsToJson(record);
  json["histograms"] = histogramsToJson(record);
  if (!record.gives_up.empty()) json["gives_up"] = record.gives_up;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ringside::results
