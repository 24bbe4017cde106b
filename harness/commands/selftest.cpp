// ringside selftest: how often the gate is wrong, and what it finds.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/contest_report.hpp"
#include "harness/duet/arm_files.hpp"
#include "harness/duet/gate_progress.hpp"
#include "harness/environment.hpp"
#include "harness/selftest/selftest_judge.hpp"
#include "harness/selftest/selftest_progress.hpp"
#include "harness/selftest/selftest_run.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::ExitCode;

constexpr std::uint64_t kMostGates = 10'000;
constexpr double kMostInjectedNs = 1e6;
constexpr double kMostInjectedPercent = 1000;

struct SelftestOptions {
  std::string suite = "gate";
  std::uint32_t gates = 5;
  std::uint32_t blocks = 8;
  std::uint32_t links = 8;
  std::string record = "out/selftest.jsonl";
  std::vector<std::string> overrides;
  std::optional<std::uint64_t> seed;
  InjectionAsked injection;
  std::string tail_text;
};

/// What a kind of self-test does, once; nullopt when interrupted.
using TryOnce =
    std::function<std::optional<TriedGate>(const SelftestOrder&, std::uint64_t, Session&)>;

std::string cpuOf(const std::string& environment) { return placeOf(environment).machine; }

std::string machineOf(const std::string& environment) {
  return nlohmann::json::parse(environment).at("fingerprint").at("machine");
}

/// Makes the record's table again, and says what of this machine does not fit.
ExitCode conclude(const SelftestOptions& options, const std::string& kind,
                  const std::string& machine) {
  const std::vector<TriedGate> all = readTried(options.record);
  if (all.empty()) {
    throw UsageError(fmt::format(
        "--record {}: nothing stands in it, and nothing was tried now; ask for --gates 1 or more",
        options.record));
  }
  const fs::path table = fs::path(options.record).replace_filename("SELFTEST.md");
  if (const int failure = results::replaceFile(table, selftestTable(all)); failure != 0) {
    throw std::system_error(failure, std::system_category(), table.string() + " is not written");
  }
  std::vector<TriedGate> mine;
  for (const TriedGate& gate : all) {
    if (gate.machine == machine && gate.kind == kind) mine.push_back(gate);
  }
  const std::vector<SelftestFinding> findings = kind == "aa"      ? judgeIdentical(mine)
                                                : kind == "power" ? judgePower(mine)
                                                                  : judgeLayout(mine, kUsualLinks);
  bool fits = !findings.empty();
  for (const SelftestFinding& finding : findings) {
    put("{}  {}\n", finding.fits ? "fits " : "NOT  ", finding.statement);
    fits = fits && finding.fits;
  }
  say("record: {}\ntable:  {}\n", options.record, table.string());
  sayNextCommand(fits ? "ringside gate gate --baseline origin/main" : "ringside doctor");
  return fits ? ExitCode::Fine : ExitCode::Regression;
}

/// As far as they are known before the first: stage one.
std::size_t blocksACell(const SelftestOptions& options, const std::string& kind, const Arm& arm) {
  if (kind != "layout") return results::GateTerms{}.first_blocks;
  return options.blocks * (arm.plugins.size() - 1);
}

ExitCode selftest(const SelftestOptions& options, const std::string& kind, const Arm& arm,
                  std::uint32_t times, const TryOnce& once) {
  readTried(options.record);  // before hours are spent, whether it can be read
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  const Plan plan = makePlan(suite, Topology::ofThisMachine(), memoryLimitsOfThisMachine());
  const results::Descriptor suite_file = memoryFile("ringside-suite", toToml(suite));
  Session session(Topology::ofThisMachine());
  const std::string environment = describeEnvironment(session);
  const GateableCells gateable = gateableCells(suite, plan);
  const std::size_t blocks = blocksACell(options, kind, arm);
  SelftestProgress progress(times, blocks * gateable.cells.size(),
                            roughSeconds(gateable, blocks, 2));
  const SelftestOrder order{
      .suite = &suite,
      .plan = &plan,
      .suite_file = fmt::format("/proc/{}/fd/{}", ::getpid(), suite_file.number()),
      .arm = &arm,
      .machine = machineOf(environment),
      .cpu = cpuOf(environment),
      .on_block = [&](const std::string& cell) { progress.next(cell); }};
  std::mt19937_64 chance(options.seed.value_or(std::random_device{}()));
  for (std::uint32_t i = 0; i < times; ++i) {
    const std::optional<TriedGate> gate = once(order, chance(), session);
    if (!gate) {
      progress.stop();
      say("interrupted; what is done is in {}: go on with the same command\n", options.record);
      return ExitCode::Interrupted;
    }
    appendTried(options.record, *gate);
    progress.end(*gate);
  }
  return conclude(options, kind, order.machine);
}

void takeTail(SelftestOptions& options) {
  if (options.tail_text.empty()) return;
  const std::size_t comma = options.tail_text.find(',');
  double fraction = 0;
  double ns = 0;
  const auto number = [](std::string_view text, double& value) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc{} && end == text.data() + text.size();
  };
  const std::string_view text = options.tail_text;
  const bool good = comma != std::string::npos && number(text.substr(0, comma), fraction) &&
                    number(text.substr(comma + 1), ns) && fraction > 0 && fraction <= 1 && ns > 0;
  if (!good) {
    throw UsageError(
        fmt::format("--inject-tail is '{}'; write P,X: a part of the messages above 0 "
                    "and up to 1, and nanoseconds, as 0.02,500",
                    options.tail_text));
  }
  options.injection.tail_fraction = fraction;
  options.injection.tail_ns = ns;
}

void addShared(CLI::App& command, SelftestOptions& options) {
  command.add_option("--suite", options.suite, "Whose cells are gated")
      ->type_name("SUITE")
      ->capture_default_str();
  addAxisOption(command, options.overrides);
  command.add_option("--record", options.record, "Where what was found is added to")
      ->type_name("FILE")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of all that chance decides")->check(anySeed());
}

void addGatesOption(CLI::App& command, SelftestOptions& options) {
  command.add_option("--gates", options.gates, "How many now; 0: judge those that there are")
      ->check(wholeNumber(0, kMostGates))
      ->capture_default_str();
}

void addIdentical(CLI::App& parent, std::shared_ptr<SelftestOptions> options, ExitCode& exit_code) {
  CLI::App* aa = parent.add_subcommand("aa", "Gates of identical arms: false alarms");
  addShared(*aa, *options);
  addGatesOption(*aa, *options);
  aa->footer(
      "Examples:\n  ringside selftest aa --gates 40\n"
      "  ringside selftest aa --suite gate -a capacity=1024 --seed 7");
  aa->callback([options, &exit_code] {
    const Arm arm = resolveArm("selftest", kThisProgram, {});
    exit_code = selftest(*options, "aa", arm, options->gates, tryIdentical);
  });
}

void addPower(CLI::App& parent, std::shared_ptr<SelftestOptions> options, ExitCode& exit_code) {
  CLI::App* power = parent.add_subcommand("power", "Gates with a delay in one cell: what is found");
  addShared(*power, *options);
  addGatesOption(*power, *options);
  CLI::Option_group* which = power->add_option_group("what is injected");
  which->add_option("--inject-ns", options->injection.ns, "Nanoseconds to each message")
      ->check(decimalNumber(0.1, kMostInjectedNs));
  which->add_option("--inject-percent", options->injection.percent, "Of the round trip's p50")
      ->check(decimalNumber(0.1, kMostInjectedPercent));
  which->add_option("--inject-tail", options->tail_text, "X ns more to a part P of the messages")
      ->type_name("P,X");
  which->add_flag("--inject-stall", options->injection.stall, "5 us to one message in 500");
  which->require_option(1);
  power->footer(
      "Examples:\n  ringside selftest power --inject-percent 5 --gates 20\n"
      "  ringside selftest power --inject-tail 0.02,500");
  power->callback([options, &exit_code] {
    takeTail(*options);
    const Arm arm = resolveArm("selftest", kThisProgram, {});
    exit_code = selftest(*options, "power", arm, options->gates,
                         [&](const SelftestOrder& order, std::uint64_t seed, Session& session) {
                           return tryInjection(order, options->injection, seed, session);
                         });
  });
}

void addLayout(CLI::App& parent, std::shared_ptr<SelftestOptions> options, ExitCode& exit_code) {
  CLI::App* layout = parent.add_subcommand("layout", "Links of one core: what code layout does");
  addShared(*layout, *options);
  layout->add_option("--links", options->links, "How many")
      ->check(wholeNumber(3, kMaxLinks))
      ->capture_default_str();
  layout->add_option("--blocks", options->blocks, "Of each cell and link")
      ->check(wholeNumber(2, 1000))
      ->capture_default_str();
  layout->footer(
      "Examples:\n  ringside selftest layout\n  ringside selftest layout --links 12 --blocks 4");
  layout->callback([options, &exit_code] {
    const Arm arm =
        resolveArm("selftest", kWorkTree,
                   {.links = options->links, .cache = {}, .progress = [](const std::string& line) {
                      say("{}\n", line);
                    }});
    exit_code = selftest(*options, "layout", arm, 1,
                         [&](const SelftestOrder& order, std::uint64_t seed, Session& session) {
                           return tryLinks(order, options->blocks, seed, session);
                         });
  });
}

}  // namespace

void addSelftestCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command =
      app.add_subcommand("selftest", "Try the gate on itself: is it to be trusted?");
  auto options = std::make_shared<SelftestOptions>();
  command->require_subcommand(1);
  addIdentical(*command, options, exit_code);
  addPower(*command, options, exit_code);
  addLayout(*command, options, exit_code);
  command->footer(
      "Exit code 0 when what was found on this machine fits the promise, 1 when not.\n"
      "Examples:\n  ringside selftest aa --gates 40\n"
      "  ringside selftest power --inject-percent 5 --gates 20");
}

}  // namespace ringside::harness
