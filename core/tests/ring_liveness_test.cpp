// Who counts as dead: only whose process has left its memory, whatever became of its children, its
// threads and its other handles. A producer with a claim out is in the way of a consumer, which
// steps over the claim of a dead one, and says who a living one is.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "forked.hpp"
#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

constexpr int kTriesWithTwoLooks = 130;
enum class Seen { Dead, Alive };

class LivenessTest : public ::testing::Test {
 protected:
  LivenessTest() {
    EXPECT_EQ(consumer_.open(), 0);
    EXPECT_EQ(other_producer_.open(), 0);
  }

  Mpmc::Producer newProducer() { return Mpmc::Producer(name_.str(), 8, 4); }

  /// A child with a claim out that has done `then` since. Its result is of no account.
  ::pid_t claimThen(const std::function<void(Mpmc::Producer&)>& then) {
    const ::pid_t child = inChild([&] {
      Mpmc::Producer producer = newProducer();
      if (producer.open() == -1) return 1;
      const auto claimed = producer.tryClaim(1);
      then(producer);
      ready_[0] = 1;
      for (;;) ::pause();
    });
    while (ready_[0] == 0) ::usleep(1000);
    const std::uint64_t behind = 7;
    EXPECT_EQ(other_producer_.tryPush(&behind), 0);
    return child;
  }

  /// What the consumer takes the claimer for.
  Seen look(::pid_t claimer) {
    std::uint64_t value = 0;
    for (int tries = 0; tries < kTriesWithTwoLooks; ++tries) {
      if (consumer_.tryPop(&value) == -1) continue;
      EXPECT_EQ(value, 7U);
      EXPECT_EQ(consumer_.repairCounts().abandoned, 1U);
      return Seen::Dead;
    }
    EXPECT_EQ(consumer_.elementsHeldBy(), static_cast<std::uint32_t>(claimer));
    EXPECT_EQ(consumer_.repairCounts().abandoned, 0U);
    return Seen::Alive;
  }

  /// Until it is a zombie, which stays one.
  static void killAndLeave(::pid_t child) {
    ::kill(child, SIGKILL);
    ::siginfo_t info = {};
    ::waitid(P_PID, static_cast<::id_t>(child), &info, WEXITED | WNOWAIT);
  }

  ShmName name_;
  Mpmc::Consumer consumer_{name_.str(), 8, 4};
  Mpmc::Producer other_producer_{name_.str(), 8, 4};
  SharedArray<std::atomic<::pid_t>> ready_{2};
};

TEST_F(LivenessTest, AZombieIsDead) {
  const ::pid_t claimer = claimThen([](auto&) {});
  ASSERT_EQ(look(claimer), Seen::Alive);
  killAndLeave(claimer);
  EXPECT_EQ(look(claimer), Seen::Dead);
  resultOf(claimer);
}

TEST_F(LivenessTest, AStoppedOneIsAlive) {
  const ::pid_t claimer = claimThen([](auto&) {});
  ::kill(claimer, SIGSTOP);
  int status = 0;
  ::waitpid(claimer, &status, WUNTRACED);
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_EQ(look(claimer), Seen::Alive);
  killAndWait(claimer);
  EXPECT_EQ(look(claimer), Seen::Dead);
}

TEST_F(LivenessTest, ADeadOneIsDeadThoughAChildOfItLives) {
  const ::pid_t claimer = claimThen([&](auto&) {
    if (::fork() == 0) {
      ready_[1] = ::getpid();
      for (;;) ::pause();
    }
    while (ready_[1] == 0) ::usleep(1000);
  });
  ASSERT_EQ(look(claimer), Seen::Alive);
  killAndWait(claimer);
  EXPECT_EQ(look(claimer), Seen::Dead);
  ::kill(ready_[1], SIGKILL);
}

// Without the C library a fork runs no handlers, and the child keeps the locks: who would repair
// waits until it ends. It is never the other way round.
TEST_F(LivenessTest, ADeadOneWithAChildThatTheLibraryDoesNotKnowOfIsTakenForAliveUntilThatEnds) {
  const ::pid_t claimer = claimThen([&](auto&) {
    if (::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
      ready_[1] = static_cast<::pid_t>(::syscall(SYS_getpid));
      for (;;) ::pause();
    }
    while (ready_[1] == 0) ::usleep(1000);
  });
  const ::pid_t child_of_it = ready_[1];
  ::kill(claimer, SIGKILL);
  resultOf(claimer);
  EXPECT_EQ(look(claimer), Seen::Alive);
  const int child = static_cast<int>(::syscall(SYS_pidfd_open, child_of_it, 0));
  ::kill(child_of_it, SIGKILL);
  ::pollfd ended{child, POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, -1), 1);
  ::close(child);
  EXPECT_EQ(look(claimer), Seen::Dead);
}

TEST_F(LivenessTest, OneThatOpenedAndClosedTheSameRingOnceMoreIsAlive) {
  const ::pid_t claimer = claimThen([&](auto&) {
    for (int i = 0; i < 3; ++i) {
      Mpmc::Producer second = newProducer();
      Mpmc::Consumer third(name_.str(), 8, 4);
      if (second.open() + third.open() != 0) ::_exit(1);
    }
  });
  EXPECT_EQ(look(claimer), Seen::Alive);
  killAndWait(claimer);
  EXPECT_EQ(look(claimer), Seen::Dead);
}

TEST_F(LivenessTest, OneThatBecameAnotherProgramIsDead) {
  int ends[2] = {};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const ::pid_t claimer = claimThen([&](auto&) {
    ready_[0] = 1;
    ::execl("/bin/sleep", "sleep", "1000", nullptr);
    ::_exit(1);
  });
  ::close(ends[1]);
  char none = 0;
  EXPECT_EQ(::read(ends[0], &none, 1), 0) << "the other end is closed by the exec";
  ::close(ends[0]);
  // The kernel closes the files of an exec in an order of its own: the ring's may be the last.
  Seen seen = look(claimer);
  for (int looks = 0; seen != Seen::Dead && looks < 10'000; ++looks) {
    ::usleep(1000);
    seen = look(claimer);
  }
  EXPECT_EQ(seen, Seen::Dead);
  killAndWait(claimer);
}

TEST_F(LivenessTest, OneWhoseAttachingThreadHasEndedIsAlive) {
  const ::pid_t child = inChild([&]() -> int {
    auto producer = std::make_unique<Mpmc::Producer>(name_.str(), 8, 4);
    std::thread([&] {
      if (producer->open() == -1) ::_exit(1);
      new auto(producer->tryClaim(1));  // never given back
    }).join();
    ready_[0] = 1;
    for (;;) ::pause();
  });
  while (ready_[0] == 0) ::usleep(1000);
  const std::uint64_t behind = 7;
  EXPECT_EQ(other_producer_.tryPush(&behind), 0);
  EXPECT_EQ(look(child), Seen::Alive);
  killAndWait(child);
  EXPECT_EQ(look(child), Seen::Dead);
}

/// What a child may do with what its parent has open.
template <class P>
class ForkedHandleTest : public ::testing::Test {
 protected:
  ShmName name_;
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(ForkedHandleTest, Policies);

TYPED_TEST(ForkedHandleTest, AChildCannotUseWhatItsParentHasOpen) {
  typename TypeParam::Producer producer(this->name_.str(), 8, 4);
  typename TypeParam::Consumer consumer(this->name_.str(), 8, 4);
  ASSERT_EQ(producer.open() + consumer.open(), 0);
  std::uint64_t value = 3;
  ASSERT_EQ(producer.tryPush(&value), 0);
  const ::pid_t child = inChild([&] {
    if (producer.opened() || consumer.opened()) return 1;
    if (producer.tryPush(&value) == 0 || lastError != Errc::OperationFailed) return 2;
    if (consumer.tryPop(&value) == 0 || lastError != Errc::OperationFailed) return 3;
    if (producer.tryClaim(1) || lastError != Errc::OperationFailed) return 4;
    if (consumer.tryTake(1) || lastError != Errc::OperationFailed) return 5;
    return producer.memory() == nullptr && consumer.pending() == 0 ? 0 : 6;
  });
  EXPECT_EQ(resultOf(child), 0);
  value = 0;
  EXPECT_EQ(consumer.tryPop(&value), 0) << "and takes nothing away from it";
  EXPECT_EQ(value, 3U);
}

TYPED_TEST(ForkedHandleTest, AChildOpensItsOwnWhereTheRoleIsToBeHad) {
  typename TypeParam::Producer producer(this->name_.str(), 8, 4);
  ASSERT_EQ(producer.open(), 0);
  const ::pid_t child = inChild([&] {
    const std::uint64_t value = 5;
    if (producer.open() == 0) return producer.push(&value) == 0 ? 0 : 1;
    return lastError == Errc::InUse ? 10 : 2;
  });
  EXPECT_EQ(resultOf(child), (std::is_same_v<TypeParam, Spsc>) ? 10 : 0);
  EXPECT_TRUE(producer.opened());
  const std::uint64_t value = 6;
  EXPECT_EQ(producer.tryPush(&value), 0);
}

TYPED_TEST(ForkedHandleTest, AQueueThatWasUsedBeforeAForkServesAChildUnderTheSameRules) {
  typename ShmMem::Mpmc::template Queue<int> unused(4);
  BasicQueue<int, ShmMem, TypeParam> queue(4);
  ASSERT_EQ(queue.tryPush(1), 0);
  const ::pid_t child = inChild([&] {
    if (unused.tryPush(1) == -1) return 1;
    const int pushed = queue.tryPush(2);
    if (pushed == -1) return lastError == Errc::InUse ? 10 : 2;
    return 0;
  });
  EXPECT_EQ(resultOf(child), (std::is_same_v<TypeParam, Spsc>) ? 10 : 0);
  int seen = 0;
  EXPECT_EQ(unused.tryPop(seen), 0);
  EXPECT_EQ(queue.tryPop(seen), 0);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(queue.tryPush(3), 0) << "the parent's is as it was";
}

}  // namespace
}  // namespace ringside
