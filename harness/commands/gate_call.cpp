#include "harness/commands/gate_call.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/duet/gate_progress.hpp"
#include "harness/format_numbers.hpp"
#include "harness/past_runs.hpp"
#include "harness/report.hpp"
#include "harness/schedule.hpp"
#include "results/judged_metrics.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

void rememberGate(const GateResult& result, const std::string& suite,
                  const std::filesystem::path& bundle) {
  if (result.blocks == 0) return;
  std::vector<results::ArmMedians> medians;
  for (const results::MetricVerdict& verdict : result.verdicts) {
    const auto values = valuesOf(result, verdict);
    medians.push_back(values ? results::ArmMedians{(*values)[0], (*values)[1]}
                             : results::ArmMedians{});
  }
  results::HistoryEntry entry = newEntry(results::EntryKind::Gate, suite, bundle, result.exit_code);
  entry.judged = results::judgedMetrics(result.verdicts, medians);
  remember(bundle, entry);
}

}  // namespace

std::uint64_t GateCall::seedOrFresh() const {
  if (seed) return *seed;
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

void addTermOptions(CLI::App& command, GateCall& call) {
  command.add_option("--first-blocks", call.first_blocks, "Of each cell in stage one")
      ->check(wholeNumber(results::kLeastBlocksForDetectable, 1000))
      ->capture_default_str();
  command.add_option("--second-blocks", call.second_blocks, "Of a suspicious one in stage two")
      ->check(wholeNumber(1, 1000))
      ->capture_default_str();
  command.add_option("--budget", call.budget, "Blocks until all is known, or for 90s, 5m, 1h")
      ->type_name("TIME");
  command.add_flag("--fwer", call.family_wise, "Holm's procedure: no false alarm at all");
  command
      .add_option("--until-quiet", call.until_quiet_s,
                  "Seconds that others may keep the machine busy")
      ->check(wholeNumber(0, 3600))
      ->capture_default_str();
  command.add_option("--seed", call.seed, "Of all that chance decides")->check(anySeed());
}

void addTellOptions(CLI::App& command, GateCall& call) {
  addFormatOption(command, call.format, "Of what stands on stdout");
  command.add_flag("--no-report", call.no_report, "Write no figures and no page");
}

void printPlan(const std::string& verb, const Suite& suite, const Plan& plan, const GateCall& call,
               std::size_t arms) {
  const GateableCells gateable = gateableCells(suite, plan);
  const auto gating = std::count_if(gateable.metrics.begin(), gateable.metrics.end(),
                                    [](const results::GateMetric& metric) { return metric.gates; });
  say("{} {}: {}, {} of them gated by {}\n", verb, suite.name, counted(plan.cells.size(), "cell"),
      gateable.cells.size(), counted(static_cast<std::uint64_t>(gating), "metric"));
  const std::size_t columns = columnsOf(STDERR_FILENO);
  for (const NotGated& one : gateable.not_gated) {
    say("{}", wrapped("not gated: ", fmt::format("{}: {}", one.cell, one.reason), columns));
  }
  const std::string cells = counted(gateable.cells.size(), "cell");
  if (call.budget) {
    return say("plan: {}, blocks until all is known, for {} at most\n", cells, *call.budget);
  }
  say("{}", wrapped("plan: ",
                    fmt::format("{}, {}, about {} (minutes:seconds){}", cells,
                                counted(gateable.cells.size() * call.first_blocks, "block"),
                                formatMinutes(roughSeconds(gateable, call.first_blocks, arms)),
                                arms == 1 ? "" : "; suspicious cells take longer"),
                    columns));
}

GateOrder orderOf(const GateCall& call) {
  GateOrder order;
  if (call.budget) order.budget = parseBudget(*call.budget).time;
  order.terms.family_wise = call.family_wise;
  order.terms.first_blocks = call.first_blocks;
  order.terms.second_blocks = call.second_blocks;
  order.seed = call.seedOrFresh();
  order.until_quiet = std::chrono::seconds(call.until_quiet_s);
  return order;
}

std::string suiteText(const Suite& suite, const std::vector<std::string>& overrides) {
  return overrides.empty() ? withoutSchemaLine(suite.text) : toToml(suite);
}

void beginBundle(GateBundle& bundle, const std::string& suite, const std::string& environment,
                 const Plan& plan) {
  bundle.begin(suite, environment);
  for (const auto& [name, file] : tracesOf(plan))
    bundle.add(name, results::readFile(file).value_or(""));
}

GateResult measureInto(GateBundle& bundle, GateOrder& order, Session& session) {
  order.suite_file = bundle.suiteFile();
  order.on_block = [&](const KeptBlock& block) { bundle.append(block); };
  return runGate(order, session);
}

void tell(const GateResult& result, const GateOrder& order, const GateCall& call,
          GateBundle& bundle, Remember remember) {
  const GateHeading heading = headingOf(order, bundle.path());
  const GateForms forms = formsOf(result, heading);
  bundle.finish(forms);
  const Format format = *parseFormat(call.format);
  putAs(format, renderGate(result, heading, format, tableLookOfStdout()));
  std::fflush(stdout);
  tellContinuousIntegration(forms);
  if (remember == Remember::Yes) rememberGate(result, order.suite->name, bundle.path());
  say("\nbundle: {}\n", bundle.path().string());
  const bool has_ended = result.blocks > 0 && result.exit_code != results::ExitCode::Interrupted;
  if (!call.no_report && has_ended) drawPage(bundle.path());
  if (format != Format::Table) say("{}\n", gateSentence(result));  // whose last line it is
}

}  // namespace ringside::harness
