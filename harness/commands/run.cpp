// ringside run: plan, measure, record, show.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/commands/commands.hpp"
#include "harness/environment.hpp"
#include "harness/progress.hpp"
#include "harness/report.hpp"
#include "harness/result_table.hpp"
#include "harness/shared_files.hpp"
#include "harness/suite_run.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct RunOptions {
  std::string suite;
  std::string out;
  std::vector<std::string> overrides;
  std::string format = "table";
  bool no_report = false;
};

results::Bundle makeBundle(const RunOptions& options, const Suite& suite) {
  const std::filesystem::path folder =
      options.out.empty() ? std::filesystem::path("out") /
                                results::Bundle::defaultName(
                                    suite.name, std::chrono::system_clock::now(), hostName())
                          : std::filesystem::path(options.out);
  return results::Bundle::create(folder);
}

/// The suite as it was run: the file, and above it what the command line changed.
std::string scenarioText(const RunOptions& options, const Suite& suite) {
  std::string text;
  for (const std::string& change : options.overrides) text += "# run with -a " + change + "\n";
  return text + suite.text;
}

void draw(const RunOptions& options, const results::Bundle& bundle, const SuiteOutcome& outcome) {
  const bool skip = options.no_report || outcome.interrupted == results::Interrupted::Yes;
  const std::string folder = bundle.path().string();
  if (!skip) {
    const ReportOutcome report = drawReport(bundle.path());
    if (!report.trouble.empty()) fmt::print(stderr, "ringside: {}\n", report.trouble);
  }
  fmt::print(stderr, "\nbundle: {}\n", folder);
  if (std::filesystem::exists(bundle.path() / "report.html")) {
    fmt::print(stderr, "page:   {}/report.html\n", folder);
  } else {
    fmt::print(stderr, "page:   ringside report {}\n", folder);
  }
}

ExitCode run(const RunOptions& options) {
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  Topology topology = Topology::ofThisMachine();
  const Plan plan = makePlan(suite, topology, memoryLimitsOfThisMachine());
  results::Bundle bundle = makeBundle(options, suite);
  printPlan(suite, plan, topology);

  SuiteOutcome outcome;
  {
    Session session(std::move(topology));
    bundle.writeFile("environment.json", describeEnvironment(session));
    bundle.writeFile("scenario.toml", scenarioText(options, suite));
    outcome = runSuite(plan, session, bundle);
  }
  fmt::print("{}", renderResults(outcome.cells, *parseFormat(options.format)));
  std::fflush(stdout);
  draw(options, bundle, outcome);
  if (outcome.exit_code != ExitCode::Fine) {
    fmt::print(stderr, "result: {} (exit code {})\n", results::toString(outcome.exit_code),
               static_cast<int>(outcome.exit_code));
  }
  return outcome.exit_code;
}

}  // namespace

void addRunCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Run a suite and write a bundle");
  auto options = std::make_shared<RunOptions>();
  command->add_option("suite", options->suite, "A scenario file, or the name of one in scenarios/")
      ->required();
  command->add_option("--out", options->out,
                      "Folder of the bundle; must not exist [out/SUITE-TIME-HOST]");
  command->add_option("-a,--axis", options->overrides, "KEY=VALUE instead of what the file says")
      ->expected(1)
      ->take_all();
  command->add_option("--format", options->format, "Of the table on stdout")
      ->check(CLI::IsMember({"table", "json", "csv", "markdown"}))
      ->capture_default_str();
  command->add_flag("--no-report", options->no_report, "Write no figures and no page");
  command->footer(
      "Examples:\n  ringside run scenarios/quick.toml\n"
      "  ringside run quick -a queue=spsc -a element_size_bytes=[64,256] --format csv");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ringside::harness
