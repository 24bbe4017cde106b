#include "harness/duet/gate_progress.hpp"

#include <algorithm>
#include <utility>

#include "harness/console.hpp"
#include "harness/duet/slot_timing.hpp"
#include "harness/format_numbers.hpp"
#include "harness/live_line.hpp"

namespace ringside::harness {

double roughSeconds(const GateableCells& gateable, std::size_t blocks_a_cell, std::size_t arms) {
  // Processes begin and end, memory is made, and both arms warm up.
  constexpr double kBesideSlots = 0.12;
  double seconds = 0;
  for (const Cell* cell : gateable.cells) {
    const SlotTiming timing = usualTiming(cell->workload);
    const double slots = static_cast<double>(timing.slots * arms * timing.slot_ns) * 1e-9;
    seconds += static_cast<double>(blocks_a_cell) * (slots + kBesideSlots);
  }
  return seconds;
}

GateProgress::GateProgress(bool tells, std::string what, std::size_t blocks)
    : what_(std::move(what)), blocks_(blocks), redraws_(tells && canRedraw()) {
  if (tells && !redraws_) say("{}: {}\n", what_, counted(blocks_, "block"));
}

GateProgress::GateProgress(bool tells, std::string what, Clock::time_point end)
    : what_(std::move(what)), end_(end), redraws_(tells && canRedraw()) {
  if (tells && !redraws_) say("{}: {}\n", what_, timeLeft());
}

GateProgress::~GateProgress() {
  if (redraws_) redraw("");
}

std::string GateProgress::timeLeft() const {
  const auto text = [](std::chrono::duration<double> left) {
    return formatMinutes(std::max(0.0, left.count())) + " left";
  };
  if (end_) return text(*end_ - Clock::now());
  if (begun_ <= 1) return "begins";
  const auto done = static_cast<double>(begun_ - 1);
  const auto left = static_cast<double>(blocks_ - std::min(begun_ - 1, blocks_));
  return text((Clock::now() - begin_) / done * left);
}

void GateProgress::next(const std::string& cell) {
  ++begun_;
  if (!redraws_) return;
  const std::string all = blocks_ == 0 ? "" : fmt::format("/{}", blocks_);
  redraw(fmt::format("{} [{}{}] {}  {}", what_, begun_, all, timeLeft(), cell));
}

}  // namespace ringside::harness
