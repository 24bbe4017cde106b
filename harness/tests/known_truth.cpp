// known_truth: measures queues that delay each message by a programmed time, and compares what the
// record says of the undisturbed messages with what those very messages were delayed by. Prints a
// table; exit code 0 when every percentile is within the histogram's resolution plus the clock
// bound, 1 otherwise.
//
// The disturbed messages are told apart here as in a run; which they are is chance, so the truth is
// taken over the others, message by message. A machine that moves its clocks or its cores in the
// middle spoils a try: each queue has five, and the last one is shown.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

#include "delaying_queues.hpp"
#include "harness/console.hpp"
#include "harness/disturbance.hpp"
#include "harness/format_numbers.hpp"
#include "harness/runner.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Histogram;
using results::Record;

constexpr int kTries = 5;
constexpr std::uint64_t kWarmUpMs = 100;
/// Beyond a percentile there must be as many for it to be judged.
constexpr double kLeastBeyond = 10;

struct Case {
  const char* queue;
  const char* words;
  std::uint64_t (*delay)(std::uint64_t);
  std::uint64_t rate_per_s;  ///< so slow that no message waits for another
  std::uint64_t duration_ms;
};
constexpr Case kCases[] = {
    {kDelayFixed, "fixed 5 µs", fixedDelay, 40'000, 1'000},
    {kDelayUniform, "uniform 1..21 µs", uniformDelay, 25'000, 1'500},
    {kDelayTwoPoint, "1 µs 98 %, 1 ms 2 %", twoPointDelay, 900, 15'000},
};
constexpr double kPercentiles[] = {50, 90, 99, 99.9};

Cell cellOf(const Case& one, const Session& session, std::string& suite) {
  const ScratchSuite file(fmt::format(
      "[suite]\nname = \"truth\"\nquestion = \"?\"\n[[scenario]]\nname = \"one\"\n"
      "workload = \"paced\"\nwarmup_ms = {}\nduration_ms = {}\n[scenario.sweep]\nqueue = \"{}\"\n"
      "arrivals = \"periodic\"\nrate_per_s = {}\nwait = \"spin\"\nplacement = \"auto\"\n",
      kWarmUpMs, one.duration_ms, one.queue, one.rate_per_s));
  const Plan plan = makePlan(file.read(), session.topology(), kPlenty);
  suite = plan.suite;
  return plan.cells.at(0);
}

/// The programmed delays of the measured messages that were not disturbed.
std::unique_ptr<Histogram> truthOf(const Case& one, const Traffic& traffic, const Clock& clock) {
  auto truth = std::make_unique<Histogram>();
  const WorkerGaps workers[] = {WorkerGaps::of(traffic.producerGaps(0)),
                                WorkerGaps::of(traffic.consumerGaps(0))};
  const Disturbance disturbance(workers, clock);
  const std::uint64_t origin = traffic.words().origin_ticks;
  const auto planned = traffic.planned(0);
  const auto received = traffic.received(0);
  const auto measured_from =
      static_cast<std::uint64_t>(static_cast<double>(kWarmUpMs) * 1e6 / clock.ns_per_tick);
  for (std::size_t i = 0; i < planned.size(); ++i) {
    if (planned[i] < measured_from || received[i] == 0) continue;
    if (!disturbance.meets(origin + planned[i], received[i])) truth->record(one.delay(i));
  }
  return truth;
}

struct Comparison {
  double percent = 0;
  std::uint64_t truth_ns = 0;
  std::uint64_t measured_ns = 0;
  double allowed_ns = 0;
  bool enough = false;

  double errorNs() const {
    return static_cast<double>(measured_ns) - static_cast<double>(truth_ns);
  }
  bool holds() const { return !enough || std::abs(errorNs()) <= allowed_ns; }
};

struct Attempt {
  std::string trouble;  ///< why there is nothing to compare
  std::vector<Comparison> comparisons;
  double bound_ns = 0;
  double disturbed = 0;
  std::uint64_t clean = 0;

  bool holds() const {
    bool all = trouble.empty();
    for (const Comparison& comparison : comparisons) all = all && comparison.holds();
    return all;
  }
};

Attempt attempt(const Case& one, Session& session) {
  std::string suite;
  const Cell cell = cellOf(one, session, suite);
  if (cell.skip_reason) return {.trouble = *cell.skip_reason, .comparisons = {}};
  std::unique_ptr<Histogram> truth;
  const auto record = runRepetition(cell, suite, 0, session, [&](const Traffic& traffic) {
    truth = truthOf(one, traffic, session.clock());
  });
  if (!record) return {.trouble = "interrupted", .comparisons = {}};
  if (record->status != results::Status::Ok) {
    return {.trouble = record->reason.value_or("?"), .comparisons = {}};
  }
  const Histogram& clean = *record->histograms.at("response_ns_clean");
  Attempt result{.trouble = {},
                 .comparisons = {},
                 .bound_ns = record->metrics.at("clock_bound_ns"),
                 .disturbed = record->metrics.at("disturbed_fraction"),
                 .clean = clean.count()};
  for (const double percent : kPercentiles) {
    const std::uint64_t value = truth->valueAtPercentile(percent);
    const std::uint64_t measured = clean.valueAtPercentile(percent);
    const std::uint64_t resolution =
        Histogram::highestEquivalent(measured) - Histogram::lowestEquivalent(measured) + 1;
    const double beyond = (1 - percent / 100) * static_cast<double>(clean.count());
    result.comparisons.push_back({percent, value, measured,
                                  static_cast<double>(resolution) + result.bound_ns,
                                  beyond >= kLeastBeyond});
  }
  return result;
}

void show(const Case& one, const Attempt& result) {
  for (const Comparison& line : result.comparisons) {
    const char* verdict = !line.enough ? "too few" : line.holds() ? "ok" : "WRONG";
    put("{:<20} {:>6} {:>10} {:>10} {:>+9.0f} {:>9.0f}  {}\n", one.words,
        fmt::format("p{}", line.percent), formatNs(static_cast<double>(line.truth_ns)),
        formatNs(static_cast<double>(line.measured_ns)), line.errorNs(), line.allowed_ns, verdict);
  }
}

bool judge(const Case& one, Session& session) {
  Attempt result;
  int tries = 0;
  while (tries < kTries && (tries == 0 || !result.holds())) {
    result = attempt(one, session);
    ++tries;
    if (!result.trouble.empty()) say("{}: {}\n", one.words, result.trouble);
  }
  show(one, result);
  put("{:<20} {} undisturbed, {:.1f} % disturbed, clock bound {:.0f} ns, try {} of {}\n", "",
      result.clean, result.disturbed * 100, result.bound_ns, tries, kTries);
  return result.holds();
}

int run() {
  Topology topology = Topology::ofThisMachine();
  if (topology.cpus().size() < 2) {
    put("skipped: the two sides need a CPU each, and there is one\n");
    return 0;
  }
  Session session(std::move(topology));
  put("{:<20} {:>6} {:>10} {:>10} {:>9} {:>9}\n", "delay", "", "programmed", "measured", "error ns",
      "allowed");
  bool all = true;
  for (const Case& one : kCases) all = judge(one, session) && all;
  put("{}\n", all ? "known truth: measured" : "known truth: MISSED");
  return all ? 0 : 1;
}

}  // namespace
}  // namespace ringside::harness

int main() {
  try {
    return ringside::harness::run();
  } catch (const std::exception& error) {
    ringside::harness::say("known_truth: {}\n", error.what());
    return 1;
  }
}
