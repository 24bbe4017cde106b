#include "harness/disturbance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ringside::harness {
namespace {

constexpr double kRecoveryNs = 500;
constexpr std::uint64_t kRecoveryPart = 8;
/// How much more frequent gaps may be in calls, and what chance may add: standard deviations, gaps.
constexpr double kTimesAsFrequent = 2;
constexpr double kDeviations = 4;
constexpr double kGapsOfChance = 4;
/// Of a message's time, troubled: from here on it is disturbed.
constexpr double kDisturbingPart = 0.5;

std::size_t lengthOf(const Gap& gap, const Clock& clock) {
  std::size_t length = 0;
  for (std::uint64_t us = clock.nsBetween(gap.begin, gap.end) / 1000; us >= 4; us /= 4) ++length;
  return std::min(length, kGapLengths - 1);
}

/// Of gaps of one length: whether those in calls are the queue's doing.
bool tooMany(double in_calls, double between_calls, const WorkerGaps& worker) {
  if (in_calls <= kGapsOfChance) return false;
  if (worker.ticks_between_calls == 0) return false;  // nothing to compare with
  const double odds =
      static_cast<double>(worker.ticks_in_calls) / static_cast<double>(worker.ticks_between_calls);
  const double most = kTimesAsFrequent * (between_calls + 1) * odds;  // where none is, one may be
  return in_calls > most + kDeviations * std::sqrt(most) + kGapsOfChance;
}

}  // namespace

SlowPaths slowPathsIn(const WorkerGaps& worker, const Clock& clock) {
  double sleeps = 0;
  std::array<double, kGapLengths> in_calls{};
  std::array<double, kGapLengths> between_calls{};
  for (const Gap& gap : worker.gaps) {
    if (gap.taken_away) continue;
    if (gap.site == GapSite::BetweenCalls) {
      between_calls[lengthOf(gap, clock)] += 1;
    } else if (gap.slept) {
      sleeps += 1;
    } else {
      in_calls[lengthOf(gap, clock)] += 1;
    }
  }
  SlowPaths slow{.works = {}, .sleeps = sleeps > kGapsOfChance};
  for (std::size_t length = 0; length < kGapLengths; ++length) {
    slow.works[length] = tooMany(in_calls[length], between_calls[length], worker);
  }
  return slow;
}

Disturbance::Disturbance(std::span<const WorkerGaps> workers, const Clock& clock, Blame blame) {
  for (const WorkerGaps& worker : workers) addWorker(worker, clock, blame);
  sortAndMerge();
}

void Disturbance::addWorker(const WorkerGaps& worker, const Clock& clock, Blame blame) {
  const auto recovery = static_cast<std::uint64_t>(kRecoveryNs / clock.ns_per_tick);
  const SlowPaths slow = slowPathsIn(worker, clock);
  for (const Gap& gap : worker.gaps) {
    const bool queues = gap.slept ? slow.sleeps : slow.works[lengthOf(gap, clock)];
    if (blame == Blame::Machine && queues && gap.site == GapSite::InCall && !gap.taken_away) {
      ++queue_gaps_;
      continue;
    }
    ++machine_gaps_;
    intervals_.push_back(
        {.begin = gap.begin, .end = gap.end + (gap.end - gap.begin) / kRecoveryPart + recovery});
  }
  if (worker.full_since == 0) return;
  overflowed_ = true;
  intervals_.push_back(
      {.begin = worker.full_since, .end = std::numeric_limits<std::uint64_t>::max()});
}

void Disturbance::sortAndMerge() {
  std::sort(intervals_.begin(), intervals_.end(),
            [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  std::vector<Interval> merged;
  for (const Interval& next : intervals_) {
    if (!merged.empty() && next.begin <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, next.end);
    } else {
      merged.push_back(next);
    }
  }
  intervals_ = std::move(merged);
  std::uint64_t troubled = 0;
  for (Interval& interval : intervals_) {
    interval.troubled_before = troubled;
    troubled += interval.end - interval.begin;
  }
}

bool Disturbance::disturbs(std::uint64_t begin, std::uint64_t end) const {
  if (isTroubled(begin) || isTroubled(end)) return true;
  return begin < end && partOf(begin, end) >= kDisturbingPart;
}

double Disturbance::partOf(std::uint64_t begin, std::uint64_t end) const {
  return static_cast<double>(troubledUntil(end) - troubledUntil(begin)) /
         static_cast<double>(end - begin);
}

bool Disturbance::isTroubled(std::uint64_t at) const {
  const auto next = firstAfter(at);
  return next != intervals_.begin() && at <= std::prev(next)->end;
}

/// Ticks, of all time until then.
std::uint64_t Disturbance::troubledUntil(std::uint64_t at) const {
  const auto next = firstAfter(at);
  if (next == intervals_.begin()) return 0;
  const Interval& last = *std::prev(next);
  return last.troubled_before + std::min(at, last.end) - last.begin;
}

/// The first one that begins after then.
std::vector<Disturbance::Interval>::const_iterator Disturbance::firstAfter(std::uint64_t at) const {
  return std::ranges::upper_bound(intervals_, at, {}, &Interval::begin);
}

}  // namespace ringside::harness
