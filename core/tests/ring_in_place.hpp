// Elements written and read where they lie, for every policy in every kind of memory.
#pragma once

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "ring_conformance.hpp"

namespace ringside {

template <class K>
class InPlaceTest : public RingTest<K> {};
TYPED_TEST_SUITE_P(InPlaceTest);

RINGSIDE_RING_TEST(InPlaceTest, AClaimIsSeenOnceItIsCommitted) {
  auto queue = rings.template make<int>(4);
  int seen = 0;
  {
    auto claimed = queue->tryClaim();
    ASSERT_TRUE(claimed);
    claimed[0] = 7;
    EXPECT_EQ(queue->tryPop(seen), -1);
    claimed.commit();
    EXPECT_FALSE(claimed);
  }
  EXPECT_EQ(queue->tryPop(seen), 0);
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(queue->tryPop(seen), -1);
}

RINGSIDE_RING_TEST(InPlaceTest, AClaimThatIsNotCommittedIsNeverSeen) {
  auto queue = rings.template make<int>(4);
  int seen = 0;
  for (int i = 0; i < 20; ++i) {
    {
      auto claimed = queue->tryClaim(2);
      ASSERT_EQ(claimed.size(), 2U);
      claimed[0] = -1;
    }
    ASSERT_EQ(queue->tryPush(i), 0);
    ASSERT_EQ(queue->tryPop(seen), 0);
    EXPECT_EQ(seen, i);
    EXPECT_EQ(queue->tryPop(seen), -1);
  }
}

RINGSIDE_RING_TEST(InPlaceTest, ARingFullOfAbortedClaimsIsEmptyAndHasRoomAgain) {
  for (const std::uint64_t capacity : kCapacities) {
    auto queue = rings.template make<std::uint64_t>(capacity);
    for (std::uint64_t i = 0; i < capacity; ++i) queue->tryClaim().abort();
    std::uint64_t seen = 0;
    EXPECT_EQ(queue->tryPop(seen), -1);
    EXPECT_EQ(lastError, Errc::TemporaryError);
    EXPECT_EQ(queue->pending(), 0U);
    for (std::uint64_t i = 0; i < capacity; ++i) ASSERT_EQ(queue->tryPush(i), 0);
    for (std::uint64_t i = 0; i < capacity; ++i) {
      ASSERT_EQ(queue->tryPop(seen), 0);
      EXPECT_EQ(seen, i);
    }
  }
}

RINGSIDE_RING_TEST(InPlaceTest, ACommitOfTheFirstAbortsTheOthers) {
  auto queue = rings.template make<int>(6);
  auto claimed = queue->tryClaim(4);
  ASSERT_EQ(claimed.size(), 4U);
  for (int i = 0; i < 4; ++i) claimed[static_cast<std::size_t>(i)] = i;
  claimed.commit(2);
  EXPECT_EQ(queue->tryPush(10), 0);
  std::array<int, 4> in{};
  std::size_t got = 0;
  while (const std::size_t more = queue->tryPop(in.data() + got, in.size() - got)) got += more;
  EXPECT_EQ(got, 3U);
  EXPECT_EQ(in, (std::array<int, 4>{0, 1, 10, 0}));
}

RINGSIDE_RING_TEST(InPlaceTest, ClaimsAndTakesAreAsManyAsFitOrAreThere) {
  auto queue = rings.template make<int>(3);
  auto claimed = queue->tryClaim(9);
  EXPECT_EQ(claimed.size(), 3U);
  claimed.commit();
  EXPECT_FALSE(queue->tryClaim());
  EXPECT_EQ(lastError, Errc::TemporaryError);
  auto taken = queue->tryTake(9);
  EXPECT_EQ(taken.size(), 3U);
  taken.release();
  EXPECT_FALSE(queue->tryTake());
  EXPECT_EQ(lastError, Errc::TemporaryError);
  EXPECT_FALSE(queue->tryClaim(0));
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_FALSE(queue->tryTake(0));
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

RINGSIDE_RING_TEST(InPlaceTest, WhatIsTakenIsNotOverwrittenUntilItIsReleased) {
  auto queue = rings.template make<std::uint64_t>(3);
  for (std::uint64_t i = 0; i < 3; ++i) queue->tryPush(i);
  auto taken = queue->tryTake(2);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(queue->tryPush(9), -1);
  EXPECT_EQ(queue->timedPush(9, 1ms), -1);
  EXPECT_EQ(taken[0], 0U);
  EXPECT_EQ(taken[1], 1U);
  taken.release();
  EXPECT_EQ(queue->tryPush(9), 0);
}

RINGSIDE_RING_TEST(InPlaceTest, ElementsLieWhereTheRingIsAndAreAligned) {
  struct alignas(16) Small {
    std::array<std::uint64_t, 6> words;
  };
  struct alignas(64) Large {
    std::array<std::uint64_t, 16> words;
  };
  const auto check = [](auto& queue) {
    const auto begin = reinterpret_cast<std::uintptr_t>(queue.memory().get());
    auto claimed = queue.tryClaim(3);
    ASSERT_EQ(claimed.size(), 3U);
    std::array<std::uintptr_t, 3> written{};
    for (std::size_t i = 0; i < 3; ++i) {
      written.at(i) = reinterpret_cast<std::uintptr_t>(&claimed[i]);
      EXPECT_EQ(written.at(i) % alignof(std::remove_reference_t<decltype(claimed[0])>), 0U);
      EXPECT_GT(written.at(i), begin);
      EXPECT_LT(written.at(i), begin + queue.memory().size());
    }
    claimed.commit();
    auto taken = queue.tryTake(3);
    ASSERT_EQ(taken.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&taken[i]), written.at(i));
    }
  };
  check(*rings.template make<Small>(3));
  check(*rings.template make<Large>(3));
}

RINGSIDE_RING_TEST(InPlaceTest, WhileAClaimIsOutTheOtherCallsOfItsSideAreRefused) {
  auto queue = rings.template make<int>(4);
  int seen = 0;
  auto claimed = queue->tryClaim();
  EXPECT_EQ(queue->tryPush(1), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  EXPECT_EQ(queue->push(1), -1);  // no wait for itself
  EXPECT_FALSE(queue->claim());
  claimed.commit();
  EXPECT_EQ(queue->tryPush(2), 0);
  auto taken = queue->tryTake();
  EXPECT_EQ(queue->tryPop(seen), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  EXPECT_EQ(queue->pop(seen), -1);
  EXPECT_FALSE(queue->take());
  taken.release();
  EXPECT_TRUE(queue->tryTake());
}

RINGSIDE_RING_TEST(InPlaceTest, TimedClaimsAndTakesGiveUpAtTheDeadline) {
  auto queue = rings.template make<int>(1);
  EXPECT_FALSE(queue->timedTake(1, 2ms));
  EXPECT_EQ(lastError, Errc::TimedOut);
  auto claimed = queue->timedClaim(1, 2ms);
  ASSERT_TRUE(claimed);
  claimed.commit();
  EXPECT_FALSE(queue->timedClaim(1, 2ms));
  EXPECT_EQ(lastError, Errc::TimedOut);
  EXPECT_TRUE(queue->timedTake(1, 2ms));
}

RINGSIDE_RING_TEST(InPlaceTest, AMovedClaimIsTheOnlyOne) {
  auto queue = rings.template make<int>(2);
  auto first = queue->tryClaim();
  first[0] = 5;
  auto second = std::move(first);
  EXPECT_FALSE(first);
  first.abort();
  second.commit();
  int seen = 0;
  EXPECT_EQ(queue->tryPop(seen), 0);
  EXPECT_EQ(seen, 5);
}

RINGSIDE_RING_TEST(InPlaceTest, ABlockedConsumerGoesOnBehindAnAbortedClaim) {
  auto queue = rings.template make<int>(4);
  int seen = 0;
  std::thread consumer([&] { queue->pop(seen); });
  auto first = queue->claim();
  if constexpr (Rings<P>::kProducers > 1) {
    std::thread([&] { queue->push(7); }).join();  // behind the claim: not to be had yet
    first.abort();
  } else {
    first.abort();
    queue->push(7);
  }
  consumer.join();
  EXPECT_EQ(seen, 7);
}

RINGSIDE_RING_TEST(InPlaceTest, ABlockedProducerGetsTheRoomOfAbortedClaims) {
  auto queue = rings.template make<int>(2);
  queue->tryClaim(2).abort();
  std::thread producer([&] { queue->push(7); });
  int seen = 0;
  EXPECT_EQ(queue->pop(seen), 0);
  producer.join();
  EXPECT_EQ(seen, 7);
}

RINGSIDE_RING_TEST(InPlaceTest, ThreadsExchangeInPlaceAndAbortNowAndThen) {
  constexpr std::uint64_t kEach = 2000;
  for (const std::uint64_t capacity : {1U, 7U}) {
    auto queue = rings.template make<std::uint64_t>(capacity, Wait::Yield);
    exchangeBetweenThreads<P>(
        kEach,
        [&](int producer, std::uint64_t count) -> std::uint64_t {
          auto claimed = queue->claim(std::min<std::uint64_t>(3, kEach - count));
          const std::size_t wanted = count % 7 == 0 ? claimed.size() / 2 + 1 : claimed.size();
          for (std::size_t i = 0; i < claimed.size(); ++i) {
            claimed[i] = stampOf(producer, count + i);
          }
          claimed.commit(wanted);
          if (count % 11 == 0) queue->tryClaim();  // aborted at once
          return wanted;
        },
        [&] {
          std::vector<std::uint64_t> got;
          const auto taken = queue->timedTake(2, 1ms);
          for (std::size_t i = 0; i < taken.size(); ++i) got.push_back(taken[i]);
          return got;
        });
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    InPlaceTest, AClaimIsSeenOnceItIsCommitted, AClaimThatIsNotCommittedIsNeverSeen,
    ARingFullOfAbortedClaimsIsEmptyAndHasRoomAgain, ACommitOfTheFirstAbortsTheOthers,
    ClaimsAndTakesAreAsManyAsFitOrAreThere, WhatIsTakenIsNotOverwrittenUntilItIsReleased,
    ElementsLieWhereTheRingIsAndAreAligned, WhileAClaimIsOutTheOtherCallsOfItsSideAreRefused,
    TimedClaimsAndTakesGiveUpAtTheDeadline, AMovedClaimIsTheOnlyOne,
    ABlockedConsumerGoesOnBehindAnAbortedClaim, ABlockedProducerGetsTheRoomOfAbortedClaims,
    ThreadsExchangeInPlaceAndAbortNowAndThen);

}  // namespace ringside
