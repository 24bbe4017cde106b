// What became of each instance of a fleet: by the files that its job has written, and where there
// is none by what its engine knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/fleet/fleet_folder.hpp"

namespace ringside::harness {

enum class InstanceState {
  Waiting,  ///< it will be started
  Running,
  Done,    ///< exit code 0
  Failed,  ///< another one
  Lost     ///< it has not ended, and will not
};

std::string_view toString(InstanceState state);

/// Where an instance is that has not ended.
struct Whereabouts {
  InstanceState state = InstanceState::Lost;
  std::string why;  ///< of a state that one would not wish; may be empty
};

struct InstanceStatus {
  FleetInstance instance;
  InstanceState state = InstanceState::Lost;
  std::optional<int> exit_code = std::nullopt;
  std::string why = {};
  bool has_all_records = false;  ///< its run came to its end, whatever it found

  bool mayStillCome() const {
    return state == InstanceState::Waiting || state == InstanceState::Running;
  }
};

/// Whether `ringside run` ends with this code, and not a shell, a loader or a signal.
bool isOwnCode(int code);

/// nullopt for one that has not ended.
std::optional<InstanceStatus> statusFromFiles(const FleetFolder& folder,
                                              const FleetInstance& instance);

class FleetEngine;
/// Asks the engine first, which brings files that are elsewhere. In the order of instancesOf().
std::vector<InstanceStatus> statusOf(const FleetFolder& folder, FleetEngine& engine);

}  // namespace ringside::harness
