// The workloads stream, duplex and snapshot with real processes: what is sound is clean, what is
// faulty is found out, and what cannot be measured so is skipped with the reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_patterns.hpp"
#include "harness/runner.hpp"
#include "harness/workload_needs.hpp"
#include "results/metrics.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Status;
using ::testing::HasSubstr;

class PatternsTest : public ::testing::Test {
 protected:
  Plan plan(const std::string& sweep, const std::string& workload) {
    const ScratchSuite timed(
        "[suite]\nname = \"s\"\nquestion = \"?\"\n[defaults]\nwarmup_ms = 2\n"
        "duration_ms = 40\n[[scenario]]\nname = \"one\"\nworkload = \"" +
        workload + "\"\n[scenario.sweep]\n" + sweep + "\n");
    return makePlan(timed.read(), session_.topology(), kPlenty);
  }
  Record run(const std::string& queue, const std::string& workload,
             const std::string& more = "element_size_bytes = 256\n") {
    const Plan made = plan("queue = \"" + queue + "\"\n" + more, workload);
    EXPECT_EQ(made.cells.at(0).skip_reason, std::nullopt);
    const auto record = runRepetition(made.cells[0], made.suite, 0, session_);
    EXPECT_TRUE(record.has_value());
    return record.value_or(Record{});
  }
  std::string reasonAgainst(const std::string& queue, const std::string& workload,
                            const std::string& more = "") {
    return plan("queue = \"" + queue + "\"\n" + more, workload)
        .cells.at(0)
        .skip_reason.value_or("it runs");
  }

  Session session_{Topology::ofThisMachine(),
                   {.until_attached = std::chrono::milliseconds(3000),
                    .until_ended = std::chrono::milliseconds(3000)}};
};

void expectClean(const Record& record) {
  EXPECT_EQ(record.status, Status::Ok) << record.cell << ": " << record.reason.value_or("");
  ASSERT_TRUE(record.validation.has_value());
  EXPECT_TRUE(record.validation->clean());
  EXPECT_GT(record.validation->sent, 0U);
  EXPECT_GT(*results::metricOf(record, "messages_per_s"), 0);
}

TEST_F(PatternsTest, StreamsEachElementOnceWholeAndInOrder) {
  for (const char* queue : {kSoundInPlace, "spsc", "mpsc", "mpmc", "mpmc_at_least_once"}) {
    for (const char* size : {"8", "72", "4096", "1048576"}) {
      const Record record =
          run(queue, "stream", std::string("capacity = 3\nelement_size_bytes = ") + size + "\n");
      expectClean(record);
      EXPECT_EQ(record.validation->sent, record.validation->received);
      EXPECT_GT(*results::metricOf(record, "bytes_per_s"), 0);
    }
  }
}

TEST_F(PatternsTest, StreamsFromManyToMany) {
  expectClean(run("mpmc", "stream",
                  "producers = 2\nconsumers = 2\nelement_size_bytes = 8192\ncapacity = 3\n"));
}

TEST_F(PatternsTest, StreamsWithTheFirstWordOfEachElementAlone) {
  const std::string sequence = "capacity = 3\nelement_size_bytes = 1048576\nvalidate = \"";
  for (const char* queue : {kSoundInPlace, "spsc", "mpmc", "eventfd_ring"}) {
    const Record record = run(queue, "stream", sequence + "sequence\"\n");
    expectClean(record);
    EXPECT_EQ(record.validation->sent, record.validation->received);
    EXPECT_FALSE(results::metricOf(record, "bytes_per_s").has_value()) << "of untouched bytes";
  }
  expectClean(run(kTearingInPlace, "stream", sequence + "sequence\"\n"));  // behind the first line
  EXPECT_GT(run(kLosingInPlace, "stream", sequence + "sequence\"\n").validation->lost, 0U);
  EXPECT_GT(run(kMisplacing, "stream", sequence + "sequence\"\n").validation->torn, 0U);
  const Record record = run("spsc", "stream", sequence + "off\"\n");
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_FALSE(record.validation.has_value());
}

TEST_F(PatternsTest, FindsALineInPlaceThatWasSpoilt) {
  const Record record = run(kTearingInPlace, "stream");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->torn, 0U);
}

TEST_F(PatternsTest, FindsAPlaceThatIsShifted) {
  // Longer than the shift, so that the lines of one element are looked at.
  const Record record = run(kMisplacing, "stream", "element_size_bytes = 4096\ncapacity = 2\n");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->torn, 0U);
}

TEST_F(PatternsTest, FindsElementsInPlaceThatWereLostOrCameTwice) {
  EXPECT_GT(run(kLosingInPlace, "stream").validation->lost, 0U);
  EXPECT_GT(run(kRepeating, "stream").validation->duplicated, 0U);
}

TEST_F(PatternsTest, AQueueWithoutElementsInPlaceIsSkippedWithTheReason) {
  EXPECT_THAT(reasonAgainst("pipe", "stream"), HasSubstr("tryClaim and tryTake"));
}

TEST_F(PatternsTest, BothSidesOfADuplexReceiveAllThatTheOtherOneSent) {
  for (const char* queue : {"spsc_endpoint", "mpsc_endpoint", "mpmc_endpoint", "spsc", "mpmc",
                            "robust_mutex", "pipe"}) {
    const Record record = run(queue, "duplex");
    expectClean(record);
    EXPECT_EQ(record.validation->sent, record.validation->received) << queue;
  }
}

TEST_F(PatternsTest, ARoundTripOverAChannelIsTimed) {
  for (const char* queue : {"spsc_endpoint", "mpsc_endpoint", "mpmc_endpoint"}) {
    const Record record = run(queue, "ping_pong");
    expectClean(record);
    EXPECT_EQ(static_cast<double>(record.histograms.at("rtt_ns")->count()),
              record.metrics.at("messages"));
    EXPECT_GE(record.obtained->page_size_bytes, 4096U) << queue;
  }
}

TEST_F(PatternsTest, FindsWhatComesBackToItsSender) {
  const Record record = run(kEchoing, "duplex");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->torn, 0U);
  EXPECT_EQ(record.validation->lost, record.validation->sent);
}

TEST_F(PatternsTest, AChannelIsNoQueueAndSaysWhatItCanDo) {
  EXPECT_THAT(reasonAgainst("spsc_endpoint", "throughput"), HasSubstr("ping_pong, duplex"));
  EXPECT_THAT(reasonAgainst("spsc", "snapshot"), HasSubstr("cannot be measured with snapshot"));
}

TEST_F(PatternsTest, DuplexHasOneProcessOnEachSide) {
  EXPECT_THAT(reasonAgainst("mpmc", "duplex", "producers = 2\n"), HasSubstr("not 2 and 1"));
}

TEST_F(PatternsTest, LessThanFullValidationIsForOtherWorkloads) {
  Cell cell = plan("queue = \"spsc\"\n", "duplex").cells.at(0);
  cell.validate = Validate::Off;
  EXPECT_THAT(harness::reasonAgainst(cell), HasSubstr("always validates in full"));
}

TEST_F(PatternsTest, BatchesAndSleepAreForOtherWorkloads) {
  for (const char* workload : {"stream", "duplex"}) {
    Cell cell = plan("queue = \"spsc\"\n", workload).cells.at(0);
    EXPECT_EQ(harness::reasonAgainst(cell), "");
    cell.axes.batch = 8;
    EXPECT_THAT(harness::reasonAgainst(cell), HasSubstr("no batches"));
    cell.axes.batch = 1;
    cell.axes.wait = "block";
    EXPECT_THAT(harness::reasonAgainst(cell), HasSubstr("spin or yield"));
  }
}

TEST_F(PatternsTest, EveryReaderOfASnapshotGetsWholeAndNewValues) {
  for (const char* queue :
       {kSoundSnapshot, "double_buffer", "shared_config", "robust_mutex_value"}) {
    for (const char* more : {"element_size_bytes = 8\n", "element_size_bytes = 65536\n",
                             "element_size_bytes = 256\nconsumers = 3\n"}) {
      const Record record = run(queue, "snapshot", more);
      expectClean(record);
      EXPECT_GT(record.metrics.at("reads_per_s"), 0);
      EXPECT_GT(record.metrics.at("writes_per_s"), 0);
      EXPECT_EQ(static_cast<double>(record.histograms.at("read_ns")->count()),
                record.metrics.at("messages"));
    }
  }
}

TEST_F(PatternsTest, FindsSnapshotsThatAreTornOldOrNeverSeen) {
  EXPECT_GT(run(kTearingSnapshot, "snapshot").validation->torn, 0U);
  EXPECT_GT(run(kOldSnapshot, "snapshot").validation->reordered, 0U);
  const Record deaf = run(kDeafSnapshot, "snapshot");
  EXPECT_GT(deaf.validation->lost, 0U);
  EXPECT_EQ(deaf.status, Status::Failed);
}

TEST_F(PatternsTest, ASnapshotHasOneWriterAndTheSizesThatItWasBuiltFor) {
  EXPECT_THAT(reasonAgainst("double_buffer", "snapshot", "element_size_bytes = 100\n"),
              HasSubstr("64, 256"));
  EXPECT_THAT(reasonAgainst("double_buffer", "snapshot", "producers = [1, 2]\n"), "it runs");
}

}  // namespace
}  // namespace ringside::harness
