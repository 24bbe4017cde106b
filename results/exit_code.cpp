#include "results/exit_code.hpp"

#include <algorithm>

namespace ringside::results {
namespace {

bool violatesIntegrity(const Record& record) {
  return record.validation && !record.validation->clean();
}

}  // namespace

std::string_view toString(ExitCode code) noexcept {
  switch (code) {
    case ExitCode::Fine:
      return "fine";
    case ExitCode::Regression:
      return "regression";
    case ExitCode::Usage:
      return "usage or bad file";
    case ExitCode::Integrity:
      return "integrity violation";
    case ExitCode::Inconclusive:
      return "inconclusive";
    case ExitCode::Invalid:
      return "invalid measurement";
    case ExitCode::EnvironmentRefused:
      return "environment refused";
    case ExitCode::WorkerFailed:
      return "worker crashed or timed out";
    case ExitCode::EverythingSkipped:
      return "everything skipped";
    case ExitCode::Interrupted:
      return "interrupted";
  }
  return "unknown exit code";
}

ExitCode exitCodeFor(std::span<const Record> records, Interrupted interrupted) {
  const auto has = [](Status status) {
    return [status](const Record& record) { return record.status == status; };
  };
  if (interrupted == Interrupted::Yes) return ExitCode::Interrupted;
  if (std::ranges::any_of(records, violatesIntegrity)) return ExitCode::Integrity;
  if (std::ranges::any_of(records, has(Status::Failed))) return ExitCode::WorkerFailed;
  if (std::ranges::any_of(records, has(Status::Invalid))) return ExitCode::Invalid;
  if (records.empty()) return ExitCode::Fine;
  const bool all_skipped = std::ranges::all_of(records, has(Status::Skipped));
  return all_skipped ? ExitCode::EverythingSkipped : ExitCode::Fine;
}

}  // namespace ringside::results
