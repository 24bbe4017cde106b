// ringside topo: what CPUs there are, and which placements exist.
#include <fmt/format.h>

#include "harness/commands/commands.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {
namespace {

std::string level(int index) { return index < 0 ? "-" : std::to_string(index); }

void printTopology() {
  const Topology topology = Topology::ofThisMachine();
  fmt::print("{}\n\n", topology.summary());
  fmt::print("{:>4} {:>5} {:>4} {:>4} {:>5} {:>8}\n", "cpu", "core", "L2", "L3", "node", "package");
  for (const CpuPlace& cpu : topology.cpus()) {
    fmt::print("{:>4} {:>5} {:>4} {:>4} {:>5} {:>8}\n", cpu.cpu, level(cpu.core), level(cpu.l2),
               level(cpu.l3), level(cpu.node), level(cpu.package));
  }
  fmt::print("\nplacement      represented by\n");
  for (const Relation relation : kPlaceableRelations) {
    const std::optional<CpuPair> pair = topology.representative(relation);
    fmt::print("{:<14} {}\n", toString(relation),
               pair ? fmt::format("CPUs {} and {}", pair->first, pair->second)
                    : "none that this process may use");
  }
}

}  // namespace

void addTopoCommand(CLI::App& app, results::ExitCode&) {
  CLI::App* command =
      app.add_subcommand("topo", "The CPUs that may be used here, and the placements that exist");
  command->footer("Examples:\n  ringside topo\n  taskset -c 0 ringside topo");
  command->callback(printTopology);
}

}  // namespace ringside::harness
