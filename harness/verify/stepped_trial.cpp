#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>

#include <vector>

#include "harness/verify/play.hpp"
#include "harness/verify/segment_watch.hpp"
#include "harness/verify/stepped.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

using std::chrono::milliseconds;

/// For a bystander beside a stopped process: a queue may well make it wait for that one.
constexpr milliseconds kShortPatience{150};
constexpr long kMostSteps = 200'000;

std::string_view nameOf(Call call) {
  constexpr std::string_view kNames[] = {"push",      "batch push",    "pop",
                                         "batch pop", "blocking push", "blocking pop"};
  return kNames[static_cast<std::size_t>(call)];
}

/// Whether a process sleeps in the kernel.
bool isAsleep(::pid_t pid) {
  const std::string text = results::readFile(fmt::format("/proc/{}/stat", pid)).value_or("");
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && name_end + 2 < text.size() && text[name_end + 2] == 'S';
}

/// The processes of a stepped trial, and the order in which they act.
class SteppedPlay {
 public:
  SteppedPlay(Stage& stage, const SteppedTrial& trial)
      : play_(stage, ""), stage_(stage), trial_(trial) {}

  bool fill() { return play_.fill(trial_.filling); }
  void callBystander() {
    const std::uint32_t actor = stage_.castActor();
    bystander_.emplace([this, actor] {
      return stage_.enact(
          actor, [this](const ActorContext& me) { return playBystander(me, trial_.call); });
    });
    awaitAct(Act::Attach);
  }
  /// False when it cannot be traced.
  bool callVictim() {
    const std::uint32_t actor = stage_.castActor();
    victim_.emplace(
        [this, actor] {
          return stage_.enact(actor, [this](const ActorContext& me) {
            return playVictim(me, trial_.call, trial_.step_to);
          });
        },
        stage_.words(), trial_.step_to);
    return victim_->reachCall(kPatience);
  }
  /// False when the call ended before. Never into a sleep, from which no step returns: calls differ
  /// by some instructions from time to time.
  bool stepToTheFault() {
    const bool is_there = goThere();
    play_.outcome().fault_point = faultPoint();
    return is_there;
  }
  SteppedChild& victim() { return *victim_; }

  /// Tells the bystander to go on. False when it did not get through.
  bool play(Act act, milliseconds patience = kPatience) {
    tell(act);
    return awaitAct(act, patience);
  }
  void tell(Act act) {
    stage_.words().act.store(static_cast<std::uint32_t>(act), std::memory_order_release);
  }
  bool awaitAct(Act act, milliseconds patience = kPatience) {
    const std::uint32_t done = static_cast<std::uint32_t>(act) + 1;
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (stage_.words().acts_done.load(std::memory_order_acquire) < done) {
      if (std::chrono::steady_clock::now() > limit || bystander_->waitFor(milliseconds(0))) {
        return stage_.words().acts_done.load(std::memory_order_acquire) >= done;
      }
      ::sched_yield();
    }
    return true;
  }

  void kill() {
    const std::int64_t killed_ns = nowNs();
    victim_->child().kill();
    killed_ns_ = killed_ns;
    play_.outcome().detection_ms = static_cast<double>(nowNs() - killed_ns) * 1e-6;
    play_.outcome().faults = 1;
  }
  /// A fresh process takes the dead one's place, before anything is repaired, and holds it. Where
  /// the policy has one such place the bystander takes it afterwards. False when it cannot.
  bool callNewcomer() {
    const QueueLimits& limits = stage_.queue().limits;
    const std::uint32_t most = isPush(trial_.call) ? limits.max_producers : limits.max_consumers;
    if (most == 1) return true;
    const std::uint32_t actor = stage_.castActor();
    newcomer_.emplace([this, actor] {
      return stage_.enact(actor,
                          [this](const ActorContext& me) { return playNewcomer(me, trial_.call); });
    });
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (stage_.words().newcomers.load(std::memory_order_acquire) == 0) {
      if (std::chrono::steady_clock::now() > limit) return false;
      if (newcomer_->waitFor(milliseconds(0))) return false;
      ::sched_yield();
    }
    return true;
  }
  std::optional<int> newcomerStatus() const { return newcomer_->status(); }
  /// Lets the victim go; how it came to its end, nullopt while it has not.
  std::optional<int> victimEnds() {
    victim_->letGo();
    play_.outcome().faults = 1;
    return victim_->child().waitFor(kPatience);
  }

  /// A producer and a consumer that go past the victim, several laps where it does not hold them
  /// up.
  void bePassed() {
    const std::uint64_t laps = 8 * (stage_.words().capacity_before.load() + 1);
    passers_.push_back(castPasser({.seed = 1, .most_elements = laps}));
    passers_.push_back(castPasser({.produces = false, .seed = 2}));
    passers_.front().waitFor(kShortPatience);
  }
  /// When the victim is through. False when one of them does not come to its end.
  bool passersEnd() {
    stage_.words().stop_producing.store(1);
    const std::optional<int> producer = play_.waitForEndOf(passers_.front());
    stage_.words().stop_all.store(1);
    const std::optional<int> consumer = play_.waitForEndOf(passers_.back());
    stuck_ = playedItsPart(producer) ? consumer : producer;
    return playedItsPart(producer) && playedItsPart(consumer);
  }
  const std::optional<int>& stuckStatus() const noexcept { return stuck_; }

  /// By one that comes afterwards.
  TrialOutcome finishAfresh() {
    const std::uint32_t actor = stage_.castActor();
    Child finisher([this, actor] { return stage_.enact(actor, playFinisher); });
    const std::optional<int> status = play_.waitForEndOf(finisher);
    finisher.kill();
    if (!playedItsPart(status)) return finishBecauseOf("who came afterwards", status);
    endAll();
    play_.finish(Ending::Complete, "");
    return takeOutcome();
  }

  TrialOutcome finish() {
    if (!play(Act::Aftermath)) return finishBecauseOf("a survivor", bystander_->status());
    tell(Act::Leave);
    bystander_->waitFor(kPatience);
    endAll();
    play_.finish(Ending::Complete, "");
    return takeOutcome();
  }
  TrialOutcome finishBecauseOf(std::string_view who, const std::optional<int>& status) {
    endAll();
    play_.finishBecauseOf(who, status);
    return takeOutcome();
  }
  TrialOutcome takeOutcome() {
    const std::int64_t recovered = stage_.words().recovered_ns.load();
    if (killed_ns_ > 0 && recovered > killed_ns_) {
      play_.outcome().recovery_ms = static_cast<double>(recovered - killed_ns_) * 1e-6;
    }
    return std::move(play_.outcome());
  }
  std::optional<int> bystanderStatus() const { return bystander_->status(); }
  /// Until the bystander sleeps in the kernel, or has played its act.
  void awaitSleep(Act act) {
    const auto limit = std::chrono::steady_clock::now() + kShortPatience;
    while (!isAsleep(bystander_->pid()) && std::chrono::steady_clock::now() < limit) {
      if (awaitAct(act, milliseconds(0))) return;
      ::sched_yield();
    }
  }

 private:
  bool goThere() {
    for (long i = 0; i < trial_.steps; ++i) {
      if (isBlocking(trial_.call) && victim_->isAboutToSleep()) return true;
      if (!victim_->step()) return false;
    }
    return true;
  }
  std::string faultPoint() const {
    const char* const point = stage_.words().point.load();
    const std::string step = trial_.step_to == StepTo::NextInstruction
                                 ? fmt::format("instruction {}", trial_.steps)
                                 : fmt::format("kill point {} ({})", trial_.steps,
                                               point != nullptr ? point : "none yet");
    return fmt::format("{}, {}, {} in the queue", nameOf(trial_.call), step,
                       trial_.filling.elements);
  }

  Child castPasser(const StormPart& part) {
    const std::uint32_t actor = stage_.castActor();
    return Child([this, actor, part] {
      return stage_.enact(actor, [&part](const ActorContext& me) { return playInStorm(me, part); });
    });
  }

  void endAll() {
    passers_.clear();
    if (bystander_) bystander_->kill();
    if (victim_) victim_->child().kill();
    if (newcomer_) newcomer_->kill();
  }

  Play play_;
  Stage& stage_;
  SteppedTrial trial_;
  std::optional<Child> bystander_;
  std::optional<SteppedChild> victim_;
  std::optional<Child> newcomer_;
  std::vector<Child> passers_;
  std::optional<int> stuck_;  ///< the end of a passer that did not come to its own
  std::int64_t killed_ns_ = 0;
};

}  // namespace

CallLength lengthOf(Stage& stage, const SteppedTrial& trial) {
  SteppedPlay play(stage, trial);
  CallLength length;
  if (!play.fill()) {
    length.unfilled = play.takeOutcome();
    return length;
  }
  if (!play.callVictim()) return length;
  SegmentWatch watch(stage.segmentFiles());
  do {
    if (watch.hasChanged()) length.changes.push_back(length.steps);
    ++length.steps;
    length.sleeps = isBlocking(trial.call) && play.victim().isAboutToSleep();
  } while (length.steps < kMostSteps && !length.sleeps && play.victim().step());
  return length;
}

std::optional<TrialOutcome> killAtStep(Stage& stage, const SteppedTrial& trial) {
  SteppedPlay play(stage, trial);
  if (!play.fill()) return play.takeOutcome();
  play.callBystander();
  if (!play.callVictim() || !play.stepToTheFault()) return std::nullopt;
  play.kill();
  if (!play.callNewcomer()) {
    return play.finishBecauseOf("who came in the dead one's place", play.newcomerStatus());
  }
  return play.finish();
}

std::optional<TrialOutcome> stopAtStep(Stage& stage, const SteppedTrial& trial) {
  SteppedPlay play(stage, trial);
  if (!play.fill()) return play.takeOutcome();
  play.callBystander();
  if (!play.callVictim() || !play.stepToTheFault()) return std::nullopt;
  const bool free = play.play(Act::Meanwhile, kShortPatience);
  const std::optional<int> ended = play.victimEnds();
  if (!free && !play.awaitAct(Act::Meanwhile)) {
    return play.finishBecauseOf("one that went on beside a stopped process",
                                play.bystanderStatus());
  }
  if (!playedItsPart(ended)) {
    return play.finishBecauseOf("the process that was stopped for a while", ended);
  }
  return play.finish();
}

std::optional<TrialOutcome> overtakeAtStep(Stage& stage, const SteppedTrial& trial) {
  SteppedPlay play(stage, trial);
  if (!play.fill()) return play.takeOutcome();
  if (!play.callVictim() || !play.stepToTheFault()) return std::nullopt;
  play.bePassed();
  const std::optional<int> ended = play.victimEnds();
  if (!playedItsPart(ended)) return play.finishBecauseOf("the process that was overtaken", ended);
  if (!play.passersEnd()) return play.finishBecauseOf("one that overtook", play.stuckStatus());
  return play.finishAfresh();
}

std::optional<TrialOutcome> wakeAtStep(Stage& stage, const SteppedTrial& trial) {
  SteppedPlay play(stage, trial);
  if (!play.fill()) return play.takeOutcome();
  play.callBystander();
  if (!play.callVictim() || !play.stepToTheFault()) return std::nullopt;
  if (isBlocking(trial.call)) {  // what it waits for comes now: will it see that?
    if (!play.play(Act::Answer)) return play.finishBecauseOf("the waker", play.bystanderStatus());
    const std::optional<int> ended = play.victimEnds();
    if (!playedItsPart(ended)) return play.finishBecauseOf("a sleeper that was woken", ended);
  } else {  // another waits for what the victim brings
    play.tell(Act::Answer);
    play.awaitSleep(Act::Answer);
    const std::optional<int> ended = play.victimEnds();
    if (!playedItsPart(ended)) return play.finishBecauseOf("the waker", ended);
    if (!play.awaitAct(Act::Answer)) {
      return play.finishBecauseOf("a sleeper", play.bystanderStatus());
    }
  }
  return play.finish();
}

}  // namespace ringside::harness
