#include "harness/duet/arm_fault.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "harness/duet/slot_reading.hpp"
#include "harness/paced_run.hpp"

namespace ringside::harness {

using results::ExitCode;

namespace {

/// By the median slot; empty where the senders were not tried.
std::string whyNotByTheseSenders(const ArmReading& arm) {
  std::vector<double> p50s;
  for (const SlotReading& slot : arm.slots) {
    const auto found = slot.metrics.find("response_ns_p50");
    if (found != slot.metrics.end()) p50s.push_back(found->second);
  }
  if (arm.senders_late_ns == 0 || p50s.empty()) return {};
  return whySendersTooLate(arm.senders_late_ns, orderStatistic(p50s, 0.5));
}

}  // namespace

std::optional<ArmFault> faultOf(const ArmReading& arm, std::string_view name) {
  if (arm.validation && !arm.validation->clean()) {
    const results::Validation& v = *arm.validation;
    return ArmFault{ExitCode::Integrity,
                    fmt::format("integrity: {} has {} lost, {} duplicated, {} reordered, {} "
                                "torn of {}",
                                name, v.lost, v.duplicated, v.reordered, v.torn, v.sent)};
  }
  if (!arm.trouble.empty()) {
    return ArmFault{arm.unobtainable ? ExitCode::EverythingSkipped : ExitCode::WorkerFailed,
                    fmt::format("{}: {}", name, arm.trouble)};
  }
  std::string why = whyNotByTheseSenders(arm);
  if (why.empty()) return std::nullopt;
  return ArmFault{ExitCode::Invalid, std::move(why)};
}

}  // namespace ringside::harness
