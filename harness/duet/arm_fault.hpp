// What ends a cell whatever its speed: messages that are wrong, a process that died, and senders
// that are too late for anybody to be measured by them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/duet/slot_job.hpp"
#include "results/exit_code.hpp"

namespace ringside::harness {

struct ArmFault {
  /// Integrity, WorkerFailed, Invalid, or EverythingSkipped where this machine cannot do it.
  results::ExitCode code = results::ExitCode::Fine;
  std::string reason;
};

/// Of one block of the arm of that name.
std::optional<ArmFault> faultOf(const ArmReading& arm, std::string_view name);

}  // namespace ringside::harness
