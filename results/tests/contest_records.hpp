// Made-up records of a contest, for the tests of what is said of them.
#pragma once

#include <string>

#include "results/record.hpp"

namespace ringside::results {

/// Of one queue in one round, all in the same shape.
inline Record contestRecord(const std::string& queue, std::uint32_t round, double messages_per_s) {
  Record record;
  record.suite = "peers";
  record.cell = "peers/throughput/" + queue;
  record.repetition = round;
  record.axes.workload = "throughput";
  record.axes.queue = queue;
  record.axes.element_size_bytes = 64;
  record.axes.capacity = 1024;
  record.axes.placement = "same_l3";
  record.metrics["messages_per_s"] = messages_per_s;
  return record;
}

inline Record withCanary(Record record, double before_ns, double after_ns) {
  record.obtained.emplace();
  record.obtained->canary = {.before_ns = before_ns, .after_ns = after_ns};
  return record;
}

}  // namespace ringside::results
