// ringside compare-config: is one configuration of this host slower than another? Both measured
// now, side by side, by this program.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "harness/commands/commands.hpp"
#include "harness/commands/gate_call.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/duet/configured_cells.hpp"
#include "harness/duet/host_settings.hpp"
#include "harness/environment.hpp"
#include "harness/shared_files.hpp"

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
  const bool fits = side.values.size() == 1 && side.values.front().value.size() <= kLongestInColumn;
  return fits ? fmt::format("{}: {}", name, side.values.front().value) : name;
}

/// This program, called after what sets the side apart.
Arm armOf(const char* name, const Configuration& side) {
  Arm arm = resolveArm(std::string("--") + name, kThisProgram, {});
  arm.label = arm.named = side.label();
  for (const ConfiguredValue& one : side.values) arm.facts["configuration"][one.key] = one.value;
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

/// What was asked of the kernel is not what it gave.
void noteLikePages(const BothConfigurations& sides, GateResult& result) {
  if (sides[0].valueOf("huge_pages") == sides[1].valueOf("huge_pages")) return;
  std::size_t alike = 0;
  std::uint64_t bytes = 0;
  for (const GateCellFacts& facts : result.cells) {
    const auto& [first, second] = facts.memory;
    if (first.page_size_bytes != second.page_size_bytes || first.page_size_bytes == 0) continue;
    ++alike;
    bytes = first.page_size_bytes;
  }
  if (alike == 0) return;
  result.warnings.push_back(fmt::format(
      "in {} the memory of both sides, taken as a whole, had pages of {} bytes: huge_pages set "
      "nothing apart there; ringside doctor says which this host has",
      counted(alike, "cell"), bytes));
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

/// Those that cells are pinned to; all that may be used where there are none.
std::vector<int> cpusOf(const Plan& plan, const Topology& topology) {
  std::set<int> cpus;
  for (const Cell& cell : plan.cells) {
    cpus.insert(cell.placing.producer_cpus.begin(), cell.placing.producer_cpus.end());
    cpus.insert(cell.placing.consumer_cpus.begin(), cell.placing.consumer_cpus.end());
  }
  if (cpus.empty()) {
    for (const CpuPlace& place : topology.cpus()) cpus.insert(place.cpu);
  }
  return {cpus.begin(), cpus.end()};
}

/// From now on the order's sides have them set. What the kernel does not take ends it here.
void setByTurns(HostSettingsHeld& held, GateOrder& order) {
  order.canaries = Canaries::OfArm;
  for (std::size_t side = 0; side < 2; ++side) {
    held.set(side, SetBefore::Start);
    order.sides[side].before_start = [&held, side] { held.set(side, SetBefore::Start); };
    order.sides[side].before_slot = [&held, side] { held.set(side, SetBefore::Slot); };
  }
}

void tellChanges(const HostSettingsHeld& held) {
  say("settings of the host: written {} times, {:.0f} us each, outside of what was measured\n",
      held.changes(), held.usOfAChange());
}

/// What is compared, and all that has to stay as long as it is measured.
struct ConfigComparison {
  BothConfigurations configurations;
  Topology topology = Topology::ofThisMachine();
  ConfiguredCells cells;
  std::vector<HostSetting> settings;
  std::array<Arm, 2> arms;
  Suite suite;
  GateOrder order;

  explicit ConfigComparison(const CompareConfigOptions& options)
      : configurations(parseConfigurations(options.a, options.b)),
        cells(configuredCells(findScenario(options.suite), options.overrides, configurations,
                              topology, memoryLimitsOfThisMachine())),
        settings(hostSettings(SystemFiles(), configurations, cpusOf(cells.plan, topology))),
        arms({armOf(kNames[0], configurations[0]), armOf(kNames[1], configurations[1])}),
        suite(cells.sides[0].suite),
        order(orderOf(options)) {
    suite.question = fmt::format("Is {} slower here than {}?", arms[1].label, arms[0].label);
    order.verb = "compare-config";
    order.suite = &suite;
    order.plan = &cells.plan;
    order.baseline = &arms[0];
    order.candidate = &arms[1];
    order.sides = sidesOf(configurations, cells);
  }
  ConfigComparison(const ConfigComparison&) = delete;
  ConfigComparison& operator=(const ConfigComparison&) = delete;
};

ExitCode measure(ConfigComparison& compared, const CompareConfigOptions& options) {
  Session session(compared.topology);
  const std::string environment = describeEnvironment(session);  // as the host is without them
  std::optional<HostSettingsHeld> held;
  if (!compared.settings.empty()) {
    setByTurns(held.emplace(SystemFiles(), compared.settings), compared.order);
  }
  GateBundle bundle(makeBundle(options.out, "compare-config-" + compared.suite.name));
  beginBundleOf(compared.cells, options, environment, bundle, compared.order);
  GateResult result = measureInto(bundle, compared.order, session);
  if (held) tellChanges(*held);
  held.reset();
  noteLikePages(compared.configurations, result);
  // What a configuration does is no point of the history of the code.
  tell(result, compared.order, options, bundle, Remember::No);
  sayWhatNext(options, result, bundle.path());
  return result.exit_code;
}

ExitCode compareConfig(const CompareConfigOptions& options) {
  ConfigComparison compared(options);
  say("a {}\nb {}\n", compared.arms[0].label, compared.arms[1].label);
  printPlan(compared.order.verb, compared.suite, compared.cells.plan, options, 2);
  refuseWhatCannotGate(compared.order);
  if (!options.dry_run) return measure(compared, options);
  sayItselfNext(options);
  return ExitCode::Fine;
}

void addSide(CLI::App& command, const char* name, std::vector<std::string>& texts,
             const char* words) {
  command.add_option(name, texts, words)
      ->type_name("SETTING=VALUE")
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
