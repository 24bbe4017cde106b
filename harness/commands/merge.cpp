// ringside merge: bundles of one suite on one machine, made one.
#include <fmt/format.h>

#include <set>

#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/merge/merge_bundles.hpp"
#include "harness/report.hpp"

namespace ringside::harness {
namespace {

struct MergeOptions {
  std::vector<std::filesystem::path> bundles;
  std::optional<std::string> out;
  bool no_report = false;
};

results::ExitCode mergeBundles(const MergeOptions& options) {
  const std::vector<MergeSource> sources = openSources(options.bundles);
  refuseWhatCannotBeMerged(sources);
  std::uint64_t records = 0;
  std::set<std::string> cells;
  for (const MergeSource& source : sources) {
    say("{}: {} of {}\n", source.name, counted(source.records, "record"),
        counted(source.cells.size(), "cell"));
    records += source.records;
    cells.insert(source.cells.begin(), source.cells.end());
  }
  results::Bundle bundle = makeBundle(options.out, "merged");
  merge(sources, bundle);
  say("merged: {} of {}\n", counted(records, "record"), counted(cells.size(), "cell"));
  putData(bundle.path().string() + "\n");
  if (!options.no_report) drawPage(bundle.path());
  sayNext("ringside report {} --format table", bundle.path().string());
  return results::ExitCode::Fine;
}

}  // namespace

void addMergeCommand(CLI::App& app, results::ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("merge", "Bundles of one machine made one");
  auto options = std::make_shared<MergeOptions>();
  command->add_option("bundles", options->bundles, "Folders of runs of one suite, in any order")
      ->type_name("BUNDLE")
      ->required();
  addOutOption(*command, options->out);
  command->add_flag("--no-report", options->no_report, "Write no figures and no page");
  command->footer(
      "Examples:\n  ringside merge out/monday out/tuesday --out out/week\n"
      "  ringside merge out/shard-* --no-report");
  command->callback([options, &exit_code] { exit_code = mergeBundles(*options); });
}

}  // namespace ringside::harness
