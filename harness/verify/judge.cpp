#include "harness/verify/judge.hpp"

#include <fmt/format.h>

namespace ringside::harness {
namespace {

constexpr std::string_view kClassNames[] = {"survives", "stalls", "loses", "corrupts"};

ProgressClass classOf(ViolationKind kind) {
  return kind == ViolationKind::Lost ? ProgressClass::Loses : ProgressClass::Corrupts;
}

void find(TrialOutcome& outcome, ProgressClass progress, std::string evidence) {
  if (progress <= outcome.progress) return;
  outcome.progress = progress;
  outcome.evidence = std::move(evidence);
}

}  // namespace

std::string_view toString(ProgressClass progress) noexcept {
  return kClassNames[static_cast<std::size_t>(progress)];
}

std::optional<ProgressClass> parseProgressClass(std::string_view text) noexcept {
  for (std::size_t i = 0; i < std::size(kClassNames); ++i) {
    if (kClassNames[i] == text) return static_cast<ProgressClass>(i);
  }
  return std::nullopt;
}

namespace {

/// Only what a dead consumer may have taken may come again: in a call that returned it was given
/// back.
void judgeRedeliveries(const History& history, TrialOutcome& outcome) {
  std::uint64_t again = 0;
  std::uint64_t taken_by_dead = 0;
  for (const Operation& operation : history.operations) {
    if (operation.action != Action::Pop) continue;
    if (!operation.returned()) taken_by_dead += operation.claimed;
    if (operation.returned() && operation.redelivered) ++again;
  }
  if (again <= taken_by_dead) return;
  find(outcome, ProgressClass::Corrupts,
       fmt::format("{} elements were delivered again, and consumers that died had taken {} at most",
                   again, taken_by_dead));
}

}  // namespace

void judge(const Stage& stage, Ending ending, const std::string& ended_by, TrialOutcome& outcome) {
  const StageWords& words = stage.words();
  History history = stage.history();
  history.drained = ending == Ending::Complete;
  history.declared_drops = words.drops.load();
  if (stage.queue().limits.at_least_once) history.delivery = Delivery::AtLeastOnce;
  outcome.counts = countAll(history);
  if (ending == Ending::Standstill) find(outcome, ProgressClass::Stalls, ended_by);
  if (ending == Ending::Crash) find(outcome, ProgressClass::Corrupts, ended_by);
  if (const auto violation = firstViolation(history)) {
    find(outcome, classOf(violation->kind), violation->sentence);
  }
  judgeRedeliveries(history, outcome);
  if (ending == Ending::Complete) {
    const std::uint64_t before = words.capacity_before.load();
    const std::uint64_t after = words.capacity_after.load();
    const QueueLimits& limits = stage.queue().limits;
    // Of blocks that are in part used up it holds less; and among threads nobody died with a place.
    const bool may_vary = limits.threads_only && !limits.exact_capacity;
    if (!may_vary) {
      outcome.leaked_slots = static_cast<std::int64_t>(before) - static_cast<std::int64_t>(after);
    }
    if (before != after && !may_vary) {
      find(
          outcome, ProgressClass::Loses,
          fmt::format("it held {} elements before the fault and holds {} after it", before, after));
    }
    if (limits.exact_capacity && before != stage.shape().capacity) {
      find(
          outcome, ProgressClass::Corrupts,
          fmt::format("it holds {} elements, and was made for {}", before, stage.shape().capacity));
    }
  }
  if (outcome.progress == ProgressClass::Survives) return;
  history.notes["fault_point"] = outcome.fault_point;
  history.notes["evidence"] = outcome.evidence;
  outcome.history = std::move(history);
}

}  // namespace ringside::harness
