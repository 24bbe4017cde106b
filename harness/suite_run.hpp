// All repetitions of a plan, in rounds: every cell once, then every cell again, so that a drift of
// the machine strikes all cells alike. round_order says which one comes when.
#pragma once

#include <string>
#include <vector>

#include "harness/plan.hpp"
#include "harness/schedule.hpp"
#include "harness/session.hpp"
#include "results/bundle.hpp"
#include "results/exit_code.hpp"
#include "results/summary.hpp"

namespace ringside::harness {

struct SuiteOutcome {
  std::vector<results::CellSummary> cells;
  std::vector<results::Record> records;  ///< all that are in the bundle, without histograms
  results::ExitCode exit_code = results::ExitCode::Fine;
  results::Interrupted interrupted = results::Interrupted::No;
  std::string trouble;  ///< why it ended early although nobody interrupted it; else empty
};

/// Where a run begins and how long it may take.
struct RunLimits {
  std::vector<results::Record> earlier = {};  ///< in the bundle already: not run again
  TimeLeft time = {};
};

/// Appends one record a repetition to the bundle, as soon as it is made. When one cannot be written
/// the suite ends there. A repetition that there is no time left for is recorded as skipped.
SuiteOutcome runSuite(const Plan& plan, Session& session, results::Bundle& bundle,
                      const RunLimits& limits = {});

}  // namespace ringside::harness
