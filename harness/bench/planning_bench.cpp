// What planning costs on machines that one rarely has: all placements, with up to 64 workers a
// role.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/plan.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kMachines[] = {"pack:1 l3:1 core:2 pu:1",
                                     "pack:2 numa:4 l3:1 l2:16 core:1 pu:2",
                                     "pack:2 numa:2 l3:9 l2:8 core:1 pu:2"};

constexpr const char* kSuite = R"([suite]
name = "planning"
question = "How long does planning take?"
[[scenario]]
name = "all"
workload = "throughput"
[scenario.sweep]
queue = ["mpmc", "robust_mutex"]
producers = [1, 2, 4, 16, 64]
consumers = [1, 2, 4, 16, 64]
element_size_bytes = [8, 64, 1472]
capacity = [16, 144, 1024]
placement = ["auto", "same_core", "same_l2", "same_l3", "same_node", "cross_node", "cross_package"]
)";

/// The suite as it would come from a file.
Suite suiteToPlan() {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("ringside-planning-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << kSuite;
  Suite suite = readSuite(file, {});
  std::filesystem::remove(file);
  return suite;
}

void planAll(benchmark::State& state) {
  const Suite suite = suiteToPlan();
  const Topology machine = Topology::synthetic(kMachines[state.range(0)]);
  const MemoryLimits plenty{.total_bytes = 1ULL << 40, .shm_free_bytes = 1ULL << 40};
  std::size_t cells = 0;
  for (auto _ : state) {
    const Plan plan = makePlan(suite, machine, plenty);
    cells = plan.cells.size();
    benchmark::DoNotOptimize(cells);
  }
  state.counters["cpus"] = static_cast<double>(machine.cpus().size());
  state.counters["cells"] = static_cast<double>(cells);
}
BENCHMARK(planAll)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

void describeMachine(benchmark::State& state) {
  for (auto _ : state) {
    const Topology machine = Topology::synthetic(kMachines[state.range(0)]);
    benchmark::DoNotOptimize(machine.cpus().size());
  }
}
BENCHMARK(describeMachine)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ringside::harness
