// What was asked of a run beside its suite, kept in the bundle as run.json: so that a run that was
// interrupted can be gone on with, on the same machine, by the same program.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/schedule.hpp"
#include "results/record.hpp"

namespace ringside::harness {

inline constexpr const char* kRequestFile = "run.json";

/// The text of run.json: what was asked for, a check of the suite's text, and the plug-ins that are
/// loaded.
std::string toJson(const Schedule& schedule, const std::string& scenario_text);

/// A plug-in that a run began with: where it was, and the check of its content.
struct RememberedPlugin {
  std::filesystem::path file;
  std::string fnv1a;
};

/// What run.json says of what was run.
struct RememberedRun {
  std::string scenario_fnv1a;
  std::vector<RememberedPlugin> plugins;
};

/// nullopt for a folder without run.json. Throws UsageError when it is damaged.
std::optional<RememberedRun> rememberedRun(const std::filesystem::path& folder);

/// A cell's name and the number of its repetition.
using RepetitionId = std::pair<std::string, std::uint32_t>;

/// A bundle that a run has left before its end. Everything here throws UsageError that says what
/// does not fit, and what to do.
class EarlierRun {
 public:
  /// Reads run.json and scenario.toml of the folder, and loads the plug-ins that the run began with
  /// from where they were, or from where `plugins` says that they are now. Refuses when one of all
  /// these is missing or another one, and a plug-in that was not there.
  explicit EarlierRun(const std::filesystem::path& folder,
                      const std::vector<std::filesystem::path>& plugins = {});

  const std::filesystem::path& folder() const { return folder_; }
  const Suite& suite() const { return suite_; }
  const Schedule& schedule() const { return schedule_; }

  /// Refuses another suite than the one in the bundle.
  void refuseOtherSuite(const std::string& named, const std::string& scenario_text) const;
  /// Refuses another machine or program than the bundle's; `environment` is that of now, as
  /// describeEnvironment() has it.
  void refuseOtherMachine(const std::string& environment) const;
  /// What is recorded, without histograms. Refuses records of cells that are not in the plan.
  /// A last line that is cut off is left out.
  std::vector<results::Record> recordsOf(const Plan& plan) const;

 private:
  std::filesystem::path folder_;
  Suite suite_;
  Schedule schedule_;
};

/// The time that these repetitions of the plan took, by the plan's reckoning.
std::chrono::milliseconds timeOf(const std::vector<results::Record>& records, const Plan& plan);

}  // namespace ringside::harness
