// ringside topo: what CPUs there are, which placements exist, and what it costs to hand a cache
// line from one to another.
#include <optional>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/environment.hpp"
#include "harness/format_numbers.hpp"
#include "harness/handoff_report.hpp"
#include "harness/report.hpp"
#include "harness/session.hpp"
#include "harness/topology_text.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

constexpr std::uint32_t kMostRounds = 100'000;
constexpr std::uint64_t kTellEveryVisits = 20'000;

struct TopoOptions {
  std::string synthetic;
  std::string format = "table";
  bool matrix = false;
  bool classes = false;
  std::optional<std::uint32_t> rounds;
  std::optional<std::string> out;
  bool no_report = false;
};

/// A bundle wants a scenario that says what was asked.
constexpr const char* kScenario =
    "# Measured by ringside topo --matrix; not to be run.\n[suite]\nname = \"topo\"\n"
    "question = \"What does it cost to hand a cache line from one CPU to another?\"\n";

Topology describedTopology(const std::string& description) {
  try {
    return Topology::synthetic(description);
  } catch (const std::runtime_error& error) {
    throw UsageError(fmt::format(
        "--synthetic: {}; levels from the outside to the inside, each with how many it has, as in "
        "'pack:2 numa:4 l3:1 l2:16 core:1 pu:2' (hwloc(7), \"Synthetic topologies\")",
        error.what()));
  }
}

void refuseWhatDoesNotGoTogether(const TopoOptions& options) {
  if (options.matrix && !options.synthetic.empty()) {
    throw UsageError(
        "--matrix measures this machine, and --synthetic describes another; leave one "
        "of them out");
  }
  const bool wants_matrix = options.classes || options.rounds || options.out || options.no_report;
  if (wants_matrix && !options.matrix) {
    throw UsageError("--classes, --rounds, --out and --no-report belong to --matrix; add it");
  }
}

/// Fewer where there are many pairs: the whole takes about a minute on hundreds of CPUs.
std::uint32_t usualRounds(std::size_t pairs) {
  if (pairs <= 200) return 50;
  return pairs <= 5000 ? 10 : 3;
}

std::vector<Handoff> measure(const TopoOptions& options, Session& session) {
  const Topology& topology = session.topology();
  const std::vector<CpuPair> pairs =
      options.classes ? representativePairs(topology) : allPairs(topology);
  const std::uint32_t rounds = options.rounds.value_or(usualRounds(pairs.size()));
  say("matrix: {}, {} of {} round trips\n", counted(pairs.size(), "pair"), counted(rounds, "visit"),
      kGroupsPerVisit * kGroupRoundTrips);
  return measureHandoffs(topology, session.clock(), pairs,
                         {.rounds = rounds, .go_on = [&](std::uint64_t done, std::uint64_t all) {
                            if (done % kTellEveryVisits == 0) say("visit {} of {}\n", done, all);
                            return !session.interrupts().interrupted();
                          }});
}

void keepAndDraw(const TopoOptions& options, results::Bundle& bundle) {
  const std::string folder = bundle.path().string();
  say("\nbundle: {}\n", folder);
  if (options.no_report) return sayNext("ringside report {}", folder);
  const ReportOutcome report = drawReport(bundle.path());
  if (report.trouble.empty()) {
    say("figure: {}/figures/handoff_matrix.svg\n", folder);
  } else {
    say("ringside: {}\n", report.trouble);
  }
  sayNext("ringside run quick");
}

ExitCode measureMatrix(const TopoOptions& options) {
  results::Bundle bundle = makeBundle(options.out, "topo");
  Session session(Topology::ofThisMachine());
  const std::vector<Handoff> handoffs = measure(options, session);
  if (session.interrupts().interrupted()) return ExitCode::Interrupted;
  session.setFloors(floorsOf(handoffs));
  bundle.writeFile("environment.json", describeEnvironment(session));
  bundle.writeFile("scenario.toml", kScenario);
  bundle.writeFile(kHandoffFile, handoffJson(session.topology(), handoffs));
  const Format format = *parseFormat(options.format);
  putAs(format, renderHandoffs(
                    session.topology(), handoffs,
                    {.format = format, .colour = colourOfStdout(), .columns = columnsOfStdout()}));
  std::fflush(stdout);
  keepAndDraw(options, bundle);
  return handoffs.empty() ? ExitCode::EverythingSkipped : ExitCode::Fine;
}

ExitCode topo(const TopoOptions& options) {
  refuseWhatDoesNotGoTogether(options);
  if (options.matrix) return measureMatrix(options);
  const Topology topology =
      options.synthetic.empty() ? Topology::ofThisMachine() : describedTopology(options.synthetic);
  const Format format = *parseFormat(options.format);
  putAs(format, renderTopology(topology, format));
  if (options.synthetic.empty()) sayNext("ringside topo --matrix");
  return ExitCode::Fine;
}

}  // namespace

void addTopoCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("topo", "The CPUs at hand, and which placements exist");
  auto options = std::make_shared<TopoOptions>();
  command->add_option("--synthetic", options->synthetic, "Another machine, as hwloc describes one")
      ->type_name("MACHINE");
  addFormatOption(*command, options->format, "Of what goes to stdout");
  command->add_flag("--matrix", options->matrix, "Measure the hand-off of a cache line");
  command->add_flag("--classes", options->classes, "Only one pair for each placement");
  command->add_option("--rounds", options->rounds, "Visits of each pair")
      ->check(wholeNumber(1, kMostRounds));
  addOutOption(*command, options->out);
  command->add_flag("--no-report", options->no_report, "Draw no figure");
  command->footer(
      "Examples:\n"
      "  ringside topo --synthetic 'pack:2 numa:4 l3:1 l2:16 core:1 pu:2'\n"
      "  ringside topo --matrix --classes");
  command->callback([options, &exit_code] { exit_code = topo(*options); });
}

}  // namespace ringside::harness
