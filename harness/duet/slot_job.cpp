#include "harness/duet/slot_job.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "results/json_number.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

/// JSON has no infinity: what never came is null.
ordered_json toJson(const std::map<std::string, double>& metrics) {
  ordered_json json = ordered_json::object();
  for (const auto& [name, value] : metrics) {
    json[name] = results::numberOrNull(value);
  }
  return json;
}

std::map<std::string, double> metricsFrom(const ordered_json& json) {
  std::map<std::string, double> metrics;
  for (const auto& [name, value] : json.items()) {
    metrics[name] = value.is_null() ? std::numeric_limits<double>::infinity() : value.get<double>();
  }
  return metrics;
}

ordered_json toJson(const SlotReading& slot) {
  return {{"canary_ns", slot.canary_ns},
          {"messages", slot.messages},
          {"counted", slot.counted},
          {"saturated", slot.saturated},
          {"metrics", toJson(slot.metrics)}};
}

SlotReading slotReadingFrom(const ordered_json& json) {
  return {.canary_ns = json.at("canary_ns"),
          .messages = json.at("messages"),
          .counted = json.at("counted"),
          .saturated = json.at("saturated"),
          .metrics = metricsFrom(json.at("metrics"))};
}

ordered_json toJson(const results::Validation& validation) {
  return {{"sent", validation.sent},           {"received", validation.received},
          {"lost", validation.lost},           {"duplicated", validation.duplicated},
          {"reordered", validation.reordered}, {"torn", validation.torn}};
}

results::Validation validationFrom(const ordered_json& json) {
  return {.sent = json.at("sent"),
          .received = json.at("received"),
          .lost = json.at("lost"),
          .duplicated = json.at("duplicated"),
          .reordered = json.at("reordered"),
          .torn = json.at("torn")};
}

std::string text(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string toJson(const SlotJob& job) {
  return text({{"suite", job.suite.string()},
               {"cell", job.cell},
               {"queue", job.queue},
               {"other_queues", job.other_queues},
               {"slots", job.timing.slots},
               {"slot_ns", job.timing.slot_ns},
               {"skip_ns", job.timing.skip_ns},
               {"skip_messages", job.timing.skip_messages},
               {"seed", job.seed},
               {"clock_source", static_cast<int>(job.clock.source)},
               {"ns_per_tick", job.clock.ns_per_tick},
               {"clock_step_ns", job.clock_step_ns},
               {"clock_bound_ns", job.clock_bound_ns},
               {"tries_senders", job.tries_senders},
               {"injected_steps", job.injection.steps},
               {"injected_stall_ns", job.injection.stall_ns},
               {"injected_fraction", job.injection.fraction},
               {"plugin", job.plugin},
               {"parent", job.parent},
               {"turns_descriptor", job.turns_descriptor},
               {"reading_descriptor", job.reading_descriptor}});
}

SlotJob slotJobFrom(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  SlotJob job;
  job.suite = json.at("suite").get<std::string>();
  job.cell = json.at("cell");
  job.queue = json.at("queue");
  job.other_queues = json.at("other_queues");
  job.timing = {.slots = json.at("slots"),
                .slot_ns = json.at("slot_ns"),
                .skip_ns = json.at("skip_ns"),
                .skip_messages = json.at("skip_messages")};
  job.seed = json.at("seed");
  job.clock = {static_cast<ClockSource>(json.at("clock_source").get<int>()),
               json.at("ns_per_tick")};
  job.clock_step_ns = json.at("clock_step_ns");
  job.clock_bound_ns = json.at("clock_bound_ns");
  job.tries_senders = json.at("tries_senders");
  job.injection = {.steps = json.at("injected_steps"),
                   .stall_ns = json.at("injected_stall_ns"),
                   .fraction = json.at("injected_fraction")};
  job.plugin = json.at("plugin");
  job.parent = json.at("parent");
  job.turns_descriptor = json.at("turns_descriptor");
  job.reading_descriptor = json.at("reading_descriptor");
  return job;
}

std::string toJson(const ArmReading& reading) {
  ordered_json slots = ordered_json::array();
  for (const SlotReading& slot : reading.slots) slots.push_back(toJson(slot));
  return text({{"slots", slots},
               {"block_metrics", toJson(reading.block_metrics)},
               {"validation", reading.validation ? toJson(*reading.validation) : nullptr},
               {"run_delay", reading.run_delay},
               {"trouble", reading.trouble},
               {"unobtainable", reading.unobtainable},
               {"invalid", reading.invalid},
               {"page_size_bytes", reading.memory.page_size_bytes},
               {"locked_bytes", reading.memory.locked_bytes},
               {"senders_late_ns", reading.senders_late_ns}});
}

ArmReading armReadingFrom(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  ArmReading reading;
  for (const ordered_json& slot : json.at("slots")) reading.slots.push_back(slotReadingFrom(slot));
  reading.block_metrics = metricsFrom(json.at("block_metrics"));
  if (!json.at("validation").is_null()) reading.validation = validationFrom(json.at("validation"));
  reading.run_delay = json.at("run_delay");
  reading.trouble = json.at("trouble");
  reading.unobtainable = json.at("unobtainable");
  reading.invalid = json.at("invalid");
  reading.memory = {.page_size_bytes = json.value("page_size_bytes", std::uint64_t{0}),
                    .locked_bytes = json.value("locked_bytes", std::uint64_t{0})};
  reading.senders_late_ns = json.value("senders_late_ns", 0.0);  // of an older build: never tried
  return reading;
}

}  // namespace ringside::harness
