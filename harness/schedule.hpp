// Which part of a plan is run: a share of it (--shard), as much as fits into a time (--budget), and
// how much time is left while it runs.
//
// A budget first costs repetitions, of all cells alike, down to kLeastRepetitions. Where that does
// not do, cells: they are kept in an order in which scenarios take turns, and within a scenario the
// next cell is the one with most values of axes that no kept cell has yet, then the one whose
// values were kept least often, then the first of the plan. So every scenario stays as long as
// there is room for one cell of each, and every value of every axis as long as can be. A cell that
// does not fit is passed over for later ones that do. Only when not a single cell fits with
// kLeastRepetitions, cells are kept with fewer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan.hpp"

namespace ringside::harness {

/// Repetitions that a budget leaves to each cell as long as any cell can be left out instead: the
/// fewest of which a median says more than one of them does.
constexpr std::uint64_t kLeastRepetitions = 3;

/// The time for all repetitions of a run.
struct Budget {
  std::string text;  ///< as it was written: "2m"
  std::chrono::milliseconds time{0};
};

/// One of `count` parts, counted from 1.
struct Shard {
  std::uint32_t number = 1;
  std::uint32_t count = 1;
};

/// What of a suite is to be run.
struct Schedule {
  std::optional<Budget> budget;
  std::optional<Shard> shard;
};

/// "90s", "2m", "1.5h": more than 0, at most 30 days. Throws UsageError.
Budget parseBudget(const std::string& text);
/// "2/3": a number from 1 to the count, which is at most 10000. Throws UsageError.
Shard parseShard(const std::string& text);
std::string toString(const Shard& shard);

/// What one repetition will take here, from the first fork to its record.
std::chrono::milliseconds timeOfRepetition(const Cell& cell);
/// What all repetitions of a cell would take, by nothing but the suite and the queues: the same on
/// every machine. 0 for what runs on none.
std::chrono::milliseconds timeOnAnyMachine(const Cell& cell);

/// Keeps the cells of one shard. Every combination of a suite is in exactly one shard, the same on
/// any machine; shards take about equally long. The longest goes first, to the shard that has
/// least. Combinations that are compared with each other go together.
void takeShard(Plan& plan, const Shard& shard);
/// Leaves out what does not fit: see above. Throws UsageError when nothing does.
void fitInto(Plan& plan, const Budget& budget);

/// The plan of what is to be run; plan.remarks say what is not.
Plan makePlan(const Suite& suite, const Topology& topology, const MemoryLimits& limits,
              const Schedule& schedule);

/// The time that a run may still take, from now on. Without a budget, without end.
class TimeLeft {
 public:
  TimeLeft() = default;
  TimeLeft(const Budget& budget, std::chrono::milliseconds spent)
      : text_(budget.text), end_(std::chrono::steady_clock::now() + budget.time - spent) {}

  bool isEnoughFor(const Cell& cell) const {
    return !end_ || std::chrono::steady_clock::now() + timeOfRepetition(cell) <= *end_;
  }
  /// Why a repetition for which it was not enough is not run.
  std::string reason() const;

 private:
  std::string text_;
  std::optional<std::chrono::steady_clock::time_point> end_;
};

}  // namespace ringside::harness
