// ringside fleet: one suite on many machines, started by an engine that is there already.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/fingerprint.hpp"
#include "harness/fleet/collect.hpp"
#include "harness/fleet/engine.hpp"
#include "harness/fleet/shards.hpp"
#include "harness/fleet/status_table.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::ExitCode;

constexpr std::uint64_t kMostRounds = 1000;  // Slurm's usual bound of an array
constexpr std::chrono::seconds kPatienceForANode{600};

struct FleetOptions {
  std::string suite;
  std::string engine;
  NodesAsked nodes;
  std::uint32_t rounds = 3;
  bool in_shards = false;
  std::vector<fs::path> plugins;
  std::vector<std::string> overrides;
  std::vector<std::string> passed_on;
  std::string remote_folder;
  std::optional<std::string> out;
  std::string resume;
  bool dry_run = false;
  std::string folder;  ///< of status and collect
  std::string format = "table";
};

// --- what there is to be done -------------------------------------------------------------------

EngineKind engineOf(const FleetOptions& options) {
  if (options.engine.empty()) {
    throw UsageError(
        "fleet run: name who starts it: --engine slurm, --engine ssh or --engine local");
  }
  return *parseEngine(options.engine);  // it is one of them, the parser says
}

/// What another engine takes says nothing to this one.
void refuseNodesOfOthers(const FleetOptions& options, EngineKind engine) {
  struct Way {
    const char* option;
    const std::string& value;
    EngineKind engine;
  };
  const NodesAsked& nodes = options.nodes;
  const Way ways[] = {{"--nodes", nodes.nodes, EngineKind::Slurm},
                      {"--constraint", nodes.constraint, EngineKind::Slurm},
                      {"--hosts", nodes.hosts_file, EngineKind::Ssh},
                      {"--remote-folder", options.remote_folder, EngineKind::Ssh},
                      {"--masks", nodes.masks, EngineKind::Local}};
  for (const Way& way : ways) {
    if (way.value.empty() || way.engine == engine) continue;
    throw UsageError(fmt::format("{} belongs to --engine {}, and here it is {}; leave it out",
                                 way.option, toString(way.engine), toString(engine)));
  }
  if (engine == EngineKind::Local && !options.passed_on.empty()) {
    throw UsageError("--pass belongs to --engine slurm and ssh; leave it out");
  }
}

/// A shell and scp read it, each in its own way.
std::string remoteFolder(const FleetOptions& options, const fs::path& folder) {
  if (options.remote_folder.empty())
    return fmt::format("ringside-fleets/{}", nodeName(folder.filename()));
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
  if (options.remote_folder.find_first_not_of(kPlain) == std::string::npos &&
      !options.remote_folder.starts_with('-')) {
    return options.remote_folder;
  }
  throw UsageError(fmt::format(
      "--remote-folder '{}': use letters, digits, '.', '_', '-' and '/'; without a '/' in front "
      "it is in the home folder of each host",
      options.remote_folder));
}

/// Files of recorded arrivals that the suite names.
std::vector<fs::path> tracesOf(const Suite& suite) {
  std::set<fs::path> files;
  for (const Scenario& scenario : suite.scenarios) {
    for (const Sweep& sweep : scenario.sweeps) {
      if (sweep.axis->name != "arrivals") continue;
      for (const AxisValue& value : sweep.values) {
        const Arrivals arrivals =
            parseArrivals(std::get<std::string>(value), suite.folder, sweep.where.text);
        if (!arrivals.trace_file.empty()) files.insert(arrivals.trace_file);
      }
    }
  }
  return {files.begin(), files.end()};
}

fs::path folderOf(const FleetOptions& options, const Suite& suite) {
  if (options.out) return fs::absolute(*options.out).lexically_normal();
  return fs::absolute(freshFolder("fleet-" + suite.name));
}

struct Fleet {
  FleetDescription description;
  FleetCargo cargo;
  fs::path folder;
};

Fleet fleetOf(const FleetOptions& options, FleetEngine& engine) {
  for (const fs::path& plugin : options.plugins) loadPlugin(plugin);
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  Fleet fleet;
  fleet.folder = folderOf(options, suite);
  fleet.cargo = {.scenario = scenarioText(suite, options.overrides),
                 .plugins = options.plugins,
                 .traces = tracesOf(suite)};
  fleet.description = {.suite = suite.name,
                       .engine = engineOf(options),
                       .nodes = engine.nodesOf(options.nodes),
                       .rounds = options.rounds,
                       .passed_on = options.passed_on};
  if (fleet.description.engine == EngineKind::Ssh) {
    fleet.description.remote_folder = remoteFolder(options, fleet.folder);
  }
  refuseTwinNodes(fleet.description.nodes);
  return fleet;
}

// --- run ----------------------------------------------------------------------------------------

void sayPlan(const FleetDescription& fleet) {
  say("fleet {}: {}, {}, {} by {}\n", fleet.suite, counted(fleet.nodes.size(), "node"),
      counted(fleet.rounds, "round"), counted(instancesOf(fleet).size(), "instance"),
      toString(fleet.engine));
  for (const FleetNode& node : fleet.nodes) {
    say("  {}: {}\n", node.place,
        node.shard ? fmt::format("shard {}", toString(*node.shard)) : "the whole suite");
  }
}

/// Asks each node what machine it is.
void settleShards(FleetFolder& folder, FleetEngine& engine) {
  std::vector<std::string> kinds;
  for (const FleetNode& node : folder.fleet().nodes) {
    say("asking {} what machine it is …\n", node.place);
    engine.send(folder, node);
    kinds.push_back(kindOf(mustRun(
        engine.onNode(folder, node, {"bin/ringside", "fleet", "probe"}), kPatienceForANode,
        fmt::format("shards need an answer of each node: leave {} out, or --shard", node.place))));
  }
  folder.describe(inShards(folder.fleet().nodes, kinds));
}

/// A line each, as a shell takes it.
ExitCode putCommands(const FleetFolder& folder, FleetEngine& engine,
                     const std::vector<FleetInstance>& instances) {
  for (const Command& command : engine.startCommands(folder, instances)) {
    std::string line;
    for (const std::string& word : command) {
      line += fmt::format("{}{}", line.empty() ? "" : " ", shellWord(word));
    }
    putData(line + "\n");
  }
  return ExitCode::Fine;
}

ExitCode dryRun(const FleetOptions& options, FleetEngine& engine) {
  const Fleet fleet = fleetOf(options, engine);
  if (options.in_shards) say("which node gets which shard is settled once they have answered\n");
  sayPlan(fleet.description);
  return putCommands(FleetFolder::planned(fleet.folder, fleet.description), engine,
                     instancesOf(fleet.description));
}

/// The exit code of the first that has not ended well; of those that still run, nothing is known.
ExitCode gravest(const std::vector<InstanceStatus>& all) {
  for (const InstanceStatus& status : all) {
    if (status.state == InstanceState::Lost) return ExitCode::WorkerFailed;
    if (status.state != InstanceState::Failed) continue;
    return isOwnCode(*status.exit_code) ? static_cast<ExitCode>(*status.exit_code)
                                        : ExitCode::EnvironmentRefused;
  }
  return ExitCode::Fine;
}

results::Descriptor lockOf(const FleetFolder& folder) {
  if (auto lock = folder.lock()) return std::move(*lock);
  throw UsageError(
      fmt::format("{}: another process starts instances of this fleet now; wait for it, and look "
                  "with: ringside "
                  "fleet status {}",
                  folder.path().string(), shellWord(folder.path().string())));
}

/// Where everything has ended already, how it ended; else that it goes on elsewhere.
ExitCode startAll(const FleetFolder& folder, FleetEngine& engine,
                  const std::vector<FleetInstance>& instances) {
  {
    const results::Descriptor lock = lockOf(folder);
    for (const FleetInstance& instance : instances) folder.forget(instance.name);
    engine.start(folder, instances, lock);
  }
  const std::string path = folder.path().string();
  putData(path + "\n");
  if (folder.fleet().engine != EngineKind::Local) {
    sayNext("ringside fleet status {}", path);
    return ExitCode::Fine;
  }
  const std::vector<InstanceStatus> all = statusOf(folder, engine);
  say("{}\n", summaryOf(all));
  sayNext("ringside fleet collect {}", path);
  return gravest(all);
}

FleetFolder prepare(Fleet fleet, FleetEngine& engine, bool in_shards) {
  const std::vector<FleetNode> nodes = fleet.description.nodes;
  FleetFolder folder = FleetFolder::create(fleet.folder, std::move(fleet.description), fleet.cargo);
  folder.describe(nodes);
  try {
    if (in_shards) settleShards(folder, engine);
  } catch (...) {  // with other shards it would be another fleet
    fs::remove_all(folder.path());
    throw;
  }
  return folder;
}

ExitCode startFleet(const FleetOptions& options) {
  const EngineKind kind = engineOf(options);
  refuseNodesOfOthers(options, kind);
  const auto engine = makeEngine(kind);
  if (options.dry_run) return dryRun(options, *engine);
  const FleetFolder folder = prepare(fleetOf(options, *engine), *engine, options.in_shards);
  sayPlan(folder.fleet());
  return startAll(folder, *engine, instancesOf(folder.fleet()));
}

/// Only what is missing: what was lost, and what ended without all of its records.
ExitCode resumeFleet(const FleetOptions& options) {
  const FleetFolder folder = FleetFolder::open(options.resume);
  const auto engine = makeEngine(folder.fleet().engine);
  std::vector<FleetInstance> missing;
  for (const InstanceStatus& status : statusOf(folder, *engine)) {
    if (!status.mayStillCome() && !status.has_all_records) missing.push_back(status.instance);
  }
  if (missing.empty()) {
    say("nothing is missing: all instances have ended, or will\n");
    sayNext("ringside fleet collect {}", folder.path().string());
    return ExitCode::Fine;
  }
  say("going on: {} missing\n", counted(missing.size(), "instance"));
  if (options.dry_run) return putCommands(folder, *engine, missing);
  return startAll(folder, *engine, missing);
}

ExitCode runFleet(const FleetOptions& options) {
  if (!options.resume.empty()) return resumeFleet(options);
  if (!options.suite.empty()) return startFleet(options);
  throw UsageError("fleet run: name a suite, such as quick, or go on with a fleet by --resume DIR");
}

// --- status, collect ----------------------------------------------------------------------------

ExitCode showStatus(const FleetOptions& options) {
  const FleetFolder folder = FleetFolder::open(options.folder);
  const auto engine = makeEngine(folder.fleet().engine);
  const std::vector<InstanceStatus> all = statusOf(folder, *engine);
  const Format format = *parseFormat(options.format);
  putAs(format, renderStatus(all, format, tableLookOfStdout()));
  say("{}\n", summaryOf(all));
  const auto comes = [](const InstanceStatus& status) { return status.mayStillCome(); };
  const std::string path = folder.path().string();
  if (std::any_of(all.begin(), all.end(), comes)) {
    sayNext("ringside fleet status {}", path);
  } else {
    sayNext("ringside fleet collect {}", path);
  }
  return ExitCode::Fine;
}

/// The page beside the fleet, of nodes side by side.
void sayHowToCompare(const FleetFolder& folder, const Collected& collected) {
  std::vector<std::string> bundles;
  for (const CollectedBundle& bundle : collected.bundles) bundles.push_back(bundle.folder.string());
  if (bundles.size() == 1) return sayNext("ringside report {} --format table", bundles.front());
  std::string words;
  for (const std::string& bundle : bundles) words += fmt::format(" {}", shellWord(bundle));
  sayNextCommand(fmt::format("ringside compare{} --by node --page {}", words,
                             shellWord((folder.path() / "machines.html").string())));
}

ExitCode collectFleet(const FleetOptions& options) {
  const FleetFolder folder = FleetFolder::open(options.folder);
  const auto engine = makeEngine(folder.fleet().engine);
  const Collected collected = collect(folder, statusOf(folder, *engine));
  for (const FleetGap& gap : collected.gaps) say("{}\n", textOf(gap));
  if (collected.bundles.empty()) {
    say("ringside: nothing has come back yet that could be collected\n");
    sayNext("ringside fleet status {}", folder.path().string());
    return ExitCode::EnvironmentRefused;
  }
  for (const CollectedBundle& bundle : collected.bundles) {
    say("{}: {}\n", fmt::format("{}", fmt::join(bundle.nodes, ", ")),
        counted(bundle.instances.size(), "instance"));
    putData(bundle.folder.string() + "\n");
  }
  if (!collected.gaps.empty()) {
    say("{} of {} instances are missing or have not ended well\n", collected.gaps.size(),
        instancesOf(folder.fleet()).size());
  }
  sayHowToCompare(folder, collected);
  return ExitCode::Fine;
}

// --- the command line ---------------------------------------------------------------------------

void addRun(CLI::App& parent, std::shared_ptr<FleetOptions> options, ExitCode& exit_code) {
  CLI::App* run = parent.add_subcommand("run", "Start a suite on many machines");
  run->add_option("suite", options->suite, "A scenario file, or its bare name")->type_name("SUITE");
  run->add_option("--engine", options->engine, "Who starts it")
      ->type_name("ENGINE")
      ->check(CLI::IsMember({"slurm", "ssh", "local"}));
  run->add_option("--nodes", options->nodes.nodes, "Of Slurm: a,b or n[1-4]")->type_name("LIST");
  run->add_option("--constraint", options->nodes.constraint, "Of Slurm: all with this feature")
      ->type_name("FEATURE");
  run->add_option("--hosts", options->nodes.hosts_file, "Of ssh: one host a line")
      ->type_name("FILE");
  run->add_option("--masks", options->nodes.masks, "Of local: CPUs of each, as 0-3;4-7")
      ->type_name("LISTS");
  run->add_option("--repeat", options->rounds, "Rounds, each the suite once on every node")
      ->type_name("N")
      ->check(wholeNumber(1, kMostRounds))
      ->capture_default_str();
  run->add_flag("--shard", options->in_shards, "Nodes of one kind share the suite");
  run->add_option("--pass", options->passed_on, "On to sbatch, or to ssh and scp")
      ->type_name("OPTION")
      ->expected(1)
      ->take_all();
  run->add_option("--remote-folder", options->remote_folder, "Of ssh: where it is copied to")
      ->type_name("DIR");
  addPluginOption(*run, options->plugins);
  addAxisOption(*run, options->overrides);
  run->add_option("--out", options->out, "Folder of the fleet, which must not exist")
      ->type_name("DIR");
  CLI::Option* resume =
      run->add_option("--resume", options->resume, "Start again what is missing of a fleet")
          ->type_name("DIR");
  for (CLI::Option* other : run->get_options()) {
    if (other != resume && other != run->get_help_ptr()) resume->excludes(other);
  }
  run->add_flag("--dry-run", options->dry_run, "Print what would be run, and run nothing");
  run->footer(
      "Examples:\n  ringside fleet run quick --engine slurm --nodes a,b --repeat 5\n"
      "  ringside fleet run quick --engine local --masks '0;1' --dry-run");
  run->callback([options, &exit_code] { exit_code = runFleet(*options); });
}

void addStatus(CLI::App& parent, std::shared_ptr<FleetOptions> options, ExitCode& exit_code) {
  CLI::App* status = parent.add_subcommand("status", "What has become of each instance");
  status->add_option("fleet", options->folder, "The folder of a fleet")
      ->type_name("DIR")
      ->required();
  addFormatOption(*status, options->format, "Of the table on stdout");
  status->footer(
      "Examples:\n  ringside fleet status out/fleet\n"
      "  ringside fleet status out/fleet --format csv");
  status->callback([options, &exit_code] { exit_code = showStatus(*options); });
}

void addCollect(CLI::App& parent, std::shared_ptr<FleetOptions> options, ExitCode& exit_code) {
  CLI::App* collected = parent.add_subcommand("collect", "One bundle a machine, gaps by name");
  collected->add_option("fleet", options->folder, "The folder of a fleet")
      ->type_name("DIR")
      ->required();
  collected->footer(
      "Exit code 0 when anything was collected: what is missing is named.\n\n"
      "Examples:\n  ringside fleet collect out/fleet\n"
      "  ringside compare $(ringside fleet collect out/fleet) --by node");
  collected->callback([options, &exit_code] { exit_code = collectFleet(*options); });
}

/// For nodes only: what they are.
void addProbe(CLI::App& parent, ExitCode& exit_code) {
  CLI::App* probe = parent.add_subcommand("probe", "Print the fingerprint of this machine");
  probe->group("");
  probe->callback([&exit_code] {
    putData(fingerprint(SystemFiles(), Topology::ofThisMachine()).dump() + "\n");
    exit_code = ExitCode::Fine;
  });
}

}  // namespace

void addFleetCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("fleet", "One suite on many machines");
  auto options = std::make_shared<FleetOptions>();
  command->require_subcommand(1);
  addRun(*command, options, exit_code);
  addStatus(*command, options, exit_code);
  addCollect(*command, options, exit_code);
  addProbe(*command, exit_code);
  command->footer(
      "Examples:\n  ringside fleet run quick --engine slurm --constraint icelake\n"
      "  ringside fleet collect out/fleet");
}

}  // namespace ringside::harness
