// The rules about what a queue surely held: that it was not empty, and not fuller than it can be.
// A value is surely held from the end of its push to the beginning of its pop, both excluded.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "harness/history/rules.hpp"

namespace ringside::harness {
namespace {

constexpr std::int64_t kForEver = std::numeric_limits<std::int64_t>::max();

/// Times surely not empty, both ends excluded.
struct Stretch {
  std::int64_t from_ns;
  std::int64_t to_ns;
  const Life* life;  ///< what was held; null: one of several never-popped values
};

void addPopped(const Evidence& evidence, std::vector<Stretch>& stretches) {
  for (const Life& life : evidence.lives()) {
    if (!life.judged() || !wholeBefore(*life.push, *life.pop)) continue;
    stretches.push_back({life.push->ended_ns, life.pop->began_ns, &life});
  }
}

/// Of the never-popped values some are held whenever more have been pushed than may have been
/// taken.
void addNeverPopped(const Evidence& evidence, std::vector<Stretch>& stretches) {
  const auto claims = evidence.excuses().claims();
  auto claim = claims.begin();
  std::uint64_t pushed = 0;
  std::uint64_t taken = 0;
  std::int64_t from_ns = 0;
  const auto take = [&] {
    if (pushed > taken && pushed <= claim->sum) {
      stretches.push_back({from_ns, claim->began_ns, nullptr});
    }
    taken = claim->sum;
    ++claim;
  };
  for (const Life* life : evidence.neverPopped()) {
    while (claim != claims.end() && claim->began_ns <= life->push->ended_ns) take();
    if (++pushed == taken + 1) from_ns = life->push->ended_ns;
  }
  while (claim != claims.end()) take();
  if (pushed > taken) stretches.push_back({from_ns, kForEver, nullptr});
}

/// By their beginning. Empty ones, where both ends are one instant, do not matter.
std::vector<Stretch> stretchesOf(const Evidence& evidence) {
  std::vector<Stretch> stretches;
  addPopped(evidence, stretches);
  addNeverPopped(evidence, stretches);
  std::stable_sort(stretches.begin(), stretches.end(),
                   [](const Stretch& a, const Stretch& b) { return a.from_ns < b.from_ns; });
  return stretches;
}

/// Overlapping ones joined. Two that only touch leave the instant between them.
std::vector<Stretch> joined(const std::vector<Stretch>& stretches) {
  std::vector<Stretch> joined;
  for (const Stretch& next : stretches) {
    if (!joined.empty() && next.from_ns < joined.back().to_ns) {
      joined.back().to_ns = std::max(joined.back().to_ns, next.to_ns);
    } else {
      joined.push_back(next);
    }
  }
  return joined;
}

/// Whether it surely held something from the beginning of the answer to its end.
bool isFalse(const std::vector<Stretch>& joined, const Operation& answer) {
  if (answer.action != Action::SawEmpty || !answer.returned()) return false;
  const auto after = std::lower_bound(
      joined.begin(), joined.end(), answer.began_ns,
      [](const Stretch& stretch, std::int64_t began_ns) { return stretch.from_ns < began_ns; });
  return after != joined.begin() && answer.ended_ns < std::prev(after)->to_ns;
}

/// The fewest stretches that together cover the answer: always the one that reaches furthest.
std::vector<Stretch> chainOver(const std::vector<Stretch>& stretches, const Operation& answer) {
  std::vector<Stretch> chain;
  std::int64_t reached_ns = answer.began_ns;
  auto next = stretches.begin();
  while (reached_ns <= answer.ended_ns) {
    const Stretch* furthest = nullptr;
    for (; next != stretches.end() && next->from_ns < reached_ns; ++next) {
      if (furthest == nullptr || next->to_ns > furthest->to_ns) furthest = &*next;
    }
    if (furthest == nullptr || furthest->to_ns <= reached_ns) break;
    chain.push_back(*furthest);
    reached_ns = furthest->to_ns;
  }
  return chain;
}

Violation falselyEmpty(const Evidence& evidence, const std::vector<Stretch>& stretches,
                       const Operation& answer) {
  Finding finding(evidence, ViolationKind::FalselyEmpty);
  finding.add(&answer);
  std::string held;
  for (const Stretch& stretch : chainOver(stretches, answer)) {
    held += held.empty() ? " it surely held " : ", then ";
    if (stretch.life != nullptr) {
      finding.add(*stretch.life);
      held += fmt::format("{}, {}", describePushed(*stretch.life), describe(*stretch.life->pop));
      continue;
    }
    // One value more than may have been taken by the end of the answer is enough.
    const std::uint64_t taken = evidence.excuses().until(answer.ended_ns);
    const auto enough = std::min<std::size_t>(evidence.neverPopped().size(), taken + 1);
    for (const Life* life : evidence.neverPopped().first(enough)) finding.add(*life);
    finding.addUnreturnedPops(answer.ended_ns);
    const Life& last = *evidence.neverPopped()[enough - 1];
    held += fmt::format("{}, never popped{}", describePushed(last),
                        taken == 0 ? "" : fmt::format(", or one of {} before it", taken));
  }
  return finding.saying(
      fmt::format("the queue was {}, though all that time{}", describe(answer), held));
}

}  // namespace

std::optional<Violation> findFalselyEmpty(const Evidence& evidence) {
  const std::vector<Stretch> stretches = stretchesOf(evidence);
  const std::vector<Stretch> whole = joined(stretches);
  for (const Operation& operation : evidence.history().operations) {
    if (isFalse(whole, operation)) return falselyEmpty(evidence, stretches, operation);
  }
  return std::nullopt;
}

std::uint64_t countFalselyEmpty(const Evidence& evidence) {
  const std::vector<Stretch> whole = joined(stretchesOf(evidence));
  const std::vector<Operation>& operations = evidence.history().operations;
  return static_cast<std::uint64_t>(
      std::count_if(operations.begin(), operations.end(),
                    [&](const Operation& operation) { return isFalse(whole, operation); }));
}

// --- capacity -----------------------------------------------------------------------------------

namespace {

/// Everything surely held just after `time_ns`, with all never-popped values pushed until then.
Violation overfull(const Evidence& evidence, std::int64_t time_ns, std::uint64_t held) {
  Finding finding(evidence, ViolationKind::Overfull);
  for (const Life& life : evidence.lives()) {
    const bool until_pop =
        life.judged() && life.push->ended_ns <= time_ns && life.pop->began_ns > time_ns;
    const bool since_push = life.neverPopped() && life.push->ended_ns <= time_ns;
    if (until_pop || since_push) finding.add(life);
  }
  finding.addUnreturnedPops(time_ns);
  return finding.saying(
      fmt::format("after {} ns the queue surely held {} values; its capacity is "
                  "{}",
                  time_ns, held, evidence.history().capacity));
}

/// A sweep over the ends of pushes, the only moments at which more are held than before. Calls
/// `tooMany(moment, held)` for each after which more than the capacity was; ends when that answers
/// false.
template <class TooMany>
void forEachOverfullMoment(const Evidence& evidence, TooMany tooMany) {
  const std::uint64_t capacity = evidence.history().capacity;
  if (capacity == 0) return;
  std::vector<Stretch> popped;
  addPopped(evidence, popped);
  std::vector<std::int64_t> beginnings;
  std::vector<std::int64_t> ends;
  for (const Stretch& stretch : popped) {
    beginnings.push_back(stretch.from_ns);
    ends.push_back(stretch.to_ns);
  }
  std::vector<std::int64_t> never_popped;
  for (const Life* life : evidence.neverPopped()) never_popped.push_back(life->push->ended_ns);
  std::vector<std::int64_t> moments = beginnings;
  moments.insert(moments.end(), never_popped.begin(), never_popped.end());
  for (std::vector<std::int64_t>* times : {&beginnings, &ends, &moments}) {
    std::sort(times->begin(), times->end());
  }
  const auto upTo = [](const std::vector<std::int64_t>& times, std::int64_t time) {
    return static_cast<std::uint64_t>(std::upper_bound(times.begin(), times.end(), time) -
                                      times.begin());
  };
  for (const std::int64_t moment : moments) {
    const std::uint64_t pushed = upTo(never_popped, moment);
    const std::uint64_t taken = evidence.excuses().until(moment);
    const std::uint64_t held =
        upTo(beginnings, moment) - upTo(ends, moment) + (pushed > taken ? pushed - taken : 0);
    if (held > capacity && !tooMany(moment, held)) return;
  }
}

}  // namespace

std::optional<Violation> findOverfull(const Evidence& evidence) {
  std::optional<Violation> found;
  forEachOverfullMoment(evidence, [&](std::int64_t moment_ns, std::uint64_t held) {
    found = overfull(evidence, moment_ns, held);
    return false;
  });
  return found;
}

std::uint64_t countOverfull(const Evidence& evidence) {
  std::uint64_t count = 0;
  forEachOverfullMoment(evidence, [&](std::int64_t, std::uint64_t) {
    ++count;
    return true;
  });
  return count;
}

}  // namespace ringside::harness
