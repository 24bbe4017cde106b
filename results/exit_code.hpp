// What a verb of ringside tells the shell. The values are part of the interface: CI reads them.
#pragma once

#include <span>
#include <string_view>

#include "results/record.hpp"

namespace ringside::results {

enum class ExitCode : int {
  Fine = 0,
  Regression = 1,
  Usage = 2,
  Integrity = 3,
  Inconclusive = 4,
  Invalid = 5,
  EnvironmentRefused = 6,
  WorkerFailed = 7,
  EverythingSkipped = 77,
  Interrupted = 130,
};

/// One line for people, lower case: "integrity violation".
std::string_view toString(ExitCode code) noexcept;

/// Whether the user ended the run (SIGINT, SIGTERM) before its plan was done.
enum class Interrupted { No, Yes };

/// The gravest of what a run's records say: interrupted, then any record whose validation is not
/// clean (integrity), then any failed, then any invalid, then all skipped, else fine. No records
/// at all are fine. Never answers Regression, Usage, Inconclusive or EnvironmentRefused: those are
/// not known from records.
ExitCode exitCodeFor(std::span<const Record> records, Interrupted interrupted);

}  // namespace ringside::results
