// ringside clean: what is left in shared memory by processes that are gone, and away with it.
#include "harness/cleaning.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct CleanOptions {
  std::string prefix;
  std::string format = "table";
  bool dry_run = false;
};

ExitCode clean(const CleanOptions& options) {
  const CleanMode mode = options.dry_run ? CleanMode::DryRun : CleanMode::Remove;
  const std::vector<CleanedName> names = cleanSharedMemory(options.prefix, mode);
  const Format format = *parseFormat(options.format);
  putAs(format, renderCleaned(names, format, tableLookOfStdout().columns));
  ExitCode code = ExitCode::Fine;
  bool may_remove = false;
  for (const CleanedName& name : names) {
    may_remove = may_remove || name.done == Cleaned::WouldBeRemoved;
    if (name.done != Cleaned::Refused) continue;
    say("ringside: {} could not be removed: {}; try it as its owner, or as root\n", name.name,
        name.reason);
    code = ExitCode::EnvironmentRefused;
  }
  if (may_remove)
    sayNextCommand("ringside clean" +
                   (options.prefix.empty() ? "" : " " + shellWord(options.prefix)));
  return code;
}

}  // namespace

void addCleanCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("clean", "Remove segments that no living process uses");
  auto options = std::make_shared<CleanOptions>();
  command->add_option("prefix", options->prefix, "Only names that begin so")->type_name("NAME");
  command->add_flag("--dry-run", options->dry_run, "List them and remove nothing");
  addFormatOption(*command, options->format, "Of the list on stdout");
  command->footer("Examples:\n  ringside clean --dry-run\n  ringside clean ringside-4711-");
  command->callback([options, &exit_code] { exit_code = clean(*options); });
}

}  // namespace ringside::harness
