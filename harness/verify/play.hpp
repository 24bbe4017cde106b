// What every trial does: fill the queue first, judge at the end, and say who did not get through.
#pragma once

#include <optional>
#include <string_view>

#include "harness/verify/child.hpp"
#include "harness/verify/judge.hpp"

namespace ringside::harness {

/// For an actor to do what takes none of them long, on a machine that is busy with other things.
constexpr std::chrono::milliseconds kPatience{4000};

/// For one that goes on all the time, but to no end.
constexpr auto kMostPatience = 10 * kPatience;

/// True for an actor that came to the end of its part.
bool playedItsPart(const std::optional<int>& wait_status);

class Play {
 public:
  Play(Stage& stage, std::string fault_point);

  /// False when the queue could not even be filled; the outcome says why.
  bool fill(const Filling& filling);
  /// The trial is over. All actors must be dead, but for the one that filled the queue.
  void finish(Ending ending, const std::string& ended_by);
  /// The trial is over because of `who`: it is still in a call, for a wait status of nothing; or it
  /// said that nothing moves, or died. The others must be dead.
  void finishBecauseOf(std::string_view who, const std::optional<int>& wait_status);

  /// Its wait status; nullopt when for kPatience it has not ended and no actor has come back from a
  /// call, or after kMostPatience of whatever they do. A busy machine may make a part long.
  std::optional<int> waitForEndOf(Child& child) const;

  Stage& stage() const noexcept { return stage_; }
  StageWords& words() const noexcept { return stage_.words(); }
  TrialOutcome& outcome() noexcept { return outcome_; }

 private:
  bool playFilling(const Filling& filling);

  Stage& stage_;
  TrialOutcome outcome_;
  std::optional<Child> filler_;
  std::uint64_t segments_made_ = 0;  ///< by filling it
};

}  // namespace ringside::harness
