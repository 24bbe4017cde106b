// Segments that are taken away when nobody uses them, while others create, open and unlink them,
// and die. Whoever got a ring keeps its name as long as it is attached.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <vector>

#include "forked.hpp"
#include "named_file.hpp"
#include "ringside/ringside.hpp"
#include "ringside/segment_list.hpp"
#include "shm_name.hpp"
#include "stepped_child.hpp"
#include "system_call_stops.hpp"
#include "system_facts.hpp"

namespace ringside {
namespace {

enum Outcome : int { Fine = 0, NotOpened = 1, NameLost = 2, NotUsable = 3 };

/// One use of a ring by somebody who wants it to be there: what it pushes it must find again, by
/// the name, as long as it is attached.
int useOnce(const std::string& name) {
  Mpmc::Producer producer(name, 8, 4);
  if (producer.open() == -1) return lastError == Errc::TimedOut ? Fine : NotOpened;
  if (!isStill(producer.memory()->descriptor(), "/dev/shm/" + name)) return NameLost;
  Mpmc::Consumer consumer(name, 8, 4);
  if (consumer.open() == -1) return lastError == Errc::TimedOut ? Fine : NotOpened;
  return isStill(consumer.memory()->descriptor(), "/dev/shm/" + name) ? Fine : NameLost;
}

void leaveRing(const std::string& name) {
  Mpmc::Producer producer(name, 8, 4);
  ASSERT_EQ(producer.open(), 0);
}

/// The name is absent, or stands for a ring that works.
void expectUsable(const ShmName& name) {
  Mpmc::Producer producer(name.str(), 8, 4);
  ASSERT_EQ(producer.open(), 0) << lastError.message();
  Mpmc::Consumer consumer(name.str(), 8, 4);
  ASSERT_EQ(consumer.open(), 0) << lastError.message();
  const std::uint64_t sent = 42;
  std::uint64_t received = 0;
  ASSERT_EQ(producer.tryPush(&sent), 0);
  ASSERT_EQ(consumer.tryPop(&received), 0);
  EXPECT_EQ(received, sent);
}

/// Kills in the storm below; RINGSIDE_UNLINK_ROUNDS asks for more.
int rounds() {
  const char* asked = std::getenv("RINGSIDE_UNLINK_ROUNDS");
  return asked == nullptr ? 300 : std::atoi(asked);
}

TEST(UnlinkRaceTest, WhoIsAttachedKeepsTheNameWhoeverIsKilledMeanwhile) {
  const ShmName name;
  const Shared<std::atomic<int>> worst{Fine};
  const Shared<std::atomic<std::uint64_t>> uses{std::uint64_t{0}};
  const auto use = [&] {
    for (;; ++*uses) {
      if (const int outcome = useOnce(name.str()); outcome != Fine) *worst = outcome;
    }
    return 0;
  };
  const auto clean = [&] {
    for (;;) ShmMem::unlinkIfUnused(name.str());
    return 0;
  };
  const std::function<int()> jobs[] = {use, use, clean, clean};
  std::vector<::pid_t> children;
  for (const auto& job : jobs) children.push_back(inChild(job));
  std::minstd_rand random(1);
  for (int round = 0; round < rounds(); ++round) {
    const std::size_t victim = random() % children.size();
    const std::uint64_t moment = *uses + random() % 4;
    waitFor([&] { return *uses > moment || *worst != Fine; });
    killAndWait(children[victim]);
    children[victim] = inChild(jobs[victim]);
  }
  for (const ::pid_t child : children) killAndWait(child);
  EXPECT_EQ(*worst, Fine);
  EXPECT_GT(*uses, static_cast<std::uint64_t>(rounds()));
  expectUsable(name);
  EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), 0);
  EXPECT_FALSE(pathExists(name.path())) << "nobody lives who uses it";
}

TEST(UnlinkRaceTest, ACleanerMayBeKilledAtAnySystemCall) {
  const ShmName name;
  leaveRing(name.str());
  const auto clean = [&] { return ShmMem::unlinkIfUnused(name.str()); };
  const int stops = killAtSystemCallsOf(clean, [&] {
    expectUsable(name);
    EXPECT_EQ(filesIn("/dev/shm", name.str()), 1U);
  });
  if (stops == 0) GTEST_SKIP() << kNoTracing;
}

/// Starts `work` in a child, and gives it time to get as far as it can before the one that is
/// stopped goes on.
::pid_t beginBeside(const std::function<int()>& work) {
  const Shared<std::atomic<bool>> begun{false};
  const ::pid_t child = inChild([&] {
    *begun = true;
    return work();
  });
  waitFor([&] { return begun->load(); });
  for (int i = 0; i < 200; ++i) ::sched_yield();
  return child;
}

/// Lets a cleaner stand before and after each of its system calls, begins `prepare` and then to
/// attach to the ring beside it, and lets both go on: who is attached must have the name. False
/// where processes may not be traced.
bool attachBesideACleaner(const std::function<bool(const std::string& name)>& prepare) {
  const ShmName name;
  leaveRing(name.str());
  const Shared<std::atomic<bool>> cleaned{false};
  const auto clean = [&] { return ShmMem::unlinkIfUnused(name.str()) == 0 ? 0 : 1; };
  const auto attach = [&] {
    Mpmc::Producer producer(name.str(), 8, 4);
    if (!prepare(name.str()) || producer.open() == -1) return static_cast<int>(NotOpened);
    waitFor([&] { return cleaned->load(); });
    const bool named = isStill(producer.memory()->descriptor(), name.path());
    return static_cast<int>(named ? Fine : NameLost);
  };
  const auto together = [&](CallStoppedChild& cleaner) {
    *cleaned = false;
    const ::pid_t other = beginBeside(attach);
    cleaner.finish();
    *cleaned = true;
    EXPECT_EQ(resultOf(other), Fine);
  };
  return atSystemCallsOf(clean, together, [&] { leaveRing(name.str()); }) > 0;
}

TEST(UnlinkRaceTest, WhoOpensWhileACleanerStandsAtAnySystemCallKeepsTheName) {
  const auto nothing = [](const std::string&) { return true; };
  if (!attachBesideACleaner(nothing)) GTEST_SKIP() << kNoTracing;
}

TEST(UnlinkRaceTest, ARingThatIsMadeAnewWhileACleanerStandsAtAnySystemCallKeepsTheName) {
  const auto unlink = [](const std::string& name) { return ShmMem::unlink(name) == 0; };
  if (!attachBesideACleaner(unlink)) GTEST_SKIP() << kNoTracing;
}

TEST(UnlinkRaceTest, AnOpenerMayBeKilledAtAnySystemCallAndLeavesNothingInUse) {
  const ShmName name;
  const auto open = [&] { return useOnce(name.str()); };
  const int stops = killAtSystemCallsOf(open, [&] {
    EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), 0);
    EXPECT_FALSE(pathExists(name.path()));
  });
  if (stops == 0) GTEST_SKIP() << kNoTracing;
}

}  // namespace
}  // namespace ringside
