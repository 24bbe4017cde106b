// ringside man: the manual page, made of what the command line itself says of its verbs.
#include <fmt/chrono.h>

#include <cstdlib>
#include <ctime>

#include "harness/command_line/man_page.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/version.hpp"

namespace ringside::harness {
namespace {

/// Today, or the day that SOURCE_DATE_EPOCH names, so that a package can be made again exactly.
std::string dateOfPage() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t asked = epoch == nullptr ? 0 : std::strtol(epoch, nullptr, 10);
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(asked > 0 ? asked : std::time(nullptr)));
}

}  // namespace

void addManCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command = app.add_subcommand("man", "The manual page, as troff");
  command->footer("Examples:\n  ringside man | man -l -\n  ringside man > ringside.1");
  command->callback([&app] { putData(manPage(describe(app), kVersion, dateOfPage())); });
}

}  // namespace ringside::harness
