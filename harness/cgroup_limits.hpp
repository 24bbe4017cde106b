// What the control groups of this process allow it, of version 1 and 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/system_files.hpp"

namespace ringside::harness {

/// The tightest of the group of this process and of all groups around it.
struct CgroupLimits {
  bool readable = false;       ///< false: there is no control group to be seen
  std::optional<double> cpus;  ///< CPU time per time; absent: no limit
  std::optional<std::uint64_t> memory_bytes;
};

CgroupLimits cgroupLimits(const SystemFiles& files);

/// "docker", "podman", "kubernetes", "lxc", "container"; empty where this is none.
std::string containerKind(const SystemFiles& files);

}  // namespace ringside::harness
