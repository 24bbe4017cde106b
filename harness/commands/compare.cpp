// ringside compare: bundles side by side.
#include "harness/commands/commands.hpp"
#include "harness/compare/compare_report.hpp"
#include "harness/compare/compare_table.hpp"
#include "harness/console.hpp"

namespace ringside::harness {
namespace {

struct CompareOptions {
  CompareRequest request;
  std::string format = "table";
  bool with_distributions = false;
};

}  // namespace

void addCompareCommand(CLI::App& app, results::ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("compare", "Bundles side by side, cell by cell");
  auto options = std::make_shared<CompareOptions>();
  CompareRequest& request = options->request;
  command->add_option("bundles", request.bundles, "Folders of runs; the first is the baseline")
      ->type_name("BUNDLE")
      ->required();
  command->add_option("--by", request.by, "An axis or a fact of the environment, instead")
      ->type_name("KEY");
  command->add_option("--metric", request.metrics, "Only this one")
      ->type_name("METRIC")
      ->expected(1)
      ->take_all();
  command->add_option("--cell", request.cell_part, "Only cells with this in their names")
      ->type_name("PART");
  command->add_option("--margin", request.margin_percent, "What no longer is the same")
      ->type_name("PERCENT")
      ->default_str("5")
      ->check(CLI::Range(0.0, 1000.0));
  command->add_flag("--distribution", options->with_distributions,
                    "Percentiles of whole distributions, too");
  addFormatOption(*command, options->format, "Of the comparison on stdout");
  command->footer(
      "Examples:\n  ringside compare out/before out/after --cell /spsc/ --distribution\n"
      "  ringside compare out/memory-… --by backing --metric messages_per_s");
  command->callback([options, &exit_code] {
    const CompareReport report = compareBundles(options->request);
    put("{}",
        renderComparison(report, *parseFormat(options->format),
                         options->with_distributions ? Distributions::Show : Distributions::Hide));
    sayNext("ringside gate gate --baseline origin/main");
    exit_code = results::ExitCode::Fine;
  });
}

}  // namespace ringside::harness
