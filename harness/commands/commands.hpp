// The verbs. Each adds itself to the command line; the chosen one sets the exit code.
#pragma once

#include <CLI/CLI.hpp>

#include "results/exit_code.hpp"

namespace ringside::harness {

void addTopoCommand(CLI::App& app, results::ExitCode& exit_code);
void addDoctorCommand(CLI::App& app, results::ExitCode& exit_code);
void addListCommand(CLI::App& app, results::ExitCode& exit_code);
void addRunCommand(CLI::App& app, results::ExitCode& exit_code);
void addVerifyCommand(CLI::App& app, results::ExitCode& exit_code);
void addReportCommand(CLI::App& app, results::ExitCode& exit_code);
void addReplayCommand(CLI::App& app, results::ExitCode& exit_code);
void addCleanCommand(CLI::App& app, results::ExitCode& exit_code);

}  // namespace ringside::harness
