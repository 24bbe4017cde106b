// Every operation of a ring, killed at each of its instructions: what the survivors then find. The
// ring is the same throughout, so each death finds it where the one before has left it.
#include "survivors.hpp"

namespace ringside {
namespace {

constexpr std::uint64_t kCapacities[] = {1, 2, 3, 4};  // 3 in 4 slots
constexpr std::uint64_t kMostInAnOperation = 3;

template <class K>
class ProducerKillTest : public ::testing::Test {};
TYPED_TEST_SUITE(ProducerKillTest, SurvivingKinds, SurvivingNames);

/// Kills `operate(producer, elements)` on a half full ring. Of `elements`, the first `published`
/// of those that fit are visible when it is done.
template <class K, class Operate>
void killProducerAt(std::uint64_t capacity, std::uint64_t published, Operate&& operate) {
  Survivors<K> ring(capacity);
  std::vector<std::uint64_t> confirmed;
  std::vector<Element> elements;
  std::unique_ptr<typename K::Policy::Producer> victim;
  const std::uint64_t most = std::min(published, capacity - capacity / 2);
  std::vector<int> seen(most + 1);

  const auto before = [&] {
    confirmed = ring.fill(capacity / 2);
    elements.clear();
    while (elements.size() < kMostInAnOperation) elements.push_back(Element::of(ring.nextNumber()));
    ring.makeWayForProducer();
  };
  const auto after = [&] {
    ring.open();
    // One more, behind which nothing may come to light that was not there before it.
    const Element later = Element::of(ring.nextNumber());
    const bool pushed_later = ring.producer().tryPush(&later) == 0;
    Delivered delivered = ring.drain();
    if (pushed_later) {
      ASSERT_FALSE(delivered.in_order.empty());
      EXPECT_EQ(delivered.in_order.back(), later.words.front());
      delivered.in_order.pop_back();
    }
    std::vector<std::uint64_t> expected = confirmed;
    const std::uint64_t more =
        delivered.in_order.size() - std::min(confirmed.size(), delivered.in_order.size());
    ASSERT_LE(more, most);
    EXPECT_TRUE(!K::kOneProducer || more == 0 || more == most) << "a batch is all or nothing";
    for (std::uint64_t i = 0; i < more; ++i) expected.push_back(elements[i].words.front());
    ++seen[more];
    EXPECT_EQ(delivered.in_order, expected);
    EXPECT_TRUE(delivered.again.empty());
    ring.expectFullCapacity();
    EXPECT_EQ(ring.newDrops(), 0U);
  };
  const SteppedWork work([&] { victim = ring.newProducer(); },
                         [&] {
                           operate(*victim, elements);
                           return 0;
                         });
  if (!killAtEachInstructionOf({before, work, after}, capacity)) GTEST_SKIP() << kNoTracing;
  EXPECT_GT(seen.front(), 0) << "never killed before it was published";
  EXPECT_GT(seen.back(), 0) << "never killed after it was published";
}

template <class K, class Operate>
void killProducer(std::uint64_t published, Operate&& operate) {
  for (const std::uint64_t capacity : kCapacities) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    killProducerAt<K>(capacity, published, operate);
  }
}

using Elements = const std::vector<Element>&;

TYPED_TEST(ProducerKillTest, KilledInAPushItLeavesTheElementOrNone) {
  killProducer<TypeParam>(1, [](auto& victim, Elements elements) { victim.push(&elements[0]); });
}

TYPED_TEST(ProducerKillTest, KilledInABatchItLeavesThoseThatItHadPublished) {
  killProducer<TypeParam>(
      3, [](auto& victim, Elements elements) { victim.tryPush(elements.data(), 3); });
}

/// Claims two, fills what it got, and commits the first `committed`.
template <class Producer>
void claimAndCommit(Producer& victim, Elements elements, std::size_t committed) {
  auto claimed = victim.tryClaim(2);
  for (std::size_t i = 0; i < claimed.size(); ++i) {
    *static_cast<Element*>(claimed[i]) = elements[i];
  }
  claimed.commit(committed);
}

TYPED_TEST(ProducerKillTest, KilledFromClaimToCommitItLeavesThoseThatItHadCommitted) {
  killProducer<TypeParam>(
      2, [](auto& victim, Elements elements) { claimAndCommit(victim, elements, 2); });
}

TYPED_TEST(ProducerKillTest, KilledInACommitOfAPartItLeavesThatPartOrNone) {
  killProducer<TypeParam>(
      1, [](auto& victim, Elements elements) { claimAndCommit(victim, elements, 1); });
}

TYPED_TEST(ProducerKillTest, KilledInAnAbortItLeavesNothing) {
  killProducer<TypeParam>(
      0, [](auto& victim, Elements elements) { claimAndCommit(victim, elements, 0); });
}

// The flag that somebody sleeps is up, so that the push goes on to wake.
TYPED_TEST(ProducerKillTest, KilledWhileItWakesItLeavesTheElementOrNone) {
  for (const std::uint64_t capacity : {1U, 4U}) {
    Survivors<TypeParam> ring(capacity);
    std::unique_ptr<typename TypeParam::Policy::Producer> victim;
    Element element{};
    const auto before = [&] {
      Element none{};
      ASSERT_EQ(ring.consumer().timedPop(&none, std::chrono::milliseconds(1)), -1);
      element = Element::of(ring.nextNumber());
      ring.makeWayForProducer();
    };
    const auto after = [&] {
      ring.open();
      const Delivered delivered = ring.drain();
      EXPECT_TRUE(delivered.in_order.empty() ||
                  delivered.in_order == std::vector{element.words.front()});
      ring.expectFullCapacity();
    };
    const SteppedWork work([&] { victim = ring.newProducer(); },
                           [&] { return victim->push(&element); });
    if (!killAtEachInstructionOf({before, work, after}, capacity)) GTEST_SKIP() << kNoTracing;
  }
}

template <class K>
class ConsumerKillTest : public ::testing::Test {};
TYPED_TEST_SUITE(ConsumerKillTest, SurvivingKinds, SurvivingNames);

/// What may be left of `confirmed` when a consumer of up to `taken` was killed.
template <class K>
void expectLeft(const std::vector<std::uint64_t>& confirmed, std::uint64_t taken,
                const Delivered& delivered, std::uint64_t drops) {
  const std::uint64_t found = delivered.in_order.size() + delivered.again.size();
  ASSERT_LE(found, confirmed.size());
  const std::uint64_t missing = confirmed.size() - found;
  EXPECT_LE(missing, taken);
  const bool drops_some = !K::kOneConsumer && K::kDelivery == Delivery::AtMostOnce;
  EXPECT_LE(drops, drops_some ? missing : 0U);
  if (K::kOneProducer || drops_some) {
    EXPECT_TRUE(missing == 0 || missing == taken) << "it was taken as a whole";
  }
  EXPECT_TRUE(K::kDelivery == Delivery::AtLeastOnce || delivered.again.empty());
  EXPECT_TRUE(std::is_sorted(delivered.in_order.begin(), delivered.in_order.end()));
  std::vector<std::uint64_t> all = delivered.in_order;
  all.insert(all.end(), delivered.again.begin(), delivered.again.end());
  std::sort(all.begin(), all.end());
  const auto first_left = confirmed.begin() + static_cast<std::ptrdiff_t>(missing);
  EXPECT_EQ(all, std::vector<std::uint64_t>(first_left, confirmed.end()));
}

/// Kills `operate(consumer)`, which takes up to `wanted`, on a full ring that begins with
/// `abandoned` slots.
template <class K, class Operate>
void killConsumerAt(std::uint64_t capacity, std::uint64_t wanted, std::uint64_t abandoned,
                    Operate&& operate) {
  Survivors<K> ring(capacity);
  std::vector<std::uint64_t> confirmed;
  std::unique_ptr<typename K::Policy::Consumer> victim;
  const std::uint64_t taken = std::min(wanted, capacity - abandoned);
  bool kept_all = false;
  bool lost_some = false;

  const auto before = [&] {
    if (abandoned > 0) ring.producer().tryClaim(abandoned).abort();
    confirmed = ring.fill(capacity - abandoned);
    ring.makeWayForConsumer();
  };
  const auto after = [&] {
    ring.open();
    const Delivered delivered = ring.drain();
    ring.expectFullCapacity();  // a producer frees what a dead consumer has taken
    expectLeft<K>(confirmed, taken, delivered, ring.newDrops());
    const bool all = delivered.in_order.size() + delivered.again.size() == confirmed.size();
    kept_all |= all;
    lost_some |= !all;
  };
  const SteppedWork work([&] { victim = ring.newConsumer(); },
                         [&] {
                           operate(*victim);
                           return 0;
                         });
  if (!killAtEachInstructionOf({before, work, after}, capacity)) GTEST_SKIP() << kNoTracing;
  EXPECT_TRUE(kept_all) << "never killed before it had taken";
  EXPECT_EQ(lost_some, taken > 0) << "whether it was ever killed after it had taken";
}

template <class K, class Operate>
void killConsumer(std::uint64_t wanted, std::uint64_t abandoned, Operate&& operate) {
  for (const std::uint64_t capacity : kCapacities) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    killConsumerAt<K>(capacity, wanted, abandoned, operate);
    if (::testing::Test::HasFailure() || ::testing::Test::IsSkipped()) return;
  }
}

TYPED_TEST(ConsumerKillTest, KilledInAPopItHasTheElementOrSurvivorsGetIt) {
  killConsumer<TypeParam>(1, 0, [](auto& victim) {
    Element element{};
    victim.pop(&element);
  });
}

TYPED_TEST(ConsumerKillTest, KilledInABatchItHasElementsOrSurvivorsGetThem) {
  killConsumer<TypeParam>(3, 0, [](auto& victim) {
    Element elements[3] = {};
    victim.tryPop(elements, 3);
  });
}

TYPED_TEST(ConsumerKillTest, KilledFromTakeToReleaseItHasElementsOrSurvivorsGetThem) {
  killConsumer<TypeParam>(2, 0, [](auto& victim) { victim.tryTake(2).release(); });
}

TYPED_TEST(ConsumerKillTest, KilledWhileItStepsOverAbandonedSlotsItLosesNothingElse) {
  if (TypeParam::kOneProducer) GTEST_SKIP() << "an aborted claim of SPSC leaves no slot behind";
  killConsumer<TypeParam>(1, 1, [](auto& victim) {
    Element element{};
    victim.tryPop(&element);
  });
}

}  // namespace
}  // namespace ringside
