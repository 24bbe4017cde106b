// ringside: measures and validates queues between processes.
#include <fmt/format.h>

#include <exception>

#include "harness/commands/commands.hpp"
#include "harness/usage_error.hpp"
#include "harness/version.hpp"
#include "results/bundle.hpp"

using ringside::harness::UsageError;
using ringside::results::ExitCode;

int main(int argc, char** argv) {
  CLI::App app("Ringside: how fast and how safe is a queue between processes, here?", "ringside");
  app.set_version_flag("--version", ringside::harness::kVersion);
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  ExitCode exit_code = ExitCode::Fine;
  ringside::harness::addTopoCommand(app, exit_code);
  ringside::harness::addListCommand(app, exit_code);
  ringside::harness::addRunCommand(app, exit_code);
  ringside::harness::addReportCommand(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::Usage);
  } catch (const UsageError& error) {
    fmt::print(stderr, "ringside: {}\n", error.what());
    return static_cast<int>(ExitCode::Usage);
  } catch (const ringside::results::BundleError& error) {
    fmt::print(stderr, "ringside: {}\n", error.what());
    return static_cast<int>(ExitCode::Usage);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ringside: {}\n", error.what());
    return static_cast<int>(ExitCode::EnvironmentRefused);
  }
  return static_cast<int>(exit_code);
}
