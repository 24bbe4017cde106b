// Deaths in what is rare: attaching and detaching, going to sleep, and repairing what another death
// has left, so that a third one has to do with both.
#include "survivors.hpp"
#include "system_call_stops.hpp"

namespace ringside {
namespace {

template <class K>
class AttachKillTest : public ::testing::Test {};
TYPED_TEST_SUITE(AttachKillTest, SurvivingKinds, SurvivingNames);

/// Kills `work` on a full ring, by instructions and at system calls, and expects that a fresh
/// process finds all, and room. The work takes nothing and adds nothing.
template <class K, class Prepare, class Work>
void killBeside(Role role, Prepare&& prepare, Work&& work) {
  Survivors<K> ring(3);
  std::vector<std::uint64_t> confirmed;
  const auto before = [&] {
    confirmed = ring.fill(3);
    role == Role::Producer ? ring.makeWayForProducer() : ring.makeWayForConsumer();
  };
  const auto after = [&] {
    ring.open();
    EXPECT_EQ(ring.drain().in_order, confirmed);
    ring.expectFullCapacity();
    EXPECT_EQ(ring.newDrops(), 0U);
  };
  const SteppedWork stepped([&] { prepare(ring); },
                            [&] {
                              work(ring);
                              return 0;
                            });
  if (!killAtEachInstructionOf({before, stepped, after, 3})) GTEST_SKIP() << kNoTracing;
  before();
  const auto all = [&] {
    prepare(ring);
    work(ring);
    return 0;
  };
  const int stops = killAtSystemCallsOf(all, [&] {
    after();
    before();
  });
  EXPECT_GT(stops, 10);
  after();
}

TYPED_TEST(AttachKillTest, KilledWhileItAttachesAsProducerItLeavesTheRingToOthers) {
  killBeside<TypeParam>(
      Role::Producer, [](auto&) {}, [](auto& ring) { ring.newProducer(); });
}

TYPED_TEST(AttachKillTest, KilledWhileItAttachesAsConsumerItLeavesTheRingToOthers) {
  killBeside<TypeParam>(
      Role::Consumer, [](auto&) {}, [](auto& ring) { ring.newConsumer(); });
}

TYPED_TEST(AttachKillTest, KilledWhileItDetachesItLeavesTheRingToOthers) {
  std::unique_ptr<typename TypeParam::Policy::Producer> victim;
  killBeside<TypeParam>(
      Role::Producer, [&](auto& ring) { victim = ring.newProducer(); },
      [&](auto&) { victim.reset(); });
}

TYPED_TEST(AttachKillTest, KilledOnItsWayToSleepOnAFullRingItLeavesTheRingToOthers) {
  std::unique_ptr<typename TypeParam::Policy::Producer> victim;
  killBeside<TypeParam>(
      Role::Producer, [&](auto& ring) { victim = ring.newProducer(); },
      [&](auto&) {
        const Element element = Element::of(0);
        victim->timedPush(&element, std::chrono::milliseconds(1));
      });
}

template <class K>
class SleeperKillTest : public ::testing::Test {};
TYPED_TEST_SUITE(SleeperKillTest, SurvivingKinds, SurvivingNames);

TYPED_TEST(SleeperKillTest, KilledOnItsWayToSleepOnAnEmptyRingItTakesNothing) {
  Survivors<TypeParam> ring(2);
  const auto before = [&] { ring.makeWayForConsumer(); };
  const auto after = [&] {
    ring.open();
    ring.expectFullCapacity();
    EXPECT_EQ(ring.newDrops(), 0U);
  };
  std::unique_ptr<typename TypeParam::Policy::Consumer> victim;
  const auto prepare = [&] { victim = ring.newConsumer(); };
  const auto sleep = [&] {
    Element element{};
    return victim->timedPop(&element, std::chrono::milliseconds(1));
  };
  if (!killAtEachInstructionOf({before, {prepare, sleep}, after})) GTEST_SKIP() << kNoTracing;
  before();
  const auto all = [&] {
    prepare();
    return sleep();
  };
  EXPECT_GT(killAtSystemCallsOf(all, [&] { after(), before(); }), 10);
}

/// Lets `work` be done by a process that then dies without giving anything back.
void inDyingProcess(const std::function<void()>& work) {
  const ::pid_t child = inChild([&] {
    work();
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(resultOf(child), 1000 + SIGKILL);
}

/// One try less than it takes at one position until a side looks for the dead.
constexpr int kTriesBeforeALook = 2 * Stall::kFirstTries - 1;

template <class K>
class RepairKillTest : public ::testing::Test {};
using KindsWithAbandonedSlots =
    ::testing::Types<Surviving<Mpsc>, Surviving<Mpmc>, Surviving<Mpmc, Delivery::AtLeastOnce>>;
TYPED_TEST_SUITE(RepairKillTest, KindsWithAbandonedSlots, SurvivingNames);

TYPED_TEST(RepairKillTest, AThirdRepairsADeadProducerWhoseRepairerDiedToo) {
  for (const std::uint64_t claimed : {1U, 2U}) {
    Survivors<TypeParam> ring(4);
    std::vector<std::uint64_t> confirmed;
    std::unique_ptr<typename TypeParam::Policy::Consumer> victim;
    const auto before = [&] {
      inDyingProcess([&] {
        auto claim = ring.newProducer()->tryClaim(claimed);
        EXPECT_EQ(claim.size(), claimed);
        ::raise(SIGKILL);
      });
      confirmed = ring.fill(4 - claimed);
      ring.makeWayForConsumer();
    };
    const auto prepare = [&] {
      victim = ring.newConsumer();
      Element element{};
      for (int i = 0; i < kTriesBeforeALook; ++i) EXPECT_EQ(victim->tryPop(&element), -1);
    };
    const auto repair = [&] {
      Element element{};
      return victim->tryPop(&element);
    };
    const auto after = [&] {
      ring.open();
      const Delivered delivered = ring.drain();
      std::vector<std::uint64_t> all = delivered.in_order;
      all.insert(all.end(), delivered.again.begin(), delivered.again.end());
      std::sort(all.begin(), all.end());
      const std::uint64_t missing = confirmed.size() - all.size();
      ASSERT_LE(missing, 1U) << "the repairer pops one in the same call";
      EXPECT_TRUE(std::equal(all.begin(), all.end(),
                             confirmed.end() - static_cast<std::ptrdiff_t>(all.size())));
      ring.expectFullCapacity();
      EXPECT_LE(ring.newDrops(), missing);
    };
    if (!killAtEachInstructionOf({before, {prepare, repair}, after}, claimed)) {
      GTEST_SKIP() << kNoTracing;
    }
    EXPECT_GT(ring.counts().abandoned, 0U);
  }
}

TEST(ConsumerRepairKillTest, AThirdRepairsADeadConsumerWhoseRepairerDiedToo) {
  using Kind = Surviving<Mpmc>;
  for (const std::uint64_t taken : {1U, 2U}) {
    Survivors<Kind> ring(3);
    std::vector<std::uint64_t> left;
    std::unique_ptr<Mpmc::Producer> victim;
    Element element{};
    std::uint64_t deaths = 0;
    const auto before = [&] {
      left = ring.fill(3);
      left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(taken));
      inDyingProcess([&] {
        auto take = ring.newConsumer()->tryTake(taken);
        EXPECT_EQ(take.size(), taken);
        ::raise(SIGKILL);
      });
      ++deaths;
      element = Element::of(ring.nextNumber());
    };
    const auto prepare = [&] {
      victim = ring.newProducer();
      for (int i = 0; i < kTriesBeforeALook; ++i) EXPECT_EQ(victim->tryPush(&element), -1);
    };
    const auto repair = [&] { return victim->tryPush(&element); };
    const auto after = [&] {
      const Delivered delivered = ring.drain();
      std::vector<std::uint64_t> with_pushed = left;
      with_pushed.push_back(element.words.front());
      EXPECT_TRUE(delivered.in_order == left || delivered.in_order == with_pushed);
      ring.expectFullCapacity();
      const std::uint64_t drops = ring.newDrops();
      // A repairer that dies between the repair and its count leaves that one uncounted.
      EXPECT_TRUE(drops == taken || drops == taken - 1) << drops;
    };
    if (!killAtEachInstructionOf({before, {prepare, repair}, after}, taken)) {
      GTEST_SKIP() << kNoTracing;
    }
    EXPECT_GE(ring.counts().drops + 3, taken * deaths) << "more than a few went uncounted";
  }
}

TEST(ConsumerRepairKillTest, WhatADeadAdopterHadAThirdAdopts) {
  using Kind = Surviving<Mpmc, Delivery::AtLeastOnce>;
  for (const std::uint64_t taken : {1U, 2U}) {
    Survivors<Kind> ring(3);
    std::vector<std::uint64_t> orphans;
    std::unique_ptr<Mpmc::Consumer> victim;
    bool found_all = false;
    bool found_less = false;
    const auto before = [&] {
      orphans = ring.fill(taken);
      inDyingProcess([&] {
        auto take = ring.newConsumer()->tryTake(taken);
        EXPECT_EQ(take.size(), taken);
        ::raise(SIGKILL);
      });
    };
    const auto prepare = [&] {
      victim = ring.newConsumer();
      Element element{};
      for (int i = 0; i < kTriesBeforeALook; ++i) EXPECT_EQ(victim->tryPop(&element), -1);
    };
    const auto adopt = [&] {
      Element element{};
      return victim->tryPop(&element);
    };
    const auto after = [&] {
      Delivered delivered = ring.drain();
      EXPECT_TRUE(delivered.in_order.empty());
      const bool all = delivered.again == orphans;
      EXPECT_TRUE(all || std::vector(orphans.begin() + 1, orphans.end()) == delivered.again);
      found_all |= all;
      found_less |= !all;
      ring.expectFullCapacity();
      EXPECT_EQ(ring.newDrops(), 0U);
    };
    if (!killAtEachInstructionOf({before, {prepare, adopt}, after}, taken)) {
      GTEST_SKIP() << kNoTracing;
    }
    EXPECT_TRUE(found_all && found_less) << "killed before the element was given back, and after";
  }
}

template <class P>
class EndpointKillTest : public ::testing::Test {};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(EndpointKillTest, Policies);

TYPED_TEST(EndpointKillTest, KilledBetweenAskedAndAnsweredItLosesOnlyWhatWasItsOwn) {
  using Endpoint = typename TypeParam::Endpoint;
  const ShmName name;
  const RingOptions options{.memory = {.huge_pages = HugePages::Never}};
  const auto open = [&](auto side) {
    auto made = std::make_unique<Endpoint>(side, name.str(), sizeof(Element), 3U, options);
    EXPECT_EQ(made->open(), 0);
    return made;
  };
  const auto b = open(Endpoint::Side::B);
  std::unique_ptr<Endpoint> victim;
  std::uint64_t next = 0;
  const auto before = [&] {
    const Element question = Element::of(++next);
    ASSERT_EQ(b->timedSend(&question, kNeverReached), 0);
  };
  const auto echo = [&] {
    Element question{};
    return victim->receive(&question) + victim->send(&question);
  };
  const auto after = [&] {
    const auto fresh = open(Endpoint::Side::A);
    const Element end = Element::of(++next);
    ASSERT_EQ(b->timedSend(&end, kNeverReached), 0);
    ASSERT_EQ(fresh->timedSend(&end, kNeverReached), 0);
    std::vector<std::uint64_t> left;  // asked and not answered, or answered, and then the end
    Element element{};
    for (auto* const side : {fresh.get(), b.get()}) {
      do {
        ASSERT_EQ(side->timedReceive(&element, kNeverReached), 0);
        ASSERT_TRUE(element.whole());
        left.push_back(element.words.front());
      } while (left.back() != next);
    }
    const std::uint64_t ends = 2;
    EXPECT_LE(left.size(), ends + 1) << "it was delivered twice";
    for (const std::uint64_t number : left) EXPECT_TRUE(number == next || number == next - 1);
  };
  const SteppedWork work([&] { victim = open(Endpoint::Side::A); }, echo);
  if (!killAtEachInstructionOf({before, work, after})) GTEST_SKIP() << kNoTracing;
}

}  // namespace
}  // namespace ringside
