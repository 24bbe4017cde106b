#include "harness/duet/gate_progress.hpp"

#include <utility>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/live_line.hpp"

namespace ringside::harness {

GateProgress::GateProgress(bool tells, std::string what, std::size_t blocks)
    : what_(std::move(what)),
      blocks_(blocks),
      tells_(tells),
      redraws_(tells && canRedraw()),
      begin_(std::chrono::steady_clock::now()) {
  if (tells_ && !redraws_) say("{}: {}\n", what_, counted(blocks_, "block"));
}

GateProgress::~GateProgress() {
  if (redraws_) redraw("");
}

void GateProgress::next(const std::string& cell) {
  ++begun_;
  if (!redraws_) return;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
  const auto done = static_cast<double>(begun_ - 1);
  const auto left = static_cast<double>(blocks_ - std::min(begun_ - 1, blocks_));
  const std::string time =
      done > 0 ? formatMinutes(passed.count() / done * left) + " left" : std::string("begins");
  redraw(fmt::format("{} [{}/{}] {}  {}", what_, begun_, blocks_, time, cell));
}

}  // namespace ringside::harness
