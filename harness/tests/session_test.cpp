#include "harness/session.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace ringside::harness {
namespace {

std::string scratchPrefix(const char* test) {
  return "ringside-test-" + std::to_string(::getpid()) + "-" + test + "-";
}

std::string touch(const std::string& name) {
  const std::string path = "/dev/shm/" + name;
  std::ofstream(path) << "x";
  return path;
}

TEST(JanitorTest, RemovesWhatBeginsWithThePrefixAndNothingElse) {
  const std::string prefix = scratchPrefix("mine");
  const std::string mine = touch(prefix + "1");
  const std::string other = touch(scratchPrefix("other") + "1");
  EXPECT_EQ(removeSegments(prefix), 1);
  EXPECT_FALSE(std::filesystem::exists(mine));
  EXPECT_TRUE(std::filesystem::remove(other));
}

TEST(JanitorTest, RemovesAMessageQueueWithItsNote) {
  const int id = ::msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  if (id < 0) GTEST_SKIP() << "no System V message queues here";
  const std::string prefix = scratchPrefix("queue");
  const std::string note = noteMessageQueue(prefix + "1", id);
  EXPECT_TRUE(std::filesystem::is_symlink("/dev/shm/" + note));
  EXPECT_EQ(removeSegments(prefix), 1);
  EXPECT_FALSE(std::filesystem::is_symlink("/dev/shm/" + note));
  ::msqid_ds state = {};
  EXPECT_EQ(::msgctl(id, IPC_STAT, &state), -1) << "it is still there";
}

TEST(JanitorTest, HasCleanedUpWhenItIsGone) {
  const std::string prefix = scratchPrefix("end");
  std::string path;
  {
    const Janitor janitor(prefix);
    path = touch(prefix + "1");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(JanitorTest, CleansUpAfterAParentThatWasKilled) {
  const std::string prefix = scratchPrefix("killed");
  const ::pid_t parent = ::fork();
  if (parent == 0) {
    const Janitor janitor(prefix);
    touch(prefix + "1");
    ::raise(SIGKILL);
  }
  ::waitpid(parent, nullptr, 0);
  const std::string path = "/dev/shm/" + prefix + "1";
  for (int tries = 0; tries < 5000 && std::filesystem::exists(path); ++tries) ::usleep(1000);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(InterruptWatchTest, TurnsASignalIntoSomethingThatCanBePolled) {
  InterruptWatch watch;
  EXPECT_FALSE(watch.interrupted());
  ::kill(::getpid(), SIGINT);
  ::pollfd polled{watch.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&polled, 1, 1000), 1);
  EXPECT_TRUE(watch.interrupted());
  EXPECT_TRUE(watch.interrupted());
}

// Other processes may run between two reads, so the kernel's clock is read on both sides of each
// read of the measured one: what that says lies between the inner and the outer interval.
TEST(ClockTest, GoesForwardAtItsRate) {
  const Clock clock = calibrateClock();
  const std::uint64_t outer_begin = Clock::monotonicRawNs();
  const std::uint64_t begin = clock.now();
  const std::uint64_t inner_begin = Clock::monotonicRawNs();
  ::usleep(20'000);
  const std::uint64_t inner_end = Clock::monotonicRawNs();
  const auto measured = static_cast<double>(clock.nsBetween(begin, clock.nowAfterLoads()));
  const std::uint64_t outer_end = Clock::monotonicRawNs();
  EXPECT_GE(measured, 0.99 * static_cast<double>(inner_end - inner_begin));
  EXPECT_LE(measured, 1.01 * static_cast<double>(outer_end - outer_begin));
  EXPECT_EQ(clock.nsBetween(5, 3), 0U);
}

TEST(SessionTest, NeverGivesANameTwice) {
  Session session(Topology::ofThisMachine());
  EXPECT_NE(session.freshName(), session.freshName());
}

}  // namespace
}  // namespace ringside::harness
