// ringside: measures and validates queues between processes.
#include <exception>

#include "harness/command_line/command_line.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/usage_error.hpp"
#include "harness/version.hpp"
#include "results/bundle.hpp"

using ringside::results::ExitCode;

namespace {

using namespace ringside::harness;

/// A verb, and the group in which the help names it; in none: empty.
struct Verb {
  const char* group;
  void (*add)(CLI::App& app, ExitCode& exit_code);
};

constexpr Verb kVerbs[] = {
    {"look around", addTopoCommand},    {"look around", addDoctorCommand},
    {"look around", addListCommand},    {"measure", addRunCommand},
    {"measure", addVerifyCommand},      {"measure", addFleetCommand},
    {"judge", addCompareCommand},       {"judge", addGateCommand},
    {"judge", addCompareConfigCommand}, {"judge", addSelftestCommand},
    {"pass on", addReportCommand},      {"pass on", addExportCommand},
    {"pass on", addMergeCommand},       {"pass on", addReplayCommand},
    {"keep house", addCleanCommand},    {"keep house", addCompletionCommand},
    {"keep house", addManCommand},      {"", addGateArmCommand},
    {"", addCompleteCommand},
};

void addVerbs(CLI::App& app, ExitCode& exit_code) {
  for (const Verb& verb : kVerbs) {
    verb.add(app, exit_code);
    app.get_subcommands({}).back()->group(verb.group);
  }
  finishCommandLine(app);
}

/// Which exit code an error that reached the top stands for.
ExitCode runCommand(CLI::App& app, int argc, char** argv, const ExitCode& exit_code) {
  try {
    app.parse(argc, argv);
    if (!app.get_subcommands().empty()) return exit_code;
    say("{}", app.help());
    return ExitCode::Usage;
  } catch (const CLI::Success& answer) {  // --help, --version
    return app.exit(answer) == 0 ? ExitCode::Fine : ExitCode::Usage;
  } catch (const CLI::ParseError& error) {
    say("ringside: {}; see {} --help\n", explain(app, error), understoodVerb(app));
    return ExitCode::Usage;
  } catch (const UsageError& error) {
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
  prepareProcess();
  CLI::App app("Ringside: how fast and how safe is a queue between processes, here?", "ringside");
  app.set_version_flag("--version", kVersion, "Three numbers");
  app.set_help_flag("-h,--help", "Also behind a verb: its options and two examples");
  app.require_subcommand(0, 1);  // behind a verb, "gate" is the suite of that name
  app.footer("Examples:\n  ringside run quick\n  ringside run --help");
  ExitCode exit_code = ExitCode::Fine;
  addVerbs(app, exit_code);
  ExitCode result = runCommand(app, argc, argv, exit_code);
  if (!flushData() && result == ExitCode::Fine) {
    say("ringside: stdout took no data: is the disk full?\n");
    result = ExitCode::EnvironmentRefused;
  }
  return static_cast<int>(result);
}
