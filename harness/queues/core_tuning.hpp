// The core's tuning that the harness asks for.
#pragma once

#include "harness/measurable_queue.hpp"
#include "ringside/segment.hpp"

namespace ringside::harness {

inline Tuning coreTuning(QueueTuning asked) noexcept {
  if (asked == QueueTuning::RoundTrip) return Tuning::RoundTrip;
  return asked == QueueTuning::Throughput ? Tuning::Throughput : Tuning::Adaptive;
}

}  // namespace ringside::harness
