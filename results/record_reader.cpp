// Schema 1 of a record, read: every key checked for presence, type and range, and named when it is
// wrong. record_writer.cpp writes it.
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "results/hdr_codec.hpp"
#include "results/json_object.hpp"
#include "results/record.hpp"

namespace ringside::results {
namespace {

Status readStatus(const JsonObject& top) {
  std::string text;
  top.require("status", text);
  const std::optional<Status> status = parseStatus(text);
  if (!status) refuse("status", text, "ok, failed, invalid or skipped");
  return *status;
}

Axes readAxes(const Json& json) {
  const JsonObject object(json, "axes");
  Axes axes;
  object.require("workload", axes.workload);
  object.require("queue", axes.queue);
  object.require("producers", axes.producers);
  object.require("consumers", axes.consumers);
  object.require("element_size_bytes", axes.element_size_bytes);
  object.require("capacity", axes.capacity);
  object.require("placement", axes.placement);
  object.readInto("memory", axes.memory);
  object.readInto("huge_pages", axes.huge_pages);
  object.readInto("lock_memory", axes.lock_memory);
  object.readInto("numa_node", axes.numa_node);
  object.readInto("wait", axes.wait);
  object.readInto("batch", axes.batch);
  object.readInto("tuning", axes.tuning);
  object.readInto("rate_per_s", axes.rate_per_s);
  object.readInto("arrivals", axes.arrivals);
  object.readInto("seed", axes.seed);
  object.readInto("percentile", axes.percentile);
  object.readInto("limit_ns", axes.limit_ns);
  object.readInto("prefault", axes.prefault);
  object.readInto("numa_policy", axes.numa_policy);
  object.readInto("validate", axes.validate);
  return axes;
}

std::map<int, std::uint64_t> readNodePages(const Json& json, const std::string& name) {
  const JsonObject object(json, name);
  std::map<int, std::uint64_t> node_pages;
  for (const auto& [key, pages] : object.items()) {
    int node = -1;
    const char* end = key.data() + key.size();
    const auto parsed = std::from_chars(key.data(), end, node);
    if (parsed.ec != std::errc{} || parsed.ptr != end || node < 0) {
      refuse("a key of " + name, key, "the number of a NUMA node");
    }
    node_pages[node] = convert<std::uint64_t>(pages, object.nameOf(key));
  }
  return node_pages;
}

MemoryReading readMemory(const Json& json, const std::string& name) {
  const JsonObject object(json, name);
  MemoryReading memory;
  object.readInto("page_size_bytes", memory.page_size_bytes);
  object.readInto("locked_bytes", memory.locked_bytes);
  if (const Json* pages = object.find("node_pages")) {
    memory.node_pages = readNodePages(*pages, object.nameOf("node_pages"));
  }
  return memory;
}

ProcessReading readReading(const Json& json, const std::string& name) {
  const JsonObject object(json, name);
  ProcessReading reading;
  object.readInto("name", reading.name);
  object.readInto("pid", reading.pid);
  object.readInto("cpu_at_start", reading.cpu_at_start);
  object.readInto("cpu_at_end", reading.cpu_at_end);
  object.readInto("wall_ns", reading.wall_ns);
  object.readInto("cpu_ns", reading.cpu_ns);
  object.readInto("minor_faults", reading.minor_faults);
  object.readInto("major_faults", reading.major_faults);
  object.readInto("voluntary_switches", reading.voluntary_switches);
  object.readInto("involuntary_switches", reading.involuntary_switches);
  object.readInto("run_delay_ns", reading.run_delay_ns);
  if (const Json* before = object.find("before")) {
    reading.before = readMemory(*before, object.nameOf("before"));
  }
  if (const Json* after = object.find("after")) {
    reading.after = readMemory(*after, object.nameOf("after"));
  }
  return reading;
}

Canary readCanary(const Json& json) {
  const auto both = convert<std::vector<double>>(json, "obtained.canary_ns");
  if (both.size() != 2) refuse("obtained.canary_ns", json, "[before, after]");
  for (const double ns : both) {
    if (!(ns > 0)) refuse("obtained.canary_ns", json, "two times above 0 ns");
  }
  return {.before_ns = both[0], .after_ns = both[1]};
}

Obtained readObtained(const Json& json) {
  const JsonObject object(json, "obtained");
  Obtained obtained;
  object.readInto("producer_cpus", obtained.producer_cpus);
  object.readInto("consumer_cpus", obtained.consumer_cpus);
  object.readInto("producer_pids", obtained.producer_pids);
  object.readInto("consumer_pids", obtained.consumer_pids);
  object.readInto("page_size_bytes", obtained.page_size_bytes);
  object.readInto("locked_bytes", obtained.locked_bytes);
  object.readInto("capacity", obtained.capacity);
  if (const Json* pages = object.find("node_pages"))
    obtained.node_pages = readNodePages(*pages, "obtained.node_pages");
  object.readInto("memory", obtained.memory);
  if (const Json* workers = object.find("workers")) {
    if (!workers->is_array()) refuse("obtained.workers", *workers, "a list");
    for (const Json& worker : *workers) {
      obtained.workers.push_back(readReading(worker, "obtained.workers"));
    }
  }
  if (const Json* parent = object.find("parent")) {
    obtained.parent = readReading(*parent, "obtained.parent");
  }
  if (const Json* canary = object.find("canary_ns")) obtained.canary = readCanary(*canary);
  return obtained;
}

/// All six counts, or none: nullopt when they are null.
std::optional<Validation> readValidation(const Json& json) {
  const JsonObject object(json, "validation");
  if (object.find("sent") == nullptr) return std::nullopt;
  Validation validation;
  object.require("sent", validation.sent);
  object.require("received", validation.received);
  object.require("lost", validation.lost);
  object.require("duplicated", validation.duplicated);
  object.require("reordered", validation.reordered);
  object.require("torn", validation.torn);
  return validation;
}

std::map<std::string, double> readMetrics(const Json& json) {
  const JsonObject object(json, "metrics");
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : object.items()) {
    const bool says_why = value.is_string() && name.ends_with("_status");
    if (value.is_null() || says_why) continue;
    metrics[name] = convert<double>(value, object.nameOf(name));
  }
  return metrics;
}

std::map<std::string, std::shared_ptr<Histogram>> readHistograms(const Json& json) {
  const JsonObject object(json, "histograms");
  std::map<std::string, std::shared_ptr<Histogram>> histograms;
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    const auto text = convert<std::string>(value, object.nameOf(name));
    auto histogram = std::make_shared<Histogram>();
    try {
      decodeHdr(text, *histogram);
    } catch (const std::runtime_error& error) {
      throw RecordError(
          fmt::format("{} is {}: {}", object.nameOf(name), show(value), error.what()));
    }
    histograms[name] = std::move(histogram);
  }
  return histograms;
}

}  // namespace

Record fromJson(std::string_view line) {
  const Json json = parseLine(line);
  const JsonObject top(json, "");
  checkSchema(top, kRecordSchema);
  Record record;
  top.require("suite", record.suite);
  top.require("cell", record.cell);
  top.require("repetition", record.repetition);
  record.status = readStatus(top);
  top.readInto("reason", record.reason);
  top.readInto("notes", record.notes);
  top.readInto("gives_up", record.gives_up);
  const Json* axes = top.find("axes");
  if (axes == nullptr) throw RecordError("axes is missing; schema 1 needs it");
  record.axes = readAxes(*axes);
  if (const Json* obtained = top.find("obtained")) record.obtained = readObtained(*obtained);
  if (const Json* counts = top.find("validation")) record.validation = readValidation(*counts);
  top.readInto("seconds", record.seconds);
  if (const Json* metrics = top.find("metrics")) record.metrics = readMetrics(*metrics);
  if (const Json* texts = top.find("histograms")) record.histograms = readHistograms(*texts);
  return record;
}

}  // namespace ringside::results
