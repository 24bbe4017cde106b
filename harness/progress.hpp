// What stands on stderr while a suite runs: the plan, then on a terminal one line that is redrawn,
// elsewhere one line a cell.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "harness/plan.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// The plan as people read it: how many cells, why some are skipped, how long it will take.
void printPlan(const Suite& suite, const Plan& plan, const Topology& topology);

class Progress {
 public:
  /// `to_run` repetitions of those of the plan.
  Progress(const Plan& plan, std::uint64_t to_run);
  /// Leaves the redrawn line empty.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Before each cell is run once more; counted from 1.
  void beginRound(std::uint64_t round, std::uint64_t rounds);
  /// Before a repetition.
  void begin(const Cell& cell);
  /// After it; `last` when no other of this cell follows.
  void end(const Cell& cell, const results::Record& record, bool last);

 private:
  double secondsLeft() const;

  std::chrono::milliseconds estimate_;
  std::uint64_t total_ = 0;  ///< repetitions to be run
  std::uint64_t done_ = 0;
  std::map<std::string, std::string> outcomes_;  ///< what a cell reached last time, by its name
  std::chrono::steady_clock::time_point begin_;
  bool redraws_;
};

}  // namespace ringside::harness
