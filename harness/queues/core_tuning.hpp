// The core's tuning that the harness asks for.
#pragma once

#include "harness/measurable_queue.hpp"

namespace ringside::harness {

/// CoreTuning is ringside::Tuning, where the core has one.
template <class CoreTuning>
constexpr CoreTuning coreTuning(QueueTuning asked) noexcept {
  if (asked == QueueTuning::RoundTrip) return CoreTuning::RoundTrip;
  return asked == QueueTuning::Throughput ? CoreTuning::Throughput : CoreTuning::Adaptive;
}

}  // namespace ringside::harness
