// ringside: measures and validates queues between processes.
#include <exception>

#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/usage_error.hpp"
#include "harness/version.hpp"
#include "results/bundle.hpp"

using ringside::harness::say;
using ringside::results::ExitCode;

namespace {

/// Which exit code an error that reached the top stands for.
ExitCode runCommand(CLI::App& app, int argc, char** argv, const ExitCode& exit_code) {
  try {
    app.parse(argc, argv);
    if (!app.get_subcommands().empty()) return exit_code;
    say("{}", app.help());
    return ExitCode::Usage;
  } catch (const CLI::ExtrasError& error) {
    std::string verbs;
    for (const CLI::App* verb : app.get_subcommands({})) verbs += " " + verb->get_name();
    say("ringside: {}\nThe verbs are:{}. See also --help, alone or after a verb.\n", error.what(),
        verbs);
    return ExitCode::Usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::Fine : ExitCode::Usage;
  } catch (const ringside::harness::UsageError& error) {
    say("ringside: {}\n", error.what());
    return ExitCode::Usage;
  } catch (const ringside::results::BundleError& error) {
    say("ringside: {}\n", error.what());
    return ExitCode::Usage;
  } catch (const std::exception& error) {
    say("ringside: {}\n", error.what());
    return ExitCode::EnvironmentRefused;
  }
}

}  // namespace

int main(int argc, char** argv) {
  ringside::harness::prepareProcess();
  CLI::App app("Ringside: how fast and how safe is a queue between processes, here?", "ringside");
  app.set_version_flag("--version", ringside::harness::kVersion);
  app.footer("Examples:\n  ringside run quick\n  ringside run --help");
  app.failure_message(CLI::FailureMessage::simple);
  ExitCode exit_code = ExitCode::Fine;
  ringside::harness::addTopoCommand(app, exit_code);
  ringside::harness::addDoctorCommand(app, exit_code);
  ringside::harness::addListCommand(app, exit_code);
  ringside::harness::addRunCommand(app, exit_code);
  ringside::harness::addVerifyCommand(app, exit_code);
  ringside::harness::addCompareCommand(app, exit_code);
  ringside::harness::addGateCommand(app, exit_code);
  ringside::harness::addGateArmCommand(app, exit_code);
  ringside::harness::addSelftestCommand(app, exit_code);
  ringside::harness::addReportCommand(app, exit_code);
  ringside::harness::addExportCommand(app, exit_code);
  ringside::harness::addReplayCommand(app, exit_code);
  ringside::harness::addCleanCommand(app, exit_code);
  ExitCode result = runCommand(app, argc, argv, exit_code);
  if (!ringside::harness::flushData() && result == ExitCode::Fine) {
    say("ringside: stdout took no data: is the disk full?\n");
    result = ExitCode::EnvironmentRefused;
  }
  return static_cast<int>(result);
}
