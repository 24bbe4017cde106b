// ringside run: plan, measure, record, show.
#include <fmt/format.h>

#include <optional>

#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
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
  std::optional<std::string> out;
  std::vector<std::string> overrides;
  std::optional<std::string> validate;
  std::string format = "table";
  bool no_report = false;
};

/// The suite as it was run: the file itself, or written out where the command line changed it.
std::string scenarioText(const RunOptions& options, const Suite& suite) {
  if (options.overrides.empty()) return suite.text;
  std::string text;
  for (const std::string& change : options.overrides) text += "# run with -a " + change + "\n";
  return text + toToml(suite);
}

void draw(const RunOptions& options, const results::Bundle& bundle, const SuiteOutcome& outcome) {
  const std::string folder = bundle.path().string();
  say("\nbundle: {}\n", folder);
  const bool ended_early =
      outcome.interrupted == results::Interrupted::Yes || !outcome.trouble.empty();
  if (options.no_report || ended_early) {
    say("draw:   ringside report {}\n", folder);
    return;
  }
  const ReportOutcome report = drawReport(bundle.path());
  if (report.trouble.empty()) {
    say("page:   {}/report.html\n", folder);
  } else {
    say("ringside: {}\n", report.trouble);
  }
}

ExitCode run(RunOptions options) {
  if (options.validate) options.overrides.push_back("validate=" + *options.validate);
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  Topology topology = Topology::ofThisMachine();
  const Plan plan = makePlan(suite, topology, memoryLimitsOfThisMachine());
  results::Bundle bundle = makeBundle(options.out, suite.name);
  printPlan(suite, plan, topology);

  SuiteOutcome outcome;
  {
    Session session(std::move(topology));
    bundle.writeFile("environment.json", describeEnvironment(session));
    bundle.writeFile("scenario.toml", scenarioText(options, suite));
    outcome = runSuite(plan, session, bundle);
  }
  put("{}", renderResults(outcome.cells, *parseFormat(options.format)));
  std::fflush(stdout);
  if (!outcome.trouble.empty()) say("ringside: {}\n", outcome.trouble);
  draw(options, bundle, outcome);
  if (outcome.exit_code != ExitCode::Fine) {
    say("result: {} (exit code {})\n", results::toString(outcome.exit_code),
        static_cast<int>(outcome.exit_code));
  }
  return outcome.exit_code;
}

}  // namespace

void addRunCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Run a suite and write a bundle");
  auto options = std::make_shared<RunOptions>();
  command->add_option("suite", options->suite, "A scenario file, or its bare name")->required();
  command->add_option("--out", options->out, "Folder of the bundle, which must not exist");
  command->add_option("-a,--axis", options->overrides, "KEY=VALUE instead of what the file says")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--validate", options->validate,
                   "Of each message: off, sequence or full; the same as -a validate=…")
      ->check(CLI::IsMember({"off", "sequence", "full"}));
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
