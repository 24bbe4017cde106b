// The verbs. Each adds itself to the command line; the chosen one sets the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/exit_code.hpp"

namespace ringside::harness {

void addTopoCommand(CLI::App& app, results::ExitCode& exit_code);
void addDoctorCommand(CLI::App& app, results::ExitCode& exit_code);
void addListCommand(CLI::App& app, results::ExitCode& exit_code);
void addRunCommand(CLI::App& app, results::ExitCode& exit_code);
void addVerifyCommand(CLI::App& app, results::ExitCode& exit_code);
void addCompareCommand(CLI::App& app, results::ExitCode& exit_code);
void addCompareConfigCommand(CLI::App& app, results::ExitCode& exit_code);
void addGateCommand(CLI::App& app, results::ExitCode& exit_code);
void addGateArmCommand(CLI::App& app, results::ExitCode& exit_code);
void addSelftestCommand(CLI::App& app, results::ExitCode& exit_code);
void addReportCommand(CLI::App& app, results::ExitCode& exit_code);
void addExportCommand(CLI::App& app, results::ExitCode& exit_code);
void addFleetCommand(CLI::App& app, results::ExitCode& exit_code);
void addMergeCommand(CLI::App& app, results::ExitCode& exit_code);
void addReplayCommand(CLI::App& app, results::ExitCode& exit_code);
void addCleanCommand(CLI::App& app, results::ExitCode& exit_code);
void addCompletionCommand(CLI::App& app, results::ExitCode& exit_code);
void addCompleteCommand(CLI::App& app, results::ExitCode& exit_code);
void addManCommand(CLI::App& app, results::ExitCode& exit_code);

/// --plugin FILE, any number of times: of each verb that looks up queues.
inline void addPluginOption(CLI::App& command, std::vector<std::filesystem::path>& files) {
  command.add_option("--plugin", files, "Queues from outside, by ringside_add_queue()")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
}

/// -a KEY=VALUE, any number of times: of each verb that reads a suite.
inline void addAxisOption(CLI::App& command, std::vector<std::string>& overrides) {
  command.add_option("-a,--axis", overrides, "Instead of what the file says")
      ->type_name("AXIS=VALUE")
      ->expected(1)
      ->take_all();
}

/// --format: `words` say of what.
inline CLI::Option* addFormatOption(CLI::App& command, std::string& format, const char* words,
                                    std::vector<std::string> formats = {"table", "json", "csv",
                                                                        "markdown"}) {
  return command.add_option("--format", format, words)
      ->type_name("FORMAT")
      ->check(CLI::IsMember(std::move(formats)))
      ->capture_default_str();
}

/// --out DIR, of each verb that writes a bundle.
inline CLI::Option* addOutOption(CLI::App& command, std::optional<std::string>& folder) {
  return command.add_option("--out", folder, "Folder of the bundle, which must not exist")
      ->type_name("DIR");
}

}  // namespace ringside::harness
