#include "harness/duet/revision_arm.hpp"

#include "harness/usage_error.hpp"

namespace ringside::harness {

Arm revisionArm(const std::string& asked, const std::string&, const ArmTerms&,
                const std::filesystem::path&) {
  throw UsageError(asked + ": there is no such file, and revisions cannot be built yet");
}

Arm workTreeArm(const std::string& asked, const ArmTerms&, const std::filesystem::path&) {
  throw UsageError(asked + ": revisions cannot be built yet");
}

}  // namespace ringside::harness
