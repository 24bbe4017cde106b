// ringside run: plan, measure, record, show.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>

#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/contest_report.hpp"
#include "harness/environment.hpp"
#include "harness/floor.hpp"
#include "harness/past_runs.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/progress.hpp"
#include "harness/report.hpp"
#include "harness/result_table.hpp"
#include "harness/run_request.hpp"
#include "harness/shared_files.hpp"
#include "harness/suite_run.hpp"
#include "harness/terminal.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct RunOptions {
  std::string suite;
  std::optional<std::string> resume;
  std::optional<std::string> budget;
  std::optional<std::string> shard;
  std::optional<std::string> out;
  std::vector<std::filesystem::path> plugins;
  std::vector<std::string> overrides;
  std::optional<std::string> validate;
  std::string format = "table";
  bool no_report = false;
};

Schedule scheduleOf(const RunOptions& options) {
  Schedule schedule;
  if (options.budget) schedule.budget = parseBudget(*options.budget);
  if (options.shard) schedule.shard = parseShard(*options.shard);
  return schedule;
}

TimeLeft timeLeft(const Schedule& schedule, std::chrono::milliseconds spent) {
  return schedule.budget ? TimeLeft(*schedule.budget, spent) : TimeLeft();
}

void draw(const RunOptions& options, const results::Bundle& bundle, const SuiteOutcome& outcome) {
  const std::string folder = bundle.path().string();
  say("\nbundle: {}\n", folder);
  const bool ended_early =
      outcome.interrupted == results::Interrupted::Yes || !outcome.trouble.empty();
  if (options.no_report || ended_early) {
    if (ended_early) say("draw:   ringside report {}\n", folder);
    return;
  }
  drawPage(bundle.path());
}

bool wentWrong(const results::CellSummary& cell) {
  return cell.status_counts.failed > 0 || (cell.validation && !cell.validation->clean());
}

/// What one would do next, by how the run ended.
void sayWhatNext(const RunOptions& options, const Suite& suite, const results::Bundle& bundle,
                 const SuiteOutcome& outcome) {
  const std::string folder = bundle.path().string();
  const bool ended_early =
      outcome.interrupted == results::Interrupted::Yes || !outcome.trouble.empty();
  if (ended_early) return sayNext("ringside run --resume {}", folder);
  for (const results::CellSummary& cell : outcome.cells) {
    if (wentWrong(cell)) return sayNext("ringside replay {} --cell {}", folder, cell.cell);
  }
  if (outcome.exit_code == ExitCode::EverythingSkipped) return sayNext("ringside topo");
  if (outcome.exit_code != ExitCode::Fine) return sayNext("ringside doctor");
  if (const auto before = runBefore(suite.name, bundle.path())) {
    return sayNext("ringside compare {} {}", before->string(), folder);
  }
  if (options.no_report) return sayNext("ringside report {}", folder);
  sayNext("ringside list");
}

/// Where queues are compared, who is how much faster; else cell by cell.
std::string tableOf(const RunOptions& options, const Suite& suite, const results::Bundle& bundle,
                    const SuiteOutcome& outcome) {
  const Format format = *parseFormat(options.format);
  if (!suite.contest.hasSubjects())
    return renderResults(outcome.cells, format, tableLookOfStdout());
  const RunPlace place =
      placeOf(results::readFile(bundle.path() / "environment.json").value_or(""));
  return renderContest(judgeContest(suite.contest, outcome.records), place, format);
}

/// The end of every run: the table, what went wrong, the page.
ExitCode show(const RunOptions& options, const Suite& suite, const results::Bundle& bundle,
              const SuiteOutcome& outcome) {
  putAs(*parseFormat(options.format), tableOf(options, suite, bundle, outcome));
  std::fflush(stdout);
  if (!outcome.trouble.empty()) say("ringside: {}\n", outcome.trouble);
  const auto history = rememberRun(suite.name, bundle.path(), outcome);
  draw(options, bundle, outcome);
  if (history) say("trend:  ringside report --history {}\n", history->string());
  if (outcome.exit_code != ExitCode::Fine) {
    say("result: {} (exit code {})\n", results::toString(outcome.exit_code),
        static_cast<int>(outcome.exit_code));
  }
  sayWhatNext(options, suite, bundle, outcome);
  return outcome.exit_code;
}

ExitCode start(const RunOptions& options) {
  for (const std::filesystem::path& plugin : options.plugins) loadPlugin(plugin);
  const Schedule schedule = scheduleOf(options);
  const TimeLeft time = timeLeft(schedule, {});
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  Topology topology = Topology::ofThisMachine();
  const Plan plan = makePlan(suite, topology, memoryLimitsOfThisMachine(), schedule);
  const auto traces = tracesOf(plan);
  results::Bundle bundle = makeBundle(options.out, suite.name);
  printPlan(suite, plan, topology);

  SuiteOutcome outcome;
  {
    Session session(std::move(topology));
    session.setFloors(measureFloors(plan, session.topology(), session.clock()));
    const std::string text = scenarioText(suite, options.overrides);
    bundle.writeFile("environment.json", describeEnvironment(session));
    bundle.writeFile("scenario.toml", text);
    for (const auto& [name, file] : traces)
      bundle.writeFile(name, results::readFile(file).value_or(""));
    bundle.writeFile(kRequestFile, toJson(schedule, text));
    outcome = runSuite(plan, session, bundle, {.time = time});
  }
  return show(options, suite, bundle, outcome);
}

/// Opens it twice: what is cut off must be gone before the records are read, and whoever has opened
/// it for writing must not open it for reading as well.
results::Bundle reopen(const EarlierRun& earlier, const Plan& plan,
                       std::vector<results::Record>& records) {
  if (const std::uint64_t bytes = results::Bundle::open(earlier.folder()).cutOffBytes()) {
    say("ringside: the last line of {} was not whole and is cut off ({}); it is measured again\n",
        (earlier.folder() / "records.jsonl").string(), counted(bytes, "byte"));
  }
  records = earlier.recordsOf(plan);
  return results::Bundle::open(earlier.folder());
}

ExitCode resume(const RunOptions& options) {
  const EarlierRun earlier(*options.resume, options.plugins);
  if (options.suite.empty() && !options.overrides.empty()) {
    throw UsageError("-a|--axis: a run that goes on keeps what it began with; leave it out");
  }
  if (!options.suite.empty()) {
    const Suite named = readSuite(findScenario(options.suite), options.overrides);
    earlier.refuseOtherSuite(options.suite, scenarioText(named, options.overrides));
  }
  Topology topology = Topology::ofThisMachine();
  const Plan plan =
      makePlan(earlier.suite(), topology, memoryLimitsOfThisMachine(), earlier.schedule());
  std::optional<Session> session(std::in_place, topology);
  earlier.refuseOtherMachine(describeEnvironment(*session));
  session->setFloors(measureFloors(plan, session->topology(), session->clock()));
  RunLimits limits;
  results::Bundle bundle = reopen(earlier, plan, limits.earlier);
  limits.time = timeLeft(earlier.schedule(), timeOf(limits.earlier, plan));
  printPlan(earlier.suite(), plan, topology);
  say("going on: {} there already\n", counted(limits.earlier.size(), "record"));
  const SuiteOutcome outcome = runSuite(plan, *session, bundle, limits);
  session.reset();  // Ctrl-C ends the drawing as it ends any program
  return show(options, earlier.suite(), bundle, outcome);
}

ExitCode run(RunOptions options) {
  if (options.validate) options.overrides.push_back("validate=" + *options.validate);
  if (options.resume) return resume(options);
  if (!options.suite.empty()) return start(options);
  throw UsageError("run: name a suite, such as quick, or go on with a bundle by --resume DIR");
}

}  // namespace

void addRunCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("run", "Run a suite and write a bundle");
  auto options = std::make_shared<RunOptions>();
  command->add_option("suite", options->suite, "A scenario file, or its bare name")
      ->type_name("SUITE");
  CLI::Option* out = addOutOption(*command, options->out);
  CLI::Option* budget =
      command
          ->add_option("--budget", options->budget, "Leave out what takes longer: 90s, 2m or 1.5h")
          ->type_name("TIME");
  CLI::Option* shard =
      command->add_option("--shard", options->shard, "Only this part of the cells, of N")
          ->type_name("I/N");
  command->add_option("--resume", options->resume, "Go on with the bundle of an interrupted run")
      ->type_name("BUNDLE")
      ->excludes(out)
      ->excludes(budget)
      ->excludes(shard);
  addPluginOption(*command, options->plugins);
  addAxisOption(*command, options->overrides);
  command->add_option("--validate", options->validate, "What is checked of messages")
      ->type_name("HOW")
      ->check(CLI::IsMember({"off", "sequence", "full"}));
  addFormatOption(*command, options->format, "Of the table on stdout");
  command->add_flag("--no-report", options->no_report, "Write no figures and no page");
  command->footer(
      "Examples:\n  ringside run quick --budget 20s\n"
      "  ringside run quick -a queue=spsc -a element_size_bytes=[64,256] --format csv");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace ringside::harness
