// A queue that works only between threads: all workers are threads of one process, and each still
// reports for itself.
#include <gmock/gmock.h>
#include <signal.h>

#include <deque>
#include <mutex>

#include "cell_run.hpp"
#include "harness/verify/campaign.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Status;
using ::testing::Contains;
using ::testing::HasSubstr;

enum class Trick { None, MakerThrows, ConsumerThrows, ConsumerCrashes };

template <Trick kTrick>
struct LockedDeque {
  struct Shared {
    std::mutex mutex;
    std::deque<std::vector<std::byte>> elements;
  };

  static QueueLimits limits() {
    return {.max_producers = 8,
            .max_consumers = 8,
            .threads_only = true,
            .provision = Provision::Queue};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Shared); }
  static void create(const Place&, const QueueShape&) {}
  static HeldQueue hold(const Place&, const QueueShape&) {
    if (kTrick == Trick::MakerThrows) throw std::runtime_error("there is no such queue");
    return {.object = std::make_shared<Shared>(), .memory = {}};
  }

  class Producer {
   public:
    Producer(const Place& place, const QueueShape& shape)
        : shared_(std::static_pointer_cast<Shared>(place.held)), shape_(shape) {}
    bool tryPush(const void* element) {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->elements.size() == shape_.capacity) return false;
      const auto* bytes = static_cast<const std::byte*>(element);
      shared_->elements.emplace_back(bytes, bytes + shape_.element_size_bytes);
      return true;
    }

   private:
    std::shared_ptr<Shared> shared_;
    QueueShape shape_;
  };

  class Consumer {
   public:
    Consumer(const Place& place, const QueueShape& shape)
        : shared_(std::static_pointer_cast<Shared>(place.held)), shape_(shape) {
      if (kTrick == Trick::ConsumerThrows) throw std::runtime_error("nothing to consume");
    }
    bool tryPop(void* element) {
      if (kTrick == Trick::ConsumerCrashes) ::raise(SIGABRT);
      const std::lock_guard lock(shared_->mutex);
      if (shared_->elements.empty()) return false;
      std::memcpy(element, shared_->elements.front().data(), shape_.element_size_bytes);
      shared_->elements.pop_front();
      return true;
    }

   private:
    std::shared_ptr<Shared> shared_;
    QueueShape shape_;
  };
};

RINGSIDE_QUEUE(threads_sound, LockedDeque<Trick::None>, "test only");
RINGSIDE_QUEUE(threads_without_queue, LockedDeque<Trick::MakerThrows>, "test only");
RINGSIDE_QUEUE(threads_giving_up, LockedDeque<Trick::ConsumerThrows>, "test only");
RINGSIDE_QUEUE(threads_crashing, LockedDeque<Trick::ConsumerCrashes>, "test only");

class ThreadCrewTest : public CellRunTest {};

TEST_F(ThreadCrewTest, AllWorkersAreThreadsOfOneProcessAndTheRecordSaysSo) {
  const Record record = run("queue = \"threads_sound\"\nproducers = 2\nconsumers = 2");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_THAT(record.notes, Contains(HasSubstr("threads of one process")));
  EXPECT_EQ(record.axes.memory, "process");
  std::vector<int> pids = record.obtained->producer_pids;
  pids.insert(pids.end(), record.obtained->consumer_pids.begin(),
              record.obtained->consumer_pids.end());
  ASSERT_EQ(pids.size(), 4U);
  EXPECT_THAT(pids, ::testing::Each(pids.front()));
}

TEST_F(ThreadCrewTest, NothingIsLostBetweenThreads) {
  const Record record = run("queue = \"threads_sound\"\nproducers = 2\nconsumers = 2");
  ASSERT_TRUE(record.validation);
  EXPECT_TRUE(record.validation->clean());
  EXPECT_GT(record.validation->received, 0U);
}

TEST_F(ThreadCrewTest, EachThreadReportsItsOwnTime) {
  const Record record = run("queue = \"threads_sound\"", "throughput", "duration_ms = 100\n");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  ASSERT_EQ(record.obtained->workers.size(), 2U);
  for (const results::ProcessReading& worker : record.obtained->workers) {
    EXPECT_GT(worker.wall_ns, 0U) << worker.name;
    EXPECT_GT(worker.cpu_ns, 0U) << worker.name;
    EXPECT_LE(worker.cpu_ns, worker.wall_ns + worker.wall_ns / 10) << "that of both threads";
  }
}

TEST_F(ThreadCrewTest, RoundTripsAreMeasuredAsBetweenProcesses) {
  const Record record = run("queue = \"threads_sound\"", "ping_pong");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_GT(record.metrics.at("rtt_ns_p50"), 0);
}

TEST_F(ThreadCrewTest, AThreadThatGivesUpEndsTheCellAndIsNamed) {
  const Record record = run("queue = \"threads_giving_up\"");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("consumer 0"));
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("gave up: nothing to consume"));
}

TEST_F(ThreadCrewTest, AQueueThatCannotBeMadeFailsWithItsReason) {
  const Record record = run("queue = \"threads_without_queue\"");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("there is no such queue"));
}

TEST_F(ThreadCrewTest, ACrashHarmsOnlyTheCell) {
  const Record record = run("queue = \"threads_crashing\"");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("was killed by SIG"));
}

TEST_F(ThreadCrewTest, OtherMemoryIsSkippedWithTheReason) {
  const Record record = run("queue = \"threads_sound\"\nmemory = \"memfd\"");
  EXPECT_EQ(record.status, Status::Skipped);
  EXPECT_THAT(record.reason.value_or(""), HasSubstr("the memory of one process"));
}

CampaignFinding findInThreads(FaultKind fault, Session& session) {
  Campaign campaign;
  campaign.queues = {findQueue("threads_sound")};
  campaign.faults = {fault};
  campaign.capacities = {3};
  return runCampaign(campaign, session).at(0);
}

TEST_F(ThreadCrewTest, IsVerifiedBetweenThreads) {
  const CampaignFinding finding = findInThreads(FaultKind::None, session_);
  EXPECT_EQ(finding.progress, ProgressClass::Survives) << finding.worst.evidence;
  EXPECT_TRUE(finding.tried());
  EXPECT_GT(finding.counts.popped, 0U);
}

TEST_F(ThreadCrewTest, NobodyIsKilledAmongThreads) {
  const CampaignFinding finding = findInThreads(FaultKind::KillAtInstruction, session_);
  EXPECT_FALSE(finding.tried());
  EXPECT_THAT(finding.skipped, HasSubstr("threads of one process"));
}

}  // namespace
}  // namespace ringside::harness
