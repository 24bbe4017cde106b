// The files beside the program: scenarios and the scripts that draw.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ringside::harness {

/// A file or folder below the installed share/ringside, or below the source tree that the program
/// was built in; nullopt when it is in neither.
std::optional<std::filesystem::path> findSharedFile(const std::filesystem::path& relative);

/// The file that `named` means: a path, or the bare name of a scenario in ./scenarios or among the
/// shared ones. What is found nowhere comes back as it is.
std::filesystem::path findScenario(const std::string& named);

/// Every scenario file at hand, by name; one in ./scenarios before a shared one of its name.
std::vector<std::filesystem::path> allScenarios();

}  // namespace ringside::harness
