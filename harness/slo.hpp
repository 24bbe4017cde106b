// The workload slo: the highest rate at which a percentile of the response time stays under a bound
// and nothing is lost, by bisection over repetitions of the workload paced.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// For the estimate of how long a plan takes: what a search usually needs.
constexpr long kUsualSloRuns = 20;

/// Messages per second.
struct RateRange {
  double lowest = 1'000;
  double first = 100'000;  ///< tried first
  double highest = 100'000'000;
};

/// What a search came to.
struct RateFound {
  double rate_per_s = 0;  ///< the highest that held; 0 when even the lowest did not
  bool at_highest = false;
};

/// By steps of four from the first rate on, then by bisection of the ratio, until the highest rate
/// that held and the lowest that did not are within 5 %. At most 25 rates are tried. nullopt as
/// soon as `holds` gives no answer.
std::optional<RateFound> searchRate(const RateRange& range,
                                    const std::function<std::optional<bool>(double)>& holds);

/// One repetition of a cell of this workload: a record with the metric slo_rate_per_s, with what
/// was measured at that rate, and with all steps in one note. A rate holds when two of at most
/// three runs do. A record that is not ok when a run failed or was skipped; nullopt after an
/// interrupt.
std::optional<results::Record> searchSlo(const Cell& cell, const std::string& suite,
                                         std::uint32_t repetition, Session& session);

}  // namespace ringside::harness
