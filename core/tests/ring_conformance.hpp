// What holds for every policy in every kind of memory, in one process: instantiated once a policy,
// each in a file of its own (ring_spsc_test.cpp …).
#pragma once

#include <algorithm>
#include <array>
#include <numeric>
#include <thread>
#include <vector>

#include "ring_kinds.hpp"

namespace ringside {

using namespace std::chrono_literals;

constexpr std::uint64_t kCapacities[] = {1, 2, 3, 7, 8, 144};

TYPED_TEST_SUITE_P(RingTest);

RINGSIDE_RING_TEST(RingTest, HoldsExactlyItsCapacity) {
  for (const std::uint64_t capacity : kCapacities) {
    auto queue = rings.template make<std::uint64_t>(capacity);
    for (int lap = 0; lap < 5; ++lap) {
      for (std::uint64_t i = 0; i < capacity; ++i) ASSERT_EQ(queue->tryPush(i), 0) << capacity;
      EXPECT_EQ(queue->tryPush(0), -1) << capacity;
      EXPECT_EQ(lastError, Errc::TemporaryError);
      EXPECT_TRUE(queue->full());
      std::uint64_t seen = 0;
      for (std::uint64_t i = 0; i < capacity; ++i) {
        ASSERT_EQ(queue->tryPop(seen), 0);
        EXPECT_EQ(seen, i);
      }
      EXPECT_EQ(queue->tryPop(seen), -1);
      EXPECT_EQ(lastError, Errc::TemporaryError);
      EXPECT_TRUE(queue->empty());
    }
  }
}

RINGSIDE_RING_TEST(RingTest, RefusesToPushWhenFullWhereverTheRingStands) {
  for (const std::uint64_t capacity : kCapacities) {
    auto queue = rings.template make<std::uint64_t>(capacity);
    std::uint64_t seen = 0;
    for (std::uint64_t i = 0; i < capacity; ++i) ASSERT_EQ(queue->tryPush(i), 0);
    for (std::uint64_t i = 0; i < 3 * capacity; ++i) {
      ASSERT_EQ(queue->tryPush(99), -1);
      ASSERT_EQ(queue->tryPop(seen), 0);
      ASSERT_EQ(seen, i);
      ASSERT_EQ(queue->tryPush(i + capacity), 0);
    }
  }
}

RINGSIDE_RING_TEST(RingTest, PendingAndAvailableAddUpToTheCapacity) {
  auto queue = rings.template make<std::uint64_t>(5);
  std::uint64_t seen = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(queue->pending(), i);
    EXPECT_EQ(queue->available(), 5 - i);
    queue->tryPush(i);
  }
  queue->tryPop(seen);
  EXPECT_EQ(queue->pending(), 3U);
  EXPECT_EQ(queue->available(), 2U);
}

RINGSIDE_RING_TEST(RingTest, PendingStaysWithinTheCapacityWhileOthersAct) {
  auto queue = rings.template make<std::uint64_t>(3, Wait::Yield);
  std::atomic<bool> goes_on = true;
  std::thread producer([&] {
    while (goes_on) queue->tryPush(1);
  });
  std::thread consumer([&] {
    std::uint64_t seen = 0;
    while (goes_on) queue->tryPop(seen);
  });
  std::uint64_t highest = 0;
  for (int i = 0; i < 20000; ++i) {
    highest = std::max({highest, queue->pending(), queue->available()});
  }
  goes_on = false;
  producer.join();
  consumer.join();
  EXPECT_LE(highest, 3U);
}

RINGSIDE_RING_TEST(RingTest, ABatchPushesWhatFitsAndPopsWhatIsThere) {
  auto queue = rings.template make<int>(5);
  std::array<int, 8> out{1, 2, 3, 4, 5, 6, 7, 8};
  std::array<int, 8> in{};
  EXPECT_EQ(queue->tryPush(out.data(), 3), 3U);
  EXPECT_EQ(queue->tryPush(out.data() + 3, 5), 2U);
  EXPECT_EQ(queue->tryPush(out.data(), 1), 0U);
  EXPECT_EQ(lastError, Errc::TemporaryError);
  EXPECT_EQ(queue->tryPop(in.data(), 8), 5U);
  EXPECT_TRUE(std::equal(in.begin(), in.begin() + 5, out.begin()));
  EXPECT_EQ(queue->tryPop(in.data(), 8), 0U);
  EXPECT_EQ(queue->tryPush(out.data(), 0), 0U);
}

RINGSIDE_RING_TEST(RingTest, ABatchOfNothingIsNoFault) {
  auto queue = rings.template make<int>(5);
  lastError = {};
  EXPECT_EQ(queue->tryPush(nullptr, 0), 0U);
  EXPECT_EQ(lastError, std::error_code());
  EXPECT_EQ(queue->tryPush(nullptr, 3), 0U);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

RINGSIDE_RING_TEST(RingTest, MixesBatchAndSingleOperations) {
  auto queue = rings.template make<int>(6);
  int next_out = 0;
  int next_in = 0;
  for (int round = 0; round < 100; ++round) {
    std::array<int, 4> batch{};
    std::iota(batch.begin(), batch.end(), next_out);
    next_out += static_cast<int>(queue->tryPush(batch.data(), batch.size()));
    if (queue->tryPush(next_out) == 0) ++next_out;
    int one = 0;
    while (queue->tryPop(one) == 0) ASSERT_EQ(one, next_in++);
  }
  EXPECT_EQ(next_in, next_out);
  EXPECT_GE(next_in, 500);
}

RINGSIDE_RING_TEST(RingTest, TimedOperationsGiveUpAtTheDeadline) {
  for (const Wait wait : {Wait::Spin, Wait::Yield, Wait::Block}) {
    auto queue = rings.template make<int>(1, wait);
    int seen = 0;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(queue->timedPop(seen, 5ms), -1);
    EXPECT_EQ(lastError, Errc::TimedOut);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 5ms);
    EXPECT_EQ(queue->timedPush(1, 5ms), 0);
    EXPECT_EQ(queue->timedPush(2, 5ms), -1);
    EXPECT_EQ(lastError, Errc::TimedOut);
    EXPECT_EQ(queue->timedPop(seen, 5ms), 0);
    EXPECT_EQ(seen, 1);
  }
}

RINGSIDE_RING_TEST(RingTest, ATimeoutBeyondTheClockIsNone) {
  auto queue = rings.template make<int>(1);
  int seen = 0;
  std::thread producer([&] { queue->push(7); });
  EXPECT_EQ(queue->timedPop(seen, std::chrono::nanoseconds::max()), 0);
  EXPECT_EQ(seen, 7);
  producer.join();
}

RINGSIDE_RING_TEST(RingTest, ABlockedPushIsWokenByAPop) {
  auto queue = rings.template make<int>(1);
  int seen = 0;
  queue->push(1);
  std::thread producer([&] { queue->push(2); });
  EXPECT_EQ(queue->pop(seen), 0);
  EXPECT_EQ(queue->pop(seen), 0);
  producer.join();
  EXPECT_EQ(seen, 2);
}

template <class P>
void checkEachOnceAndInOrder(const std::vector<std::vector<std::uint64_t>>& seen,
                             std::uint64_t each) {
  std::vector<std::uint64_t> all;
  for (const auto& mine : seen) {
    std::array<std::uint64_t, 16> next{};  // per producer, in order at each consumer
    for (const std::uint64_t stamp : mine) {
      ASSERT_GE(countOf(stamp), next.at(producerOf(stamp)));
      next.at(producerOf(stamp)) = countOf(stamp) + 1;
    }
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), each * Rings<P>::kProducers);
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.back(), stampOf(Rings<P>::kProducers - 1, each - 1));
}

/// Producers call push(producer, count), which returns how many it pushed from `count` on, at most
/// to `each`; consumers call pop(), which gives what it took.
template <class P, class Push, class Pop>
void exchangeBetweenThreads(std::uint64_t each, Push&& push, Pop&& pop) {
  std::atomic<std::uint64_t> taken = 0;
  std::vector<std::vector<std::uint64_t>> seen(Rings<P>::kConsumers);
  std::vector<std::thread> threads;
  for (int p = 0; p < Rings<P>::kProducers; ++p) {
    threads.emplace_back([&push, p, each] {
      for (std::uint64_t count = 0; count < each;) count += push(p, count);
    });
  }
  for (auto& mine : seen) {
    threads.emplace_back([&] {
      while (taken < each * Rings<P>::kProducers) {
        const std::vector<std::uint64_t> got = pop();
        taken += got.size();
        mine.insert(mine.end(), got.begin(), got.end());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  checkEachOnceAndInOrder<P>(seen, each);
}

RINGSIDE_RING_TEST(RingTest, ThreadsReceiveEachElementOnceAndInOrder) {
  for (const std::uint64_t capacity : {1U, 3U, 64U}) {
    for (const Wait wait : {Wait::Yield, Wait::Block}) {
      auto queue = rings.template make<std::uint64_t>(capacity, wait);
      exchangeBetweenThreads<P>(
          1000,
          [&](int producer, std::uint64_t count) {
            return queue->push(stampOf(producer, count)) == 0 ? 1U : 0U;
          },
          [&] {
            std::uint64_t stamp = 0;
            const bool popped = queue->timedPop(stamp, 1ms) == 0;
            return popped ? std::vector{stamp} : std::vector<std::uint64_t>();
          });
    }
  }
}

RINGSIDE_RING_TEST(RingTest, ThreadsMayMixBatchesAndSingleElements) {
  constexpr std::uint64_t kEach = 2000;
  auto queue = rings.template make<std::uint64_t>(7, Wait::Yield);
  exchangeBetweenThreads<P>(
      kEach,
      [&](int producer, std::uint64_t count) -> std::uint64_t {
        std::array<std::uint64_t, 4> batch{};
        const std::size_t size = std::min(count % 5, kEach - count);  // 0: one by one
        for (std::size_t i = 0; i < size; ++i) batch.at(i) = stampOf(producer, count + i);
        if (size > 0) return queue->tryPush(batch.data(), size);
        return queue->tryPush(stampOf(producer, count)) == 0 ? 1 : 0;
      },
      [&] {
        std::vector<std::uint64_t> got(3);
        got.resize(queue->tryPop(got.data(), got.size()));
        std::uint64_t one = 0;
        if (queue->tryPop(one) == 0) got.push_back(one);
        return got;
      });
}

RINGSIDE_RING_TEST(RingTest, LargeElementsArriveWhole) {
  struct Large {
    std::array<std::uint64_t, 184> words;
  };
  auto queue = rings.template make<Large>(3, Wait::Yield);
  std::thread producer([&] {
    Large element{};
    for (std::uint64_t i = 0; i < 1000; ++i) {
      element.words.fill(i);
      queue->push(element);
    }
  });
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Large element{};
    ASSERT_EQ(queue->pop(element), 0);
    ASSERT_TRUE(std::all_of(element.words.begin(), element.words.end(),
                            [&](std::uint64_t word) { return word == i; }));
  }
  producer.join();
}

REGISTER_TYPED_TEST_SUITE_P(RingTest, HoldsExactlyItsCapacity,
                            RefusesToPushWhenFullWhereverTheRingStands,
                            PendingAndAvailableAddUpToTheCapacity,
                            PendingStaysWithinTheCapacityWhileOthersAct,
                            ABatchPushesWhatFitsAndPopsWhatIsThere, ABatchOfNothingIsNoFault,
                            MixesBatchAndSingleOperations, TimedOperationsGiveUpAtTheDeadline,
                            ATimeoutBeyondTheClockIsNone, ABlockedPushIsWokenByAPop,
                            ThreadsReceiveEachElementOnceAndInOrder,
                            ThreadsMayMixBatchesAndSingleElements, LargeElementsArriveWhole);

/// Only memory that has a name, a path or a key.
template <class K>
class PlacedRingTest : public RingTest<K> {};
TYPED_TEST_SUITE_P(PlacedRingTest);

RINGSIDE_RING_TEST(PlacedRingTest, WhoeverOpensItGoesOnWhereTheRingStands) {
  auto first = rings.template make<std::uint64_t>(5);
  for (std::uint64_t i = 0; i < 7; ++i) {
    std::uint64_t seen = 0;
    ASSERT_EQ(first->tryPush(i), 0);
    if (i >= 4) continue;
    ASSERT_EQ(first->tryPop(seen), 0);
  }
  first.reset();
  auto second = rings.template makeAnother<std::uint64_t>(5);
  for (std::uint64_t i = 4; i < 7; ++i) {
    std::uint64_t seen = 0;
    ASSERT_EQ(second->tryPop(seen), 0);
    EXPECT_EQ(seen, i);
  }
  EXPECT_EQ(second->available(), 5U);
}

RINGSIDE_RING_TEST(PlacedRingTest, ARingOfAnotherShapeIsRefused) {
  auto ring = rings.template make<std::uint64_t>(5);
  EXPECT_THROW(rings.template makeAnother<std::uint64_t>(6), std::system_error);
  EXPECT_THROW(rings.template makeAnother<std::uint32_t>(5), std::system_error);
  EXPECT_EQ(ring->tryPush(1), 0);
}

REGISTER_TYPED_TEST_SUITE_P(PlacedRingTest, WhoeverOpensItGoesOnWhereTheRingStands,
                            ARingOfAnotherShapeIsRefused);

}  // namespace ringside
