#include "harness/run_name.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.hpp"

namespace ringside::harness {
namespace {

/// A process that waits to be killed.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    for (; pid_ == 0;) ::pause();
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  ~Sleeper() { end(); }

  ::pid_t pid() const { return pid_; }
  void end() {
    if (!alive_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    alive_ = false;
  }

 private:
  ::pid_t pid_;
  bool alive_ = true;
};

TEST(RunNameTest, SaysWhichProcessMadeItAndWhen) {
  const std::uint64_t before = Clock::monotonicRawNs();
  const auto run = parseRunName(prefixOfNewRun() + "12q");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->pid, ::getpid());
  EXPECT_GE(run->begun_ns, before);
  EXPECT_LE(run->begun_ns, Clock::monotonicRawNs());
  EXPECT_NE(run->pid_namespace, 0U);
}

TEST(RunNameTest, MayLackTheNamespaceAndEndInWhatAQueueAdds) {
  const auto run = parseRunName("ringside-4711-1f-0q.lock");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->pid, 4711);
  EXPECT_EQ(run->begun_ns, 0x1fU);
  EXPECT_EQ(run->pid_namespace, 0U);
}

TEST(RunNameTest, OfAnythingElseIsNone) {
  for (const char* name :
       {"", "ringside", "ringside-test-1-2", "ringside-sysv-00000001", "ringside-4711-1f-q",
        "ringside-4711-1f-0", "ringside-x-1f-0q", "my-ringside-4711-1f-0q", "ringside-4711-1F-0q",
        "ringside-99999999999-1f-0q", "channel"}) {
    EXPECT_FALSE(parseRunName(name)) << name;
  }
}

TEST(RunLifeTest, EndsWithItsProcess) {
  Sleeper process;
  const RunName run{process.pid(), Clock::monotonicRawNs(), 0};
  EXPECT_EQ(lifeOf(run), fmt::format("process {}, whose run made it, lives", process.pid()));
  process.end();
  EXPECT_EQ(lifeOf(run), "");
}

TEST(RunLifeTest, IsNotThatOfALaterProcessOfTheSameNumber) {
  constexpr std::uint64_t kTenSeconds = 10'000'000'000;
  const Sleeper process;
  EXPECT_EQ(lifeOf({process.pid(), Clock::monotonicRawNs() - kTenSeconds, 0}), "");
}

TEST(RunLifeTest, IsNotKnownInAnotherPidNamespace) {
  Sleeper process;
  process.end();
  EXPECT_NE(lifeOf({process.pid(), Clock::monotonicRawNs(), 1}), "");
}

}  // namespace
}  // namespace ringside::harness
