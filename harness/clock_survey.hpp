// What the clock of the timed loops can tell apart: its step, what reading it costs, and how far
// the clocks of two CPUs may be from each other. A time between stamps of two CPUs is no better
// known than that.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <utility>

#include "harness/clock.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

struct ClockStep {
  double step_ns = 0;  ///< the smallest difference of two readings that is not 0
  double read_ns = 0;  ///< what one reading takes, the median
};

/// The clock of the second CPU less that of the first, from exchanges of readings between the two:
/// the fastest exchange, which took round_trip_ns, has the second reading in its middle, give or
/// take half of it.
struct ClockOffset {
  double offset_ns = 0;
  double round_trip_ns = 0;

  /// The offset is provably not 0.
  bool isProven() const;
  /// By how much a time between the two CPUs may be wrong. Nothing is corrected within half a round
  /// trip; a proven offset counts in full.
  double boundNs() const;
};

/// Offsets beyond this make one-way times worthless.
constexpr double kMaxOffsetNs = 1000;

/// Measures when it is first asked, and remembers.
class ClockSurvey {
 public:
  ClockSurvey(const Clock& clock, const Topology& topology) : clock_(clock), topology_(topology) {}

  const ClockStep& step();
  /// nullopt when the CPUs are the same, cannot be had, or did not exchange enough in 200 ms.
  std::optional<ClockOffset> between(CpuPair cpus);
  /// The one with the widest bound, of each of the first CPUs with each of the second; of all that
  /// the machine has, by class, where either is empty: not pinned. nullopt as above, for any.
  std::optional<ClockOffset> worst(std::span<const int> first, std::span<const int> second);

 private:
  std::optional<ClockOffset> exchange(CpuPair cpus) const;

  Clock clock_;
  const Topology& topology_;
  std::optional<ClockStep> step_;
  std::map<std::pair<int, int>, std::optional<ClockOffset>> offsets_;
};

}  // namespace ringside::harness
