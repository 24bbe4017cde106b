#include "harness/selftest/selftest_progress.hpp"

#include <algorithm>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/live_line.hpp"

namespace ringside::harness {

SelftestProgress::SelftestProgress(std::uint32_t gates, std::size_t blocks, double rough_s)
    : gates_(gates), rough_s_(rough_s), redraws_(gates > 0 && canRedraw()) {
  if (gates == 0) return;
  say("plan: {} of {}, about {} (minutes:seconds)\n", counted(gates, "gate"),
      counted(blocks, "block"), formatMinutes(rough_s * gates));
  show("begins");
}

void SelftestProgress::stop() const {
  if (redraws_) redraw("");
}

/// By what the gates so far took; during the first, by the plan.
double SelftestProgress::secondsLeft() const {
  const double each = done_ == 0 ? rough_s_ : took_s_ / done_;
  const std::chrono::duration<double> passed = Clock::now() - begin_;
  return each * (gates_ - done_ - 1) + std::max(0.0, each - passed.count());
}

void SelftestProgress::show(const std::string& what) const {
  if (!redraws_ || done_ == gates_) return;
  redraw(fmt::format("gate [{}/{}] {} left  {}", done_ + 1, gates_, formatMinutes(secondsLeft()),
                     what));
}

void SelftestProgress::next(const std::string& cell) { show(cell); }

void SelftestProgress::end(const TriedGate& gate) {
  ++done_;
  took_s_ += std::chrono::duration<double>(Clock::now() - begin_).count();
  begin_ = Clock::now();
  stop();
  std::string found;
  if (gate.injection) {
    found =
        fmt::format(", {} {}", gate.injection->cell, gate.injection->found ? "found" : "NOT found");
  }
  say("[{}/{}] {} in {:.0f} s: exit code {}{}{}\n", done_, gates_, counted(gate.blocks, "block"),
      gate.seconds, gate.exit_code, found,
      done_ == gates_
          ? ""
          : fmt::format("; {} left", formatMinutes(took_s_ / done_ * (gates_ - done_))));
}

}  // namespace ringside::harness
