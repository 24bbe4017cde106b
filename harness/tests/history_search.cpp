#include "harness/tests/history_search.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace ringside::harness {
namespace {

constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();

struct Step {
  enum class Kind { Push, Pop, SawEmpty, SecondDelivery, TakeAny, TakeThis };
  Kind kind;
  std::uint64_t value;
  std::int64_t began_ns;
  std::int64_t ended_ns;  ///< kNeverReturned: it may be left out
};

using Content = std::vector<std::uint64_t>;  // the oldest first

std::vector<Step> takesOfUnknown(const History& history) {
  std::vector<Step> steps;
  std::uint64_t claimed = 0;
  const auto add = [&](std::int64_t began_ns, std::uint64_t count) {
    steps.insert(steps.end(), count, {Step::Kind::TakeAny, 0, began_ns, kNeverReturned});
  };
  for (const Operation& operation : history.operations) {
    if (operation.action != Action::Pop || operation.returned()) continue;
    add(operation.began_ns, operation.claimed);
    claimed += operation.claimed;
  }
  if (history.declared_drops > claimed) add(kAlways, history.declared_drops - claimed);
  return steps;
}

Step stepOf(const Operation& operation, Delivery delivery) {
  Step::Kind kind = Step::Kind::Push;
  if (operation.action == Action::SawEmpty) kind = Step::Kind::SawEmpty;
  if (operation.action == Action::Pop) {
    const bool second = operation.redelivered && delivery == Delivery::AtLeastOnce;
    kind = second ? Step::Kind::SecondDelivery : Step::Kind::Pop;
  }
  return {kind, operation.value, operation.began_ns, operation.ended_ns};
}

std::vector<Step> stepsOf(const History& history) {
  std::vector<Step> steps = takesOfUnknown(history);
  std::set<std::uint64_t> first;
  std::set<std::uint64_t> second;
  for (const Operation& operation : history.operations) {
    if (operation.action == Action::Pop && !operation.returned()) continue;
    steps.push_back(stepOf(operation, history.delivery));
    if (steps.back().kind == Step::Kind::Pop) first.insert(operation.value);
    if (steps.back().kind == Step::Kind::SecondDelivery) second.insert(operation.value);
  }
  for (const std::uint64_t value : second) {  // its first delivery is not in the history
    if (first.contains(value)) continue;
    steps.push_back({Step::Kind::TakeThis, value, kAlways, kNeverReturned});
  }
  return steps;
}

class Search {
 public:
  explicit Search(const History& history) : history_(history), steps_(stepsOf(history)) {}

  bool succeedsFrom(std::uint32_t done, const Content& content) {
    if (isComplete(done, content)) return true;
    if (!tried_.emplace(done, content).second) return false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!mayBeNext(done, i)) continue;
      Content changed = content;
      if (apply(steps_[i], changed) && succeedsFrom(done | (1U << i), changed)) return true;
    }
    return false;
  }

 private:
  static bool isIn(std::uint32_t done, std::size_t i) { return (done & (1U << i)) != 0; }

  bool isComplete(std::uint32_t done, const Content& content) const {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!isIn(done, i) && steps_[i].ended_ns != kNeverReturned) return false;
    }
    return !history_.drained || content.empty();
  }

  /// No other one that is still to come had ended before it began.
  bool mayBeNext(std::uint32_t done, std::size_t next) const {
    if (isIn(done, next)) return false;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (!isIn(done, i) && steps_[i].ended_ns < steps_[next].began_ns) return false;
    }
    return true;
  }

  /// A second delivery says only that there was a push, begun by then: when it happened is judged
  /// by first deliveries.
  bool mayBePushed(const Step& second) const {
    return std::any_of(steps_.begin(), steps_.end(), [&](const Step& step) {
      return step.kind == Step::Kind::Push && step.value == second.value &&
             step.began_ns <= second.ended_ns;
    });
  }

  /// What a queue does, or false where it cannot.
  bool apply(const Step& step, Content& content) const {
    switch (step.kind) {
      case Step::Kind::Push:
        if (history_.capacity != 0 && content.size() == history_.capacity) return false;
        content.push_back(step.value);
        return true;
      case Step::Kind::SawEmpty:
        return content.empty();
      case Step::Kind::SecondDelivery:
        return mayBePushed(step);
      case Step::Kind::Pop:
      case Step::Kind::TakeThis:
        if (content.empty() || content.front() != step.value) return false;
        break;
      case Step::Kind::TakeAny:
        if (content.empty()) return false;
        break;
    }
    content.erase(content.begin());
    return true;
  }

  const History& history_;
  std::vector<Step> steps_;
  std::set<std::pair<std::uint32_t, Content>> tried_;
};

}  // namespace

bool linearizable(const History& history) { return Search(history).succeedsFrom(0, {}); }

}  // namespace ringside::harness
