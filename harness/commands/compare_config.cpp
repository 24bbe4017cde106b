// ringside compare-config: is one configuration of this host slower than another? Both measured
// now, side by side, by this program.
#include <fmt/format.h>

#include <algorithm>

#include "harness/commands/commands.hpp"
#include "harness/commands/gate_call.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/duet/configured_cells.hpp"
#include "harness/environment.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct CompareConfigOptions : GateCall {
  std::vector<std::string> a;
  std::vector<std::string> b;
};

constexpr std::array<const char*, 2> kNames = {"a", "b"};
/// A value that is longer leaves no room in a table.
constexpr std::size_t kLongestInColumn = 8;

/// "a: never", or the name alone where several values are set apart.
std::string columnOf(const char* name, const Configuration& side) {
  const bool fits = side.axes.size() == 1 && side.axes.front().value.size() <= kLongestInColumn;
  return fits ? fmt::format("{}: {}", name, side.axes.front().value) : name;
}

/// This program, called after what sets the side apart.
Arm armOf(const char* name, const Configuration& side) {
  Arm arm = resolveArm(std::string("--") + name, kThisProgram, {});
  arm.label = arm.named = side.label();
  for (const ConfiguredValue& one : side.axes) arm.facts["configuration"][one.key] = one.value;
  return arm;
}

std::string suiteFileOf(std::size_t side) { return fmt::format("scenario-{}.toml", kNames[side]); }

void beginBundleOf(const ConfiguredCells& cells, const CompareConfigOptions& options,
                   const std::string& environment, GateBundle& bundle, GateOrder& order) {
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  beginBundle(bundle, suiteText(suite, options.overrides), environment, cells.plan);
  for (std::size_t side = 0; side < 2; ++side) {
    bundle.add(suiteFileOf(side), toToml(cells.sides[side].suite));
    order.sides[side].suite_file = std::filesystem::absolute(bundle.path() / suiteFileOf(side));
  }
}

void sayItselfNext(const CompareConfigOptions& options) {
  sayNextCommand(fmt::format("ringside compare-config {}{}{}{}", shellWord(options.suite),
                             shellOptions("--a", options.a), shellOptions("--b", options.b),
                             shellOptions("-a", options.overrides)));
}

/// What one would do next, by what was found.
void sayWhatNext(const CompareConfigOptions& options, const GateResult& result,
                 const std::filesystem::path& bundle) {
  if (result.exit_code == ExitCode::Invalid || result.exit_code == ExitCode::EverythingSkipped) {
    return sayNext("ringside doctor");
  }
  const auto told = std::find_if(
      result.verdicts.begin(), result.verdicts.end(), [&](const results::MetricVerdict& verdict) {
        return verdict.metric.gates && (result.exit_code != ExitCode::Regression ||
                                        verdict.verdict == results::GateVerdict::Regressed);
      });
  if (told == result.verdicts.end()) return sayItselfNext(options);
  sayNext("ringside gate --explain {} --from {}", told->metric.cell, bundle.string());
}

GateSides sidesOf(const BothConfigurations& configurations, const ConfiguredCells& cells) {
  GateSides sides;
  for (std::size_t side = 0; side < 2; ++side) {
    sides[side] = {.name = kNames[side],
                   .column = columnOf(kNames[side], configurations[side]),
                   .called = configurations[side].label(),
                   .cells = cells.sides[side].names};
  }
  return sides;
}

ExitCode compareConfig(const CompareConfigOptions& options) {
  const BothConfigurations configurations = parseConfigurations(options.a, options.b);
  GateOrder order = orderOf(options);
  const Topology topology = Topology::ofThisMachine();
  const ConfiguredCells cells =
      configuredCells(findScenario(options.suite), options.overrides, configurations, topology,
                      memoryLimitsOfThisMachine());
  const std::array<Arm, 2> arms = {armOf(kNames[0], configurations[0]),
                                   armOf(kNames[1], configurations[1])};
  Suite suite = cells.sides[0].suite;
  suite.question = fmt::format("Is {} slower here than {}?", arms[1].label, arms[0].label);
  order.verb = "compare-config";
  order.suite = &suite;
  order.plan = &cells.plan;
  order.baseline = &arms[0];
  order.candidate = &arms[1];
  order.sides = sidesOf(configurations, cells);
  say("a {}\nb {}\n", arms[0].label, arms[1].label);
  printPlan(order.verb, suite, cells.plan, options, 2);
  refuseWhatCannotGate(order);
  if (options.dry_run) {
    sayItselfNext(options);
    return ExitCode::Fine;
  }
  GateBundle bundle(makeBundle(options.out, "compare-config-" + suite.name));
  Session session(topology);
  beginBundleOf(cells, options, describeEnvironment(session), bundle, order);
  const GateResult result = measureInto(bundle, order, session);
  // What a configuration does is no point of the history of the code.
  tell(result, order, options, bundle, Remember::No);
  sayWhatNext(options, result, bundle.path());
  return result.exit_code;
}

void addSide(CLI::App& command, const char* name, std::vector<std::string>& texts,
             const char* words) {
  command.add_option(name, texts, words)
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->required();
}

}  // namespace

void addCompareConfigCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command =
      app.add_subcommand("compare-config", "Two configurations of this host, gated");
  auto options = std::make_shared<CompareConfigOptions>();
  options->suite = "gate";
  command->add_option("suite", options->suite, "A scenario file, or its bare name")
      ->type_name("SUITE")
      ->capture_default_str();
  addSide(*command, "--a", options->a, "What is accepted: huge_pages=never, say");
  addSide(*command, "--b", options->b, "What is judged beside it: the same keys");
  addOutOption(*command, options->out);
  addAxisOption(*command, options->overrides);
  addTermOptions(*command, *options);
  command->add_flag("--dry-run", options->dry_run, "Show the plan, measure nothing");
  addTellOptions(*command, *options);
  command->footer(
      "Examples:\n  ringside compare-config --a huge_pages=never --b huge_pages=require\n"
      "  ringside compare-config memory --a memory=posix_shm --b memory=memfd");
  command->callback([options, &exit_code] { exit_code = compareConfig(*options); });
}

}  // namespace ringside::harness
