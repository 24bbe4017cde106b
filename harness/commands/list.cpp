// ringside list: the scenarios and queues at hand, or the plan of one scenario.
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/progress.hpp"
#include "harness/schedule.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"
#include "harness/verify/verify_suite.hpp"

namespace ringside::harness {
namespace {

struct ListOptions {
  std::string suite;
  std::optional<std::string> budget;
  std::optional<std::string> shard;
  std::vector<std::filesystem::path> plugins;
  std::vector<std::string> overrides;
};

void listScenarios() {
  put("scenarios\n");
  for (const std::filesystem::path& file : allScenarios()) {
    try {
      put("  {:<22} {}\n", file.stem().string(), readSuite(file, {}).question);
    } catch (const UsageError& error) {
      put("  {:<22} {}\n", file.stem().string(), error.what());
    }
  }
}

void listCampaigns() {
  put("\ncampaigns of ringside verify\n");
  for (const std::filesystem::path& file : allScenarios(kCampaignFolder)) {
    try {
      put("  {:<22} {}\n", file.stem().string(), readCampaign(file, {}).question);
    } catch (const UsageError& error) {
      put("  {:<22} {}\n", file.stem().string(), error.what());
    }
  }
}

/// Of a queue that is not of this program: its file, and why it cannot be used.
void listOrigin(const QueueEntry& queue) {
  if (!queue.origin.empty()) put("  {:<22}   from {}\n", "", queue.origin);
  if (!queue.trouble.empty()) put("  {:<22}   fails: {}\n", "", queue.trouble);
}

void listQueues() {
  put("\nqueues\n");
  for (const QueueEntry& queue : allQueues()) {
    put("  {:<22} {}\n", queue.name, queue.summary);
    listOrigin(queue);
    if (!queue.limits.gives_up.empty()) {
      put("  {:<22}   gives up: {}\n", "", queue.limits.gives_up);
    }
  }
  for (const QueueEntry& queue : absentQueues()) {
    put("  {:<22} left out: {}\n", queue.name, queue.left_out);
  }
}

void listPatterns() {
  put("\nother patterns\n");
  for (const QueueEntry& pattern : allPatterns()) {
    put("  {:<22} {}\n", pattern.name, pattern.summary);
    listOrigin(pattern);
  }
}

void listAxes() {
  put("\naxes\n");
  for (const Axis& axis : allAxes()) {
    put("  {:<22} {}{}\n", axis.name, axis.summary,
        axis.default_value.empty() ? "" : fmt::format(" [{}]", axis.default_value));
  }
}

void listPlan(const ListOptions& options) {
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  const Topology topology = Topology::ofThisMachine();
  Schedule schedule;
  if (options.budget) schedule.budget = parseBudget(*options.budget);
  if (options.shard) schedule.shard = parseShard(*options.shard);
  const Plan plan = makePlan(suite, topology, memoryLimitsOfThisMachine(), schedule);
  printPlan(suite, plan, topology);
  for (const Cell& cell : plan.cells) {
    put("{}{}\n", cell.name,
        cell.skip_reason ? fmt::format("  skipped: {}", *cell.skip_reason) : "");
  }
  for (const LeftOut& unfit : plan.left_out) put("{}  left out: {}\n", unfit.cell, unfit.reason);
  sayNext("ringside run {}", options.suite);
}

}  // namespace

void addListCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command = app.add_subcommand("list", "What is at hand, or the cells of a suite");
  auto options = std::make_shared<ListOptions>();
  CLI::Option* suite =
      command->add_option("suite", options->suite, "A scenario file, or its bare name")
          ->type_name("SUITE");
  addPluginOption(*command, options->plugins);
  addAxisOption(*command, options->overrides);
  CLI::Option* budget = command->add_option("--budget", options->budget, "As ringside run takes it")
                            ->type_name("TIME");
  CLI::Option* shard =
      command->add_option("--shard", options->shard, "As ringside run takes it")->type_name("I/N");
  for (CLI::Option* part : {budget, shard}) part->needs(suite);
  command->footer("Examples:\n  ringside list\n  ringside list quick -a capacity=[1,2]");
  command->callback([options] {
    for (const std::filesystem::path& plugin : options->plugins) loadPlugin(plugin);
    if (!options->suite.empty()) return listPlan(*options);
    if (!options->overrides.empty()) {
      throw UsageError("-a|--axis changes a suite, and none is named; ringside list SUITE -a …");
    }
    listScenarios();
    listCampaigns();
    listQueues();
    listPatterns();
    listAxes();
    sayNext("ringside list quick");
  });
}

}  // namespace ringside::harness
