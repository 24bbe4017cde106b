// The core of a git revision, or as it stands in the source tree, under today's harness.
#pragma once

#include <filesystem>
#include <string>

#include "harness/duet/arm.hpp"

namespace ringside::harness {

/// `asked` begins every message; `program` is this one. Throw as resolveArm() does.
Arm revisionArm(const std::string& asked, const std::string& named, const ArmTerms& terms,
                const std::filesystem::path& program);
Arm workTreeArm(const std::string& asked, const ArmTerms& terms,
                const std::filesystem::path& program);

}  // namespace ringside::harness
