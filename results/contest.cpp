#include "results/contest.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace ringside::results {
namespace {

constexpr std::string_view kRate[] = {"messages_per_s"};
constexpr std::string_view kRoundTrip[] = {"rtt_ns_mean99", "rtt_ns_p99"};
constexpr std::string_view kResponse[] = {"response_ns_p50", "response_ns_p99"};
constexpr std::string_view kSlo[] = {"slo_rate_per_s"};

/// What only who asks for it gets. "anon", "kernel" and "process" may be what a queue has to take.
constexpr std::string_view kChosenMemories[] = {"memfd", "file", "sysv"};

struct WorkloadMeasures {
  std::string_view workload;
  std::span<const std::string_view> measures;
};
constexpr WorkloadMeasures kMeasures[] = {
    {"throughput", kRate},     {"stream", kRate},    {"duplex", kRate}, {"snapshot", kRate},
    {"ping_pong", kRoundTrip}, {"paced", kResponse}, {"slo", kSlo},
};

bool isBetter(const Entrant& a, const Entrant& b, Better better) {
  if (a.values.empty() || b.values.empty()) return !a.values.empty() && b.values.empty();
  return better == Better::Higher ? a.median > b.median : a.median < b.median;
}

/// The best of those that are asked for, of those with enough rounds for a median to say much.
std::optional<std::size_t> bestOf(const Contest& contest,
                                  const std::function<bool(const Entrant&)>& is_asked) {
  std::size_t most_rounds = 0;
  for (const Entrant& entrant : contest.entrants) {
    most_rounds = std::max(most_rounds, entrant.values.size());
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < contest.entrants.size(); ++i) {
    const Entrant& entrant = contest.entrants[i];
    const bool has_rounds = !entrant.values.empty() && 2 * entrant.values.size() >= most_rounds;
    if (!has_rounds || !is_asked(entrant)) continue;
    if (!best || isBetter(entrant, contest.entrants[*best], contest.better)) best = i;
  }
  return best;
}

double medianOf(const std::vector<double>& values) { return medianInterval(values).median; }

/// The contests of one shape while their records come in.
class Gathering {
 public:
  Gathering(std::span<const std::string> subjects, const RegimeSurvey& survey)
      : subjects_(subjects), survey_(survey) {}

  void add(const Record& record) {
    if (record.status == Status::Skipped) return;
    const std::size_t first = firstOf(contestOf(record.axes));
    const std::size_t end = first + measuresOf(record.axes.workload).size();
    for (std::size_t i = first; i < end; ++i) enter(contests_[i], record);
    if (first < end && counts(record)) noteHandoff(first, end, record);
  }

  std::vector<Contest> settled() {
    for (std::size_t i = 0; i < contests_.size(); ++i) settle(contests_[i], handoffs_[i]);
    return std::move(contests_);
  }

 private:
  /// Where no canary was measured at all, all repetitions count: nothing is known of any.
  bool counts(const Record& record) const {
    if (record.status != Status::Ok) return false;
    if (survey_.ofRun(record.axes.placement) == nullptr) return true;
    return survey_.standingOf(record) == Standing::OfRun;
  }

  /// Where the contests of these axes begin; new ones are made.
  std::size_t firstOf(const Axes& axes) {
    const auto found = std::find_if(contests_.begin(), contests_.end(),
                                    [&](const Contest& contest) { return contest.axes == axes; });
    const auto first = static_cast<std::size_t>(found - contests_.begin());
    if (found != contests_.end()) return first;
    for (const std::string_view name : measuresOf(axes.workload)) {
      const Metric* metric = findMetric(name);
      assert(metric != nullptr);
      contests_.push_back(
          {.axes = axes, .metric = std::string(name), .better = metric->better, .entrants = {}});
    }
    handoffs_.resize(contests_.size());
    return first;
  }

  void enter(Contest& contest, const Record& record) const {
    Entrant& entrant = entrantOf(contest, record);
    if (record.status != Status::Ok) {
      return noteBad(entrant, record);
    }
    const std::optional<double> value = metricOf(record, contest.metric);
    if (!value || !(*value > 0)) return;
    if (counts(record)) {
      entrant.values[record.repetition] = *value;
    } else {
      ++entrant.left_out;
    }
  }

  static void noteBad(Entrant& entrant, const Record& record) {
    const bool failed = record.status == Status::Failed;
    const bool is_first = failed ? entrant.failed == 0 : entrant.failed + entrant.invalid == 0;
    if (is_first) entrant.first_reason = record.reason.value_or("");
    ++(failed ? entrant.failed : entrant.invalid);
  }

  Entrant& entrantOf(Contest& contest, const Record& record) const {
    for (Entrant& entrant : contest.entrants) {
      if (entrant.axes == record.axes) return entrant;
    }
    const bool is_subject =
        std::find(subjects_.begin(), subjects_.end(), record.axes.queue) != subjects_.end();
    return contest.entrants.emplace_back(Entrant{
        .axes = record.axes, .gives_up = record.gives_up, .is_subject = is_subject, .values = {}});
  }

  void noteHandoff(std::size_t first, std::size_t end, const Record& record) {
    std::vector<double> readings;
    if (record.obtained && record.obtained->canary) {
      readings = {record.obtained->canary->before_ns, record.obtained->canary->after_ns};
    } else if (const auto floor_ns = metricOf(record, "floor_ns")) {
      readings = {*floor_ns};
    }
    for (std::size_t i = first; i < end; ++i) {
      handoffs_[i].insert(handoffs_[i].end(), readings.begin(), readings.end());
    }
  }

  static void settle(Contest& contest, const std::vector<double>& handoffs) {
    if (!handoffs.empty()) contest.handoff_ns = medianOf(handoffs);
    for (Entrant& entrant : contest.entrants) settle(entrant, contest);
    std::stable_sort(contest.entrants.begin(), contest.entrants.end(),
                     [&](const Entrant& a, const Entrant& b) { return isBefore(a, b, contest); });
    contest.best = bestOf(contest, [](const Entrant& entrant) { return classOf(entrant) == 1; });
    if (!contest.best) return;
    const Entrant best = contest.entrants[*contest.best];
    for (Entrant& entrant : contest.entrants) {
      entrant.ratio = ratioBetween(entrant, best, contest.better);
      for (const auto& [round, value] : entrant.values) {
        entrant.rounds += best.values.contains(round) ? 1 : 0;
      }
    }
  }

  static void settle(Entrant& entrant, const Contest& contest) {
    if (entrant.values.empty()) return;
    std::vector<double> values;
    for (const auto& [round, value] : entrant.values) values.push_back(value);
    entrant.median = medianOf(values);
    if (!contest.handoff_ns) return;
    entrant.over_floor = contest.better == Better::Higher
                             ? entrant.median * *contest.handoff_ns * 1e-9
                             : entrant.median / (2 * *contest.handoff_ns);
  }

  static int classOf(const Entrant& entrant) {
    if (entrant.is_subject) return 0;
    return entrant.gives_up.empty() ? 1 : 2;
  }

  static bool isBefore(const Entrant& a, const Entrant& b, const Contest& contest) {
    if (classOf(a) != classOf(b)) return classOf(a) < classOf(b);
    return isBetter(a, b, contest.better);
  }

  std::span<const std::string> subjects_;
  const RegimeSurvey& survey_;
  std::vector<Contest> contests_;
  std::vector<std::vector<double>> handoffs_;  ///< readings of each contest
};

std::optional<std::size_t> yardstickOf(const Expectation& expectation, const Contest& contest) {
  if (expectation.asks_everyone) {
    return bestOf(contest, [](const Entrant& entrant) { return !entrant.is_subject; });
  }
  if (!expectation.is_yardstick) return contest.best;
  return bestOf(contest,
                [&](const Entrant& entrant) { return expectation.is_yardstick(entrant.axes); });
}

Fulfilment fulfilmentOf(const Finding& finding, double at_least) {
  if (!finding.ratio || finding.rounds < kLeastRounds) return Fulfilment::Undecided;
  if (finding.ratio->low >= at_least) return Fulfilment::Met;
  return finding.ratio->high < at_least ? Fulfilment::NotMet : Fulfilment::Undecided;
}

Finding findingOf(const Expectation& expectation, const Contest& contest, std::size_t entrant) {
  const Entrant& judged = contest.entrants[entrant];
  Finding finding{.entrant = entrant, .yardstick = yardstickOf(expectation, contest)};
  if (!finding.yardstick) return finding;
  const Entrant& yardstick = contest.entrants[*finding.yardstick];
  finding.ratio = ratioBetween(judged, yardstick, contest.better);
  for (const auto& [round, value] : judged.values) {
    finding.rounds += yardstick.values.contains(round) ? 1 : 0;
  }
  finding.fulfilment = fulfilmentOf(finding, expectation.at_least);
  return finding;
}

}  // namespace

Axes contestOf(const Axes& axes) {
  Axes shared = axes;
  shared.queue.clear();
  shared.wait.clear();
  shared.tuning.clear();
  const auto& chosen = kChosenMemories;
  if (std::find(std::begin(chosen), std::end(chosen), shared.memory) == std::end(chosen)) {
    shared.memory = "posix_shm";
  }
  return shared;
}

std::span<const std::string_view> measuresOf(std::string_view workload) noexcept {
  for (const WorkloadMeasures& known : kMeasures) {
    if (known.workload == workload) return known.measures;
  }
  return {};
}

std::vector<Contest> holdContests(std::span<const Record> records,
                                  std::span<const std::string> subjects,
                                  const RegimeSurvey& survey) {
  Gathering gathering(subjects, survey);
  for (const Record& record : records) gathering.add(record);
  return gathering.settled();
}

std::optional<MedianInterval> ratioBetween(const Entrant& one, const Entrant& other,
                                           Better better) {
  std::vector<double> ratios;
  for (const auto& [round, value] : one.values) {
    const auto beside = other.values.find(round);
    if (beside == other.values.end()) continue;
    ratios.push_back(better == Better::Higher ? value / beside->second : beside->second / value);
  }
  if (ratios.empty()) return std::nullopt;
  return medianInterval(std::move(ratios));
}

std::string_view toString(Fulfilment fulfilment) noexcept {
  switch (fulfilment) {
    case Fulfilment::Met:
      return "met";
    case Fulfilment::NotMet:
      return "not met";
    case Fulfilment::Undecided:
      return "undecided";
  }
  return "unknown";
}

std::vector<Finding> judgeExpectations(const std::vector<Expectation>& expectations,
                                       const std::vector<Contest>& contests) {
  std::vector<Finding> findings;
  for (std::size_t e = 0; e < expectations.size(); ++e) {
    const Expectation& expectation = expectations[e];
    for (std::size_t c = 0; c < contests.size(); ++c) {
      const Contest& contest = contests[c];
      const auto measures = measuresOf(contest.axes.workload);
      const std::string_view wanted =
          expectation.metric.empty() ? measures.front() : std::string_view(expectation.metric);
      if (contest.metric != wanted) continue;
      for (std::size_t i = 0; i < contest.entrants.size(); ++i) {
        const Axes& axes = contest.entrants[i].axes;
        if (axes.queue != expectation.subject || !expectation.covers(axes)) continue;
        Finding finding = findingOf(expectation, contest, i);
        finding.expectation = e;
        finding.contest = c;
        findings.push_back(finding);
      }
    }
  }
  return findings;
}

}  // namespace ringside::results
