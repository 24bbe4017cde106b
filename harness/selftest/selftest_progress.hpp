// What stands on stderr while the gate is tried on itself: the plan, on a terminal a line that is
// redrawn, and a line a gate.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "harness/selftest/selftest_record.hpp"

namespace ringside::harness {

class SelftestProgress {
 public:
  /// So many gates, each of so many blocks, and roughly so long, where nothing is suspicious.
  SelftestProgress(std::uint32_t gates, std::size_t blocks, double rough_s);
  ~SelftestProgress() { stop(); }
  SelftestProgress(const SelftestProgress&) = delete;
  SelftestProgress& operator=(const SelftestProgress&) = delete;

  /// After each block.
  void next(const std::string& cell);
  /// After each gate.
  void end(const TriedGate& gate);
  /// Leaves the redrawn line empty.
  void stop() const;

 private:
  using Clock = std::chrono::steady_clock;

  double secondsLeft() const;
  void show(const std::string& what) const;

  std::uint32_t gates_;
  std::uint32_t done_ = 0;
  double rough_s_;                          ///< of one gate
  double took_s_ = 0;                       ///< all gates so far
  Clock::time_point begin_ = Clock::now();  ///< of the present gate
  bool redraws_;
};

}  // namespace ringside::harness
