// A process that stands still in the middle of an operation lives: nothing is repaired under it,
// whoever it blocks is told by whom and keeps its deadlines, and when it goes on all is well.
#include <sys/wait.h>

#include "survivors.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

template <class K>
class StopTest : public ::testing::Test {};
TYPED_TEST_SUITE(StopTest, SurvivingKinds, SurvivingNames);

/// So many that some are in the middle of a claim, in any build.
constexpr long kStops = 40;

bool isUntouched(const RepairCounts& counts) {
  return counts.abandoned == 0 && counts.drops == 0 && counts.redelivered == 0;
}

TYPED_TEST(StopTest, AProducerStoppedAtAnyInstructionOfAPushHoldsUpAtMostWhatIsBehindIt) {
  using K = TypeParam;
  Survivors<K> ring(4);
  std::vector<std::uint64_t> all;
  Element element{};
  std::unique_ptr<typename K::Policy::Producer> victim;
  bool blocked = false;
  Delivered received;
  const auto before = [&] {
    all = ring.fill(1);
    element = Element::of(ring.nextNumber());
    all.push_back(element.words.front());
    ring.makeWayForProducer();
  };
  const SteppedWork work([&] { victim = ring.newProducer(); },
                         [&] { return victim->push(&element); });
  const auto while_stopped = [&](SteppedChild& child) {
    received = ring.drain();
    if (!K::kOneProducer) {
      const auto more = ring.fill(2);  // room that the stopped one does not take
      all.insert(all.end(), more.begin(), more.end());
      const Delivered behind = ring.drain();
      received.in_order.insert(received.in_order.end(), behind.in_order.begin(),
                               behind.in_order.end());
      const std::uint32_t holder = ring.consumer().elementsHeldBy();
      EXPECT_TRUE(holder == 0 || holder == static_cast<std::uint32_t>(child.pid()));
      if (ring.consumer().pending() > 0) {
        blocked = true;
        EXPECT_EQ(holder, static_cast<std::uint32_t>(child.pid()));
        Element none{};
        EXPECT_EQ(ring.consumer().timedPop(&none, 1ms), -1);
        EXPECT_EQ(lastError, Errc::TimedOut);
      }
    }
    EXPECT_TRUE(isUntouched(ring.consumer().repairCounts()));
    EXPECT_EQ(child.finish(), 0);
  };
  const auto after = [&] {
    const Delivered late = ring.drain();
    received.in_order.insert(received.in_order.end(), late.in_order.begin(), late.in_order.end());
    std::sort(received.in_order.begin(), received.in_order.end());
    EXPECT_EQ(received.in_order, all);
    ring.open();
    ring.expectFullCapacity();
    EXPECT_TRUE(isUntouched(ring.counts()));
  };
  if (!stopAtEachInstructionOf({before, work, after, kStops}, while_stopped))
    GTEST_SKIP() << kNoTracing;
  EXPECT_EQ(blocked, !K::kOneProducer);
}

TYPED_TEST(StopTest, AConsumerStoppedAtAnyInstructionOfAPopKeepsItsElementAndItsRoom) {
  using K = TypeParam;
  Survivors<K> ring(2);
  std::vector<std::uint64_t> all;
  std::unique_ptr<typename K::Policy::Consumer> victim;
  const Shared<std::atomic<std::uint64_t>> popped(0U);
  bool blocked = false;
  Delivered received;
  const auto before = [&] {
    all = ring.fill(2);
    *popped = 0;
    ring.makeWayForConsumer();
  };
  const SteppedWork work([&] { victim = ring.newConsumer(); },
                         [&] {
                           Element element{};
                           const int result = victim->pop(&element);
                           *popped = element.whole() ? element.words.front() : 0;
                           return result;
                         });
  const auto while_stopped = [&](SteppedChild& child) {
    if (!K::kOneConsumer) received = ring.drain();
    std::uint64_t pushed = 0;
    Element more = Element::of(ring.nextNumber());
    for (int tries = 0; tries < kTriesWithTwoLooks; ++tries) {
      if (ring.producer().tryPush(&more) == -1) continue;
      all.push_back(more.words.front());
      more = Element::of(ring.nextNumber());
      ++pushed;
    }
    EXPECT_EQ(ring.producer().timedPush(&more, 1ms), -1) << "there was no room";
    EXPECT_EQ(lastError, Errc::TimedOut);
    if (!K::kOneConsumer && pushed == 0) {
      blocked = true;
      EXPECT_EQ(ring.producer().roomHeldBy(), static_cast<std::uint32_t>(child.pid()));
    }
    EXPECT_TRUE(isUntouched(ring.counts()));
    EXPECT_EQ(child.finish(), 0);
  };
  const auto after = [&] {
    ring.open();
    const Delivered late = ring.drain();
    std::vector<std::uint64_t> seen = received.in_order;
    seen.insert(seen.end(), late.in_order.begin(), late.in_order.end());
    if (*popped != 0) seen.push_back(*popped);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, all);
    received = {};
    ring.expectFullCapacity();
    EXPECT_TRUE(isUntouched(ring.counts()));
  };
  if (!stopAtEachInstructionOf({before, work, after, kStops}, while_stopped))
    GTEST_SKIP() << kNoTracing;
  EXPECT_EQ(blocked, !K::kOneConsumer);
}

}  // namespace
}  // namespace ringside
