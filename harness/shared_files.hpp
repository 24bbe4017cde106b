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

/// Where the suites of `ringside run` are, and the campaigns of `ringside verify`.
inline constexpr const char* kScenarioFolder = "scenarios";
inline constexpr const char* kCampaignFolder = "scenarios/verify";

/// The file that `named` means: a path, or the bare name of a scenario in ./<folder> or among the
/// shared ones. What is found nowhere comes back as it is.
std::filesystem::path findScenario(const std::string& named, const char* folder = kScenarioFolder);

/// Every scenario file at hand, by name; one in ./<folder> before a shared one of its name.
std::vector<std::filesystem::path> allScenarios(const char* folder = kScenarioFolder);

}  // namespace ringside::harness
