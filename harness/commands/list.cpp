// ringside list: the scenarios and queues at hand, or the plan of one scenario.
#include <fmt/format.h>

#include "harness/commands/commands.hpp"
#include "harness/progress.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

struct ListOptions {
  std::string suite;
  std::vector<std::string> overrides;
};

void listScenarios() {
  fmt::print("scenarios\n");
  for (const std::filesystem::path& file : allScenarios()) {
    try {
      fmt::print("  {:<24} {}\n", file.string(), readSuite(file, {}).question);
    } catch (const UsageError& error) {
      fmt::print("  {:<24} cannot be read: {}\n", file.string(), error.what());
    }
  }
}

void listQueues() {
  fmt::print("\nqueues\n");
  for (const QueueEntry& queue : allQueues()) {
    fmt::print("  {:<24} {}\n", queue.name, queue.summary);
  }
}

void listAxes() {
  fmt::print("\naxes\n");
  for (const Axis& axis : allAxes()) {
    fmt::print("  {:<24} {}{}\n", axis.name, axis.summary,
               axis.default_value.empty() ? "" : fmt::format(" [{}]", axis.default_value));
  }
}

void listPlan(const ListOptions& options) {
  const Suite suite = readSuite(findScenario(options.suite), options.overrides);
  const Topology topology = Topology::ofThisMachine();
  const Plan plan = makePlan(suite, topology, memoryLimitsOfThisMachine());
  printPlan(suite, plan, topology);
  for (const Cell& cell : plan.cells) {
    fmt::print("{}{}\n", cell.name,
               cell.skip_reason ? fmt::format("  skipped: {}", *cell.skip_reason) : "");
  }
}

}  // namespace

void addListCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command =
      app.add_subcommand("list", "The scenarios, queues and axes at hand, or the cells of a suite");
  auto options = std::make_shared<ListOptions>();
  command->add_option("suite", options->suite, "A scenario file, or the name of one in scenarios/");
  command->add_option("-a,--axis", options->overrides, "KEY=VALUE instead of what the file says")
      ->expected(1)
      ->take_all();
  command->footer("Examples:\n  ringside list\n  ringside list quick -a capacity=[1,2]");
  command->callback([options] {
    if (!options->suite.empty()) return listPlan(*options);
    listScenarios();
    listQueues();
    listAxes();
  });
}

}  // namespace ringside::harness
