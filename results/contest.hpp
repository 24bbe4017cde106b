// Queues against each other: what a run says of each queue in proportion to the best one that it
// was measured beside, in the same rounds and the same placement. Works on records alone.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/median_interval.hpp"
#include "results/metrics.hpp"
#include "results/record.hpp"
#include "results/regimes.hpp"

namespace ringside::results {

/// What all cells of one contest have in common: the axes without queue, wait and tuning. A queue
/// in memory of the kernel, or of its process, stands among those that lie in posix_shm, for it has
/// no choice.
Axes contestOf(const Axes& axes);

/// What a workload is judged by, the first one first. Empty for one that has no better and worse.
std::span<const std::string_view> measuresOf(std::string_view workload) noexcept;

/// One queue, waiting and tuned in one way, in one contest.
struct Entrant {
  Axes axes;
  std::string gives_up;  ///< see Record
  bool is_subject = false;
  std::map<std::uint32_t, double> values;  ///< round → what was measured; only those that count
  double median = 0;                       ///< of them; 0 when there are none
  std::uint32_t left_out = 0;              ///< rounds of another placement than the run's
  std::uint32_t failed = 0;                ///< rounds
  std::uint32_t invalid = 0;               ///< rounds
  std::string first_reason = {};           ///< of the first that failed, else was invalid
  /// To the best comparator, round by round: above 1 is better, for times too. Of the rounds that
  /// both have; absent when there are none, and of no comparator.
  std::optional<MedianInterval> ratio = {};
  std::uint32_t rounds = 0;  ///< that `ratio` is of
  /// Messages in the time of one hand-off of a cache line; of a round trip, its length in two.
  std::optional<double> over_floor = {};
};

/// All entrants of one shape, by one measure.
struct Contest {
  Axes axes;  ///< as contestOf() gives them
  std::string metric;
  Better better = Better::Higher;
  std::vector<Entrant> entrants;  ///< subjects, then comparators, then those that give something up
  /// The comparator with the best median among those that give nothing up and have at least half as
  /// many rounds as anybody: a place in `entrants`.
  std::optional<std::size_t> best = {};
  /// The hand-off in these repetitions: the median of their canaries, or without them the floor.
  std::optional<double> handoff_ns = {};
};

/// In the order in which their cells first appear, the measures of one contest side by side.
/// Skipped records are none.
std::vector<Contest> holdContests(std::span<const Record> records,
                                  std::span<const std::string> subjects,
                                  const RegimeSurvey& survey);

/// Round by round, above 1 where `one` is better than `other`. nullopt without a common round.
std::optional<MedianInterval> ratioBetween(const Entrant& one, const Entrant& other, Better better);

/// What somebody expects of a subject.
struct Expectation {
  std::string subject;
  std::string metric;                             ///< empty: the first measure of the workload
  std::function<bool(const Axes&)> covers;        ///< which entrants of the subject's name
  std::function<bool(const Axes&)> is_yardstick;  ///< empty: the best comparator
  bool asks_everyone = false;  ///< the best of all but the subjects, whatever they give up
  double at_least = 1;         ///< of the ratio
};

/// Undecided: 1 lies in the interval of ratio / at_least, or there are too few rounds.
enum class Fulfilment { Met, NotMet, Undecided };
/// "met", "not met", "undecided".
std::string_view toString(Fulfilment fulfilment) noexcept;

/// Fewer say too little: the interval of four covers with 87.5 %.
constexpr std::uint32_t kLeastRounds = 5;

/// One expectation in one contest.
struct Finding {
  std::size_t expectation = 0;  ///< its number
  std::size_t contest = 0;
  std::size_t entrant = 0;
  std::optional<std::size_t> yardstick = {};  ///< absent: there was nobody to compare with
  std::optional<MedianInterval> ratio = {};
  std::uint32_t rounds = 0;
  Fulfilment fulfilment = Fulfilment::Undecided;
};

/// In the order of the expectations. One that covers no entrant has no finding. Of several
/// yardsticks it is the one with the best median, among those with at least half as many rounds as
/// anybody.
std::vector<Finding> judgeExpectations(const std::vector<Expectation>& expectations,
                                       const std::vector<Contest>& contests);

}  // namespace ringside::results
