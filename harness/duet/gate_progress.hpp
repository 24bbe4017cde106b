// What stands on stderr while a gate runs: on a terminal a line that is redrawn, elsewhere a line a
// stage.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "harness/duet/gate_run.hpp"

namespace ringside::harness {

/// How long so many blocks of each of these cells take with one arm or two, roughly: none of them
/// in need of longer slots.
double roughSeconds(const GateableCells& gateable, std::size_t blocks_a_cell, std::size_t arms);

class GateProgress {
 public:
  using Clock = std::chrono::steady_clock;

  GateProgress(bool tells, std::string what, std::size_t blocks);
  /// As many blocks as there is time for.
  GateProgress(bool tells, std::string what, Clock::time_point end);
  ~GateProgress();
  GateProgress(const GateProgress&) = delete;
  GateProgress& operator=(const GateProgress&) = delete;

  /// Before each block.
  void next(const std::string& cell);

 private:
  std::string timeLeft() const;

  std::string what_;
  std::size_t blocks_ = 0;                ///< 0: nobody knows
  std::optional<Clock::time_point> end_;  ///< where there is one
  std::size_t begun_ = 0;
  bool redraws_;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace ringside::harness
