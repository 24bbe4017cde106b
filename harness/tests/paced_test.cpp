// The open loop with real processes: what is planned ends as received or lost, whatever the queue
// does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "faulty_queues.hpp"
#include "harness/runner.hpp"
#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Histogram;
using results::Record;
using results::Status;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string suiteOf(const std::string& sweep, const std::string& workload = "paced") {
  return "[suite]\nname = \"s\"\nquestion = \"?\"\n[defaults]\nwarmup_ms = 5\nduration_ms = 40\n"
         "[[scenario]]\nname = \"one\"\nworkload = \"" +
         workload + "\"\n[scenario.sweep]\n" + sweep + "\n";
}

class PacedTest : public ::testing::Test {
 protected:
  Record run(const std::string& sweep, std::uint32_t repetition = 0) {
    const ScratchSuite file(suiteOf(sweep));
    const Plan plan = makePlan(file.read(), session_.topology(), kPlenty);
    const auto record = runRepetition(plan.cells.at(0), plan.suite, repetition, session_);
    EXPECT_TRUE(record.has_value());
    return record.value_or(Record{});
  }

  Session session_{Topology::ofThisMachine(),
                   {.until_attached = std::chrono::milliseconds(3000),
                    .until_ended = std::chrono::milliseconds(5000)}};
};

/// Every planned message is in the histogram of the response times, come or not.
void expectAllCounted(const Record& record) {
  const double planned = record.metrics.at("messages_planned");
  EXPECT_GT(planned, 0);
  EXPECT_EQ(static_cast<double>(record.histograms.at("response_ns")->count()), planned);
  EXPECT_EQ(record.metrics.at("messages") + record.metrics.at("messages_lost"), planned);
}

TEST_F(PacedTest, EveryPlannedMessageIsReceivedInElementsOfAnySize) {
  for (const char* size : {"8", "64", "4096"}) {
    const Record record =
        run(std::string("queue = \"spsc\"\nrate_per_s = 20000\nelement_size_bytes = ") + size);
    EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
    expectAllCounted(record);
    EXPECT_EQ(record.metrics.at("messages_lost"), 0);
    EXPECT_EQ(record.validation->sent, record.validation->received);
    EXPECT_NEAR(record.metrics.at("messages_planned"), 800, 5 * 28.3);  // five deviations
    EXPECT_EQ(record.seconds, 0.04);
  }
}

TEST_F(PacedTest, ResponseTimesBeginEarlierThanServiceTimes) {
  const Record record = run("queue = \"spsc\"\nrate_per_s = 20000");
  for (const char* percentile : {"p50", "p90", "p99", "p999", "max"}) {
    EXPECT_GE(record.metrics.at(std::string("response_ns_") + percentile),
              record.metrics.at(std::string("service_ns_") + percentile))
        << percentile;
  }
}

TEST_F(PacedTest, HasTheUndisturbedTimesAndTheClockBoundBesideAll) {
  const Record record = run("queue = \"spsc\"\nrate_per_s = 20000");
  EXPECT_LE(record.histograms.at("response_ns_clean")->count(),
            record.histograms.at("response_ns")->count());
  EXPECT_GE(record.metrics.at("disturbed_fraction"), 0);
  EXPECT_LE(record.metrics.at("disturbed_fraction"), 1);
  EXPECT_GT(record.metrics.at("clock_bound_ns"), 0);
  EXPECT_TRUE(record.metrics.contains("late_fraction"));
  EXPECT_LE(record.metrics.at("generator_ns_p90"), record.metrics.at("generator_ns_p999"));
}

TEST_F(PacedTest, SeveralProducersShareThePlan) {
  const Record record = run("queue = \"mpmc\"\nproducers = 2\nconsumers = 2\nrate_per_s = 20000");
  EXPECT_EQ(record.validation->lost, 0U) << record.reason.value_or("");
  expectAllCounted(record);
  EXPECT_GE(record.metrics.at("response_ns_p99_worst_producer"),
            record.metrics.at("response_ns_p50_worst_producer"));
}

TEST_F(PacedTest, ThePlanFollowsFromSeedAndRepetitionAlone) {
  const std::string sweep = "queue = \"spsc\"\nrate_per_s = 20000\nseed = ";
  const double planned = run(sweep + "7").metrics.at("messages_planned");
  EXPECT_EQ(run(sweep + "7").metrics.at("messages_planned"), planned);
  // Four other plans that all happen to have as many messages would be a wonder.
  bool differs = false;
  for (std::uint32_t repetition = 1; repetition < 5; ++repetition) {
    differs = differs || run(sweep + "7", repetition).metrics.at("messages_planned") != planned;
  }
  EXPECT_TRUE(differs);
}

TEST_F(PacedTest, ARateThatCannotBeKeptIsInvalidAndStillCountsEveryMessage) {
  const Record record = run("queue = \"robust_mutex\"\nrate_per_s = 50000000\ncapacity = 8");
  const bool saturated = record.reason.value_or("").find("saturated") != std::string::npos;
  if (!saturated) {  // the machine was busy with something else
    EXPECT_THAT(record.notes, ::testing::Contains(HasSubstr("the rate could not be kept")));
  } else {
    EXPECT_EQ(record.status, Status::Invalid);
  }
  expectAllCounted(record);
  EXPECT_GT(record.metrics.at("late_fraction"), 0.5);
}

TEST_F(PacedTest, AQueueThatTakesNothingKeepsTheClockRunning) {
  const Record record = run(std::string("queue = \"") + kDeaf + "\"\nrate_per_s = 2000");
  EXPECT_EQ(record.status, Status::Invalid) << record.reason.value_or("");
  EXPECT_EQ(record.validation->sent, 0U);
  EXPECT_EQ(record.metrics.at("messages_lost"), record.metrics.at("messages_planned"));
  EXPECT_EQ(record.metrics.at("late_fraction"), 1);
  expectAllCounted(record);
}

TEST_F(PacedTest, WhatTheQueueLosesIsAnEndlessResponseTimeAndAFailure) {
  const Record record = run(std::string("queue = \"") + kLosing + "\"\nrate_per_s = 20000");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.metrics.at("messages_lost"), 0);
  EXPECT_EQ(record.histograms.at("response_ns")->max(),
            Histogram::highestEquivalent(Histogram::kHighestNs));
  expectAllCounted(record);
}

TEST_F(PacedTest, ASecondDeliveryIsFoundAndDoesNotMoveTheFirst) {
  const Record record = run(std::string("queue = \"") + kDuplicating + "\"\nrate_per_s = 20000");
  EXPECT_EQ(record.status, Status::Failed);
  EXPECT_GT(record.validation->duplicated, 0U);
  expectAllCounted(record);
}

TEST_F(PacedTest, PlaysATraceAtItsOwnRate) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("ringside-paced-" + std::to_string(::getpid()) + ".csv");
  std::ofstream(file) << "time_us\n0\n100\n200\n";
  const Record record = run("queue = \"spsc\"\narrivals = \"trace:" + file.string() + "\"");
  std::filesystem::remove(file);
  EXPECT_EQ(record.validation->lost, 0U) << record.reason.value_or("");
  EXPECT_DOUBLE_EQ(record.axes.rate_per_s.value_or(0), 10'000);
  EXPECT_EQ(record.metrics.at("messages_planned"), 400);
  EXPECT_THAT(record.cell, HasSubstr("trace:ringside-paced"));
}

TEST_F(PacedTest, RoundTripsHaveUndisturbedOnesBesideThem) {
  const ScratchSuite file(suiteOf("queue = \"spsc\"", "ping_pong"));
  const Plan plan = makePlan(file.read(), session_.topology(), kPlenty);
  const Record record = *runRepetition(plan.cells.at(0), plan.suite, 0, session_);
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  const Histogram& clean = *record.histograms.at("rtt_ns_clean");
  // On a machine that is busy with something else there may be none.
  const bool has_any = record.metrics.at("disturbed_fraction") < 1;
  EXPECT_EQ(clean.count() > 0, has_any);
  EXPECT_EQ(record.metrics.contains("rtt_ns_p99_clean"), has_any);
  EXPECT_LE(clean.max(), record.histograms.at("rtt_ns")->max());
}

// --- what is refused ------------------------------------------------------------------------

std::string refusalOf(const std::string& sweep, const std::string& workload = "paced",
                      const std::vector<std::string>& overrides = {}) {
  const ScratchSuite file(suiteOf(sweep, workload));
  try {
    makePlan(file.read(overrides), Topology::synthetic("l3:1 core:2 pu:1"), kPlenty);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(OpenLoopPlanTest, RefusesMorePlannedMessagesThanARepetitionHolds) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nrate_per_s = 100000000", "paced", {"duration_ms=1000"}),
              AllOf(HasSubstr("rate_per_s is 100000000"), HasSubstr("16777216 messages"),
                    HasSubstr("a lower rate")));
}

TEST(OpenLoopPlanTest, RefusesAPercentileThatIsNone) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\npercentile = \"p101\"", "slo"),
              AllOf(HasSubstr("percentile is 'p101'"), HasSubstr("at most 100")));
  EXPECT_THAT(refusalOf("queue = \"spsc\"\npercentile = \"p0\"", "slo"), HasSubstr("'p0'"));
  EXPECT_EQ(refusalOf("queue = \"spsc\"\npercentile = \"p99.99\"", "slo"), "accepted");
}

TEST(OpenLoopPlanTest, RefusesAnAxisThatNoWorkloadHas) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nrate_per_s = 5", "throughput"),
              AllOf(HasSubstr("rate_per_s is given"), HasSubstr("leave the key out")));
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nlimit_ns = 5", "paced"),
              HasSubstr("no scenario has workload = \"slo\""));
}

TEST(OpenLoopPlanTest, RefusesATraceWhereARateIsLookedFor) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\narrivals = \"trace:/no/such\"", "slo"),
              HasSubstr("no such file"));
}

TEST(OpenLoopPlanTest, OtherWorkloadsHaveNoRate) {
  const ScratchSuite file(suiteOf("queue = \"spsc\"", "throughput"));
  const Plan plan = makePlan(file.read(), Topology::synthetic("l3:1 core:2 pu:1"), kPlenty);
  EXPECT_FALSE(plan.cells.at(0).axes.rate_per_s.has_value());
  EXPECT_FALSE(plan.cells[0].axes.arrivals.has_value());
}

}  // namespace
}  // namespace ringside::harness
