// The verbs. Each adds itself to the command line; the chosen one sets the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <vector>

#include "results/exit_code.hpp"

namespace ringside::harness {

void addTopoCommand(CLI::App& app, results::ExitCode& exit_code);
void addDoctorCommand(CLI::App& app, results::ExitCode& exit_code);
void addListCommand(CLI::App& app, results::ExitCode& exit_code);
void addRunCommand(CLI::App& app, results::ExitCode& exit_code);
void addVerifyCommand(CLI::App& app, results::ExitCode& exit_code);
void addCompareCommand(CLI::App& app, results::ExitCode& exit_code);
void addGateCommand(CLI::App& app, results::ExitCode& exit_code);
void addGateArmCommand(CLI::App& app, results::ExitCode& exit_code);
void addSelftestCommand(CLI::App& app, results::ExitCode& exit_code);
void addReportCommand(CLI::App& app, results::ExitCode& exit_code);
void addExportCommand(CLI::App& app, results::ExitCode& exit_code);
void addReplayCommand(CLI::App& app, results::ExitCode& exit_code);
void addCleanCommand(CLI::App& app, results::ExitCode& exit_code);

/// --plugin FILE, any number of times: of each verb that looks up queues.
inline void addPluginOption(CLI::App& command, std::vector<std::filesystem::path>& files) {
  command.add_option("--plugin", files, "Queues from outside, by ringside_add_queue()")
      ->option_text("FILE ...")
      ->expected(1)
      ->take_all();
}

}  // namespace ringside::harness
