// The axes that only an open loop has: rate_per_s, arrivals and seed of the workloads paced and
// slo, percentile and limit_ns of slo.
#pragma once

#include "harness/plan.hpp"

namespace ringside::harness {

/// Throws UsageError where one of these axes is given in a suite none of whose workloads has it.
void refuseUnusedAxes(const Suite& suite);

/// Reads and checks what these axes say of a cell, and takes those away that its workload does not
/// have. Throws UsageError: arrivals or a percentile that cannot be read, more messages than one
/// repetition can plan.
void settleOpenLoop(const Suite& suite, const Scenario& scenario, Cell& cell);

/// The number in "p99.9"; nullopt when it is none above 0 and up to 100.
std::optional<double> parsePercentile(const std::string& text);

/// How they stand in a cell's name; empty where they do not.
std::string rateLabel(const results::Axes& axes);
std::string arrivalsLabel(const results::Axes& axes);
std::string seedLabel(const results::Axes& axes);
std::string limitLabel(const results::Axes& axes);

}  // namespace ringside::harness
