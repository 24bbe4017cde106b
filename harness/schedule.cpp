#include "harness/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <tuple>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/slo.hpp"
#include "harness/usage_error.hpp"
#include "harness/workload_needs.hpp"

namespace ringside::harness {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestBudget = std::chrono::hours(24 * 30);
constexpr std::uint32_t kMostShards = 10'000;

/// The rest of the budget is for what the estimate does not know.
constexpr double kPlannedShare = 0.95;

struct TimeUnit {
  char letter;
  double ms;
};
constexpr TimeUnit kTimeUnits[] = {{'s', 1e3}, {'m', 6e4}, {'h', 3.6e6}};

/// The number that `text` is from its first to its last character.
template <class Number>
std::optional<Number> wholeNumber(std::string_view text) {
  Number number = {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

milliseconds timeWith(const Cell& cell, std::uint64_t most_repetitions) {
  const std::uint64_t repetitions = std::min(cell.timing.repetitions, most_repetitions);
  return static_cast<long>(repetitions) * timeOfRepetition(cell);
}

milliseconds timeWith(const Plan& plan, std::uint64_t most_repetitions) {
  milliseconds total{0};
  for (const Cell& cell : plan.cells) {
    if (!cell.skip_reason) total += timeWith(cell, most_repetitions);
  }
  return total;
}

std::uint64_t mostRepetitions(const Plan& plan) {
  std::uint64_t most = 1;
  for (const Cell& cell : plan.cells) {
    if (!cell.skip_reason) most = std::max(most, cell.timing.repetitions);
  }
  return most;
}

/// How often scenarios, and values of their axes, are among the cells that were kept.
class Kept {
 public:
  explicit Kept(const std::vector<Cell>& cells) {
    for (const Cell& cell : cells) {
      Counts& counts = scenarios_[cell.scenario];
      counts.values.resize(std::max(counts.values.size(), cell.value_numbers.size()));
      for (std::size_t axis = 0; axis < cell.value_numbers.size(); ++axis) {
        std::vector<std::uint64_t>& values = counts.values[axis];
        values.resize(std::max<std::size_t>(values.size(), cell.value_numbers[axis] + 1));
      }
    }
  }

  void add(const Cell& cell) {
    Counts& counts = scenarios_.at(cell.scenario);
    ++counts.cells;
    for (std::size_t axis = 0; axis < cell.value_numbers.size(); ++axis) {
      ++counts.values[axis][cell.value_numbers[axis]];
    }
  }

  /// The smaller, the more a cell would add.
  std::tuple<std::uint64_t, std::size_t, std::uint64_t> rank(const Cell& cell) const {
    const Counts& counts = scenarios_.at(cell.scenario);
    std::size_t known_values = 0;
    std::uint64_t times_kept = 0;
    for (std::size_t axis = 0; axis < cell.value_numbers.size(); ++axis) {
      const std::uint64_t times = counts.values[axis][cell.value_numbers[axis]];
      known_values += times > 0 ? 1 : 0;
      times_kept += times;
    }
    return {counts.cells, known_values, times_kept};
  }

 private:
  struct Counts {
    std::uint64_t cells = 0;
    std::vector<std::vector<std::uint64_t>> values;  ///< of each axis, of each value
  };
  std::map<std::string, Counts> scenarios_;
};

/// Which cells of the plan to keep, in the order of the plan.
std::vector<bool> choose(const Plan& plan, std::uint64_t most_repetitions, milliseconds room) {
  std::vector<bool> chosen(plan.cells.size(), false);
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    if (!plan.cells[i].skip_reason) candidates.push_back(i);
  }
  Kept kept(plan.cells);
  while (true) {
    std::erase_if(candidates, [&](std::size_t i) {
      return chosen[i] || timeWith(plan.cells[i], most_repetitions) > room;
    });
    const auto best =
        std::min_element(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
          return kept.rank(plan.cells[a]) < kept.rank(plan.cells[b]);
        });
    if (best == candidates.end()) return chosen;
    chosen[*best] = true;
    kept.add(plan.cells[*best]);
    room -= timeWith(plan.cells[*best], most_repetitions);
  }
}

void cutRepetitions(Plan& plan, std::uint64_t most, const Budget& budget) {
  for (Cell& cell : plan.cells) {
    const std::uint64_t asked = cell.timing.repetitions;
    if (asked <= most) continue;
    cell.timing.repetitions = most;
    if (cell.skip_reason) continue;
    cell.notes.push_back(fmt::format(
        "{} of {} repetitions: the others were left out by --budget {}", most, asked, budget.text));
  }
}

void leaveOut(Plan& plan, const std::vector<bool>& chosen, const Budget& budget) {
  for (std::size_t i = 0; i < plan.cells.size(); ++i) {
    Cell& cell = plan.cells[i];
    if (chosen[i] || cell.skip_reason) continue;
    cell.skip_reason = "left out by --budget " + budget.text;
    cell.notes.clear();  // about how it would have run
  }
}

[[noreturn]] void refuse(const Plan& plan, const Budget& budget) {
  const Cell* shortest = nullptr;
  for (const Cell& cell : plan.cells) {
    if (cell.skip_reason) continue;
    if (shortest == nullptr || timeOfRepetition(cell) < timeOfRepetition(*shortest)) {
      shortest = &cell;
    }
  }
  const auto ms = static_cast<double>(timeOfRepetition(*shortest).count());
  throw UsageError(fmt::format(
      "--budget {}: not one repetition of one cell fits; the shortest, {}, takes {:.1f} s: ask for "
      "more time or, with -a duration_ms=…, for shorter repetitions",
      budget.text, shortest->name, ms / kPlannedShare / 1e3));
}

/// The shard of each combination. Of equals the earlier one comes first, so that all machines deal
/// them out alike.
std::vector<std::uint32_t> dealOut(const std::vector<milliseconds>& times, std::uint32_t shards) {
  std::vector<std::size_t> longest_first(times.size());
  std::iota(longest_first.begin(), longest_first.end(), std::size_t{0});
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [&](std::size_t a, std::size_t b) { return times[a] > times[b]; });
  struct Load {
    milliseconds time{0};
    std::uint64_t combinations = 0;  ///< decides between equal times, such as none
  };
  std::vector<Load> loads(shards);
  std::vector<std::uint32_t> shard_of(times.size());
  for (const std::size_t i : longest_first) {
    const auto least =
        std::min_element(loads.begin(), loads.end(), [](const Load& a, const Load& b) {
          return std::tie(a.time, a.combinations) < std::tie(b.time, b.combinations);
        });
    least->time += times[i];
    ++least->combinations;
    shard_of[i] = static_cast<std::uint32_t>(least - loads.begin());
  }
  return shard_of;
}

}  // namespace

Budget parseBudget(const std::string& text) {
  for (const TimeUnit& unit : kTimeUnits) {
    if (text.empty() || text.back() != unit.letter) continue;
    const auto number = wholeNumber<double>(std::string_view(text).substr(0, text.size() - 1));
    const double ms = number.value_or(0) * unit.ms;
    if (!(ms >= 1)) break;
    if (ms <= static_cast<double>(kLongestBudget.count())) {
      return {text, milliseconds(static_cast<std::int64_t>(ms))};
    }
    throw UsageError(
        fmt::format("--budget {}: that is more than 30 days; leave it out to run "
                    "everything",
                    text));
  }
  throw UsageError(
      fmt::format("--budget {}: write a time of more than 0 as 90s, 2m or 1.5h", text));
}

Shard parseShard(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const auto number = wholeNumber<std::uint32_t>(std::string_view(text).substr(0, slash));
    const auto count = wholeNumber<std::uint32_t>(std::string_view(text).substr(slash + 1));
    const bool known = number && count;
    if (known && *number >= 1 && *number <= *count && *count <= kMostShards) {
      return {*number, *count};
    }
  }
  throw UsageError(
      fmt::format("--shard {}: write i/n, such as 2/3 for the second of three; n is 1 "
                  "to {}, i is 1 to n",
                  text, kMostShards));
}

std::string toString(const Shard& shard) { return fmt::format("{}/{}", shard.number, shard.count); }

milliseconds timeOfRepetition(const Cell& cell) {
  // Forking, attaching, settling and recording, seen on two cores; and memory that is zeroed once
  // and mapped by each worker.
  constexpr milliseconds kForEach{15};
  constexpr milliseconds kForAWorker{2};
  constexpr std::uint64_t kBytesPerMs = 1'000'000;
  const std::uint64_t workers = cell.axes.producers + cell.axes.consumers;
  const milliseconds once = milliseconds(cell.timing.warmup_ms + cell.timing.duration_ms) +
                            kForEach + static_cast<long>(workers) * kForAWorker +
                            milliseconds(cell.bytes_needed / kBytesPerMs);
  return cell.workload == Workload::Slo ? kUsualSloRuns * once : once;
}

milliseconds timeOnAnyMachine(const Cell& cell) {
  if (!reasonAgainst(cell).empty()) return milliseconds(0);
  return static_cast<long>(cell.timing.repetitions) * timeOfRepetition(cell);
}

void takeShard(Plan& plan, const Shard& shard) {
  std::vector<milliseconds> times(plan.combination_times.size(), milliseconds(0));
  for (std::size_t i = 0; i < times.size(); ++i) {
    times[plan.combination_groups[i]] += plan.combination_times[i];
  }
  const std::vector<std::uint32_t> shard_of = dealOut(times, shard.count);
  const std::size_t all = plan.cells.size();
  std::erase_if(plan.cells, [&](const Cell& cell) {
    return shard_of[plan.combination_groups[cell.combination]] + 1 != shard.number;
  });
  plan.remarks.push_back(
      fmt::format("shard {}: {} of {}", toString(shard), plan.cells.size(), counted(all, "cell")));
}

void fitInto(Plan& plan, const Budget& budget) {
  const auto room = milliseconds(
      static_cast<std::int64_t>(kPlannedShare * static_cast<double>(budget.time.count())));
  const std::uint64_t asked = mostRepetitions(plan);
  const std::uint64_t runnable = plan.runnable();
  const double whole_s = static_cast<double>(timeWith(plan, asked).count()) / 1e3;
  if (timeWith(plan, asked) <= room) return;
  std::uint64_t most = asked;
  while (most > kLeastRepetitions && timeWith(plan, most) > room) --most;
  if (timeWith(plan, most) > room) {
    std::vector<bool> chosen = choose(plan, most, room);
    const auto none = [&] { return std::find(chosen.begin(), chosen.end(), true) == chosen.end(); };
    while (none() && most > 1) chosen = choose(plan, --most, room);
    if (none()) refuse(plan, budget);
    leaveOut(plan, chosen, budget);
  }
  cutRepetitions(plan, most, budget);
  plan.remarks.push_back(
      fmt::format("budget {}: {} of {} with at most {}; all of it would take about {}", budget.text,
                  plan.runnable(), counted(runnable, "cell"), counted(most, "repetition"),
                  formatMinutes(whole_s)));
}

Plan makePlan(const Suite& suite, const Topology& topology, const MemoryLimits& limits,
              const Schedule& schedule) {
  Plan plan = makePlan(suite, topology, limits);
  if (schedule.shard) takeShard(plan, *schedule.shard);
  if (schedule.budget) fitInto(plan, *schedule.budget);
  return plan;
}

std::string TimeLeft::reason() const {
  return fmt::format("left out by --budget {}: the time was over", text_);
}

}  // namespace ringside::harness
