// The slots of one arm, in its own processes as in a gate, and this test says whose turn it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "delaying_queues.hpp"
#include "faulty_queues.hpp"
#include "harness/duet/arm_files.hpp"
#include "harness/duet/arm_process.hpp"
#include "harness/shared_word.hpp"
#include "harness/slot_table.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr SlotTiming kShort{
    .slots = 6, .slot_ns = 4'000'000, .skip_ns = 200'000, .skip_messages = 64};

/// One arm in a process of its own.
class Arm {
 public:
  explicit Arm(SlotJob job)
      : turns_(memoryFile("turns", std::string(sizeof(TurnWords), '\0'))),
        reading_(memoryFile("reading", "")),
        words_(static_cast<TurnWords*>(::mmap(nullptr, sizeof(TurnWords), PROT_READ | PROT_WRITE,
                                              MAP_SHARED, turns_.number(), 0))) {
    job.turns_descriptor = turns_.number();
    job.reading_descriptor = reading_.number();
    job.parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      runArm(job);
      ::_exit(0);
    }
  }
  ~Arm() { ::munmap(words_, sizeof(TurnWords)); }

  bool becomesReady() { return waitFor(words_->ready, 1); }
  /// Counted from 1. False when it had to give up, or its process has ended.
  bool runSlot(std::uint32_t slot) {
    words_->turn.store(slot);
    wakeAll(words_->turn);
    return waitFor(words_->ended, slot) && words_->trouble.load() == 0;
  }
  ArmReading end() {
    words_->turn.store(kNoMoreSlots);
    wakeAll(words_->turn);
    if (!ended_) ::waitpid(pid_, nullptr, 0);
    return armReadingFrom(contentOf(reading_));
  }

 private:
  bool waitFor(const std::atomic<std::uint32_t>& word, std::uint32_t wanted) {
    constexpr std::chrono::seconds kLimit{60};  // only ends a test that hangs
    const auto limit = std::chrono::steady_clock::now() + kLimit;
    while (word.load() != wanted) {
      ended_ = ended_ || ::waitpid(pid_, nullptr, WNOHANG) == pid_;
      if (ended_ || std::chrono::steady_clock::now() > limit) return false;
      sleepWhile(word, word.load() == wanted ? wanted + 1 : word.load(),
                 std::chrono::milliseconds(20));
    }
    return true;
  }

  results::Descriptor turns_;
  results::Descriptor reading_;
  TurnWords* words_;
  ::pid_t pid_ = -1;
  bool ended_ = false;
};

class GateSlotsTest : public ::testing::Test {
 protected:
  /// Of the first cell of a sweep.
  SlotJob jobFor(const ScratchSuite& suite) {
    const Plan plan = makePlan(suite.read(), Topology::ofThisMachine(), kPlenty);
    SlotJob job;
    job.suite = suite.path();
    job.cell = plan.cells.at(0).name;
    job.queue = plan.cells.at(0).queue->name;
    job.timing = kShort;
    job.seed = 7;
    job.clock = clock_;
    job.clock_bound_ns = 1e6;
    return job;
  }
  static ArmReading runAll(const SlotJob& job) {
    Arm arm(job);
    if (arm.becomesReady()) {
      for (std::uint32_t slot = 1; slot <= job.timing.slots && arm.runSlot(slot); ++slot) continue;
    }
    return arm.end();
  }
  ArmReading run(const std::string& sweep, const std::string& workload) {
    const ScratchSuite suite(suiteWith(sweep, workload));
    return runAll(jobFor(suite));
  }
  ArmReading runQueue(const char* queue, const std::string& workload = "throughput") {
    return run(std::string("queue = \"") + queue + "\"\nelement_size_bytes = 256" +
                   (workload == "paced" ? "\nrate_per_s = 50000" : ""),
               workload);
  }

  const Clock clock_ = calibrateClock();
};

// --- sound queues -------------------------------------------------------------------------------

struct Measured {
  const char* workload;
  const char* sweep;
  const char* metric;
};
std::ostream& operator<<(std::ostream& out, const Measured& measured) {
  return out << measured.workload << " of " << measured.sweep;
}

/// Of the slots that have it, which some must: on a busy machine a slot may pass without a message.
std::vector<double> valuesIn(const ArmReading& reading, const std::string& metric) {
  std::vector<double> values;
  for (const SlotReading& slot : reading.slots) {
    if (slot.metrics.contains(metric)) values.push_back(slot.metrics.at(metric));
  }
  EXPECT_THAT(values, Not(IsEmpty())) << metric;
  return values;
}

class EverySlotTest : public GateSlotsTest, public ::testing::WithParamInterface<Measured> {};
INSTANTIATE_TEST_SUITE_P(
    Kinds, EverySlotTest,
    ::testing::Values(
        Measured{"throughput", "queue = \"spsc\"", "messages_per_s_robust"},
        Measured{"ping_pong", "queue = \"spsc\"", "rtt_ns_p50"},
        Measured{"paced", "queue = \"spsc\"\nrate_per_s = 50000", "response_ns_p50"},
        Measured{"throughput", "queue = \"mpmc\"\nproducers = 2\nconsumers = 2",
                 "messages_per_s_robust"},
        Measured{"ping_pong", "queue = \"mpmc\"\nproducers = 2\nconsumers = 2", "rtt_ns_p50"},
        Measured{"paced", "queue = \"mpmc\"\nproducers = 2\nconsumers = 2\nrate_per_s = 50000",
                 "response_ns_p50"},
        Measured{"throughput", "queue = \"spsc\"\nwait = \"block\"", "messages_per_s_robust"},
        Measured{"ping_pong", "queue = \"spsc\"\nwait = \"block\"", "rtt_ns_p50"},
        Measured{"paced", "queue = \"spsc\"\nwait = \"block\"\nrate_per_s = 50000",
                 "response_ns_p50"}));

TEST_P(EverySlotTest, DeliversEachMessageOnceAndMeasuresIt) {
  const ArmReading reading = run(GetParam().sweep, GetParam().workload);
  ASSERT_EQ(reading.trouble, "");
  EXPECT_EQ(reading.invalid, "");
  ASSERT_TRUE(reading.validation);
  EXPECT_TRUE(reading.validation->clean()) << toJson(reading);
  EXPECT_EQ(reading.validation->sent, reading.validation->received);
  EXPECT_GT(reading.validation->sent, 0U);
  ASSERT_THAT(reading.slots, SizeIs(kShort.slots));
  std::uint64_t messages = 0;
  for (const SlotReading& slot : reading.slots) {
    messages += slot.messages;
    EXPECT_LE(slot.counted, slot.messages);
  }
  EXPECT_GT(messages, 0U);
  // A slot of a loaded machine may have none.
  EXPECT_THAT(valuesIn(reading, GetParam().metric), Contains(Gt(0)));
}

TEST_F(GateSlotsTest, AnArmThatGetsNoTurnEndsWithoutASlot) {
  const ScratchSuite suite(suiteWith("queue = \"spsc\"", "ping_pong"));
  Arm arm(jobFor(suite));
  ASSERT_TRUE(arm.becomesReady());
  const ArmReading reading = arm.end();
  EXPECT_EQ(reading.trouble, "");
  EXPECT_THAT(reading.slots, SizeIs(0));
}

TEST_F(GateSlotsTest, AnArmThatIsEndedEarlyReadsTheSlotsThatItHad) {
  const ScratchSuite suite(suiteWith("queue = \"spsc\"", "throughput"));
  Arm arm(jobFor(suite));
  ASSERT_TRUE(arm.becomesReady());
  ASSERT_TRUE(arm.runSlot(1));
  const ArmReading reading = arm.end();
  EXPECT_EQ(reading.trouble, "");
  EXPECT_THAT(reading.slots, SizeIs(1));
  EXPECT_TRUE(reading.validation->clean());
}

TEST_F(GateSlotsTest, BothArmsOfAPairHaveTheSamePlanOfSends) {
  const ScratchSuite suite(suiteWith("queue = \"spsc\"\nrate_per_s = 50000", "paced"));
  SlotJob job = jobFor(suite);
  const ArmReading one = runAll(job);
  const ArmReading other = runAll(job);
  job.seed = 8;
  const ArmReading third = runAll(job);
  ASSERT_THAT(one.slots, SizeIs(kShort.slots));
  ASSERT_THAT(other.slots, SizeIs(kShort.slots));
  for (std::size_t i = 0; i < kShort.slots; ++i) {
    EXPECT_EQ(one.slots[i].messages, other.slots[i].messages);
  }
  EXPECT_NE(one.validation->sent, third.validation->sent) << "another seed, another plan";
}

TEST_F(GateSlotsTest, SendersAreTriedWithoutAQueueWhereThatIsAsked) {
  const ScratchSuite suite(suiteWith("queue = \"spsc\"\nrate_per_s = 50000", "paced"));
  SlotJob job = jobFor(suite);
  EXPECT_EQ(runAll(job).senders_late_ns, 0);
  job.tries_senders = true;
  ArmReading reading = runAll(job);
  // On a busy machine each message may meet a gap, and none counts.
  for (int more = 20; reading.senders_late_ns == 0 && more > 0; --more) reading = runAll(job);
  EXPECT_GT(reading.senders_late_ns, 0);
  EXPECT_EQ(reading.trouble, "");
  ASSERT_TRUE(reading.validation.has_value());
  EXPECT_TRUE(reading.validation->clean()) << toJson(reading);
}

// --- what goes wrong ----------------------------------------------------------------------------

TEST_F(GateSlotsTest, FindsWhatAQueueLosesInSlotsOfEachKind) {
  for (const char* workload : {"throughput", "ping_pong", "paced"}) {
    const ArmReading reading = runQueue(kLosing, workload);
    ASSERT_TRUE(reading.validation) << workload << ": " << reading.trouble;
    EXPECT_GT(reading.validation->lost, 0U) << workload;
  }
}

TEST_F(GateSlotsTest, FindsWhatComesTwiceOutOfOrderAndTorn) {
  EXPECT_GT(runQueue(kDuplicating).validation->duplicated, 0U);
  EXPECT_GT(runQueue(kReordering).validation->reordered, 0U);
  EXPECT_GT(runQueue(kTearing).validation->torn, 0U);
  EXPECT_GT(runQueue(kScrambling).validation->torn, 0U);
}

TEST_F(GateSlotsTest, ACrashStandsInTheReadingWithWorkerAndSignal) {
  EXPECT_THAT(runQueue(kCrashing).trouble, AllOf(HasSubstr("producer 0"), HasSubstr("SIGABRT")));
}

TEST_F(GateSlotsTest, AQueueThatCannotBeMadeStandsInTheReadingWithItsReason) {
  const ArmReading reading = runQueue(kThrowing);
  EXPECT_THAT(reading.trouble, HasSubstr("this queue cannot be made"));
  EXPECT_FALSE(reading.unobtainable);
}

TEST_F(GateSlotsTest, WhatIsNotToBeHadHereIsUnobtainable) {
  const ArmReading reading = runQueue(kUnobtainable);
  EXPECT_THAT(reading.trouble, HasSubstr("no such memory here"));
  EXPECT_TRUE(reading.unobtainable);
}

TEST_F(GateSlotsTest, ACellThatTheSuiteDoesNotHaveIsNamed) {
  const ScratchSuite suite(suiteWith("queue = \"spsc\""));
  SlotJob job = jobFor(suite);
  job.cell = "s/none";
  EXPECT_THAT(runAll(job).trouble, HasSubstr("s/none is not in the suite"));
}

// --- what is known to take time: bounds from below alone ----------------------------------------

TEST_F(GateSlotsTest, AnInjectedDelayIsOnTheWayOfEachMessageAndSpoilsNone) {
  constexpr std::uint32_t kSteps = 10'000;
  const double cost_ns = 100 * costOfSteps(kSteps / 100, clock_);
  const ScratchSuite suite(suiteWith("queue = \"spsc\"", "ping_pong"));
  SlotJob job = jobFor(suite);
  job.injection.steps = kSteps;
  const ArmReading reading = runAll(job);
  ASSERT_THAT(reading.slots, SizeIs(kShort.slots)) << reading.trouble;
  EXPECT_TRUE(reading.validation->clean());
  for (const double p50 : valuesIn(reading, "rtt_ns_p50")) EXPECT_GT(p50, cost_ns / 2);
}

/// While the consumer stands still for 2 ms of every 3.3 ms, the sender of a ring of one place
/// cannot send: counted from when messages are sent, nearly all would be quick.
TEST_F(GateSlotsTest, AResponseTimeIsCountedFromThePlanWhateverHoldsTheSenderUp) {
  const ScratchSuite suite(suiteWith(
      std::string("queue = \"") + kSlowPop + "\"\ncapacity = 1\nrate_per_s = 6000", "paced"));
  SlotJob job = jobFor(suite);
  job.timing.slot_ns = 60'000'000;
  const ArmReading reading = runAll(job);
  ASSERT_THAT(reading.slots, SizeIs(kShort.slots)) << reading.trouble;
  EXPECT_TRUE(reading.validation->clean());
  for (const double p50 : valuesIn(reading, "response_ns_p50")) EXPECT_GT(p50, 100'000);
  for (const double p99 : valuesIn(reading, "response_ns_p99")) EXPECT_GT(p99, 1'500'000);
}

}  // namespace
}  // namespace ringside::harness
