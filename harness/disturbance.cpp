#include "harness/disturbance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ringside::harness {
namespace {

constexpr double kRecoveryNs = 500;
constexpr std::uint64_t kRecoveryPart = 8;
/// Standard deviations, and gaps, that chance may add.
constexpr double kDeviations = 4;
constexpr double kGapsOfChance = 4;

}  // namespace

SlowPaths slowPathsIn(const WorkerGaps& worker) {
  double sleeps = 0;
  double in_calls = 0;
  double between_calls = 0;
  for (const Gap& gap : worker.gaps) {
    if (gap.taken_away) continue;
    if (gap.site == GapSite::BetweenCalls) {
      between_calls += 1;
    } else {
      (gap.slept ? sleeps : in_calls) += 1;
    }
  }
  const auto spent_in = static_cast<double>(worker.ticks_in_calls);
  const double spent = spent_in + static_cast<double>(worker.ticks_between_calls);
  const double part = spent > 0 ? spent_in / spent : 1;
  const double gaps = in_calls + between_calls;
  const double chance = kDeviations * std::sqrt(gaps * part * (1 - part)) + kGapsOfChance;
  return {.works = in_calls > gaps * part + chance, .sleeps = sleeps > kGapsOfChance};
}

Disturbance::Disturbance(std::span<const WorkerGaps> workers, const Clock& clock) {
  for (const WorkerGaps& worker : workers) addWorker(worker, clock);
  sortAndMerge();
}

void Disturbance::addWorker(const WorkerGaps& worker, const Clock& clock) {
  const auto recovery = static_cast<std::uint64_t>(kRecoveryNs / clock.ns_per_tick);
  const SlowPaths slow = slowPathsIn(worker);
  for (const Gap& gap : worker.gaps) {
    const bool queues = gap.slept ? slow.sleeps : slow.works;
    if (queues && gap.site == GapSite::InCall && !gap.taken_away) {
      ++queue_gaps_;
      continue;
    }
    ++machine_gaps_;
    intervals_.push_back({gap.begin, gap.end + (gap.end - gap.begin) / kRecoveryPart + recovery});
  }
  if (worker.full_since == 0) return;
  overflowed_ = true;
  intervals_.push_back({worker.full_since, std::numeric_limits<std::uint64_t>::max()});
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
}

bool Disturbance::meets(std::uint64_t begin, std::uint64_t end) const {
  // The first one that is not over before this begins.
  const auto found = std::lower_bound(
      intervals_.begin(), intervals_.end(), begin,
      [](const Interval& interval, std::uint64_t at) { return interval.end < at; });
  return found != intervals_.end() && found->begin <= end;
}

double Disturbance::partOf(std::uint64_t begin, std::uint64_t end) const {
  std::uint64_t covered = 0;
  for (const Interval& interval : intervals_) {
    const std::uint64_t from = std::max(interval.begin, begin);
    const std::uint64_t to = std::min(interval.end, end);
    if (from < to) covered += to - from;
  }
  return static_cast<double>(covered) / static_cast<double>(end - begin);
}

}  // namespace ringside::harness
