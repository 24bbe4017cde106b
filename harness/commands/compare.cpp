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
      ->option_text("DIR ...")
      ->required();
  command->add_option("--by", request.by, "An axis or a fact of the environment, instead")
      ->option_text("KEY");
  command->add_option("--metric", request.metrics, "Only this one; any number of times")
      ->option_text("NAME ...")
      ->expected(1)
      ->take_all();
  command->add_option("--cell", request.cell_part, "Only cells with this in their names")
      ->option_text("PART");
  command->add_option("--margin", request.margin_percent, "What no longer is the same, in percent")
      ->option_text("PERCENT (5)")
      ->check(CLI::Range(0.0, 1000.0));
  command->add_flag("--distribution", options->with_distributions,
                    "Percentiles of whole distributions, too");
  command->add_option("--format", options->format, "Of the comparison on stdout")
      ->check(CLI::IsMember({"table", "json", "csv", "markdown"}))
      ->capture_default_str();
  command->footer(
      "Examples:\n  ringside compare out/before out/after\n"
      "  ringside compare out/host1 out/host2 --by cpu_model\n"
      "  ringside compare out/memory-… --by backing --metric messages_per_s\n"
      "  ringside compare out/before out/after --cell /spsc/ --distribution");
  command->callback([options, &exit_code] {
    const CompareReport report = compareBundles(options->request);
    put("{}",
        renderComparison(report, *parseFormat(options->format),
                         options->with_distributions ? Distributions::Show : Distributions::Hide));
    exit_code = results::ExitCode::Fine;
  });
}

}  // namespace ringside::harness
