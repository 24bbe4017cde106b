// The plug-ins that a recorded run began with, loaded again.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/compare/environment_facts.hpp"

namespace ringside::harness {

/// Loads those that run.json of the bundle names: from where they were, or the one of `named` that
/// has the same content, else the same name of its file. Of a record without a bundle, or a bundle
/// without run.json, loads those that are named. Answers with those that are no longer what they
/// were. Throws UsageError for one that is missing, or was changed and is not named, and for one
/// that the run did not begin with.
std::vector<Difference> loadRecordedPlugins(const std::filesystem::path& bundle,
                                            std::vector<std::filesystem::path> named);

}  // namespace ringside::harness
