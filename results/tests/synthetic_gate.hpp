// Blocks as a loaded virtual machine of two CPUs makes them, without one: what their noise was
// there is in the table. With them a whole gate is played in a millisecond.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "results/gate/gate_course.hpp"
#include "results/gate/played_gate.hpp"
#include "results/statistics/random_numbers.hpp"

namespace ringside::results {

/// Of one metric, what blocks of two identical arms scattered by.
struct MeasuredNoise {
  std::string_view metric;
  double deviation;    ///< 1.4826 times the median distance from the median
  double wild_factor;  ///< how much further a wild block lies out: from the plain deviation
  double pass_bound;
};
constexpr std::array<MeasuredNoise, 3> kMeasuredNoise = {{
    {"messages_per_s_robust", 0.029, 4, 0.05},
    {"rtt_ns_p50_clean", 0.0037, 25, 0.05},
    {"rtt_ns_p99_clean", 0.031, 2.5, 0.08},
}};

/// One cell over the time of a gate. What its blocks have in common is common to all metrics: where
/// the hypervisor has put the CPUs, what the memory of two processes happened to be, and how fast
/// the machine was getting slower. The last is the same for both arms, and cancels but for the luck
/// of which of them came first in each pair of slots.
class SyntheticCell {
 public:
  explicit SyntheticCell(std::uint64_t seed) : random_(seed) { drawRegime(); }

  /// Another block: two processes, other than before.
  void nextBlock() {
    if (random_.uniform() < kRegimeChange) drawRegime();
    is_wild_ = random_.uniform() < kWildShare;
    const auto first_of_arm = static_cast<std::uint64_t>(random_.next() >> (64 - kSlotPairs));
    const int imbalance = 2 * std::popcount(first_of_arm) - kSlotPairs;
    drift_ = kDrift * normal() * imbalance / std::sqrt(static_cast<double>(kSlotPairs));
  }

  /// Of two arms that are the same.
  double effectOf(const MeasuredNoise& noise) {
    const double spread = regime_spread_ * (is_wild_ ? noise.wild_factor : 1);
    return noise.deviation * kScale * (spread * normal() + drift_);
  }

 private:
  static constexpr double kRegimeChange = 0.2;  ///< 1.6 % in 17 ms, of a block of a quarter second
  static constexpr double kWildShare = 0.1;     ///< 4 of 36
  static constexpr int kSlotPairs = 12;
  static constexpr double kDrift = 0.7;   ///< part of the deviation
  static constexpr double kScale = 0.71;  ///< so that the deviation of all together is as measured

  /// Hardware threads of one core, cores of one L3, cores of two: 6, 68 and 26 % of the time.
  void drawRegime() {
    const double u = random_.uniform();
    regime_spread_ = u < 0.06 ? 0.8 : (u < 0.74 ? 1.0 : 1.6);
  }

  double normal() {
    constexpr double kTwoPi = 6.283185307179586;
    const double radius = std::sqrt(-2 * std::log(1 - random_.uniform()));
    return radius * std::cos(kTwoPi * random_.uniform());
  }

  RandomNumbers random_;
  double regime_spread_ = 1;
  bool is_wild_ = false;
  double drift_ = 0;
};

/// A gate of cells that have the three metrics each.
class SyntheticGate {
 public:
  SyntheticGate(std::size_t cells, double margin, std::uint64_t seed) {
    RandomNumbers seeds(seed);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      cells_.emplace_back(seeds.next());
      for (const MeasuredNoise& noise : kMeasuredNoise) {
        metrics_.push_back({.cell = std::to_string(cell),
                            .name = std::string(noise.metric),
                            .margin = margin,
                            .pass_bound = noise.pass_bound});
      }
    }
  }

  /// `effect` is that of metric number `changed`, all others have none.
  std::vector<MetricVerdict> verdicts(std::size_t changed, double effect) {
    GateCourse course({}, metrics_);
    play(course, [&](std::size_t metric) {
      SyntheticCell& cell = cells_[course.cellOf(metric)];
      const std::size_t kind = metric % kMeasuredNoise.size();
      if (kind == 0) cell.nextBlock();
      return cell.effectOf(kMeasuredNoise[kind]) + (metric == changed ? effect : 0);
    });
    return course.verdicts(GateCourse::Detectable::Skip);
  }

 private:
  std::vector<SyntheticCell> cells_;
  std::vector<GateMetric> metrics_;
};

}  // namespace ringside::results
