// ringside gate: is the candidate slower than the baseline? Both measured now, side by side.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <random>

#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/duet/gate_bundle.hpp"
#include "harness/duet/gate_report.hpp"
#include "harness/duet/gate_run.hpp"
#include "harness/environment.hpp"
#include "harness/plugin/plugin_file.hpp"
#include "harness/progress.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct GateOptions {
  std::string suite;
  std::string baseline;
  std::string candidate = kWorkTree;
  std::optional<std::string> out;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> overrides;
  std::string format = "table";
  std::uint32_t links = 4;
  bool family_wise = false;
  bool dry_run = false;
};

std::uint64_t freshSeed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

ArmTerms armTerms(const GateOptions& options) {
  return {.links = options.links, .cache = {}, .progress = [](const std::string& line) {
            say("{}\n", line);
          }};
}

/// A plug-in's own queues are planned with as if they were the program's.
void enterQueuesOf(const Arm& arm, const std::string& option) {
  if (arm.kind != Arm::Kind::Plugin) return;
  for (const QueueEntry& entry : entriesOf(arm.plugins.front(), option + " " + arm.named)) {
    if (findMeasured(entry.name) == nullptr) enterQueue(entry);
  }
}

void printArms(const Arm& baseline, const Arm& candidate) {
  say("baseline  {} ({})\ncandidate {} ({})\n", baseline.label, baseline.identity, candidate.label,
      candidate.identity);
  if (baseline.identity == candidate.identity) {
    say("both are the same code: whatever differs is noise\n");
  }
}

std::string suiteText(const GateOptions& options, const Suite& suite) {
  return options.overrides.empty() ? suite.text : toToml(suite);
}

ExitCode gate(const GateOptions& options) {
  if (options.baseline.empty()) {
    throw UsageError(
        "--baseline: name what is accepted: a git revision such as origin/main, a "
        "build, or a plug-in");
  }
  const ArmTerms arm_terms = armTerms(options);
  const Arm baseline = resolveArm("--baseline", options.baseline, arm_terms);
  const Arm candidate = resolveArm("--candidate", options.candidate, arm_terms);
  enterQueuesOf(baseline, "--baseline");
  enterQueuesOf(candidate, "--candidate");
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  Topology topology = Topology::ofThisMachine();
  const Plan plan = makePlan(suite, topology, memoryLimitsOfThisMachine());
  printArms(baseline, candidate);
  results::GateTerms terms;
  terms.family_wise = options.family_wise;
  const GateableCells gateable = gateableCells(suite, plan);
  say("gate {}: {}, {} of them gated, {}\n", suite.name, counted(plan.cells.size(), "cell"),
      gateable.cells.size(), counted(gateable.metrics.size(), "metric"));
  if (options.dry_run) return ExitCode::Fine;
  GateBundle bundle(makeBundle(options.out, "gate-" + suite.name));
  Session session(std::move(topology));
  bundle.begin(suiteText(options, suite), describeEnvironment(session));
  GateOrder order{.suite = &suite,
                  .plan = &plan,
                  .suite_file = bundle.suiteFile(),
                  .baseline = &baseline,
                  .candidate = &candidate,
                  .terms = terms,
                  .seed = options.seed.value_or(freshSeed()),
                  .on_block = [&](const KeptBlock& block) { bundle.append(block); }};
  const GateResult result = runGate(order, session);
  const GateHeading heading = headingOf(order, bundle.path());
  bundle.finish(result, heading);
  put("{}", renderGate(result, heading, *parseFormat(options.format)));
  std::fflush(stdout);
  tellContinuousIntegration(result, heading);
  say("\nbundle: {}\n{}\n", bundle.path().string(), gateSentence(result));
  return result.exit_code;
}

}  // namespace

void addGateCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("gate", "Fail when a candidate is slower than a baseline");
  auto options = std::make_shared<GateOptions>();
  command->add_option("suite", options->suite, "A scenario file, or its bare name")->required();
  command->add_option("--baseline", options->baseline,
                      "What is accepted: revision, build, plug-in");
  command->add_option("--candidate", options->candidate, "What is judged, named the same way")
      ->capture_default_str();
  command->add_option("--out", options->out, "Folder of the bundle, which must not exist");
  command->add_option("-a,--axis", options->overrides, "KEY=VALUE instead of what the file says")
      ->expected(1)
      ->take_all();
  command->add_option("--links", options->links, "Links of a revision, for its layout is chance")
      ->check(CLI::Range(1U, kMaxLinks))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of all that chance decides");
  command->add_flag("--fwer", options->family_wise, "Holm's procedure: no false alarm at all");
  command->add_flag("--dry-run", options->dry_run, "Build both, show the plan, measure nothing");
  command->add_option("--format", options->format, "Of what stands on stdout")
      ->check(CLI::IsMember({"table", "json", "csv", "markdown"}))
      ->capture_default_str();
  command->footer(
      "Examples:\n  ringside gate gate --baseline origin/main\n"
      "  ringside gate gate --baseline HEAD~1 --candidate HEAD --format markdown\n"
      "  ringside gate mine.toml --baseline ./old.so --candidate ./new.so");
  command->callback([options, &exit_code] { exit_code = gate(*options); });
}

}  // namespace ringside::harness
