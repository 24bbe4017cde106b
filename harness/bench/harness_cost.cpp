// What the harness itself costs: its throughput loop, with each way of validating and a stamp every
// 256 messages, against a loop of nothing but pushes and pops, at 64 bytes, side by side. Both run
// as any cell does, in fresh pinned processes and fresh memory, for a short slice; a slice of the
// one is followed by one of the other, in random order, so that what the machine does besides meets
// both alike. A pair counts when no worker in it waited for its CPU for over 5 % of its time,
// whatever the figures. The result is the median of the ratios of the pairs, with an interval, and
// that of the nanoseconds that a message takes longer: to write a number into it and to compare it
// takes some, however fast the ring is.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "harness/proof_judge.hpp"
#include "harness/runner.hpp"
#include "results/median_interval.hpp"
#include "results/metrics.hpp"

namespace {

using namespace ringside::harness;
using ringside::results::MedianInterval;

/// The goal: with sequence validation, this much of the bare throughput is left at least, or a
/// message takes no more than so many nanoseconds longer: of a ring that moves one in five
/// nanoseconds, a tenth would be a single comparison.
constexpr double kGoal = 0.90;
constexpr double kGoalNs = 1.5;

/// From here on an interval of the median holds it with 95 %.
constexpr std::size_t kFewestPairs = 6;
constexpr std::size_t kMostPairs = 1000;

struct CostOptions {
  std::size_t pairs = 20;
  int runs = 3;
  unsigned warmup_ms = 10;
  unsigned duration_ms = 25;
  unsigned capacity = 16384;  ///< large: what the queue waits for would hide what the loop costs
  std::uint64_t seed = 1;
  std::vector<std::string> queues = {"spsc", "mpsc", "mpmc"};
};

/// A suite of one cell for each queue and way of validating.
Suite suiteFor(const CostOptions& options) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("ringside-cost-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(file) << "[suite]\nname = \"cost\"\nquestion = \"What does the harness cost?\"\n"
                      << "[[scenario]]\nname = \"cost\"\nworkload = \"throughput\"\n"
                      << "warmup_ms = " << options.warmup_ms
                      << "\nduration_ms = " << options.duration_ms
                      << "\nelement_size_bytes = 64\ncapacity = " << options.capacity
                      << "\nvalidate = [\"off\", \"sequence\", \"full\"]\nqueue = \"spsc\"\n";
  std::string queues;
  for (const std::string& queue : options.queues) queues += (queues.empty() ? "" : ",") + queue;
  const Suite suite = readSuite(file, {"queue=[" + queues + "]"});
  std::filesystem::remove(file);
  return suite;
}

/// The same cell with the bare loops. `entry` must outlive it.
Cell bareCell(const Cell& cell, QueueEntry& entry) {
  entry = *cell.queue;
  entry.loops[index(Workload::Throughput)] = entry.bare;
  Cell bare = cell;
  bare.queue = &entry;
  bare.validate = Validate::Off;
  return bare;
}

/// One slice: messages per second, and whether both workers had their CPUs.
struct Slice {
  double rate = 0;
  bool is_calm = false;
};

bool isCalm(const ringside::results::Record& record) {
  const auto& workers = record.obtained->workers;
  return std::all_of(workers.begin(), workers.end(), [](const auto& worker) {
    const auto wall_ns = static_cast<double>(worker.wall_ns);
    return static_cast<double>(worker.run_delay_ns.value_or(0)) <= kLoadedRunDelay * wall_ns;
  });
}

/// Throws when it failed. A slice in which nothing came through was not calm.
Slice measureSlice(const Cell& cell, Session& session) {
  const auto record = runRepetition(cell, "cost", 0, session);
  if (!record) throw std::runtime_error("interrupted");
  using ringside::results::Status;
  if (record->status == Status::Failed || record->status == Status::Skipped) {
    throw std::runtime_error(cell.name + ": " + record->reason.value_or(""));
  }
  const auto rate = ringside::results::metricOf(*record, "messages_per_s");
  if (record->status != Status::Ok || !rate) return {};
  return {*rate, isCalm(*record)};
}

struct Comparison {
  Cell loop;
  Cell bare;
  std::vector<double> loop_rates;
  std::vector<double> bare_rates;
  std::vector<double> ratios;         ///< loop over bare, a pair each
  std::vector<double> costs_ns = {};  ///< that a message takes longer in the loop, a pair each
  std::size_t left_out = 0;           ///< pairs in which a worker had to wait for its CPU
};

void measurePair(Comparison& comparison, Session& session, std::mt19937_64& random) {
  const bool loop_first = random() % 2 == 0;
  Slice loop = loop_first ? measureSlice(comparison.loop, session) : Slice{};
  const Slice bare = measureSlice(comparison.bare, session);
  if (!loop_first) loop = measureSlice(comparison.loop, session);
  if (!loop.is_calm || !bare.is_calm) {
    ++comparison.left_out;
    return;
  }
  comparison.loop_rates.push_back(loop.rate);
  comparison.bare_rates.push_back(bare.rate);
  comparison.ratios.push_back(loop.rate / bare.rate);
  comparison.costs_ns.push_back(1e9 / loop.rate - 1e9 / bare.rate);
}

/// Until enough pairs count; on a loaded machine there may never be.
bool wantsMore(const Comparison& comparison, const CostOptions& options) {
  constexpr std::size_t kMostLeftOut = 10;  // for each that counts
  return comparison.ratios.size() < options.pairs &&
         comparison.left_out < kMostLeftOut * options.pairs;
}

/// One line; false when the goal is surely missed.
bool print(const Comparison& comparison) {
  const char* queue = comparison.loop.axes.queue.c_str();
  const char* validate = comparison.loop.axes.validate.c_str();
  if (comparison.ratios.size() < kFewestPairs) {
    std::printf("%-8s %-9s workers had to wait for their CPUs in %zu pairs: try a quiet machine\n",
                queue, validate, comparison.left_out);
    return true;
  }
  const MedianInterval ratio = ringside::results::medianInterval(comparison.ratios);
  const MedianInterval cost_ns = ringside::results::medianInterval(comparison.costs_ns);
  const bool counts = comparison.loop.validate == Validate::Sequence;
  const bool misses = counts && ratio.high < kGoal && cost_ns.low > kGoalNs;
  const char* verdict = !counts                                            ? ""
                        : misses                                           ? "beyond the goal"
                        : ratio.median < kGoal && cost_ns.median > kGoalNs ? "undecided"
                        : ratio.median < kGoal                             ? "within 1.5 ns"
                                                                           : "within 10 %";
  std::printf(
      "%-8s %-9s %5zu %8zu %9.2f %9.2f   %5.3f  %5.3f .. %5.3f  %5.2f  %5.2f .. %5.2f  %s\n", queue,
      validate, comparison.ratios.size(), comparison.left_out,
      ringside::results::medianInterval(comparison.bare_rates).median * 1e-6,
      ringside::results::medianInterval(comparison.loop_rates).median * 1e-6, ratio.median,
      ratio.low, ratio.high, cost_ns.median, cost_ns.low, cost_ns.high, verdict);
  return !misses;
}

bool runOnce(const CostOptions& options, const Plan& plan, Session& session,
             std::mt19937_64& random) {
  std::vector<Comparison> comparisons;
  std::vector<QueueEntry> entries(plan.cells.size());
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    const Cell& cell = plan.cells[i];
    if (cell.skip_reason) throw std::runtime_error(cell.name + ": " + *cell.skip_reason);
    comparisons.push_back({cell, bareCell(cell, entries[i]), {}, {}, {}, {}, 0});
  }
  for (bool more = true; more;) {
    more = false;
    for (Comparison& comparison : comparisons) {
      if (!wantsMore(comparison, options)) continue;
      measurePair(comparison, session, random);
      more = true;
    }
  }
  std::printf(
      "queue    validate  pairs left out  bare M/s  loop M/s   ratio  95 %% interval   ns longer  "
      "95 %% interval\n");
  bool reached = true;
  for (const Comparison& comparison : comparisons) reached &= print(comparison);
  std::fflush(stdout);
  return reached;
}

int measure(const CostOptions& options) {
  Topology topology = Topology::ofThisMachine();
  const Plan plan = makePlan(suiteFor(options), topology, memoryLimitsOfThisMachine());
  Session session(std::move(topology));
  std::mt19937_64 random(options.seed);
  int missed = 0;  // one run of three may meet a bad minute of the machine's
  for (int run = 0; run < options.runs; ++run) {
    missed += static_cast<int>(!runOnce(options, plan, session, random));
  }
  return 2 * missed > options.runs ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What the harness costs: its throughput loop against a bare loop, at 64 bytes");
  CostOptions options;
  app.add_option("--pairs", options.pairs, "Slices of each loop, for each line")
      ->check(CLI::Range(kFewestPairs, kMostPairs))
      ->capture_default_str();
  app.add_option("--runs", options.runs, "The whole comparison, so often")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--duration-ms", options.duration_ms, "Of the measured part of a slice")
      ->check(CLI::Range(5, 10'000))
      ->capture_default_str();
  app.add_option("--capacity", options.capacity, "Of the queue")->check(CLI::Range(1, 1 << 20));
  app.add_option("--seed", options.seed, "Of the order of the slices")->capture_default_str();
  app.add_option("--queues", options.queues, "Which queues")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  try {
    return measure(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "harness_cost: %s\n", error.what());
    return 2;
  }
}
