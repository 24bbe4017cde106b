#include "harness/verify/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <system_error>
#include <utility>

#include "harness/plugin/rehearsal.hpp"
#include "harness/verify/damage_trial.hpp"
#include "harness/verify/snapshot_trial.hpp"
#include "harness/verify/stepped.hpp"

namespace ringside::harness {
namespace {

/// So many bad trials say it: a queue that stalls costs its survivors' patience each time.
constexpr std::uint64_t kEnoughBadTrials = 3;

constexpr std::string_view kFaultNames[] = {
    "none",        "kill",  "stop",        "overtaken", "wake",     "point_kill", "point_stop",
    "point_storm", "storm", "overwritten", "truncated", "unlinked", "full_memory"};

bool isAtPoints(FaultKind fault) {
  return fault == FaultKind::KillAtPoint || fault == FaultKind::StopAtPoint ||
         fault == FaultKind::StormAtPoints;
}

/// The one that is at least `asked`, else the largest; `asked` where there is no choice. `allowed`
/// is ascending.
std::uint64_t nearestOf(std::span<const std::uint64_t> allowed, std::uint64_t asked) {
  if (allowed.empty()) return asked;
  const auto first = std::lower_bound(allowed.begin(), allowed.end(), asked);
  return first == allowed.end() ? allowed.back() : *first;
}

/// Empty where it can be.
std::string whyNotTried(const QueueEntry& queue, FaultKind fault) {
  if (!queue.left_out.empty()) return fmt::format("left out: {}", queue.left_out);
  if (queue.limits.threads_only && fault != FaultKind::None) {
    return "its sides are threads of one process, which live and die together";
  }
  if (!isAtPoints(fault) || kHasKillPoints) return "";
  return "this program has no kill points: build it with -DRINGSIDE_KILL_POINTS=ON";
}

/// One queue, one kind of fault.
class CampaignPart {
 public:
  CampaignPart(const Campaign& campaign, const QueueEntry& queue, FaultKind fault, Session& session,
               const CampaignWatcher& watcher)
      : campaign_(campaign), session_(session), watcher_(watcher), random_(campaign.seed) {
    finding_.queue = &queue;
    finding_.fault = fault;
    const auto expected = campaign.expected.find(std::string(queue.name));
    if (expected != campaign.expected.end()) finding_.expected = expected->second;
    finding_.skipped = whyNotTried(queue, fault);
  }

  CampaignFinding run() {
    const auto begin = std::chrono::steady_clock::now();
    watcher_.on_trial(finding_);
    const SnapshotEntry* const snapshot = findSnapshot(finding_.queue->name);
    if (snapshot != nullptr && finding_.skipped.empty()) runOn(*snapshot);
    for (const std::uint64_t capacity : capacitiesOf(campaign_, *finding_.queue)) {
      if (snapshot != nullptr || isEnough() || !fits(capacity)) break;
      Stage stage(*finding_.queue, shapeOf(campaign_, *finding_.queue, capacity), session_);
      try {
        runOn(stage);
      } catch (const std::system_error& error) {  // it cannot be had here
        finding_.skipped = error.what();
      } catch (const AdapterFailed& error) {
        TrialOutcome crashed;
        crashed.progress = ProgressClass::Corrupts;
        crashed.evidence = error.what();
        add(std::move(crashed));
      }
    }
    if (finding_.fault == FaultKind::StormAtPoints && finding_.faults == 0 && !finding_.failed()) {
      finding_.trials = 0;  // nobody ever came to a kill point
    }
    if (!finding_.tried() && finding_.skipped.empty()) {
      finding_.skipped =
          watcher_.wants_to_stop() ? "interrupted" : "none of its calls could be struck";
    }
    finding_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(finding_);
  }

 private:
  bool fits(std::uint64_t capacity) {
    const QueueLimits& limits = finding_.queue->limits;
    const std::uint64_t size = nearestOf(limits.element_sizes, campaign_.element_size_bytes);
    const std::vector<std::uint64_t>& asked = campaign_.capacities;
    const bool is_asked = std::find(asked.begin(), asked.end(), capacity) != asked.end();
    if (size > limits.max_element_size_bytes) {
      finding_.skipped =
          fmt::format("its elements have at most {} bytes", limits.max_element_size_bytes);
    } else if (capacity > limits.max_capacity) {
      finding_.skipped = fmt::format("it holds at most {} elements", limits.max_capacity);
    } else if (!is_asked && capacity > kMostTrialCapacity) {
      finding_.skipped =
          fmt::format("it was built for a capacity of {} or more, a trial has room for {}",
                      capacity, kMostTrialCapacity);
    }
    return finding_.skipped.empty();
  }

  void runOn(const SnapshotEntry& snapshot) {
    Stage stage(snapshot.entry, {}, session_);
    switch (finding_.fault) {
      case FaultKind::None:
        return storms(stage, snapshot, 0);
      case FaultKind::Storm:
        return storms(stage, snapshot, campaign_.kills_per_storm);
      case FaultKind::KillAtInstruction:
      case FaultKind::KillAtPoint:
        return steps(stage, snapshot, true, campaign_.kill_points);
      case FaultKind::StopAtInstruction:
      case FaultKind::StopAtPoint:
        return steps(stage, snapshot, false, campaign_.stop_points);
      default:
        finding_.skipped = "it is no queue";
    }
  }

  StepTo stepTo() const {
    return isAtPoints(finding_.fault) ? StepTo::NextKillPoint : StepTo::NextInstruction;
  }
  /// Whether a call goes so far as its first step: one without kill points does not.
  bool hasSteps(const CallLength& length) const {
    return length.steps > 1 || length.sleeps || !isAtPoints(finding_.fault);
  }

  void storms(Stage& stage, const SnapshotEntry& snapshot, std::uint64_t kills) {
    for (std::uint64_t i = 0; i < campaign_.storms && !isEnough(); ++i) {
      add(stormSnapshot(stage, snapshot, static_cast<std::uint32_t>(kills), random_()));
    }
  }

  void steps(Stage& stage, const SnapshotEntry& snapshot, bool kills, std::uint64_t most_points) {
    const OnOneProcessor here;
    for (const SnapshotCall call : {SnapshotCall::Read, SnapshotCall::Write}) {
      if (isEnough()) return;
      CallLength length;
      const SteppedSnapshotCall stepped{call, stepTo()};
      length.steps = lengthOf(stage, snapshot, stepped);
      if (length.steps == 0) {
        finding_.skipped = "processes may not be traced here";
        return;
      }
      if (!hasSteps(length)) continue;
      for (const SteppedTrial& at : pointsOf({}, length, most_points)) {
        if (isEnough()) return;
        auto outcome = strikeSnapshot(stage, snapshot, stepped, kills, at.steps);
        if (outcome) add(std::move(*outcome));
      }
    }
  }

  void runOn(Stage& stage) {
    switch (finding_.fault) {
      case FaultKind::None:
        return storms(stage, 0);
      case FaultKind::Storm:
      case FaultKind::StormAtPoints:
        return storms(stage, campaign_.kills_per_storm);
      case FaultKind::KillAtInstruction:
      case FaultKind::KillAtPoint:
        return steps(stage, campaign_.kill_points, killAtStep);
      case FaultKind::StopAtInstruction:
      case FaultKind::StopAtPoint:
        return steps(stage, campaign_.stop_points, stopAtStep);
      case FaultKind::OvertakenAtInstruction:
        return steps(stage, campaign_.stop_points, overtakeAtStep);
      case FaultKind::WakeAtInstruction:
        return steps(stage, campaign_.wake_points, wakeAtStep);
      case FaultKind::Overwritten:
      case FaultKind::Truncated:
      case FaultKind::Unlinked:
      case FaultKind::FullMemory:
        return damages(stage);
    }
  }

  void storms(Stage& stage, std::uint64_t kills) {
    for (std::uint64_t i = 0; i < campaign_.storms && !isEnough(); ++i) {
      Storm storm;
      storm.producers = i % 2 == 0 ? 1 : stage.shape().producers;
      storm.consumers = i % 3 == 0 ? 1 : stage.shape().consumers;
      storm.kills = static_cast<std::uint32_t>(kills);
      storm.stops = static_cast<std::uint32_t>(kills / 3);
      storm.batches = finding_.queue->any.abilities.batch && i % 4 < 2;
      storm.at_kill_points = isAtPoints(finding_.fault);
      storm.seed = random_();
      add(finding_.queue->limits.threads_only ? runThreads(stage, storm) : runStorm(stage, storm));
    }
  }

  using SteppedFault = std::optional<TrialOutcome> (*)(Stage&, const SteppedTrial&);
  void steps(Stage& stage, std::uint64_t most_points, SteppedFault strike) {
    const OnOneProcessor here;
    for (const SteppedTrial& trial : calls(stage.shape().capacity)) {
      if (isEnough()) return;
      CallLength length = lengthOf(stage, trial);
      if (length.unfilled) {
        add(std::move(*length.unfilled));
        continue;
      }
      if (length.steps == 0) {
        finding_.skipped = "processes may not be traced here";
        return;
      }
      if (isBlocking(trial.call) && !length.sleeps) continue;  // it never sleeps by a futex
      if (!hasSteps(length)) continue;
      for (SteppedTrial at : pointsOf(trial, length, most_points)) {
        if (isEnough()) return;
        if (std::optional<TrialOutcome> outcome = strike(stage, at)) add(std::move(*outcome));
      }
    }
  }

  /// The calls of this queue, with what lies in it when they begin: so that they succeed, with and
  /// without others beside them, and so that they find no room or nothing.
  std::vector<SteppedTrial> calls(std::uint64_t capacity) {
    const Abilities& abilities = finding_.queue->any.abilities;
    std::vector<SteppedTrial> all;
    const auto enter = [&](Call call, std::uint64_t elements) {
      all.push_back({call, {random_() % (3 * capacity), elements}, stepTo(), 0});
    };
    if (finding_.fault == FaultKind::WakeAtInstruction) {
      if (!abilities.blocking) {
        finding_.skipped = "its adapter offers no call that waits";
        return {};
      }
      enter(Call::PushBlocking, capacity);
      enter(Call::PopBlocking, 0);
      enter(Call::Push, 0);
      enter(Call::Pop, capacity);
      return all;
    }
    enter(Call::Push, 0);
    enter(Call::Pop, capacity);
    if (finding_.fault == FaultKind::KillAtPoint && abilities.blocking) {
      enter(Call::PushBlocking, capacity);
      enter(Call::PopBlocking, 0);
    }
    if (abilities.batch) {
      enter(Call::PushBatch, 0);
      enter(Call::PopBatch, capacity);
    }
    if (capacity > 1) {
      enter(Call::Push, capacity - 1);
      enter(Call::Pop, 1);
    }
    if (finding_.fault == FaultKind::OvertakenAtInstruction) keepWhatCanBeOvertaken(all);
    return all;
  }

  /// Where there may be another one on the same side.
  void keepWhatCanBeOvertaken(std::vector<SteppedTrial>& all) {
    const QueueLimits& limits = finding_.queue->limits;
    std::erase_if(all, [&](const SteppedTrial& trial) {
      return (isPush(trial.call) ? limits.max_producers : limits.max_consumers) == 1;
    });
    if (all.empty())
      finding_.skipped = "it has one producer and one consumer, whom nobody overtakes";
  }

  /// Before and after each change of the shared memory, then evenly spread over the call, at
  /// another offset each time; of a call that sleeps only the end, where it goes to sleep.
  std::vector<SteppedTrial> pointsOf(const SteppedTrial& trial, const CallLength& length,
                                     std::uint64_t most) {
    constexpr long kBeforeSleep = 300;
    const long begin = length.sleeps ? std::max(0L, length.steps - kBeforeSleep) : 0;
    const long range = length.steps - begin;
    const auto points =
        static_cast<std::size_t>(std::min<std::uint64_t>(static_cast<std::uint64_t>(range), most));
    std::vector<long> all;
    const auto enter = [&](long instruction) {
      const bool known = std::find(all.begin(), all.end(), instruction) != all.end();
      if (instruction >= begin && !known && all.size() < points) all.push_back(instruction);
    };
    for (const long change : length.changes) enter(change);
    for (const long change : length.changes) enter(change - 1);
    const auto offset = static_cast<long>(random_() % static_cast<std::uint64_t>(range));
    const auto spread = static_cast<long>(points);
    for (long i = 0; i < spread; ++i) enter(begin + (offset + range * i / spread) % range);
    std::vector<SteppedTrial> trials(all.size(), trial);
    for (std::size_t i = 0; i < all.size(); ++i) trials[i].steps = all[i];
    return trials;
  }

  void damages(Stage& stage) {
    for (std::uint64_t i = 0; i < campaign_.rounds && !isEnough(); ++i) {
      DamageOutcome outcome = runDamage(stage, finding_.fault, random_());
      if (!outcome.skipped.empty()) {
        finding_.skipped = outcome.skipped;
        return;
      }
      add(std::move(outcome.trial));
    }
  }

  bool isEnough() const {
    return finding_.bad_trials >= kEnoughBadTrials || !finding_.skipped.empty() ||
           watcher_.wants_to_stop() || (campaign_.until_failure && finding_.failed());
  }

  void add(TrialOutcome outcome) {
    ++finding_.trials;
    finding_.faults += outcome.faults;
    finding_.leaked_slots += std::max<std::int64_t>(outcome.leaked_slots, 0);
    finding_.stale_segments += outcome.stale_segments;
    if (outcome.detection_ms) finding_.detection_ms.push_back(*outcome.detection_ms);
    if (outcome.recovery_ms) finding_.recovery_ms.push_back(*outcome.recovery_ms);
    addCounts(outcome.counts);
    addProgress(std::move(outcome));
    watcher_.on_trial(finding_);
  }
  void addProgress(TrialOutcome outcome) {
    if (outcome.progress == ProgressClass::Survives) return;
    ++finding_.bad_trials;
    if (outcome.progress <= finding_.progress) return;
    finding_.progress = outcome.progress;
    finding_.worst = std::move(outcome);
  }
  void addCounts(const Counts& counts) {
    finding_.counts.pushed += counts.pushed;
    finding_.counts.popped += counts.popped;
    finding_.counts.unreturned += counts.unreturned;
    finding_.counts.redelivered += counts.redelivered;
    finding_.counts.lost += counts.lost;
    finding_.counts.duplicated += counts.duplicated;
    finding_.counts.reordered += counts.reordered;
    finding_.counts.torn += counts.torn;
    finding_.counts.invented += counts.invented;
    finding_.counts.falsely_empty += counts.falsely_empty;
  }

  const Campaign& campaign_;
  Session& session_;
  const CampaignWatcher& watcher_;
  std::mt19937_64 random_;
  CampaignFinding finding_;
};

}  // namespace

std::string_view toString(FaultKind kind) noexcept {
  return kFaultNames[static_cast<std::size_t>(kind)];
}

const std::vector<FaultKind>& allFaultKinds() {
  static const std::vector<FaultKind> kinds = [] {
    std::vector<FaultKind> all;
    for (std::size_t i = 0; i < std::size(kFaultNames); ++i) {
      all.push_back(static_cast<FaultKind>(i));
    }
    return all;
  }();
  return kinds;
}

std::vector<FaultKind> possibleFaultKinds() {
  std::vector<FaultKind> possible = allFaultKinds();
  if (!kHasKillPoints) std::erase_if(possible, isAtPoints);
  return possible;
}

std::vector<std::uint64_t> capacitiesOf(const Campaign& campaign, const QueueEntry& queue) {
  std::vector<std::uint64_t> all;
  for (const std::uint64_t asked : campaign.capacities) {
    const QueueLimits& limits = queue.limits;
    const bool has_small = !limits.trial_capacities.empty();
    const std::uint64_t capacity =
        nearestOf(has_small ? limits.trial_capacities : limits.capacities, asked);
    if (std::find(all.begin(), all.end(), capacity) == all.end()) all.push_back(capacity);
  }
  return all;
}

QueueShape shapeOf(const Campaign& campaign, const QueueEntry& queue, std::uint64_t capacity) {
  return {.producers = std::min(2U, queue.limits.max_producers),
          .consumers = std::min(2U, queue.limits.max_consumers),
          .element_size_bytes = nearestOf(queue.limits.element_sizes, campaign.element_size_bytes),
          .capacity = capacity,
          .memory = {.huge_pages = HugePages::Never}};
}

namespace {

using PartName = std::pair<const QueueEntry*, FaultKind>;
std::vector<PartName> partsOf(const Campaign& campaign) {
  std::vector<PartName> parts;
  for (const QueueEntry* queue : campaign.queues) {
    for (const FaultKind fault : campaign.faults) parts.emplace_back(queue, fault);
  }
  if (!campaign.until_failure) return parts;
  const auto turn = [&](const PartName& part) {
    return std::find(campaign.faults.begin(), campaign.faults.end(), part.second);
  };
  std::stable_sort(parts.begin(), parts.end(),
                   [&](const PartName& a, const PartName& b) { return turn(a) < turn(b); });
  return parts;
}

}  // namespace

double roughSecondsOf(const Campaign& campaign, const QueueEntry& queue, FaultKind fault) {
  constexpr double kCalls = 5;  // that are struck, of each capacity
  constexpr double kStepped = 8e-3;
  constexpr double kAwakened = 20e-3;
  constexpr double kStorm = 10e-3;
  constexpr double kStormKill = 1.5e-3;
  constexpr double kDamage = 15e-3;
  const auto times = [&](std::uint64_t count, double seconds) {
    return static_cast<double>(capacitiesOf(campaign, queue).size() * count) * seconds;
  };
  if (!whyNotTried(queue, fault).empty()) return 0;
  switch (fault) {
    case FaultKind::None:
      return times(campaign.storms, kStorm);
    case FaultKind::Storm:
    case FaultKind::StormAtPoints:
      return times(campaign.storms,
                   kStorm + kStormKill * static_cast<double>(campaign.kills_per_storm));
    case FaultKind::KillAtInstruction:
    case FaultKind::KillAtPoint:
      return times(campaign.kill_points, kCalls * kStepped);
    case FaultKind::StopAtInstruction:
    case FaultKind::StopAtPoint:
    case FaultKind::OvertakenAtInstruction:
      return times(campaign.stop_points, kCalls * kStepped);
    case FaultKind::WakeAtInstruction:
      return times(campaign.wake_points, kCalls * kAwakened);
    case FaultKind::Overwritten:
    case FaultKind::Truncated:
    case FaultKind::Unlinked:
    case FaultKind::FullMemory:
      break;
  }
  return times(campaign.rounds, kDamage);
}

std::vector<CampaignFinding> runCampaign(const Campaign& campaign, Session& session,
                                         const CampaignWatcher& watcher) {
  std::vector<CampaignFinding> findings;
  for (const auto& [queue, fault] : partsOf(campaign)) {
    if (watcher.wants_to_stop()) return findings;
    findings.push_back(CampaignPart(campaign, *queue, fault, session, watcher).run());
    watcher.on_finding(findings.back());
    if (campaign.until_failure && findings.back().failed()) return findings;
  }
  return findings;
}

}  // namespace ringside::harness
