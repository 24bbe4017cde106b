// What the workers of one repetition have counted, taken together as their workload asks.
#pragma once

#include "harness/control.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// Those who counted messages in the measured phase, as numbers of workers, producers first:
/// consumers; in a ping-pong the producers; where both sides receive, all.
struct Counters {
  std::uint32_t first = 0;
  std::uint32_t end = 0;  ///< one more than the last
};
Counters countersOf(const ControlShape& shape);

/// Sent, lost, duplicated and reordered over all workers; `received` and `torn` stay 0. Of a
/// snapshot a write is what is sent, a read that shows too old a value is reordered, and lost are
/// the last writes, when a reader at the end did not see them.
results::Validation settleAll(const Control& control);

/// The reads of a snapshot: their histogram, and how many writes there were in a second.
void fillReads(const Control& control, results::Record& record);

}  // namespace ringside::harness
