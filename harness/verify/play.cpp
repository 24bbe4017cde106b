#include "harness/verify/play.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>

#include <algorithm>

namespace ringside::harness {

bool playedItsPart(const std::optional<int>& wait_status) {
  return wait_status && WIFEXITED(*wait_status) && WEXITSTATUS(*wait_status) == kPartPlayed;
}

Play::Play(Stage& stage, std::string fault_point) : stage_(stage) {
  stage_.reset();
  outcome_.fault_point = std::move(fault_point);
}

bool Play::fill(const Filling& filling) {
  if (!playFilling(filling)) {
    finishBecauseOf("the process that filled it, before any fault,", filler_->status());
    return false;
  }
  segments_made_ = stage_.segmentsLeft();
  return true;
}

bool Play::playFilling(const Filling& filling) {
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
  return playedItsPart(filler_->status());
}

std::optional<int> Play::waitForEndOf(Child& child) const {
  for (auto waited = kPatience; waited <= kMostPatience; waited += kPatience) {
    const std::uint64_t calls = stage_.calls();
    if (child.waitFor(kPatience) || calls == stage_.calls()) break;
  }
  return child.status();
}

void Play::finish(Ending ending, const std::string& ended_by) {
  filler_.reset();
  judge(stage_, ending, ended_by, outcome_);
  const std::uint64_t left = stage_.segmentsLeft();
  stage_.removeNames();
  // What somebody made beside it and, dead, could not take away, and what cannot be taken away.
  outcome_.stale_segments = left - std::min(left, segments_made_) + stage_.segmentsLeft();
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
