// What holds for every workload, whatever its loops do: each process proves what it had, memory is
// as it was asked for, and who blocks delivers as well.
#include <gmock/gmock.h>

#include "cell_run.hpp"

namespace ringside::harness {
namespace {

using results::ProcessReading;
using results::Record;
using results::Status;
using ::testing::HasSubstr;

constexpr const char* kTiming = "warmup_ms = 20\nduration_ms = 100\n";

struct Measured {
  const char* workload;
  const char* sweep;
};
std::ostream& operator<<(std::ostream& out, const Measured& measured) {
  return out << measured.workload << " of " << measured.sweep;
}

class EveryWorkloadTest : public CellRunTest, public ::testing::WithParamInterface<Measured> {
 protected:
  Record runWith(const std::string& more) {
    return run(std::string(GetParam().sweep) + "\n" + more, GetParam().workload, kTiming);
  }
};
INSTANTIATE_TEST_SUITE_P(Workloads, EveryWorkloadTest,
                         ::testing::Values(Measured{"throughput", "queue = \"spsc\""},
                                           Measured{"ping_pong", "queue = \"spsc\""},
                                           Measured{"ping_pong", "queue = \"spsc_endpoint\""},
                                           Measured{"stream", "queue = \"spsc\""},
                                           Measured{"duplex", "queue = \"spsc\""},
                                           Measured{"duplex", "queue = \"mpmc_endpoint\""},
                                           Measured{"snapshot", "queue = \"double_buffer\""},
                                           Measured{"paced",
                                                    "queue = \"spsc\"\nrate_per_s = 20000"}));

TEST_P(EveryWorkloadTest, EachWorkerAndTheParentReadWhatTheyHadInTheTimedPhase) {
  const Record record = runWith("");
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  ASSERT_EQ(record.obtained->workers.size(), 2U);
  for (const ProcessReading& worker : record.obtained->workers) {
    EXPECT_GT(worker.wall_ns, 0U) << worker.name;
    EXPECT_GE(worker.cpu_at_start, 0) << worker.name;
    EXPECT_GT(worker.before.page_size_bytes, 0U) << worker.name;
    EXPECT_GT(worker.after.page_size_bytes, 0U) << worker.name;
    EXPECT_FALSE(worker.after.node_pages.empty()) << worker.name;
  }
  EXPECT_GT(record.obtained->parent->wall_ns, 0U);
  EXPECT_GT(record.metrics.at("cpu_s_per_million"), 0);
  EXPECT_TRUE(record.metrics.contains("faults"));
}

TEST_P(EveryWorkloadTest, LockedMemoryIsLockedInEachWorker) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer makes mlock do nothing";
#endif
  const Record record = runWith("lock_memory = true");
  if (record.status == Status::Skipped) GTEST_SKIP() << *record.reason;
  ASSERT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  for (const ProcessReading& worker : record.obtained->workers) {
    EXPECT_GT(worker.before.locked_bytes, 0U) << worker.name;
    EXPECT_GT(worker.after.locked_bytes, 0U) << worker.name;
  }
}

TEST_P(EveryWorkloadTest, BlockingDeliversEveryMessageOrIsSkippedWithTheReason) {
  const Record record = runWith("wait = \"block\"");
  if (record.status == Status::Skipped) {
    EXPECT_THAT(record.reason.value_or(""), ::testing::AnyOf(HasSubstr("spin or yield only"),
                                                             HasSubstr("no calls that block")));
    return;
  }
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_EQ(record.axes.wait, "block");
  EXPECT_TRUE(record.validation && record.validation->clean());
}

using BlockedOpenLoopTest = CellRunTest;

TEST_F(BlockedOpenLoopTest, AConsumerSleepsBetweenMessagesThatAreFarApart) {
  const auto sleepsOf = [&](const std::string& wait) {
    const Record record =
        run("queue = \"spsc\"\nrate_per_s = 2000\nwait = \"" + wait + "\"", "paced", kTiming);
    EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
    return record.obtained->workers.at(1).voluntary_switches;
  };
  EXPECT_GT(sleepsOf("block"), sleepsOf("spin"));
}

}  // namespace
}  // namespace ringside::harness
