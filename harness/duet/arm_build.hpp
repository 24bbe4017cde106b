// The core of any tree under today's harness, as plug-ins: compiled once, linked several times.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/duet/core_tree.hpp"

namespace ringside::harness {

struct ArmBuild {
  /// Absolute, one for each link: the same code, each time with its functions in another order.
  std::vector<std::filesystem::path> links;
  /// Of the code, whatever the number of links.
  std::string identity;
  nlohmann::ordered_json facts;  ///< for the bundle: compiler, flags, how it was linked
};

struct ArmBuildTerms {
  std::string asked;              ///< begins every message
  std::filesystem::path sources;  ///< of this program
  std::filesystem::path cache;    ///< a folder, absolute
  std::uint32_t links = 1;        ///< 1..kMaxLinks
  std::function<void(const std::string&)> progress = {};
};

/// Takes it from the cache, or builds it there. Throws UsageError when the core does not compile
/// under this harness or the sources are not those of this program; std::runtime_error when a
/// program is missing or takes too long, or the cache cannot be written.
ArmBuild buildArm(const CoreTree& core, const ArmBuildTerms& terms);

/// What the cache calls it: equal names, equal content. `compiler` is all that names it.
std::string armFolderName(const CoreTree& core, const std::filesystem::path& sources,
                          const std::string& compiler);

}  // namespace ringside::harness
