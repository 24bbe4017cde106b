#include "harness/history/shrink.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "harness/history/check.hpp"

namespace ringside::harness {
namespace {

bool isUnreturnedPop(const Operation& operation) {
  return operation.action == Action::Pop && !operation.returned();
}

bool hasValue(const Operation& operation) {
  return operation.action != Action::SawEmpty && !isUnreturnedPop(operation);
}

/// What goes or stays as a whole: a value with all its operations, or one answer of empty.
struct Unit {
  enum class Kind { Value, Empty };
  Kind kind;
  std::uint64_t key;  ///< the value, or the position of the answer
  friend auto operator<=>(const Unit&, const Unit&) = default;
};

/// None for pops that never returned: these are what excuses others.
std::optional<Unit> unitOf(const History& history, std::size_t position) {
  const Operation& operation = history.operations[position];
  if (isUnreturnedPop(operation)) return std::nullopt;
  if (hasValue(operation)) return Unit{Unit::Kind::Value, operation.value};
  return Unit{Unit::Kind::Empty, position};
}

using Units = std::vector<Unit>;  // ascending, each once

void sortOut(Units& units) {
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
}

template <class Chosen>
Units unitsWhere(const History& history, Chosen chosen) {
  Units units;
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const std::optional<Unit> unit = unitOf(history, i);
    if (unit && chosen(history.operations[i])) units.push_back(*unit);
  }
  sortOut(units);
  return units;
}

Units allUnits(const History& history) {
  return unitsWhere(history, [](const Operation&) { return true; });
}

History without(const History& history, const Units& gone) {
  History rest = history;
  rest.operations.clear();
  for (std::size_t i = 0; i < history.operations.size(); ++i) {
    const std::optional<Unit> unit = unitOf(history, i);
    const bool stays = !unit || !std::binary_search(gone.begin(), gone.end(), *unit);
    if (stays) rest.operations.push_back(history.operations[i]);
  }
  return rest;
}

std::uint64_t totalClaims(const History& history) {
  std::uint64_t sum = 0;
  for (const Operation& operation : history.operations) {
    if (isUnreturnedPop(operation)) sum += operation.claimed;
  }
  return sum;
}

/// With another number of values that this pop may have taken, 0 for leaving it out; as many values
/// as before stay excused by declared drops alone.
History withClaim(const History& history, std::size_t position, std::uint32_t claimed) {
  History changed = history;
  const std::uint64_t before = totalClaims(history);
  const std::uint64_t after = before - history.operations[position].claimed + claimed;
  const bool drops_excuse = history.declared_drops > before;
  changed.declared_drops = drops_excuse ? history.declared_drops - before + after
                                        : std::min(history.declared_drops, after);
  if (claimed > 0) {
    changed.operations[position].claimed = claimed;
  } else {
    changed.operations.erase(changed.operations.begin() + static_cast<std::ptrdiff_t>(position));
  }
  return changed;
}

class Shrinker {
 public:
  Shrinker(const History& history, ViolationKind kind) : current_(history), kind_(kind) {}

  /// Coarse steps first: each one taken makes all that follow cheaper.
  History shrink(const Violation& violation) {
    keepOnly(violation);
    dropProcesses();
    for (std::size_t before = 0; before != current_.operations.size();) {
      before = current_.operations.size();
      dropUnits();
      dropClaims();
    }
    return std::move(current_);
  }

 private:
  bool spent() const { return checks_ >= kMaxShrinkChecks; }

  bool stillFails(const History& candidate) {
    if (spent()) return false;
    ++checks_;
    const std::optional<Violation> violation = firstViolation(candidate);
    return violation && violation->kind == kind_;
  }

  bool take(History candidate) {
    if (!stillFails(candidate)) return false;
    current_ = std::move(candidate);
    return true;
  }

  void keepOnly(const Violation& violation);
  void dropProcesses();
  void dropUnits();
  void dropClaims();
  bool dropOneClaim(std::size_t position);

  History current_;
  ViolationKind kind_;
  int checks_ = 0;
};

void Shrinker::keepOnly(const Violation& violation) {
  Units kept;
  for (const std::size_t position : violation.operations) {
    if (const std::optional<Unit> unit = unitOf(current_, position)) kept.push_back(*unit);
  }
  sortOut(kept);
  Units gone;
  const Units all = allUnits(current_);
  std::set_difference(all.begin(), all.end(), kept.begin(), kept.end(), std::back_inserter(gone));
  take(without(current_, gone));
}

/// With every value that the process pushed or popped.
void Shrinker::dropProcesses() {
  std::set<std::uint32_t> processes;
  for (const Operation& operation : current_.operations) processes.insert(operation.process);
  for (const std::uint32_t process : processes) {
    take(without(current_, unitsWhere(current_, [&](const Operation& operation) {
                   return operation.process == process;
                 })));
  }
}

/// Halves, quarters … and at last single ones, until none of these can go.
void Shrinker::dropUnits() {
  std::size_t chunk = allUnits(current_).size();
  while (chunk > 0 && !spent()) {
    bool any_gone = false;
    for (std::size_t from = 0; !spent();) {
      const Units units = allUnits(current_);
      if (from >= units.size()) break;
      const std::size_t to = std::min(from + chunk, units.size());
      const auto at = [&](std::size_t i) { return units.begin() + static_cast<std::ptrdiff_t>(i); };
      const bool gone = take(without(current_, Units(at(from), at(to))));
      any_gone = any_gone || gone;
      if (!gone) from = to;
    }
    if (chunk > 1 || !any_gone) chunk /= 2;
  }
}

/// Whatever this pop took, the violation stays: then it explains nothing. Else it gives up claims
/// one by one, each with a never-popped value.
bool Shrinker::dropOneClaim(std::size_t position) {
  if (current_.operations[position].claimed == 0) return take(withClaim(current_, position, 0));
  constexpr std::uint32_t kAnything = std::numeric_limits<std::uint32_t>::max();
  if (stillFails(withClaim(current_, position, kAnything))) {
    return take(withClaim(current_, position, 0));
  }
  std::set<std::uint64_t> popped;
  for (const Operation& operation : current_.operations) {
    if (operation.action == Action::Pop && operation.returned()) popped.insert(operation.value);
  }
  const std::uint32_t fewer = current_.operations[position].claimed - 1;
  const History lighter = withClaim(current_, position, fewer);
  const Units never_popped = unitsWhere(current_, [&](const Operation& operation) {
    return operation.action == Action::Push && !popped.contains(operation.value);
  });
  return std::any_of(never_popped.begin(), never_popped.end(),
                     [&](const Unit& unit) { return take(without(lighter, {unit})); });
}

void Shrinker::dropClaims() {
  for (std::size_t position = 0; position < current_.operations.size();) {
    const bool claims = isUnreturnedPop(current_.operations[position]) && !spent();
    const bool gone = claims && dropOneClaim(position);
    position = gone ? 0 : position + 1;  // what went may have stood before it
  }
}

}  // namespace

History shrink(const History& history) {
  const std::optional<Violation> violation = firstViolation(history);
  if (!violation) return history;
  History small = Shrinker(history, violation->kind).shrink(*violation);
  small.notes.try_emplace("shrunk_from", std::to_string(history.operations.size()) + " operations");
  return small;
}

}  // namespace ringside::harness
