// Whole repetitions with real processes: sound queues give clean records, faulty ones are found
// out.
#include "harness/runner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "faulty_queues.hpp"
#include "results/metrics.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Status;
using ::testing::HasSubstr;

class RunnerTest : public ::testing::Test {
 protected:
  Record run(const std::string& sweep, const std::string& workload = "throughput") {
    const ScratchSuite timed(
        "[suite]\nname = \"s\"\nquestion = \"?\"\n[defaults]\nwarmup_ms = 2\n"
        "duration_ms = 40\n[[scenario]]\nname = \"one\"\nworkload = \"" +
        workload + "\"\n[scenario.sweep]\n" + sweep + "\n");
    const Plan plan = makePlan(timed.read(), session_.topology(), kPlenty);
    const auto record = runRepetition(plan.cells.at(0), plan.suite, 0, session_);
    EXPECT_TRUE(record.has_value());
    return record.value_or(Record{});
  }
  Record runQueue(const char* queue, const std::string& workload = "throughput") {
    return run(std::string("queue = \"") + queue + "\"\nelement_size_bytes = 256", workload);
  }

  Session session_{Topology::ofThisMachine(),
                   {.until_attached = std::chrono::milliseconds(3000),
                    .until_ended = std::chrono::milliseconds(3000)}};
};

TEST_F(RunnerTest, ASoundQueueGivesACleanRecord) {
  const Record record = runQueue(kSound);
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  ASSERT_TRUE(record.validation.has_value());
  EXPECT_TRUE(record.validation->clean());
  EXPECT_EQ(record.validation->sent, record.validation->received);
  EXPECT_GT(record.validation->sent, 0U);
  EXPECT_GT(*results::metricOf(record, "messages_per_s"), 0);
  EXPECT_GT(record.seconds, 0);
}

TEST_F(RunnerTest, APingPongHasARoundTripForEachMessageItMeasured) {
  const Record record = runQueue(kSound, "ping_pong");
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_GT(record.histograms.at("rtt_ns")->count(), 0U);
  EXPECT_EQ(static_cast<double>(record.histograms.at("rtt_ns")->count()),
            record.metrics.at("messages"));
}

TEST_F(RunnerTest, EachWorkerIsAProcessOfItsOwn) {
  const Record record = run("queue = \"mpmc\"\nproducers = 2\nconsumers = 2");
  ASSERT_TRUE(record.obtained.has_value());
  std::set<int> pids(record.obtained->producer_pids.begin(), record.obtained->producer_pids.end());
  pids.insert(record.obtained->consumer_pids.begin(), record.obtained->consumer_pids.end());
  pids.insert(::getpid());
  EXPECT_EQ(pids.size(), 5U);
}

TEST_F(RunnerTest, ReportsThePagesThatTheKernelGave) {
  const Record record = runQueue("spsc");
  ASSERT_TRUE(record.obtained.has_value());
  EXPECT_GE(record.obtained->page_size_bytes, 4096U);
  EXPECT_EQ(record.obtained->locked_bytes, 0U);
}

TEST_F(RunnerTest, FindsLostElements) {
  const Record record = runQueue(kLosing);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->lost, 0U);
  EXPECT_EQ(record.validation->duplicated, 0U);
}

TEST_F(RunnerTest, FindsElementsThatCameTwice) {
  const Record record = runQueue(kDuplicating);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->duplicated, 0U);
  EXPECT_EQ(record.validation->lost, 0U);
}

TEST_F(RunnerTest, FindsElementsOutOfOrder) {
  const Record record = runQueue(kReordering);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->reordered, 0U);
  EXPECT_LE(record.validation->lost, 1U);  // one may be held back at the end
}

TEST_F(RunnerTest, FindsTornElements) {
  const Record record = runQueue(kTearing);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->torn, 0U);
}

TEST_F(RunnerTest, FindsElementsThatWereNeverSent) {
  const Record record = runQueue(kInventing);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_FALSE(record.validation->clean());
}

TEST_F(RunnerTest, FindsBytesSpoiltBetweenTheStamps) {
  const Record record = runQueue(kScrambling);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->torn, 0U);
}

TEST_F(RunnerTest, MemoryThatNobodyWroteIsNoElement) {
  const Record record = runQueue(kBlank);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_EQ(record.validation->torn, 1U);
}

TEST_F(RunnerTest, AQueueThatIsNeverMadeIsKilledAndNamed) {
  const Record record = runQueue(kStuckMaker);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("the maker of the queues"));
}

TEST_F(RunnerTest, AWorkerThatQuitsInTheMiddleHasDied) {
  const Record record = runQueue(kQuitting);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("producer 0"));
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("in the middle"));
}

TEST_F(RunnerTest, ACrashFailsTheRecordWithItsSignalAndPhase) {
  const Record record = runQueue(kCrashing);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("producer 0"));
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("SIGABRT"));
  EXPECT_FALSE(record.validation.has_value());
}

TEST_F(RunnerTest, AWorkerThatHangsIsKilledAndNamed) {
  const Record record = runQueue(kHanging);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("consumer 0"));
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("hung"));
}

TEST_F(RunnerTest, ALostReplyIsLostAndNotAHang) {
  const Record record = runQueue(kLosing, "ping_pong");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_EQ(record.validation->lost, 1U);
}

TEST_F(RunnerTest, AQueueThatCannotBeMadeFailsWithItsReason) {
  const Record record = runQueue(kThrowing);
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("this queue cannot be made"));
}

TEST_F(RunnerTest, WhatIsNotToBeHadIsSkippedAndNotFailed) {
  const Record record = runQueue(kUnobtainable);
  EXPECT_EQ(record.status, Status::Skipped);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("no such memory here"));
}

TEST_F(RunnerTest, NoMessageAtAllIsInvalid) {
  const Record record = runQueue(kDeaf);
  EXPECT_EQ(record.status, Status::Invalid);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("no message"));
}

TEST_F(RunnerTest, HugePagesThatAreRequiredAndNotThereAreSkipped) {
  const Record record = run("queue = \"spsc\"\nhuge_pages = \"require\"\ncapacity = 1");
  EXPECT_EQ(record.status, Status::Skipped);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("huge pages"));
}

TEST_F(RunnerTest, HugePagesThatWereTriedInVainAreNoted) {
  const Record record = run("queue = \"spsc\"\nhuge_pages = \"try\"\ncapacity = 1");
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_THAT(record.notes, ::testing::Contains(HasSubstr("huge pages were tried")));
}

TEST_F(RunnerTest, LockedMemoryIsReported) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
  const Record record = run("queue = \"spsc\"\nlock_memory = true\ncapacity = 4");
  if (record.status == Status::Skipped) GTEST_SKIP() << *record.reason;
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_GT(record.obtained->locked_bytes, 0U);
}

TEST_F(RunnerTest, LeavesNothingInSharedMemory) {
  for (const char* queue : {"spsc", "pipe", "robust_mutex", kCrashing, kThrowing}) runQueue(queue);
  const std::string mine = "ringside-" + std::to_string(::getpid()) + "-";
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(mine)) << entry.path();
  }
}

struct ShapeOfRun {
  const char* workload;
  int producers;
  int consumers;
};

class EveryQueueTest : public RunnerTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Queues, EveryQueueTest,
                         ::testing::Values("spsc", "mpsc", "mpmc", "robust_mutex", "pipe",
                                           "boost_message_queue"));

TEST_P(EveryQueueTest, DeliversEachMessageOnceWholeAndInOrderInEveryShapeItTakes) {
  const QueueEntry* queue = findQueue(GetParam());
  if (queue == nullptr) GTEST_SKIP() << GetParam() << " is not built here";
  for (const ShapeOfRun& shape : {ShapeOfRun{"throughput", 1, 1},
                                  {"throughput", 3, 1},
                                  {"throughput", 2, 2},
                                  {"ping_pong", 1, 1},
                                  {"ping_pong", 2, 1},
                                  {"ping_pong", 2, 2}}) {
    const bool takes = static_cast<std::uint32_t>(shape.producers) <= queue->limits.max_producers &&
                       static_cast<std::uint32_t>(shape.consumers) <= queue->limits.max_consumers;
    if (!takes) continue;
    const Record record = run(std::string("queue = \"") + GetParam() +
                                  "\"\nproducers = " + std::to_string(shape.producers) +
                                  "\nconsumers = " + std::to_string(shape.consumers) +
                                  "\nelement_size_bytes = 200\ncapacity = 7",
                              shape.workload);
    EXPECT_EQ(record.status, Status::Ok)
        << shape.workload << " " << record.cell << ": " << record.reason.value_or("");
    ASSERT_TRUE(record.validation.has_value());
    EXPECT_EQ(record.validation->sent, record.validation->received);
  }
}

}  // namespace
}  // namespace ringside::harness
