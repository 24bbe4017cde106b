// What holds for every policy over both memories, in one process: one suite, six instances.
#include "ringside/queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "shm_name.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

template <class M, class P>
struct Kind {
  using Memory = M;
  using Policy = P;
  static constexpr int producers = std::is_same_v<P, Spsc> ? 1 : 3;
  static constexpr int consumers = std::is_same_v<P, Mpmc> ? 3 : 1;
};

template <class K>
class QueueTest : public ::testing::Test {
 protected:
  template <class T>
  using Queue = BasicQueue<T, typename K::Memory, typename K::Policy>;

  template <class T>
  std::unique_ptr<Queue<T>> make(std::uint64_t capacity, Wait wait = Wait::Block) {
    RingOptions options;
    options.wait = wait;
    options.memory.huge_pages = HugePages::Never;
    if constexpr (std::is_same_v<typename K::Memory, LocalMem>) {
      return std::make_unique<Queue<T>>(capacity, options);
    } else {
      return std::make_unique<Queue<T>>(capacity, names_.emplace_back(new ShmName)->str(), options);
    }
  }

 private:
  std::vector<std::unique_ptr<ShmName>> names_;
};

using Kinds = ::testing::Types<Kind<LocalMem, Spsc>, Kind<LocalMem, Mpsc>, Kind<LocalMem, Mpmc>,
                               Kind<ShmMem, Spsc>, Kind<ShmMem, Mpsc>, Kind<ShmMem, Mpmc>>;

struct KindNames {
  template <class K>
  static std::string GetName(int) {
    const std::string memory = std::is_same_v<typename K::Memory, LocalMem> ? "Local" : "Shm";
    if (std::is_same_v<typename K::Policy, Spsc>) return memory + "Spsc";
    return memory + (std::is_same_v<typename K::Policy, Mpsc> ? "Mpsc" : "Mpmc");
  }
};
TYPED_TEST_SUITE(QueueTest, Kinds, KindNames);

constexpr std::uint64_t kCapacities[] = {1, 2, 3, 7, 8, 144};

TYPED_TEST(QueueTest, HoldsExactlyItsCapacity) {
  for (const std::uint64_t capacity : kCapacities) {
    auto queue = this->template make<std::uint64_t>(capacity);
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

TYPED_TEST(QueueTest, RefusesToPushWhenFullWhereverTheRingStands) {
  for (const std::uint64_t capacity : kCapacities) {
    auto queue = this->template make<std::uint64_t>(capacity);
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

TYPED_TEST(QueueTest, PendingAndAvailableAddUpToTheCapacity) {
  auto queue = this->template make<std::uint64_t>(5);
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

TYPED_TEST(QueueTest, ABatchPushesWhatFitsAndPopsWhatIsThere) {
  auto queue = this->template make<int>(5);
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

TYPED_TEST(QueueTest, ABatchOfNothingIsNoFault) {
  auto queue = this->template make<int>(5);
  lastError = {};
  EXPECT_EQ(queue->tryPush(nullptr, 0), 0U);
  EXPECT_EQ(lastError, std::error_code());
  EXPECT_EQ(queue->tryPush(nullptr, 3), 0U);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TYPED_TEST(QueueTest, ATimeoutBeyondTheClockIsNone) {
  auto queue = this->template make<int>(1);
  int seen = 0;
  std::thread producer([&] {
    std::this_thread::sleep_for(3ms);
    queue->push(7);
  });
  EXPECT_EQ(queue->timedPop(seen, std::chrono::nanoseconds::max()), 0);
  EXPECT_EQ(seen, 7);
  producer.join();
}

TYPED_TEST(QueueTest, MixesBatchAndSingleOperations) {
  auto queue = this->template make<int>(6);
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

TYPED_TEST(QueueTest, TimedOperationsGiveUpAtTheDeadline) {
  for (const Wait wait : {Wait::Spin, Wait::Yield, Wait::Block}) {
    auto queue = this->template make<int>(1, wait);
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

TYPED_TEST(QueueTest, ABlockedPopIsWokenByAPush) {
  auto queue = this->template make<int>(4);
  int seen = 0;
  std::thread consumer([&] { queue->pop(seen); });
  std::this_thread::sleep_for(3ms);
  queue->push(7);
  consumer.join();
  EXPECT_EQ(seen, 7);
}

TYPED_TEST(QueueTest, ABlockedPushIsWokenByAPop) {
  auto queue = this->template make<int>(1);
  int seen = 0;
  queue->push(1);
  std::thread producer([&] { queue->push(2); });
  std::this_thread::sleep_for(3ms);
  EXPECT_EQ(queue->pop(seen), 0);
  EXPECT_EQ(queue->pop(seen), 0);
  producer.join();
  EXPECT_EQ(seen, 2);
}

/// Producer in the upper 16 bits, its count in the lower 48.
std::uint64_t stamp(int producer, std::uint64_t count) {
  return static_cast<std::uint64_t>(producer) << 48 | count;
}

template <class K, class Queue>
void exchangeBetweenThreads(Queue& queue, std::uint64_t each) {
  const std::uint64_t total = each * K::producers;
  std::atomic<std::uint64_t> taken{0};
  std::vector<std::vector<std::uint64_t>> seen(K::consumers);
  std::vector<std::thread> threads;
  for (int p = 0; p < K::producers; ++p) {
    threads.emplace_back([&queue, p, each] {
      for (std::uint64_t i = 0; i < each; ++i) queue.push(stamp(p, i));
    });
  }
  for (auto& mine : seen) {
    threads.emplace_back([&] {
      std::uint64_t element = 0;
      while (taken.fetch_add(1) < total) {
        queue.pop(element);
        mine.push_back(element);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<std::uint64_t> all;
  for (const auto& mine : seen) {
    std::array<std::uint64_t, 16> next{};  // per producer, in order at each consumer
    for (const std::uint64_t element : mine) {
      const std::uint64_t count = element & 0xffffffffffffULL;
      ASSERT_GE(count, next.at(element >> 48));
      next.at(element >> 48) = count + 1;
    }
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), total);
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
  EXPECT_EQ(all.back(), stamp(K::producers - 1, each - 1));
}

TYPED_TEST(QueueTest, ThreadsReceiveEachElementOnceAndInOrder) {
  for (const std::uint64_t capacity : {1U, 3U, 64U}) {
    for (const Wait wait : {Wait::Yield, Wait::Block}) {
      auto queue = this->template make<std::uint64_t>(capacity, wait);
      exchangeBetweenThreads<TypeParam>(*queue, 3000);
    }
  }
}

TYPED_TEST(QueueTest, LargeElementsArriveWhole) {
  struct Large {
    std::array<std::uint64_t, 184> words;
  };
  auto queue = this->template make<Large>(3);
  std::thread producer([&] {
    Large element{};
    for (std::uint64_t i = 0; i < 2000; ++i) {
      element.words.fill(i);
      queue->push(element);
    }
  });
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Large element{};
    ASSERT_EQ(queue->pop(element), 0);
    ASSERT_TRUE(std::all_of(element.words.begin(), element.words.end(),
                            [&](std::uint64_t word) { return word == i; }));
  }
  producer.join();
}

TEST(QueueOverSharedMemoryTest, GivesAnExclusiveRoleToOneObjectAtATime) {
  const ShmName name;
  ShmMem::Spsc::Queue<int> first(4, name.str());
  ShmMem::Spsc::Queue<int> second(4, name.str());
  int seen = 0;
  EXPECT_EQ(first.tryPush(1), 0);
  EXPECT_EQ(second.tryPush(2), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  EXPECT_EQ(second.tryPop(seen), 0);
  EXPECT_EQ(first.tryPop(seen), -1);
  EXPECT_EQ(lastError, Errc::InUse);
}

}  // namespace
}  // namespace ringside
