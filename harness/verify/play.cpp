#include "harness/verify/play.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>

namespace ringside::harness {

bool playedItsPart(const std::optional<int>& wait_status) {
  return wait_status && WIFEXITED(*wait_status) && WEXITSTATUS(*wait_status) == kPartPlayed;
}

Play::Play(Stage& stage, std::string fault_point) : stage_(stage) {
  stage_.reset();
  outcome_.fault_point = std::move(fault_point);
}

bool Play::fill(const Filling& filling) {
  const std::uint32_t actor = stage_.castActor();
  filler_.emplace([&] {
    return stage_.enact(actor, [&](const ActorContext& me) { return playFiller(me, filling); });
  });
  const QueueLimits& limits = stage_.queue().limits;
  const bool leaves = limits.max_producers == 1 && limits.max_consumers == 1;
  const auto limit = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < limit) {
    if (filler_->waitFor(std::chrono::nanoseconds(0))) break;
    if (!leaves && words().filled.load(std::memory_order_acquire) != 0) return true;
    ::sched_yield();
  }
  if (playedItsPart(filler_->status())) return true;
  finishBecauseOf("the process that filled it, before any fault,", filler_->status());
  return false;
}

void Play::finish(Ending ending, const std::string& ended_by) {
  filler_.reset();
  judge(stage_, ending, ended_by, outcome_);
  stage_.removeNames();
  outcome_.stale_segments = stage_.segmentsLeft();
}

void Play::finishBecauseOf(std::string_view who, const std::optional<int>& wait_status) {
  const bool ended = wait_status.has_value();
  const bool gave_up =
      ended && WIFEXITED(*wait_status) && WEXITSTATUS(*wait_status) == kNothingMoved;
  const bool threw = ended && WIFEXITED(*wait_status) && WEXITSTATUS(*wait_status) == kActorThrew;
  const Ending ending = !ended || gave_up ? Ending::Standstill : Ending::Crash;
  finish(ending, !ended ? fmt::format("{} is still in a call after {} ms", who, kPatience.count())
                 : gave_up
                     ? fmt::format("nothing moved for {} for {} ms", who, kNothingMoves.count())
                 : threw ? fmt::format("{} gave up: {}", who, words().reason)
                         : fmt::format("{} {}", who, describeStatus(*wait_status)));
}

}  // namespace ringside::harness
