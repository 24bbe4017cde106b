#include "harness/history/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace ringside::harness {

Finding::Finding(const Evidence& evidence, ViolationKind kind) : evidence_(evidence) {
  violation_.kind = kind;
}

void Finding::add(const Operation* operation) {
  if (operation == nullptr) return;
  violation_.operations.push_back(
      static_cast<std::size_t>(operation - evidence_.history().operations.data()));
}

void Finding::add(const Life& life) {
  violation_.values.push_back(life.value);
  add(life.push);
  for (const Operation* pop : life.pops) add(pop);
}

void Finding::addUnreturnedPops(std::int64_t until_ns) {
  for (const Operation& operation : evidence_.history().operations) {
    const bool counts =
        operation.action == Action::Pop && !operation.returned() && operation.began_ns <= until_ns;
    if (counts) add(&operation);
  }
}

Violation Finding::saying(std::string sentence) {
  std::vector<std::size_t>& operations = violation_.operations;
  std::sort(operations.begin(), operations.end());
  operations.erase(std::unique(operations.begin(), operations.end()), operations.end());
  std::unordered_set<std::uint64_t> known;
  std::erase_if(violation_.values,
                [&](std::uint64_t value) { return !known.insert(value).second; });
  violation_.sentence = std::move(sentence);
  return std::move(violation_);
}

std::string describePushed(const Life& life) {
  if (life.push == nullptr) return fmt::format("value {} (never pushed)", life.value);
  return fmt::format("value {} ({})", life.value, describe(*life.push));
}

// --- what needs no order ------------------------------------------------------------------------

std::optional<Violation> findTorn(const Evidence& evidence) {
  for (const Operation& operation : evidence.history().operations) {
    if (operation.action != Action::Pop || !operation.torn) continue;
    Finding finding(evidence, ViolationKind::Torn);
    finding.add(&operation);
    for (const Life& life : evidence.lives()) {
      if (operation.returned() && life.value == operation.value) finding.add(life);
    }
    return finding.saying(
        fmt::format("the content that was {} under value {} does not match its "
                    "stamp",
                    describe(operation), operation.value));
  }
  return std::nullopt;
}

namespace {

/// Of what is torn the value itself may be garbage.
bool isInvented(const Life& life, const Operation& pop) {
  if (life.push == nullptr) return !pop.torn;
  return wholeBefore(pop, *life.push);
}

}  // namespace

std::optional<Violation> findInvented(const Evidence& evidence) {
  for (const Life& life : evidence.lives()) {
    for (const Operation* pop : life.pops) {
      if (!isInvented(life, *pop)) continue;
      Finding finding(evidence, ViolationKind::Invented);
      finding.add(life);
      return finding.saying(
          life.push == nullptr
              ? fmt::format("value {} was {}, but nobody pushed it", life.value, describe(*pop))
              : fmt::format("{} was {}, wholly before its push began", describePushed(life),
                            describe(*pop)));
    }
  }
  return std::nullopt;
}

std::uint64_t countInvented(const Evidence& evidence) {
  std::uint64_t count = 0;
  for (const Life& life : evidence.lives()) {
    for (const Operation* pop : life.pops) count += isInvented(life, *pop);
  }
  return count;
}

namespace {

/// The pops that a queue may give once only.
std::uint64_t judgedPops(const Evidence& evidence, const Life& life) {
  return static_cast<std::uint64_t>(
      std::count_if(life.pops.begin(), life.pops.end(),
                    [&](const Operation* pop) { return !evidence.exempt(*pop); }));
}

}  // namespace

std::optional<Violation> findDuplicated(const Evidence& evidence) {
  for (const Life& life : evidence.lives()) {
    if (life.push == nullptr || judgedPops(evidence, life) < 2) continue;
    const auto second = std::find_if(life.pops.begin(), life.pops.end(), [&](const Operation* pop) {
      return pop != life.pop && !evidence.exempt(*pop);
    });
    Finding finding(evidence, ViolationKind::Duplicated);
    finding.add(life);
    return finding.saying(fmt::format("{} was {}, and again {}", describePushed(life),
                                      describe(*life.pop), describe(**second)));
  }
  return std::nullopt;
}

std::uint64_t countDuplicated(const Evidence& evidence) {
  std::uint64_t count = 0;
  for (const Life& life : evidence.lives()) {
    const std::uint64_t pops = life.push == nullptr ? 0 : judgedPops(evidence, life);
    count += pops > 1 ? pops - 1 : 0;
  }
  return count;
}

// --- order within one producer at one consumer --------------------------------------------------

namespace {

/// A pop and the life of what it took.
struct Arrival {
  const Operation* pop;
  const Life* life;
};

/// As the history lists them, so that those of one process are in its order.
std::vector<Arrival> arrivalsOf(const Evidence& evidence) {
  std::vector<Arrival> arrivals;
  for (const Life& life : evidence.lives()) {
    for (const Operation* pop : life.pops) {
      if (life.push != nullptr && !evidence.exempt(*pop)) arrivals.push_back({pop, &life});
    }
  }
  std::sort(arrivals.begin(), arrivals.end(),
            [](const Arrival& a, const Arrival& b) { return a.pop < b.pop; });
  return arrivals;
}

/// Calls `late(arrival, of what was pushed last among what came before)` for each value that came
/// to a consumer after one that its producer pushed later; ends when that answers false.
template <class Late>
void forEachLateArrival(const Evidence& evidence, Late late) {
  std::unordered_map<std::uint64_t, Arrival> latest;  // by consumer and producer
  for (const Arrival& arrival : arrivalsOf(evidence)) {
    const std::uint64_t pair =
        (std::uint64_t{arrival.pop->process} << 32) | arrival.life->push->process;
    const auto [known, is_first] = latest.try_emplace(pair, arrival);
    if (is_first || known->second.life->push <= arrival.life->push) {
      known->second = arrival;
    } else if (!late(arrival, known->second)) {
      return;
    }
  }
}

}  // namespace

std::optional<Violation> findReordered(const Evidence& evidence) {
  std::optional<Violation> found;
  forEachLateArrival(evidence, [&](const Arrival& late, const Arrival& latest) {
    Finding finding(evidence, ViolationKind::Reordered);
    finding.add(*late.life);
    finding.add(*latest.life);
    found = finding.saying(
        fmt::format("{} was {}, after {}, which the same producer pushed later and the same "
                    "consumer had {}",
                    describePushed(*late.life), describe(*late.pop), describePushed(*latest.life),
                    describe(*latest.pop)));
    return false;
  });
  return found;
}

std::uint64_t countReordered(const Evidence& evidence) {
  std::uint64_t count = 0;
  forEachLateArrival(evidence, [&](const Arrival&, const Arrival&) {
    ++count;
    return true;
  });
  return count;
}

// --- order of all values ------------------------------------------------------------------------

namespace {

std::vector<const Life*> judgedByPushBeginning(const Evidence& evidence) {
  std::vector<const Life*> lives;
  for (const Life& life : evidence.lives()) {
    if (life.judged()) lives.push_back(&life);
  }
  std::stable_sort(lives.begin(), lives.end(), [](const Life* a, const Life* b) {
    return a->push->began_ns < b->push->began_ns;
  });
  return lives;
}

/// A sweep over the pushes by their beginning: of all values pushed wholly before it, the one whose
/// pop began last must not have been popped wholly after it. Calls `overtook(it, that one)` for
/// each value that was; ends when that answers false.
template <class Overtook>
void forEachOvertaking(const Evidence& evidence, Overtook overtook) {
  const std::vector<const Life*> by_beginning = judgedByPushBeginning(evidence);
  std::vector<const Life*> by_end = by_beginning;
  std::stable_sort(by_end.begin(), by_end.end(), [](const Life* a, const Life* b) {
    return a->push->ended_ns < b->push->ended_ns;
  });
  auto before = by_end.begin();
  const Life* last_popped = nullptr;
  for (const Life* later : by_beginning) {
    for (; before != by_end.end() && wholeBefore(*(*before)->push, *later->push); ++before) {
      const bool is_last =
          last_popped == nullptr || (*before)->pop->began_ns > last_popped->pop->began_ns;
      if (is_last) last_popped = *before;
    }
    if (last_popped == nullptr || !wholeBefore(*later->pop, *last_popped->pop)) continue;
    if (!overtook(*later, *last_popped)) return;
  }
}

}  // namespace

std::optional<Violation> findOvertaken(const Evidence& evidence) {
  std::optional<Violation> found;
  forEachOvertaking(evidence, [&](const Life& later, const Life& earlier) {
    Finding finding(evidence, ViolationKind::Overtaken);
    finding.add(earlier);
    finding.add(later);
    found = finding.saying(
        fmt::format("{} was {}, wholly after {}, which was pushed wholly after it, had been {}",
                    describePushed(earlier), describe(*earlier.pop), describePushed(later),
                    describe(*later.pop)));
    return false;
  });
  return found;
}

std::uint64_t countOvertaken(const Evidence& evidence) {
  std::uint64_t count = 0;
  forEachOvertaking(evidence, [&](const Life&, const Life&) {
    ++count;
    return true;
  });
  return count;
}

// --- what never came ----------------------------------------------------------------------------

namespace {

/// The value popped first of those pushed wholly after a never-popped one: by then the never-popped
/// one must have been taken by somebody.
struct PassedOver {
  const Life* life;
  const Life* by;  ///< null: nothing pushed wholly after it was popped
};

/// As Evidence::neverPopped(), by the end of the push; so `by` is popped later and later.
std::vector<PassedOver> passedOver(const Evidence& evidence) {
  const std::vector<const Life*> by_beginning = judgedByPushBeginning(evidence);
  std::vector<PassedOver> passed_over;
  auto after = by_beginning.rbegin();
  const Life* first_popped = nullptr;
  const std::span<const Life* const> never_popped = evidence.neverPopped();
  for (auto missing = never_popped.rbegin(); missing != never_popped.rend(); ++missing) {
    for (; after != by_beginning.rend() && wholeBefore(*(*missing)->push, *(*after)->push);
         ++after) {
      const bool is_first =
          first_popped == nullptr || (*after)->pop->ended_ns < first_popped->pop->ended_ns;
      if (is_first) first_popped = *after;
    }
    passed_over.push_back({*missing, first_popped});
  }
  std::reverse(passed_over.begin(), passed_over.end());
  return passed_over;
}

std::string excusedText(std::uint64_t excused) {
  if (excused == 0) return "";
  return fmt::format("; pops that never returned and declared drops explain {} at most, of {}",
                     excused, excused + 1);
}

/// `count` values, of which `excused` can be explained.
Violation lossOf(const Evidence& evidence, std::span<const PassedOver> missing,
                 std::uint64_t excused) {
  const PassedOver& last = missing.back();
  Finding finding(evidence, ViolationKind::Lost);
  finding.add(*last.life);
  for (const PassedOver& one : missing.first(missing.size() - 1)) finding.add(*one.life);
  if (last.by == nullptr) {
    finding.addUnreturnedPops(kNeverReturned);
    return finding.saying(fmt::format("{} was never popped, though the queue was drained{}",
                                      describePushed(*last.life), excusedText(excused)));
  }
  finding.add(*last.by);
  finding.addUnreturnedPops(last.by->pop->ended_ns);
  return finding.saying(
      fmt::format("{} was never popped, though {}, pushed wholly after it, was "
                  "{}{}",
                  describePushed(*last.life), describePushed(*last.by), describe(*last.by->pop),
                  excusedText(excused)));
}

}  // namespace

/// Hall's condition: whichever moment is taken, the values that must be gone by then are no more
/// than those that pops begun by then may have taken. `by` is popped later and later, so the values
/// that must be gone are always the first ones.
std::optional<Violation> findLost(const Evidence& evidence) {
  const std::vector<PassedOver> passed_over = passedOver(evidence);
  const std::span<const PassedOver> all(passed_over);
  for (std::size_t i = 0; i < all.size() && all[i].by != nullptr; ++i) {
    const std::uint64_t excused = evidence.excuses().until(all[i].by->pop->ended_ns);
    if (i + 1 > excused) return lossOf(evidence, all.first(i + 1), excused);
  }
  const std::uint64_t excused = evidence.excuses().total();
  if (!evidence.history().drained || all.size() <= excused) return std::nullopt;
  std::vector<PassedOver> gone(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(excused) + 1);
  gone.back().by = nullptr;
  return lossOf(evidence, gone, excused);
}

std::uint64_t countLost(const Evidence& evidence) {
  const std::vector<PassedOver> passed_over = passedOver(evidence);
  std::uint64_t lost = 0;
  const auto beyond = [&](std::uint64_t gone, std::uint64_t excused) {
    lost = std::max(lost, gone > excused ? gone - excused : 0);
  };
  for (std::size_t i = 0; i < passed_over.size() && passed_over[i].by != nullptr; ++i) {
    beyond(i + 1, evidence.excuses().until(passed_over[i].by->pop->ended_ns));
  }
  if (evidence.history().drained) beyond(passed_over.size(), evidence.excuses().total());
  return lost;
}

}  // namespace ringside::harness
