// All repetitions of a plan, in rounds: every cell once, then every cell again, so that a drift of
// the machine strikes all cells alike.
#pragma once

#include <string>
#include <vector>

#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "results/bundle.hpp"
#include "results/exit_code.hpp"
#include "results/summary.hpp"

namespace ringside::harness {

struct SuiteOutcome {
  std::vector<results::CellSummary> cells;
  results::ExitCode exit_code = results::ExitCode::Fine;
  results::Interrupted interrupted = results::Interrupted::No;
  std::string trouble;  ///< why it ended early although nobody interrupted it; else empty
};

/// Appends one record a repetition to the bundle, as soon as it is made. When one cannot be written
/// the suite ends there.
SuiteOutcome runSuite(const Plan& plan, Session& session, results::Bundle& bundle);

}  // namespace ringside::harness
