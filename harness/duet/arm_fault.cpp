#include "harness/duet/arm_fault.hpp"

#include <fmt/format.h>

namespace ringside::harness {

using results::ExitCode;

std::optional<ArmFault> faultOf(const ArmReading& arm, std::string_view name) {
  if (arm.validation && !arm.validation->clean()) {
    const results::Validation& v = *arm.validation;
    return ArmFault{ExitCode::Integrity,
                    fmt::format("integrity: the {} has {} lost, {} duplicated, {} reordered, {} "
                                "torn of {}",
                                name, v.lost, v.duplicated, v.reordered, v.torn, v.sent)};
  }
  if (arm.trouble.empty()) return std::nullopt;
  return ArmFault{arm.unobtainable ? ExitCode::EverythingSkipped : ExitCode::WorkerFailed,
                  fmt::format("the {}: {}", name, arm.trouble)};
}

}  // namespace ringside::harness
