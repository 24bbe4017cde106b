// Channels by name between processes: who creates, who takes over, and what a fork changes.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "forked.hpp"
#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

template <class Policy>
class ProcessTest : public ::testing::Test {
 protected:
  ShmName name_;
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(ProcessTest, Policies);

TYPED_TEST(ProcessTest, AnyNumberOfCreatorsAgreeOnOneRing) {
  for (int round = 0; round < 50; ++round) {
    const ShmName name;
    std::vector<::pid_t> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(inChild([&] {
        typename TypeParam::Producer ring(name.str(), 64, 16);
        if (ring.open() == 0) return 0;
        return lastError == Errc::InUse ? 10 : 1;  // SPSC takes one producer at a time
      }));
    }
    int opened = 0;
    for (const ::pid_t child : children) {
      const int result = resultOf(child);
      EXPECT_TRUE(result == 0 || (result == 10 && std::is_same_v<TypeParam, Spsc>)) << result;
      opened += result == 0;
    }
    EXPECT_GE(opened, 1);
  }
}

TYPED_TEST(ProcessTest, AFreshProcessTakesThePlaceOfAKilledOne) {
  const ShmName& name = this->name_;
  SharedArray<std::atomic<std::uint64_t>> pushed(1);
  const ::pid_t producer = inChild([&] {
    typename TypeParam::Producer ring(name.str(), 8, 64);
    if (ring.open() == -1) return 1;
    for (std::uint64_t i = 0; i < 10; ++i) {
      if (ring.push(&i) == -1) return 2;
      pushed[0].fetch_add(1);
    }
    ::pause();
    return 0;
  });
  while (pushed[0].load() < 10) ::usleep(1000);
  killAndWait(producer);

  typename TypeParam::Producer successor(name.str(), 8, 64);
  typename TypeParam::Consumer consumer(name.str(), 8, 64);
  ASSERT_EQ(successor.open(), 0);
  ASSERT_EQ(consumer.open(), 0);
  const std::uint64_t more = 10;
  EXPECT_EQ(successor.push(&more), 0);
  for (std::uint64_t i = 0; i <= 10; ++i) {
    std::uint64_t value = 0;
    ASSERT_EQ(consumer.tryPop(&value), 0);
    EXPECT_EQ(value, i);
  }
}

TEST(ForkTest, AQueueMadeBeforeAForkCarriesElementsFromChildToParent) {
  const ShmName name;
  ShmMem::Spsc::Queue<int> queue(4, name.str());
  const ::pid_t child = inChild([&] { return queue.push(7) == 0 ? 0 : 1; });
  int seen = 0;
  EXPECT_EQ(queue.timedPop(seen, std::chrono::seconds(10)), 0);
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(resultOf(child), 0);
}

TEST(ForkTest, AnExclusiveRoleIsOneProcessesAlsoAfterAFork) {
  const ShmName name;
  ShmMem::Spsc::Queue<int> queue(4, name.str());
  SharedArray<std::atomic<int>> pushed(1);
  const ::pid_t child = inChild([&] {
    pushed[0] = queue.push(1) == 0 ? 1 : 2;
    ::pause();
    return 0;
  });
  while (pushed[0] == 0) ::usleep(1000);
  EXPECT_EQ(pushed[0], 1);
  EXPECT_EQ(queue.tryPush(2), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  killAndWait(child);
  EXPECT_EQ(queue.tryPush(2), 0);
}

TEST(ForkTest, AClosedRoleIsFreeThoughAForkedChildLives) {
  const ShmName name;
  Spsc::Producer producer(name.str(), 8, 4);
  ASSERT_EQ(producer.open(), 0);
  const ::pid_t child = inChild([] {
    ::pause();
    return 0;
  });
  producer.close();
  EXPECT_EQ(producer.open(), 0);
  killAndWait(child);
}

TEST(ForkTest, ARoleIsFreeWhenItsHolderIsDeadThoughAChildOfItLives) {
  const ShmName name;
  SharedArray<std::atomic<::pid_t>> idle_child(1);
  const ::pid_t holder = inChild([&] {
    Spsc::Producer producer(name.str(), 8, 4);
    if (producer.open() == -1) return 1;
    if (::fork() == 0) idle_child[0] = ::getpid();  // lives on when its parent is dead
    ::pause();
    return 0;
  });
  while (idle_child[0] == 0) ::usleep(1000);
  Spsc::Producer successor(name.str(), 8, 4);
  EXPECT_EQ(successor.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  killAndWait(holder);
  EXPECT_EQ(successor.open(), 0);
  ::kill(idle_child[0], SIGKILL);
}

TEST(ForkTest, AChildThatEndsTakesNoAttachmentWithIt) {
  const ShmName name;
  auto producer = std::make_unique<Spsc::Producer>(name.str(), 8, 4);
  ASSERT_EQ(producer->open(), 0);
  EXPECT_EQ(resultOf(inChild([&] {
              producer.reset();
              return 0;
            })),
            0);
  Spsc::Producer second(name.str(), 8, 4);
  EXPECT_EQ(second.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
}

TEST(ProcessRoleTest, AnExclusiveRoleIsRefusedWhileItsHolderLives) {
  const ShmName name;
  SharedArray<std::atomic<int>> opened(1);
  const ::pid_t holder = inChild([&] {
    Spsc::Producer ring(name.str(), 8, 4);
    opened[0] = ring.open() == 0 ? 1 : 2;
    ::pause();
    return 0;
  });
  while (opened[0] == 0) ::usleep(1000);
  ASSERT_EQ(opened[0], 1);
  Spsc::Producer second(name.str(), 8, 4);
  EXPECT_EQ(second.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  killAndWait(holder);
  EXPECT_EQ(second.open(), 0);
}

}  // namespace
}  // namespace ringside
