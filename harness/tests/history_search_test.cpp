// The checker against a search through all orders, on small random histories: both must say the
// same of each, whether all operations returned or some never did.
#include "harness/tests/history_search.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "harness/history/check.hpp"
#include "harness/history/time_line.hpp"
#include "harness/tests/operations.hpp"

namespace ringside::harness {
namespace {

/// What may occur in the histories of one test.
struct Mix {
  bool unreturned = false;
  bool drops = false;
  bool second_deliveries = false;
};

/// Random small histories; half of them are what a queue did, half of those with something changed.
class Maker {
 public:
  Maker(std::uint32_t seed, Mix mix) : random_(seed), mix_(mix) {}

  History next() {
    History history = historyOf(chance(2) ? behaved() : wild());
    history.drained = chance(2);
    for (int changes = chance(2) ? 0 : 1 + upTo(1); changes > 0; --changes) change(history);
    if (mix_.drops && chance(2)) history.declared_drops = static_cast<std::uint64_t>(upTo(3));
    if (mix_.second_deliveries) history.delivery = Delivery::AtLeastOnce;
    for (Operation& operation : history.operations) disturb(operation);
    assignProcesses(history);
    return history;
  }

  /// 0..most.
  int upTo(int most) { return std::uniform_int_distribution<int>(0, most)(random_); }

 private:
  bool chance(int one_in) { return upTo(one_in - 1) == 0; }
  std::int64_t timeUpTo(int most) { return upTo(most); }

  /// A queue is worked on one operation after the other, each within its interval.
  std::vector<Operation> behaved() {
    std::vector<Operation> operations;
    std::vector<std::uint64_t> content;
    std::uint64_t next_value = 1;
    const int count = 2 + upTo(6);
    const int spread = 1 + upTo(12);
    for (std::int64_t moment = 20; std::ssize(operations) < count; moment += upTo(4)) {
      const Times times{moment - timeUpTo(spread), moment + timeUpTo(spread)};
      if (chance(2) && next_value < 6) {
        content.push_back(next_value);
        operations.push_back(pushed(0, next_value++, times));
      } else if (content.empty()) {
        operations.push_back(sawEmpty(0, times));
      } else {
        operations.push_back(popped(0, content.front(), times));
        content.erase(content.begin());
      }
    }
    return operations;
  }

  std::vector<Operation> wild() {
    std::vector<Operation> operations;
    const std::uint64_t values = 1 + static_cast<std::uint64_t>(upTo(3));
    for (std::uint64_t value = 1; value <= values; ++value) {
      operations.push_back(pushed(0, value, anyTimes(10)));
      if (!chance(4)) operations.push_back(popped(0, value, laterTimes()));
    }
    for (int answers = upTo(1); answers > 0 && operations.size() < 8; --answers) {
      operations.push_back(sawEmpty(0, anyTimes(20)));
    }
    return operations;
  }

  Times anyTimes(int latest) {
    const std::int64_t began_ns = timeUpTo(latest);
    return {began_ns, began_ns + timeUpTo(6)};
  }
  Times laterTimes() {
    const Times times = anyTimes(14);
    return {times.began_ns + 3, times.ended_ns + 3};
  }

  Operation& any(History& history) {
    return history.operations[static_cast<std::size_t>(
        upTo(static_cast<int>(history.operations.size()) - 1))];
  }

  void change(History& history) {
    Operation& one = any(history);
    Operation& other = any(history);
    switch (upTo(3)) {
      case 0:
        if (one.action == Action::Pop && other.action == Action::Pop) {
          std::swap(one.value, other.value);
        }
        break;
      case 1:
        if (one.action == Action::Pop) one.value = other.value;
        break;
      case 2:
        std::swap(one.began_ns, other.began_ns);
        std::swap(one.ended_ns, other.ended_ns);
        break;
      default:
        if (history.operations.size() > 1) history.operations.erase(history.operations.begin());
    }
  }

  void disturb(Operation& operation) {
    if (mix_.unreturned && operation.action != Action::SawEmpty && chance(4)) {
      operation.ended_ns = kNeverReturned;
      operation.claimed = static_cast<std::uint32_t>(upTo(2));
    }
    const bool may_be_second = operation.action == Action::Pop && operation.returned();
    if (mix_.second_deliveries && may_be_second && chance(3)) operation.redelivered = true;
  }

  /// To few processes, each of which does one thing after the other.
  void assignProcesses(History& history) {
    std::vector<Operation>& operations = history.operations;
    std::stable_sort(
        operations.begin(), operations.end(),
        [](const Operation& a, const Operation& b) { return a.began_ns < b.began_ns; });
    std::vector<std::int64_t> free_after_ns;
    for (Operation& operation : operations) {
      const auto is_free = [&](std::int64_t after_ns) { return after_ns < operation.began_ns; };
      auto process = std::find_if(free_after_ns.begin(), free_after_ns.end(), is_free);
      if (process == free_after_ns.end()) process = free_after_ns.insert(process, 0);
      *process = operation.ended_ns;
      operation.process = static_cast<std::uint32_t>(process - free_after_ns.begin());
    }
  }

  std::mt19937 random_;
  Mix mix_;
};

std::string pictureOf(const History& history) {
  std::vector<std::size_t> all(history.operations.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return fmt::format("drained {}, declared drops {}, capacity {}\n{}", history.drained,
                     history.declared_drops, history.capacity, drawTimeLine(history, all));
}

constexpr int kHistories = 50'000;

/// How often each verdict came; a test that never sees one has not tested it.
struct Seen {
  int linearizable = 0;
  std::map<ViolationKind, int> violations;
};

Seen compare(std::uint32_t seed, Mix mix) {
  Maker maker(seed, mix);
  Seen seen;
  for (int i = 0; i < kHistories; ++i) {
    const History history = maker.next();
    const bool is_linearizable = linearizable(history);
    const std::optional<Violation> violation = firstViolation(history);
    EXPECT_EQ(is_linearizable, !violation)
        << "history " << i << ": " << (violation ? violation->sentence : "no violation") << "\n"
        << pictureOf(history);
    if (::testing::Test::HasFailure()) break;
    seen.linearizable += is_linearizable;
    if (violation) ++seen.violations[violation->kind];
  }
  return seen;
}

void expectAllSeen(const Seen& seen) {
  constexpr int kOften = 50;
  EXPECT_GT(seen.linearizable, 20 * kOften);
  for (const ViolationKind kind :
       {ViolationKind::Invented, ViolationKind::Duplicated, ViolationKind::Overtaken,
        ViolationKind::Reordered, ViolationKind::Lost, ViolationKind::FalselyEmpty}) {
    const auto found = seen.violations.find(kind);
    EXPECT_GT(found == seen.violations.end() ? 0 : found->second, kOften) << toString(kind);
  }
}

TEST(HistorySearchTest, AgreesWhereAllReturned) { expectAllSeen(compare(1, {})); }

TEST(HistorySearchTest, AgreesWhereSomeNeverReturned) {
  expectAllSeen(compare(2, {.unreturned = true}));
}

TEST(HistorySearchTest, AgreesWhereSomeNeverReturnedAndDropsWereDeclared) {
  expectAllSeen(compare(3, {.unreturned = true, .drops = true}));
}

TEST(HistorySearchTest, AgreesOnSecondDeliveries) {
  expectAllSeen(compare(4, {.unreturned = true, .drops = true, .second_deliveries = true}));
}

TEST(HistorySearchTest, ABoundedQueueIsNeverAccusedFalsely) {
  Maker maker(5, {.unreturned = true, .drops = true});
  int overfull = 0;
  int linearizable_count = 0;
  for (int i = 0; i < kHistories; ++i) {
    History history = maker.next();
    history.capacity = 1 + static_cast<std::uint64_t>(maker.upTo(2));
    const std::optional<Violation> violation = firstViolation(history);
    const bool is_linearizable = linearizable(history);
    ASSERT_FALSE(violation && is_linearizable) << violation->sentence << pictureOf(history);
    linearizable_count += is_linearizable;
    overfull += violation && violation->kind == ViolationKind::Overfull;
  }
  EXPECT_GT(linearizable_count, 1000);
  EXPECT_GT(overfull, 100);
}

// --- the search itself, on what is known --------------------------------------------------------

TEST(HistorySearchTest, SearchKnowsAQueueFromAStack) {
  const std::vector<Operation> pushes = {pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3})};
  History queue = historyOf(pushes);
  queue.operations.insert(queue.operations.end(), {popped(2, 1, {4, 5}), popped(2, 2, {6, 7})});
  EXPECT_TRUE(linearizable(queue));
  History stack = historyOf(pushes);
  stack.operations.insert(stack.operations.end(), {popped(2, 2, {4, 5}), popped(2, 1, {6, 7})});
  EXPECT_FALSE(linearizable(stack));
}

TEST(HistorySearchTest, SearchLetsAPopThatNeverReturnedTakeWhatItClaimed) {
  const Operation pop = neverPopped(2, 4, 2);
  EXPECT_TRUE(linearizable(drainedHistoryOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), pop})));
  EXPECT_FALSE(linearizable(
      drainedHistoryOf({pushed(1, 1, {0, 1}), pushed(1, 2, {2, 3}), pushed(1, 3, {4, 5}), pop})));
}

}  // namespace
}  // namespace ringside::harness
