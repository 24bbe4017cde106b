#include "harness/history/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace ringside::harness {

Excuses::Excuses(const History& history) {
  std::uint64_t claimed = 0;
  for (const Operation& operation : history.operations) {
    if (operation.action != Action::Pop || operation.returned()) continue;
    claims_.push_back({operation.began_ns, operation.claimed});
    claimed += operation.claimed;
  }
  if (history.declared_drops > claimed) {
    claims_.push_back({std::numeric_limits<std::int64_t>::min(), history.declared_drops - claimed});
  }
  std::sort(claims_.begin(), claims_.end(),
            [](const Claim& a, const Claim& b) { return a.began_ns < b.began_ns; });
  std::uint64_t sum = 0;
  for (Claim& claim : claims_) claim.sum = sum += claim.sum;
}

std::uint64_t Excuses::until(std::int64_t time_ns) const noexcept {
  const auto later =
      std::upper_bound(claims_.begin(), claims_.end(), time_ns,
                       [](std::int64_t time, const Claim& claim) { return time < claim.began_ns; });
  return later == claims_.begin() ? 0 : std::prev(later)->sum;
}

Evidence::Evidence(const History& history) : history_(history), excuses_(history) {
  for (const Operation& operation : history.operations) {
    const bool has_value = operation.action == Action::Push ||
                           (operation.action == Action::Pop && operation.returned());
    if (has_value) by_value_.push_back(&operation);
  }
  // Of operations that began at once the one that stands first; a push before its pops.
  std::sort(by_value_.begin(), by_value_.end(), [](const Operation* a, const Operation* b) {
    return std::tuple(a->value, a->action, a->began_ns, a) <
           std::tuple(b->value, b->action, b->began_ns, b);
  });
  const std::span<const Operation* const> all(by_value_);
  for (std::size_t from = 0; from < all.size();) {
    std::size_t to = from;
    while (to < all.size() && all[to]->value == all[from]->value) ++to;
    addLife(all.subspan(from, to - from));
    from = to;
  }
  for (const Life& life : lives_) {
    if (life.neverPopped()) never_popped_.push_back(&life);
  }
  std::stable_sort(never_popped_.begin(), never_popped_.end(), [](const Life* a, const Life* b) {
    return a->push->ended_ns < b->push->ended_ns;
  });
}

void Evidence::addLife(std::span<const Operation* const> operations) {
  Life life{.value = operations[0]->value, .pops = operations};
  if (operations[0]->action == Action::Push) {
    life.push = operations[0];
    life.pops = operations.subspan(1);
  }
  if (!life.pops.empty() && life.pops[0]->action == Action::Push) {
    throw std::invalid_argument(
        fmt::format("value {} is pushed twice; a history can be judged only where every push has "
                    "a value of its own",
                    life.value));
  }
  const auto judged = std::find_if(life.pops.begin(), life.pops.end(),
                                   [&](const Operation* pop) { return !exempt(*pop); });
  if (judged != life.pops.end()) life.pop = *judged;
  lives_.push_back(life);
}

}  // namespace ringside::harness
