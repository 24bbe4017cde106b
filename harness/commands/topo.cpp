// ringside topo: what CPUs there are, and which placements exist.
#include <fmt/format.h>

#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {
namespace {

std::string level(int index) { return index < 0 ? "-" : std::to_string(index); }

void printTopology() {
  const Topology topology = Topology::ofThisMachine();
  put("{}\n\n", topology.summary());
  put("{:>4} {:>5} {:>4} {:>4} {:>5} {:>8}\n", "cpu", "core", "L2", "L3", "node", "package");
  for (const CpuPlace& cpu : topology.cpus()) {
    put("{:>4} {:>5} {:>4} {:>4} {:>5} {:>8}\n", cpu.cpu, level(cpu.core), level(cpu.l2),
        level(cpu.l3), level(cpu.node), level(cpu.package));
  }
  put("\nplacement      represented by\n");
  for (const Relation relation : kPlaceableRelations) {
    const std::optional<CpuPair> pair = topology.representative(relation);
    put("{:<14} {}\n", toString(relation),
        pair ? fmt::format("CPUs {} and {}", pair->first, pair->second)
             : "none that this process may use");
  }
}

}  // namespace

void addTopoCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command = app.add_subcommand("topo", "The CPUs at hand, and which placements exist");
  command->footer("Examples:\n  ringside topo\n  taskset -c 0 ringside topo");
  command->callback(printTopology);
}

}  // namespace ringside::harness
