// ringside gate: is the candidate slower than the baseline? Both measured now, side by side.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/commands/gate_call.hpp"
#include "harness/commands/gate_ways.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/commands/stored_drift.hpp"
#include "harness/compare/environment_facts.hpp"
#include "harness/console.hpp"
#include "harness/duet/drift_report.hpp"
#include "harness/duet/gate_bundle.hpp"
#include "harness/duet/gate_explanation.hpp"
#include "harness/duet/gate_report.hpp"
#include "harness/duet/gate_run.hpp"
#include "harness/duet/slot_timing.hpp"
#include "harness/duet/stored_baseline.hpp"
#include "harness/environment.hpp"
#include "harness/plugin/plugin_file.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct GateOptions : GateCall {
  const CLI::App* command = nullptr;  ///< knows what of this was given
  std::string baseline;
  std::string candidate = kWorkTree;
  std::uint32_t links = kUsualLinks;
  std::optional<std::string> save;
  std::optional<std::string> explain;
  std::optional<std::string> from;
  bool report_only = false;
};

ArmTerms armTerms(const GateOptions& options) {
  return {.links = options.links, .cache = {}, .progress = [](const std::string& line) {
            say("{}\n", line);
          }};
}

/// One side of the gate, and the queues that it has.
struct NamedArm {
  Arm arm;
  std::set<std::string, std::less<>> of_plugin;

  bool has(const QueueEntry& queue) const {
    return arm.plugins.empty() ? queue.origin.empty() : of_plugin.contains(queue.name);
  }
};

/// A plug-in's own queues are planned with as if they were the program's.
NamedArm findArm(const std::string& option, const std::string& named, const ArmTerms& terms) {
  NamedArm found{.arm = resolveArm(option, named, terms), .of_plugin = {}};
  if (found.arm.plugins.empty()) return found;
  for (const QueueEntry& entry : entriesOf(found.arm.plugins.front(), option + " " + named)) {
    found.of_plugin.emplace(entry.name);
    if (findMeasured(entry.name) == nullptr) enterQueue(entry);
  }
  return found;
}

/// Its cells compare nothing. Which these are, but for those that were skipped before.
CellNames skipQueuesUnknownTo(const NamedArm& arm, Plan& plan) {
  CellNames skipped;
  for (Cell& cell : plan.cells) {
    if (cell.skip_reason || arm.has(*cell.queue)) continue;
    cell.skip_reason = fmt::format("{} has no queue {}", arm.arm.label, cell.queue->name);
    skipped.insert(cell.name);
  }
  return skipped;
}

void printArms(const Arm& baseline, const Arm& candidate) {
  say("baseline  {} ({})\ncandidate {} ({})\n", baseline.label, baseline.identity, candidate.label,
      candidate.identity);
  if (baseline.identity == candidate.identity) {
    say("both are the same code: whatever differs is noise\n");
  }
  if (baseline.plugins.empty() != candidate.plugins.empty()) {
    say("no fair pair: one of them is a program and the other a shared object, so they differ by "
        "how they were compiled as well; name two revisions, two builds or two plug-ins\n");
  }
}

/// What both kinds of gate are about.
struct GateSubject {
  Suite suite;
  Topology topology = Topology::ofThisMachine();
  Plan plan;
  CellNames lost;  ///< whose queue the last of the arms alone has not

  GateSubject(const GateOptions& options, const std::vector<const NamedArm*>& arms)
      : suite(readSuite(findScenario(options.suite), options.overrides)),
        plan(makePlan(suite, topology, memoryLimitsOfThisMachine())) {
    // Values from the command line may have left out what the file requires.
    if (options.overrides.empty()) refusePartsWithoutACell(suite, plan);
    for (const NamedArm* arm : arms) lost = skipQueuesUnknownTo(*arm, plan);
  }
};

void printPlan(const GateSubject& subject, const GateOptions& options, std::size_t arms) {
  printPlan("gate", subject.suite, subject.plan, options, arms);
}

/// Of builds and plug-ins there is one link each.
void refuseLinksOfNothing(const GateOptions& options, const std::vector<const NamedArm*>& arms) {
  const bool any = std::any_of(arms.begin(), arms.end(), [](const NamedArm* one) {
    return one->arm.kind == Arm::Kind::Revision;
  });
  if (!any) refuseWhatMeansNothing(*options.command, GateWay::NothingLinked, "none is named");
}

/// The gate itself: after a look at its plan, or once more.
void sayGateNext(const GateOptions& options) {
  sayNextCommand(fmt::format("ringside gate {} --{} {} --candidate {}{}", shellWord(options.suite),
                             options.save ? "save-baseline" : "baseline",
                             shellWord(options.save ? *options.save : options.baseline),
                             shellWord(options.candidate), shellOptions("-a", options.overrides)));
}

ExitCode endDryRun(const GateOptions& options) {
  sayGateNext(options);
  return ExitCode::Fine;
}

/// What one would do next, by what the gate found.
void sayWhatNext(const GateOptions& options, const GateResult& result,
                 const std::filesystem::path& bundle) {
  const auto found = std::find_if(
      result.verdicts.begin(), result.verdicts.end(), [](const results::MetricVerdict& verdict) {
        return verdict.verdict == results::GateVerdict::Regressed && verdict.metric.gates;
      });
  if (found != result.verdicts.end()) {
    return sayNext("ringside gate --explain {} --from {}", found->metric.cell, bundle.string());
  }
  if (result.exit_code == ExitCode::Fine) return sayNext("ringside report --history");
  if (result.exit_code == ExitCode::Invalid) return sayNext("ringside doctor");
  sayGateNext(options);
}

// --- both arms now ------------------------------------------------------------------------------

ExitCode gateArms(const GateOptions& options) {
  const std::filesystem::path file = findScenario(options.suite);
  // These say what is wrong, before minutes go into building what is to be gated.
  if (!std::filesystem::exists(file)) readSuite(file, options.overrides);
  GateOrder order = orderOf(options);
  const ArmTerms arm_terms = armTerms(options);
  const NamedArm baseline = findArm("--baseline", options.baseline, arm_terms);
  const NamedArm candidate = findArm("--candidate", options.candidate, arm_terms);
  refuseLinksOfNothing(options, {&baseline, &candidate});
  GateSubject subject(options, {&baseline, &candidate});
  printArms(baseline.arm, candidate.arm);
  printPlan(subject, options, 2);
  order.suite = &subject.suite;
  order.plan = &subject.plan;
  order.baseline = &baseline.arm;
  order.candidate = &candidate.arm;
  order.lost = subject.lost;
  refuseWhatCannotGate(order);
  if (options.dry_run) return endDryRun(options);
  GateBundle bundle(makeBundle(options.out, "gate-" + subject.suite.name));
  Session session(subject.topology);
  beginBundle(bundle, suiteText(subject.suite, options.overrides), describeEnvironment(session),
              subject.plan);
  const GateResult result = measureInto(bundle, order, session);
  tell(result, order, options, bundle, Remember::Yes);
  sayWhatNext(options, result, bundle.path());
  return result.exit_code;
}

// --- a stored baseline --------------------------------------------------------------------------

/// The candidate alone, into a bundle.
AloneResult measureCandidate(const GateOptions& options, GateSubject& subject, const Arm& candidate,
                             GateBundle& bundle, Session& session, const StoredBlocks& like) {
  AloneOrder order{.plan = &subject.plan,
                   .suite = &subject.suite,
                   .suite_file = bundle.suiteFile(),
                   .arm = &candidate,
                   .seed = options.seedOrFresh(),
                   .blocks = options.first_blocks,
                   .timings = {},
                   .on_block = [&](const KeptBlock& block) { bundle.append(block); }};
  for (const Cell& cell : subject.plan.cells) {
    const auto stored = like.slot_ns.find(cell.name);
    if (stored == like.slot_ns.end()) continue;
    order.timings[cell.name] = slotTimingOf(cell.workload, stored->second);
  }
  AloneResult result = measureAlone(order, session);
  for (const NotMeasured& one : result.not_measured) {
    say("not measured: {}: {}\n", one.cell, one.reason);
  }
  return result;
}

ExitCode saveBaseline(const GateOptions& options) {
  const std::filesystem::path folder = options.out
                                           ? std::filesystem::path(*options.out)
                                           : std::filesystem::path(kBaselineFolder) / *options.save;
  if (std::filesystem::exists(folder)) {
    throw UsageError(fmt::format(
        "--save-baseline: {} exists, and nothing is overwritten; take another name, or remove it",
        folder.string()));
  }
  const NamedArm candidate = findArm("--candidate", options.candidate, armTerms(options));
  refuseLinksOfNothing(options, {&candidate});
  GateSubject subject(options, {&candidate});
  printPlan(subject, options, 1);
  if (options.dry_run) return endDryRun(options);
  // Under another name until it is whole, for half of it would be taken for a baseline.
  const std::filesystem::path partial = folder.string() + ".partial";
  std::filesystem::remove_all(partial);
  GateBundle bundle(results::Bundle::create(partial));
  Session session(subject.topology);
  beginBundle(bundle, suiteText(subject.suite, options.overrides), describeEnvironment(session),
              subject.plan);
  const AloneResult alone =
      measureCandidate(options, subject, candidate.arm, bundle, session, StoredBlocks{});
  if (alone.exit_code != ExitCode::Fine) {
    say("not saved: {}; what was measured is in {} until the next try\n",
        results::toString(alone.exit_code), partial.string());
    return alone.exit_code;
  }
  std::filesystem::rename(partial, folder);
  putData(folder.string() + "\n");
  sayNext("ringside gate {} --baseline {}", options.suite, folder.string());
  return ExitCode::Fine;
}

/// Another machine: nothing is judged, and without --report-only nothing is measured.
bool isSameMachine(const std::filesystem::path& stored, const std::string& environment) {
  const std::vector<EnvironmentFacts> both = {
      EnvironmentFacts::of(stored), EnvironmentFacts(environment, "environment.json of now")};
  if (both[0].machine() == both[1].machine()) return true;
  say("{} was measured on another machine, or in another state of this one; what differs: {}\n",
      stored.string(), fmt::join(machineDifferences(both), ", "));
  return false;
}

ExitCode gateStored(const GateOptions& options, const std::filesystem::path& stored_folder) {
  const StoredBlocks then = readStored(stored_folder);
  const NamedArm candidate = findArm("--candidate", options.candidate, armTerms(options));
  refuseLinksOfNothing(options, {&candidate});
  GateSubject subject(options, {&candidate});
  printPlan(subject, options, 1);
  if (options.dry_run) return endDryRun(options);
  Session session(subject.topology);
  const std::string environment = describeEnvironment(session);
  const bool same = isSameMachine(stored_folder, environment);
  if (!same && !options.report_only) {
    say("ringside: a gate against it would judge the machines; measure the baseline here, or take "
        "--report-only to see both sides without a verdict\n");
    return ExitCode::EnvironmentRefused;
  }
  GateBundle bundle(makeBundle(options.out, "stored-" + subject.suite.name));
  beginBundle(bundle, suiteText(subject.suite, options.overrides), environment, subject.plan);
  const AloneResult now = measureCandidate(options, subject, candidate.arm, bundle, session, then);
  if (now.exit_code == ExitCode::Interrupted) return now.exit_code;
  DriftReport report = driftOf(then, now, subject.suite, subject.plan, environment);
  report.candidate = candidate.arm.label;
  report.judged = same && !options.report_only;
  const Format format = *parseFormat(options.format);
  putAs(format, renderDrift(report, format, tableLookOfStdout()));
  std::fflush(stdout);
  keepDrift(report, bundle);
  say("\nbundle: {}\n{}\n", bundle.path().string(), driftSentence(report));
  sayNext("ringside gate {} --baseline origin/main", options.suite);
  return report.exitCode();
}

// --- what was asked for -------------------------------------------------------------------------

ExitCode explain(const GateOptions& options) {
  const std::filesystem::path bundle =
      options.from ? std::filesystem::path(*options.from) : newestGate();
  put("{}", explainGate(bundle, *options.explain, tableLookOfStdout().columns));
  sayNext("ringside report {}", bundle.string());
  return ExitCode::Fine;
}

ExitCode gate(const GateOptions& options) {
  const auto refuse = [&](GateWay way, const std::string& here) {
    refuseWhatMeansNothing(*options.command, way, here);
  };
  if (options.explain) {
    refuse(GateWay::Explain, "--explain measures nothing");
    return explain(options);
  }
  if (options.suite.empty()) throw UsageError("gate: name a suite, such as gate");
  if (options.save) {
    refuse(GateWay::Save, "--save-baseline measures one side and judges nothing");
    return saveBaseline(options);
  }
  if (options.baseline.empty()) {
    throw UsageError(
        "--baseline: name what is accepted: a git revision such as origin/main, a "
        "build, or a plug-in");
  }
  const std::filesystem::path stored = storedBaseline(options.baseline);
  if (!stored.empty()) {
    refuse(GateWay::Stored, fmt::format("{} is a stored baseline", options.baseline));
    return gateStored(options, stored);
  }
  refuse(GateWay::BothNow,
         fmt::format("{} is no stored baseline: both sides are measured now", options.baseline));
  return gateArms(options);
}

void addArmOptions(CLI::App& command, GateOptions& options) {
  CLI::Option* baseline = command
                              .add_option("--baseline", options.baseline,
                                          "What is accepted: revision, build, plug-in, stored")
                              ->type_name("ARM");
  command.add_option("--candidate", options.candidate, "What is judged, named the same way")
      ->type_name("ARM")
      ->capture_default_str();
  command.add_option("--save-baseline", options.save, "Measure the candidate alone, and keep it")
      ->type_name("NAME")
      ->excludes(baseline);
  command.add_flag("--report-only", options.report_only, "Stored baseline: no verdict");
  command.add_option("--links", options.links, "Links of a revision, for its layout is chance")
      ->check(wholeNumber(1, kMaxLinks))
      ->capture_default_str();
  addOutOption(command, options.out);
  addAxisOption(command, options.overrides);
}

}  // namespace

void addGateCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("gate", "Fail when a candidate is slower than a baseline");
  auto options = std::make_shared<GateOptions>();
  options->command = command;
  command->add_option("suite", options->suite, "A scenario file, or its bare name")
      ->type_name("SUITE");
  addArmOptions(*command, *options);
  addTermOptions(*command, *options);
  command->add_flag("--dry-run", options->dry_run, "Build both, show the plan, measure nothing");
  command->add_option("--explain", options->explain, "Of a gate that ran: a cell's blocks, scores")
      ->type_name("CELL");
  command->add_option("--from", options->from, "The bundle to explain; else the newest in out/")
      ->type_name("BUNDLE");
  addTellOptions(*command, *options);
  command->footer(
      "Examples:\n  ringside gate gate --baseline origin/main\n"
      "  ringside gate mine.toml --baseline ./old.so --candidate ./new.so");
  command->callback([options, &exit_code] { exit_code = gate(*options); });
}

}  // namespace ringside::harness
