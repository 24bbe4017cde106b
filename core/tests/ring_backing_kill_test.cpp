// Every policy in every kind of memory that processes can share, a user of which is killed in a
// push and in a pop. The steps in between are all tried in one kind of memory, in
// ring_kill_test.cpp: here is asked whether the locks that tell the living from the dead work in
// each of them.
#include "ring_kinds.hpp"
#include "survivors.hpp"

namespace ringside {
namespace {

constexpr std::uint64_t kCapacity = 3;
/// Deaths in one operation; RINGSIDE_KILL_STEPS is how many times as many.
constexpr long kPoints = 10;

template <class K>
class BackingKillTest : public RingTest<K> {};
TYPED_TEST_SUITE_P(BackingKillTest);

/// What a survivor found, in memory that outlives it. Every survivor is a process of its own: what
/// this one would attach to it would keep from the others.
struct Found {
  std::uint64_t count;
  std::array<std::uint64_t, kCapacity + 1> numbers;
  bool torn;
  std::uint64_t room;
  std::uint64_t came_back;
};

template <class Queue>
int fill(Queue& queue, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    if (queue.timedPush(Element::of(first + i), kNeverReached) == -1) return 1;
  }
  return 0;
}

/// Everything that is to be had, then as much as goes in, and that back again.
template <class Queue>
int survive(Queue& queue, Found& found) {
  Element element{};
  const auto drain = [&](auto&& receive) {
    for (int tries = 0; tries < kTriesWithTwoLooks; ++tries) {
      if (queue.tryPop(element) == -1) continue;
      receive(element);
      tries = 0;
    }
  };
  found = {};
  drain([&](const Element& received) {
    found.torn = found.torn || !received.whole();
    if (found.count < found.numbers.size()) found.numbers[found.count] = received.words[0];
    ++found.count;
  });
  for (int tries = 0; tries < kTriesWithTwoLooks; ++tries) {
    if (queue.tryPush(Element::of(1)) == -1) continue;
    ++found.room;
    tries = 0;
  }
  drain([&](const Element&) { ++found.came_back; });
  return 0;
}

/// One operation of one process, and what there is before it.
template <class Queue>
struct Victim {
  std::uint64_t filled;                 ///< numbers from 1 on
  std::function<void(Queue&)> prepare;  ///< attaches it
  std::function<int(Queue&)> work;      ///< is killed in this
  std::vector<std::uint64_t> if_not;    ///< what is left when it died before it had an effect
  std::vector<std::uint64_t> if_it_was;
};

template <class Queue>
void killIn(Queue& queue, const Victim<Queue>& victim) {
  const Shared<Found> found;
  std::size_t without = 0;
  std::size_t with = 0;
  const SteppedWork work([&] { victim.prepare(queue); }, [&] { return victim.work(queue); });
  const auto fillIt = [&] {
    ASSERT_EQ(resultOf(inChild([&] { return fill(queue, 1, victim.filled); })), 0);
  };
  const auto check = [&] {
    ASSERT_EQ(resultOf(inChild([&] { return survive(queue, *found); })), 0);
    ASSERT_LE(found->count, kCapacity);
    const auto begin = found->numbers.begin();
    const std::vector<std::uint64_t> left(begin, begin + static_cast<std::ptrdiff_t>(found->count));
    EXPECT_TRUE(left == victim.if_not || left == victim.if_it_was)
        << ::testing::PrintToString(left);
    without += left == victim.if_not;
    with += left == victim.if_it_was;
    EXPECT_FALSE(found->torn);
    EXPECT_EQ(found->room, kCapacity);
    EXPECT_EQ(found->came_back, kCapacity);
  };
  fillIt();
  const long steps = instructionsOf(work);
  if (steps == 0) GTEST_SKIP() << kNoTracing;
  check();
  const long points = std::min(steps, kPoints * killSteps());
  for (long point = 0; point < points && !::testing::Test::HasFailure(); ++point) {
    SCOPED_TRACE("killed at point " + std::to_string(point) + " of " + std::to_string(points));
    fillIt();
    {
      SteppedChild child(work);
      stepTo(child, steps * point / points);
    }
    check();
  }
  EXPECT_GT(without, 0U) << "never killed before it had an effect";
  EXPECT_GT(with, 0U) << "never killed after it had an effect";
}

RINGSIDE_RING_TEST(BackingKillTest, KilledInAPushItLeavesTheElementOrNone) {
  const auto queue = rings.template make<Element>(kCapacity);
  using Queue = std::remove_reference_t<decltype(*queue)>;
  killIn<Queue>(*queue, {.filled = 1,
                         .prepare = [](Queue& victim) { victim.tryClaim().abort(); },
                         .work = [](Queue& victim) { return victim.tryPush(Element::of(2)); },
                         .if_not = {1},
                         .if_it_was = {1, 2}});
}

RINGSIDE_RING_TEST(BackingKillTest, KilledInAPopItHasTheElementOrSurvivorsGetIt) {
  const auto queue = rings.template make<Element>(kCapacity);
  using Queue = std::remove_reference_t<decltype(*queue)>;
  Element element{};
  killIn<Queue>(*queue, {.filled = 3,
                         .prepare = [&](Queue& victim) { victim.tryPop(element); },
                         .work = [&](Queue& victim) { return victim.tryPop(element); },
                         .if_not = {2, 3},
                         .if_it_was = {3}});
}

REGISTER_TYPED_TEST_SUITE_P(BackingKillTest, KilledInAPushItLeavesTheElementOrNone,
                            KilledInAPopItHasTheElementOrSurvivorsGetIt);
INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, BackingKillTest, KindsBetweenProcesses<Spsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpsc, BackingKillTest, KindsBetweenProcesses<Mpsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpmc, BackingKillTest, KindsBetweenProcesses<Mpmc>, KindNames);

}  // namespace
}  // namespace ringside
