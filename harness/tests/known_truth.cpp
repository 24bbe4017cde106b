// known_truth: measures queues that delay each message by a programmed time, and compares what the
// record says of the undisturbed messages with what those very messages were delayed by. Prints a
// table; exit code 0 when every percentile is within the histogram's resolution plus the clock
// bound plus what reading the clock takes, 1 otherwise.
//
// The disturbed messages are told apart here as in a run; which they are is chance, so the truth is
// taken over the others, message by message. A percentile is right when it is what was programmed
// for it, give or take 0.2 points, to within that. A busy machine leaves
// few messages, and cold caches to those: where too few are left for p50, p90 or p99, a further run
// is added; where one is wrong, all is measured anew; five runs at most. p99.9 is judged where
// enough are left.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
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

constexpr int kRuns = 5;
constexpr std::uint64_t kWarmUpMs = 100;
constexpr std::uint64_t kDurationMs = 1500;
/// Beyond a percentile there must be as many for it to be judged.
constexpr double kLeastBeyond = 10;

struct Case {
  const char* queue;
  const char* words;
  std::uint64_t (*delay)(std::uint64_t);
  /// When they are sent: so slowly that none waits for another, and so fast that the way stays in
  /// the caches, for else it takes a third of a microsecond more.
  const char* sent;
};
constexpr Case kCases[] = {
    {kDelayFixed, "fixed 5 µs", fixedDelay, "arrivals = \"periodic\"\nrate_per_s = 40000\n"},
    {kDelayUniform, "uniform 1..21 µs", uniformDelay,
     "arrivals = \"periodic\"\nrate_per_s = 25000\n"},
    {kDelayTwoPoint, "1 µs 98 %, 1 ms 2 %", twoPointDelay, "arrivals = \"{trace}\"\n"},
};
constexpr double kPercentiles[] = {50, 90, 99, 99.9};
/// In points. Two of a thousand messages may stand elsewhere among the others than programmed: a
/// pause that is too short for a gap moves one, and at most so far.
constexpr double kRankSlack = 0.2;
constexpr double kLastAlways = 99;  ///< what is beyond needs no judgement

/// One rare message, and when that has come, the others of its fifty.
std::string twoPointTimes() {
  constexpr std::uint64_t kApartNs = 40'000;
  std::string times = "0\n";
  for (std::uint64_t i = 1; i < kRareOneOf; ++i) {
    times += fmt::format("{}\n", kRareNs + 2 * kApartNs + i * kApartNs);
  }
  return times;
}

Cell cellOf(const Case& one, const Session& session, std::string& suite) {
  const ScratchTrace trace(twoPointTimes());
  const ScratchSuite file(fmt::format(
      "[suite]\nname = \"truth\"\nquestion = \"?\"\n[[scenario]]\nname = \"one\"\n"
      "workload = \"paced\"\nwarmup_ms = {}\nduration_ms = {}\n[scenario.sweep]\nqueue = \"{}\"\n"
      "wait = \"spin\"\nplacement = \"auto\"\nelement_size_bytes = 8\ncapacity = 16\n{}",
      kWarmUpMs, kDurationMs, one.queue,
      fmt::format(fmt::runtime(one.sent), fmt::arg("trace", trace.arrivals()))));
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
    if (!disturbance.disturbs(origin + planned[i], received[i])) truth->record(one.delay(i));
  }
  return truth;
}

/// Between the planned time and the stamp: the sender's, the queue's own, which says that the time
/// has come, and the receiver's.
constexpr double kReadings = 3;

struct Comparison {
  double percent = 0;
  std::uint64_t truth_ns = 0;
  std::uint64_t lowest_ns = 0;  ///< measured, kRankSlack below `percent`
  std::uint64_t measured_ns = 0;
  std::uint64_t highest_ns = 0;  ///< … and above
  double allowed_ns = 0;
  bool enough = false;

  double errorNs() const {
    return static_cast<double>(measured_ns) - static_cast<double>(truth_ns);
  }
  bool right() const {
    const auto truth = static_cast<double>(truth_ns);
    return static_cast<double>(lowest_ns) <= truth + allowed_ns &&
           static_cast<double>(highest_ns) >= truth - allowed_ns;
  }
  /// Only the last percentile may be left out.
  bool holds() const { return enough ? right() : percent > kLastAlways; }
};

/// Runs of one queue taken together.
class Comparer {
 public:
  Comparer(const Case& one, Session& session) : case_(one), session_(session) {}

  /// One more run. Why there is nothing new to compare; else empty.
  std::string run() {
    std::string suite;
    const Cell cell = cellOf(case_, session_, suite);
    if (cell.skip_reason) return *cell.skip_reason;
    std::unique_ptr<Histogram> truth;
    const auto record = runRepetition(cell, suite, 0, session_, [&](const Traffic& traffic) {
      truth = truthOf(case_, traffic, session_.clock());
    });
    if (!record) return "interrupted";
    if (record->status != results::Status::Ok) return record->reason.value_or("?");
    truth_->merge(*truth);
    measured_->merge(*record->histograms.at("response_ns_clean"));
    all_ += record->histograms.at("response_ns")->count();
    bound_ns_ = record->metrics.at("clock_bound_ns");
    return {};
  }

  std::vector<Comparison> comparisons() const {
    std::vector<Comparison> lines;
    for (const double percent : kPercentiles) {
      const std::uint64_t measured = measured_->valueAtPercentile(percent);
      const std::uint64_t resolution =
          Histogram::highestEquivalent(measured) - Histogram::lowestEquivalent(measured) + 1;
      const double beyond = (1 - percent / 100) * static_cast<double>(measured_->count());
      lines.push_back({percent, truth_->valueAtPercentile(percent),
                       measured_->valueAtPercentile(percent - kRankSlack), measured,
                       measured_->valueAtPercentile(std::min(percent + kRankSlack, 100.0)),
                       static_cast<double>(resolution) + bound_ns_ + kReadings * readNs(),
                       beyond >= kLeastBeyond});
    }
    return lines;
  }
  bool holds() const {
    bool all = true;
    for (const Comparison& line : comparisons()) all = all && line.holds();
    return all;
  }
  /// More messages would not mend it.
  bool isWrong() const {
    const std::vector<Comparison> lines = comparisons();
    return std::any_of(lines.begin(), lines.end(),
                       [](const Comparison& line) { return line.enough && !line.right(); });
  }
  std::uint64_t clean() const { return measured_->count(); }
  double disturbedPercent() const {
    return all_ == 0 ? 0 : 100 - 100 * static_cast<double>(clean()) / static_cast<double>(all_);
  }
  double boundNs() const { return bound_ns_; }
  double readNs() const { return session_.clockSurvey().step().read_ns; }

 private:
  const Case& case_;
  Session& session_;
  std::unique_ptr<Histogram> truth_ = std::make_unique<Histogram>();
  std::unique_ptr<Histogram> measured_ = std::make_unique<Histogram>();
  std::uint64_t all_ = 0;
  double bound_ns_ = 0;
};

void show(const Case& one, const Comparer& comparer) {
  for (const Comparison& line : comparer.comparisons()) {
    const char* verdict = !line.enough ? "too few" : line.right() ? "ok" : "WRONG";
    put("{:<20} {:>6} {:>10} {:>10} {:>+9.0f} {:>9.0f}  {}\n", one.words,
        fmt::format("p{}", line.percent), formatNs(static_cast<double>(line.truth_ns)),
        formatNs(static_cast<double>(line.measured_ns)), line.errorNs(), line.allowed_ns, verdict);
  }
}

bool judge(const Case& one, Session& session) {
  std::optional<Comparer> comparer;
  int runs = 0;
  while (runs < kRuns && (!comparer || !comparer->holds())) {
    ++runs;
    if (!comparer || comparer->isWrong()) comparer.emplace(one, session);
    const std::string trouble = comparer->run();
    if (!trouble.empty()) say("{}: {}\n", one.words, trouble);
  }
  show(one, *comparer);
  put("{:<20} {} undisturbed ({:.1f} % were not), clock bound {:.0f} ns, {:.0f} ns to read it, run "
      "{} of {}\n",
      "", comparer->clean(), comparer->disturbedPercent(), comparer->boundNs(), comparer->readNs(),
      runs, kRuns);
  return comparer->holds();
}

int run() {
  Topology topology = Topology::ofThisMachine();
  if (topology.cpus().size() < 2) {
    put("skipped: the two sides need a CPU each, and there is one\n");
    return 0;
  }
  goBeforeOthers();
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
