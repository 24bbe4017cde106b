#include "harness/fleet/instance_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/fleet/engine.hpp"
#include "results/exit_code.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

/// With these a run has come to its end, and its bundle has a record for all that was planned.
constexpr std::array kWhole = {ExitCode::Fine, ExitCode::Integrity, ExitCode::Invalid,
                               ExitCode::WorkerFailed, ExitCode::EverythingSkipped};

constexpr std::array kOwn = {ExitCode::Fine,         ExitCode::Usage,
                             ExitCode::Integrity,    ExitCode::Invalid,
                             ExitCode::WorkerFailed, ExitCode::EnvironmentRefused,
                             ExitCode::Interrupted,  ExitCode::EverythingSkipped};

/// What a code means that a shell, a loader or a signal gives, and not ringside.
std::string foreignCode(int code) {
  if (code == 126 || code == 127) return "the program cannot be started there";
  if (code > 128) return fmt::format("ended by signal {}", code - 128);
  return "exit code of nothing known";
}

template <std::size_t N>
bool isOneOf(const std::array<ExitCode, N>& codes, int code) {
  return std::any_of(codes.begin(), codes.end(),
                     [&](ExitCode one) { return static_cast<int>(one) == code; });
}

std::string meaningOf(int code) {
  if (!isOwnCode(code)) return foreignCode(code);
  return std::string(results::toString(static_cast<ExitCode>(code)));
}

}  // namespace

bool isOwnCode(int code) { return isOneOf(kOwn, code); }

std::string_view toString(InstanceState state) {
  switch (state) {
    case InstanceState::Waiting:
      return "waiting";
    case InstanceState::Running:
      return "running";
    case InstanceState::Done:
      return "done";
    case InstanceState::Failed:
      return "failed";
    case InstanceState::Lost:
      break;
  }
  return "lost";
}

std::optional<InstanceStatus> statusFromFiles(const FleetFolder& folder,
                                              const FleetInstance& instance) {
  const std::optional<int> code = folder.exitCodeOf(instance.name);
  if (!code) return std::nullopt;
  InstanceStatus status{.instance = instance, .exit_code = code};
  status.has_all_records = isOneOf(kWhole, *code) && folder.hasBundle(instance.name);
  status.state = *code == 0 ? InstanceState::Done : InstanceState::Failed;
  if (*code != 0) status.why = meaningOf(*code);
  if (isOneOf(kWhole, *code) && !status.has_all_records) {
    status.state = InstanceState::Lost;
    status.why = "its bundle is not there any more";
  }
  return status;
}

std::vector<InstanceStatus> statusOf(const FleetFolder& folder, FleetEngine& engine) {
  engine.look(folder);
  std::vector<InstanceStatus> all;
  for (const FleetInstance& instance : instancesOf(folder.fleet())) {
    if (auto ended = statusFromFiles(folder, instance)) {
      all.push_back(std::move(*ended));
      continue;
    }
    const Whereabouts where = engine.whereIs(instance);
    all.push_back({.instance = instance, .state = where.state, .why = where.why});
  }
  return all;
}

}  // namespace ringside::harness
