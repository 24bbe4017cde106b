// Whole repetitions in every kind of memory, with every way of waiting and looking, and what their
// records prove.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>

#include "cell_run.hpp"
#include "faulty_queues.hpp"
#include "harness/backing.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

using results::ProcessReading;
using results::Record;
using results::Status;
using ::testing::Contains;
using ::testing::HasSubstr;

std::uint64_t pagesIn(const results::MemoryReading& memory) {
  return std::accumulate(memory.node_pages.begin(), memory.node_pages.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& node) { return sum + node.second; });
}

/// Four kibibytes are a page here; a page of another machine is larger.
constexpr std::uint64_t kElements = 4096;
const std::string kLargeRing = "\nelement_size_bytes = 64\ncapacity = 4096";

class BackingRunTest : public CellRunTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Backings, BackingRunTest,
                         ::testing::Values("posix_shm", "anon", "memfd", "file", "sysv"));

TEST_P(BackingRunTest, DeliversEachMessageOnceWhateverTheQueueLiesIn) {
  for (const char* queue : {"spsc", "mpsc", "mpmc", "robust_mutex"}) {
    for (const char* workload : {"throughput", "ping_pong"}) {
      const Record record = run(std::string("queue = \"") + queue + "\"\nmemory = \"" + GetParam() +
                                    "\"\nelement_size_bytes = 200\ncapacity = 7",
                                workload);
      EXPECT_EQ(record.status, Status::Ok)
          << queue << " " << workload << ": " << record.reason.value_or("");
      ASSERT_TRUE(record.validation.has_value());
      EXPECT_GT(record.validation->received, 0U);
      EXPECT_EQ(record.validation->sent, record.validation->received);
    }
  }
}

TEST_P(BackingRunTest, ManyWorkersShareIt) {
  const Record record = run(std::string("queue = \"mpmc\"\nproducers = 3\nconsumers = 2\n") +
                            "memory = \"" + GetParam() + "\"");
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_TRUE(record.validation && record.validation->clean());
}

TEST_P(BackingRunTest, TheRecordNamesItAndTheWholeRingIsMappedInEachWorkerAndTheParent) {
  const Record record =
      run(std::string("queue = \"spsc\"\nmemory = \"") + GetParam() + "\"" + kLargeRing);
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_EQ(record.obtained->memory, GetParam());
  ASSERT_EQ(record.obtained->workers.size(), 2U);
  ASSERT_TRUE(record.obtained->parent.has_value());
  std::vector<ProcessReading> all = record.obtained->workers;
  all.push_back(*record.obtained->parent);
  for (const ProcessReading& reading : all) {
    EXPECT_GT(reading.pid, 0) << reading.name;
    EXPECT_GT(reading.wall_ns, 0U) << reading.name;
    EXPECT_GE(reading.cpu_at_start, 0) << reading.name;
    EXPECT_GE(reading.cpu_at_end, 0) << reading.name;
    EXPECT_GE(reading.after.page_size_bytes, 4096U) << reading.name;
    if (pagesIn(reading.after) == 0) GTEST_SKIP() << "no NUMA: nobody says where pages lie";
    EXPECT_GE(pagesIn(reading.after) * 4096, kElements * 64) << reading.name;
  }
  EXPECT_GE(pagesIn(record.obtained->workers[1].before) * 4096, kElements * 64);
}

TEST_P(BackingRunTest, LockedMemoryIsLockedInEachWorker) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
  const Record record = run(std::string("queue = \"spsc\"\nlock_memory = true\nmemory = \"") +
                            GetParam() + "\"\ncapacity = 4");
  if (record.status == Status::Skipped) GTEST_SKIP() << *record.reason;
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  for (const ProcessReading& worker : record.obtained->workers) {
    EXPECT_GT(worker.before.locked_bytes, 0U) << worker.name;
    EXPECT_GT(worker.after.locked_bytes, 0U) << worker.name;
  }
}

TEST_P(BackingRunTest, ARingThatNobodyTouchedIsTouchedInTheTimedPhaseAndSaysSo) {
  const Record record = run(std::string("queue = \"spsc\"\nprefault = false\nmemory = \"") +
                                GetParam() + "\"" + kLargeRing,
                            "throughput", "warmup_ms = 0\nduration_ms = 40\n");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_GT(record.metrics.at("faults"), 0);
  EXPECT_THAT(record.notes, Contains(HasSubstr("page faults in the timed phase")));
}

TEST_P(BackingRunTest, LeavesNothingBehind) {
  run(std::string("queue = \"spsc\"\nmemory = \"") + GetParam() + "\"");
  run(std::string("queue = \"") + kCrashing + "\"\nmemory = \"" + GetParam() + "\"");
  const std::string mine = "ringside-" + std::to_string(::getpid()) + "-";
  for (const std::string& folder : {std::string("/dev/shm"), fileFolder()}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(mine)) << entry.path();
    }
  }
}

class WaitRunTest : public CellRunTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Waits, WaitRunTest, ::testing::Values("spin", "yield", "block"));

TEST_P(WaitRunTest, EveryWayOfWaitingDeliversAndHasItsCostInCpuTime) {
  for (const char* workload : {"throughput", "ping_pong"}) {
    const Record record =
        run(std::string("queue = \"mpmc\"\ncapacity = 8\nwait = \"") + GetParam() + "\"", workload);
    EXPECT_EQ(record.status, Status::Ok) << workload << record.reason.value_or("");
    EXPECT_EQ(record.axes.wait, GetParam());
    EXPECT_GT(record.metrics.at("cpu_s_per_million"), 0);
  }
}

using ProofRunTest = CellRunTest;

// Three consumers of one producer have little to do. One that spins never gives its CPU away.
TEST_F(ProofRunTest, WhoBlocksSleepsAndWhoSpinsDoesNot) {
  const auto sleepsOf = [&](const std::string& wait) {
    const Record record = run("queue = \"mpmc\"\nconsumers = 3\nwait = \"" + wait + "\"");
    EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
    std::uint64_t sleeps = 0;
    for (const ProcessReading& worker : record.obtained->workers) {
      sleeps += worker.voluntary_switches;
    }
    return sleeps;
  };
  EXPECT_GT(sleepsOf("block"), sleepsOf("spin"));
}

TEST_F(ProofRunTest, CpuTimeIsWhatAllWorkersUsedForAMillionMessages) {
  const Record record = run("queue = \"spsc\"");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  std::uint64_t cpu_ns = 0;
  for (const ProcessReading& worker : record.obtained->workers) cpu_ns += worker.cpu_ns;
  EXPECT_DOUBLE_EQ(record.metrics.at("cpu_s_per_million"),
                   static_cast<double>(cpu_ns) * 1e-9 / (record.metrics.at("messages") * 1e-6));
}

TEST_F(ProofRunTest, TheRobustThroughputStandsBesideTheWhole) {
  const Record record = run("queue = \"spsc\"", "throughput", "warmup_ms = 5\nduration_ms = 200\n");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  // The fastest nine tenths are faster than all together.
  EXPECT_GT(record.metrics.at("messages_per_s_robust"), record.metrics.at("messages_per_s") * 0.9);
}

TEST_F(ProofRunTest, NodePagesLieOnTheNodeThatWasAskedFor) {
  const Record record = run("queue = \"spsc\"\nnuma_node = \"producer\"");
  if (record.status == Status::Skipped) GTEST_SKIP() << *record.reason;
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  ASSERT_TRUE(record.axes.numa_node.has_value());
  for (const ProcessReading& worker : record.obtained->workers) {
    for (const auto& [node, pages] : worker.after.node_pages) {
      EXPECT_EQ(node, *record.axes.numa_node);
    }
  }
}

TEST_F(ProofRunTest, BatchesOfAnySizeDeliverEachMessageOnce) {
  for (const char* queue : {"spsc", "mpsc", "mpmc"}) {
    for (const char* batch : {"2", "7", "1000"}) {  // also more than fit
      for (const char* wait : {"spin", "block"}) {
        const Record record =
            run(std::string("queue = \"") + queue + "\"\nbatch = " + batch + "\nwait = \"" + wait +
                "\"\nelement_size_bytes = 72\ncapacity = 16");
        EXPECT_EQ(record.status, Status::Ok) << record.cell << record.reason.value_or("");
        EXPECT_TRUE(record.validation && record.validation->clean()) << record.cell;
        EXPECT_EQ(record.validation->sent, record.validation->received);
      }
    }
  }
}

TEST_F(ProofRunTest, WithoutValidationThereAreNoCountsAndNothingIsFound) {
  for (const char* workload : {"throughput", "ping_pong"}) {
    const Record record = run("queue = \"spsc\"\nvalidate = \"off\"", workload);
    EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
    EXPECT_FALSE(record.validation.has_value());
    EXPECT_GT(record.metrics.at("messages"), 0);
  }
  const Record losing = run(std::string("queue = \"") + kLosing + "\"\nvalidate = \"off\"");
  EXPECT_EQ(losing.status, Status::Ok) << losing.reason.value_or("");
}

TEST_F(ProofRunTest, TheSequenceFindsWhatIsLostAndNotWhatIsSpoiltFurtherOn) {
  const std::string sequence = "\"\nelement_size_bytes = 256\nvalidate = \"sequence\"";
  const Record losing = run(std::string("queue = \"") + kLosing + sequence);
  EXPECT_EQ(losing.status, Status::Failed);
  EXPECT_GT(losing.validation->lost, 0U);
  const Record scrambling = run(std::string("queue = \"") + kScrambling + sequence);
  EXPECT_EQ(scrambling.status, Status::Ok) << scrambling.reason.value_or("");
  EXPECT_TRUE(scrambling.validation && scrambling.validation->clean());
}

TEST_F(ProofRunTest, MoreWorkersThanCpusRunAndAreMarked) {
  const Record record = run("queue = \"mpmc\"\nproducers = 9\nconsumers = 7\nwait = \"block\"",
                            "throughput", "warmup_ms = 20\nduration_ms = 200\n");
  EXPECT_NE(record.status, Status::Failed) << record.reason.value_or("");
  EXPECT_EQ(record.obtained->workers.size(), 16U);
  if (session_.topology().cpus().size() >= 16) return;
  EXPECT_THAT(record.notes, Contains(HasSubstr("16 workers share")));
}

}  // namespace
}  // namespace ringside::harness
