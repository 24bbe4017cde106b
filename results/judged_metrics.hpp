// The verdicts of a gate as the history keeps them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "results/gate/gate_course.hpp"
#include "results/history.hpp"

namespace ringside::results {

/// What both sides of a gate measured of one metric, in its own unit: the medians over the blocks
/// that count. Absent where there is none.
struct ArmMedians {
  std::optional<double> baseline;
  std::optional<double> candidate;
};

/// One for each verdict, in their order. `medians` are those of the same verdicts, or empty. What
/// is not finite is absent, and so are the effects of a metric of which no block counted.
std::vector<JudgedMetric> judgedMetrics(std::span<const MetricVerdict> verdicts,
                                        std::span<const ArmMedians> medians = {});

}  // namespace ringside::results
