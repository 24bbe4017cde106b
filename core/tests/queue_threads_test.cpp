// Threads that share a typed queue: each has a side of its own, with claims of its own, up to what
// the ring can tell apart.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "ringside/ringside.hpp"

namespace ringside {
namespace {

TEST(QueueThreadsTest, EachThreadHasAClaimOfItsOwn) {
  constexpr int kThreads = 16;
  constexpr int kRounds = 200;
  ShmMem::Mpmc::Queue<int> queue(4 * kThreads);  // aborted slots take room as well
  std::barrier<> all_claimed(kThreads);
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        auto claimed = queue.claim(2);
        all_claimed.arrive_and_wait();  // all are out at once
        for (std::size_t i = 0; i < claimed.size(); ++i) claimed[i] = t;
        refused += claimed.size() != 2;
        claimed.commit(1);
        all_claimed.arrive_and_wait();
        int seen = -1;
        refused += queue.pop(seen) != 0;
        all_claimed.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
  int left = 0;
  EXPECT_EQ(queue.tryPop(left), -1);
  EXPECT_EQ(queue.repairCounts().abandoned, 0U) << "an aborted claim is no repair";
}

TEST(QueueThreadsTest, MoreThreadsThanAttachmentsAreToldSo) {
  constexpr int kTooMany = static_cast<int>(kMaxParticipants) + 3;
  ShmMem::Mpmc::Queue<int> queue(2 * kTooMany);
  std::barrier<> all_pushed(kTooMany);
  std::atomic<int> out_of_memory = 0;
  std::atomic<int> pushed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kTooMany; ++t) {
    threads.emplace_back([&, t] {
      if (queue.tryPush(t) == 0) {
        ++pushed;
      } else {
        out_of_memory += lastError == Errc::OutOfMemory;
      }
      all_pushed.arrive_and_wait();  // nobody ends before
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pushed, static_cast<int>(kMaxParticipants));
  EXPECT_EQ(out_of_memory, 3);
}

TEST(QueueThreadsTest, ThreadsThatEndLeaveTheirPlaceToOthers) {
  ShmMem::Mpmc::Queue<int> queue(1);
  int failures = 0;
  for (int t = 0; t < 3 * static_cast<int>(kMaxParticipants); ++t) {
    std::thread([&] {
      int seen = -1;
      failures += queue.tryPush(t) != 0 || queue.tryPop(seen) != 0 || seen != t;
    }).join();
  }
  EXPECT_EQ(failures, 0);
}

TEST(QueueThreadsTest, ThreadNumbersAreUsedAgain) {
  for (int t = 0; t < 2 * kMaxThreadNumbers; ++t) {
    int number = -1;
    std::thread([&] { number = threadNumber(); }).join();
    ASSERT_GE(number, 0);
    ASSERT_LT(number, kMaxThreadNumbers);
  }
}

}  // namespace
}  // namespace ringside
