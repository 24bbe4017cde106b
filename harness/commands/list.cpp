// ringside list: the scenarios and queues at hand, or the plan of one scenario.
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/progress.hpp"
#include "harness/schedule.hpp"
#include "harness/shared_files.hpp"
#include "harness/text_table.hpp"
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

/// A name, or none, and what is to be said of it.
void listItem(std::string_view name, std::string_view words) {
  put("{}",
      wrapped(fmt::format("  {:<22} ", name), std::string(words), tableLookOfStdout().columns));
}

void listDetail(std::string_view label, std::string_view words) {
  listItem("", fmt::format("  {}{}", label, words));
}

void listScenarios() {
  put("scenarios\n");
  for (const std::filesystem::path& file : allScenarios()) {
    try {
      listItem(file.stem().string(), readSuite(file, {}).question);
    } catch (const UsageError& error) {
      listItem(file.stem().string(), error.what());
    }
  }
}

void listCampaigns() {
  put("\ncampaigns of ringside verify\n");
  for (const std::filesystem::path& file : allScenarios(kCampaignFolder)) {
    try {
      listItem(file.stem().string(), readCampaign(file, {}).question);
    } catch (const UsageError& error) {
      listItem(file.stem().string(), error.what());
    }
  }
}

/// Of a queue that is not of this program: its file, and why it cannot be used.
void listOrigin(const QueueEntry& queue) {
  if (!queue.origin.empty()) listDetail("from ", queue.origin);
  if (!queue.trouble.empty()) listDetail("fails: ", queue.trouble);
}

void listQueues() {
  put("\nqueues\n");
  for (const QueueEntry& queue : allQueues()) {
    listItem(queue.name, queue.summary);
    listOrigin(queue);
    if (!queue.limits.gives_up.empty()) listDetail("gives up: ", queue.limits.gives_up);
  }
  for (const QueueEntry& queue : absentQueues()) {
    listItem(queue.name, fmt::format("left out: {}", queue.left_out));
  }
}

void listPatterns() {
  put("\nother patterns\n");
  for (const QueueEntry& pattern : allPatterns()) {
    listItem(pattern.name, pattern.summary);
    listOrigin(pattern);
  }
}

void listAxes() {
  put("\naxes\n");
  for (const Axis& axis : allAxes()) {
    const bool has_default = !axis.default_value.empty();
    listItem(axis.name, has_default ? fmt::format("{} [{}]", axis.summary, axis.default_value)
                                    : std::string(axis.summary));
  }
}

/// A cell of a plan, and why it is not run, where that is so.
void listCell(const std::string& cell, const std::string& why) {
  const std::size_t columns = tableLookOfStdout().columns;
  if (why.empty() || columns == 0) return put("{}{}{}\n", cell, why.empty() ? "" : "  ", why);
  put("{}\n{}", cell, wrapped("  ", why, columns));
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
    listCell(cell.name, cell.skip_reason ? "skipped: " + *cell.skip_reason : "");
  }
  for (const LeftOut& unfit : plan.left_out) listCell(unfit.cell, "left out: " + unfit.reason);
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
