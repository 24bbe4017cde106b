// Who made the slowest messages slow, with real processes: a neighbour on the consumer's CPU, or
// the queue itself. The label of one run is a judgement over some hundreds of messages on a machine
// that may do anything meanwhile, so each test looks at up to ten runs and wants one with the right
// label; the other label, of the opposite case, is wanted in the same way.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delaying_queues.hpp"
#include "harness/disturbance.hpp"
#include "harness/runner.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Record;

constexpr int kRuns = 10;

/// A process that spins on one CPU, as long as this lives.
class NoisyNeighbour {
 public:
  explicit NoisyNeighbour(int cpu) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    ::sched_setaffinity(0, sizeof set, &set);
    for (;;) pauseCore();
  }
  NoisyNeighbour(const NoisyNeighbour&) = delete;
  NoisyNeighbour& operator=(const NoisyNeighbour&) = delete;
  ~NoisyNeighbour() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  ::pid_t pid_;
};

class TailLabelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (session_.topology().cpus().size() < 2) GTEST_SKIP() << "two CPUs are needed";
    goBeforeOthers();  // but not before the neighbour, who is a child
  }
  void TearDown() override { ::setpriority(PRIO_PROCESS, 0, 0); }
  Cell cellOf(const char* queue) const {
    const ScratchSuite file(
        std::string("[suite]\nname = \"s\"\nquestion = \"?\"\n[[scenario]]\nname = \"one\"\n"
                    "workload = \"paced\"\nwarmup_ms = 20\nduration_ms = 500\n[scenario.sweep]\n"
                    "queue = \"") +
        queue + "\"\nrate_per_s = 4000\ncapacity = 1024\nwait = \"spin\"\n");
    return makePlan(file.read(), session_.topology(), kPlenty).cells.at(0);
  }
  /// Whether one of several runs has this label, and gaps of the queue's when it is the queue's;
  /// `neighbour` is on the consumer's CPU meanwhile.
  bool labelled(const char* queue, bool machine, bool neighbour) {
    const Cell cell = cellOf(queue);
    for (int i = 0; i < kRuns; ++i) {
      std::optional<NoisyNeighbour> noise;
      if (neighbour) noise.emplace(cell.placing.consumer_cpus.at(0));
      const Record record =
          runRepetition(cell, "s", 0, session_, [&](const Traffic& traffic) {
            const WorkerGaps consumer = WorkerGaps::of(traffic.consumerGaps(0));
            queue_gaps_ = Disturbance(std::span(&consumer, 1), session_.clock()).queueGaps();
          }).value_or(Record{});
      const auto label = record.metrics.find("tail_is_machine");
      if (label != record.metrics.end() && label->second == (machine ? 1 : 0) &&
          (queue_gaps_ == 0) == machine) {
        return true;
      }
    }
    return false;
  }

  Session session_{Topology::ofThisMachine()};
  std::uint64_t queue_gaps_ = 0;  ///< of the last run
};

TEST_F(TailLabelTest, ANoisyNeighbourMakesItTheMachines) {
  EXPECT_TRUE(labelled(kPromptPop, true, true));
}

TEST_F(TailLabelTest, ASlowPathThatWorksMakesItTheQueues) {
  EXPECT_TRUE(labelled(kSlowPop, false, false));
}

TEST_F(TailLabelTest, ASlowPathThatSleepsMakesItTheQueues) {
  EXPECT_TRUE(labelled(kSleepyPop, false, false));
}

}  // namespace
}  // namespace ringside::harness
