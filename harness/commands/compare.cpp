// ringside compare: bundles side by side.
#include <fmt/format.h>

#include <cstring>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/compare/compare_report.hpp"
#include "harness/compare/compare_table.hpp"
#include "harness/console.hpp"
#include "harness/report.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

struct CompareOptions {
  CompareRequest request;
  std::string format = "table";
  std::string page;  // a file; empty: none
  bool with_distributions = false;
};

std::filesystem::path dataOf(const CompareOptions& options) {
  return std::filesystem::path(options.page).replace_extension(".json");
}

/// Before bundles are read, which may take a while.
void checkPage(const CompareOptions& options) {
  const std::filesystem::path page = options.page;
  if (options.page.empty() || page.extension() == ".html") return;
  throw UsageError(fmt::format("--page {}: name a file that ends in .html", options.page));
}

results::ExitCode writePage(const CompareReport& report, const CompareOptions& options) {
  const std::filesystem::path data = dataOf(options);
  const std::string text = renderComparison(report, Format::Json, Distributions::Show);
  if (const int error = results::replaceFile(data, text); error != 0) {
    throw UsageError(fmt::format("--page {}: {} cannot be written ({}); name another place",
                                 options.page, data.string(), std::strerror(error)));
  }
  const ReportOutcome outcome = drawComparison(data);
  if (outcome.trouble.empty()) {
    say("page:   {}\n", options.page);
  } else {
    say("ringside: {}\n", outcome.trouble);
  }
  return static_cast<results::ExitCode>(outcome.exit_code);
}

/// Percentiles of whole distributions take a hundred times as long to read as all else. JSON has
/// them of as many bundles as one looks at.
results::Shifts shiftsFor(const CompareOptions& options) {
  constexpr std::size_t kFewBundles = 16;
  const bool is_for_programs = options.format == "json" || !options.page.empty();
  const bool is_asked = options.with_distributions ||
                        (is_for_programs && options.request.bundles.size() <= kFewBundles);
  return is_asked ? results::Shifts::Gather : results::Shifts::LeaveOut;
}

results::ExitCode compare(CompareOptions& options) {
  checkPage(options);
  options.request.shifts = shiftsFor(options);
  const CompareReport report = compareBundles(options.request);
  const Format format = *parseFormat(options.format);
  const auto distributions = options.with_distributions ? Distributions::Show : Distributions::Hide;
  putAs(format, renderComparison(report, format, distributions, tableLookOfStdout()));
  const auto exit_code =
      options.page.empty() ? results::ExitCode::Fine : writePage(report, options);
  sayNext("ringside gate gate --baseline origin/main");
  return exit_code;
}

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
      ->check(decimalNumber(0, 1000));
  command->add_flag("--distribution", options->with_distributions,
                    "Percentiles of whole distributions, too");
  command->add_option("--page", options->page, "Draw it; the data comes to stand beside the page")
      ->type_name("FILE.html");
  addFormatOption(*command, options->format, "Of the comparison on stdout");
  command->footer(
      "Examples:\n  ringside compare out/before out/after --cell /spsc/ --distribution\n"
      "  ringside compare out/memory-* --by backing --metric messages_per_s");
  command->callback([options, &exit_code] { exit_code = compare(*options); });
}

}  // namespace ringside::harness
