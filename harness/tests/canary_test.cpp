#include "harness/canary.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "cell_run.hpp"

namespace ringside::harness {
namespace {

TEST(CanaryTest, TellsWhoLeadsWhatAHandOffTakesAndNobodyElse) {
  const Clock clock = calibrateClock();
  const auto line = std::make_unique<CanaryLine>();
  double followed = -1;
  std::thread follower([&] { followed = measureCanary(*line, CanaryRole::Follows, clock); });
  EXPECT_GT(measureCanary(*line, CanaryRole::Leads, clock), 0);
  follower.join();
  EXPECT_EQ(followed, 0);
}

TEST(CanaryTest, IsNothingToWhoIsNotOneOfTheTwo) {
  CanaryLine line = {};
  EXPECT_EQ(measureCanary(line, CanaryRole::None, calibrateClock()), 0);
  EXPECT_EQ(line.arrived.load(), 0U);
}

/// Who led has given up, and its last word in `turn` was overwritten by the answer that came late.
TEST(CanaryTest, EndsForWhoFollowsThoughTheWordThatEndsItWasOverwritten) {
  const Clock clock = calibrateClock();
  const auto line = std::make_unique<CanaryLine>();
  std::atomic<bool> has_ended = false;
  std::thread follower([&] {
    measureCanary(*line, CanaryRole::Follows, clock);
    has_ended = true;
  });
  line->over = 1;
  line->turn = 2;
  line->arrived.fetch_add(1);
  line->arrival.wake(wakeOrder());
  const auto limit = std::chrono::steady_clock::now() + kCanaryPatience / 2;
  while (!has_ended && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_TRUE(has_ended) << "it waits for a turn that nobody gives";
  follower.join();
}

class CanaryRunTest : public CellRunTest {};

TEST_F(CanaryRunTest, EveryWorkloadHasOneBeforeAndOneAfter) {
  if (session_.topology().cpus().size() < 2) GTEST_SKIP() << "needs two CPUs";
  for (const char* workload : {"throughput", "ping_pong", "stream", "duplex", "paced"}) {
    const results::Record record = run("queue = \"spsc\"", workload);
    ASSERT_TRUE(record.obtained.has_value()) << workload << record.reason.value_or("");
    ASSERT_TRUE(record.obtained->canary.has_value()) << workload;
    EXPECT_GT(record.obtained->canary->before_ns, 0) << workload;
    EXPECT_GT(record.obtained->canary->after_ns, 0) << workload;
  }
}

TEST_F(CanaryRunTest, SeveralWorkersHaveTheOneOfTheFirst) {
  if (session_.topology().cpus().size() < 2) GTEST_SKIP() << "needs two CPUs";
  const results::Record record = run("queue = \"mpmc\"\nproducers = 2\nconsumers = 2");
  ASSERT_TRUE(record.obtained.has_value());
  EXPECT_TRUE(record.obtained->canary.has_value());
}

TEST_F(CanaryRunTest, WorkersThatAreNotPinnedHaveNone) {
  const results::Record record = run("queue = \"spsc\"\nplacement = \"unpinned\"");
  ASSERT_TRUE(record.obtained.has_value());
  EXPECT_FALSE(record.obtained->canary.has_value());
}

}  // namespace
}  // namespace ringside::harness
