#include "harness/clock_survey.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cmath>

#include "harness/clock_judge.hpp"
#include "harness/duet/clock_watch.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;

TEST(ClockSurveyTest, KnowsStepAndCostOfAReading) {
  const Topology topology = Topology::ofThisMachine();
  ClockSurvey survey(calibrateClock(), topology);
  EXPECT_GT(survey.step().step_ns, 0);
  EXPECT_GT(survey.step().read_ns, 0);
  EXPECT_LE(survey.step().step_ns, 1000);
}

TEST(ClockSurveyTest, BoundsTheOffsetOfTwoCpusAndRemembersIt) {
  const Topology topology = Topology::ofThisMachine();
  if (topology.cpus().size() < 2) GTEST_SKIP() << "two CPUs are needed";
  const CpuPair pair{topology.cpus()[0].cpu, topology.cpus()[1].cpu};
  ClockSurvey survey(calibrateClock(), topology);
  const auto offset = survey.between(pair);
  ASSERT_TRUE(offset.has_value());
  EXPECT_GT(offset->round_trip_ns, 0);
  EXPECT_GE(offset->boundNs(), offset->round_trip_ns / 2);
  const auto again = survey.between(pair);
  EXPECT_EQ(again->offset_ns, offset->offset_ns);
}

TEST(ClockSurveyTest, LeavesTheCallersCpusAsTheyAre) {
  const Topology topology = Topology::ofThisMachine();
  if (topology.cpus().size() < 2) GTEST_SKIP() << "two CPUs are needed";
  ::cpu_set_t before;
  ::cpu_set_t after;
  ::sched_getaffinity(0, sizeof before, &before);
  ClockSurvey(calibrateClock(), topology).between({topology.cpus()[0].cpu, topology.cpus()[1].cpu});
  ::sched_getaffinity(0, sizeof after, &after);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(ClockSurveyTest, OneCpuHasNoOffset) {
  const Topology topology = Topology::ofThisMachine();
  const int cpu = topology.cpus()[0].cpu;
  ClockSurvey survey(calibrateClock(), topology);
  EXPECT_FALSE(survey.between({cpu, cpu}).has_value());
  EXPECT_FALSE(survey.worst(std::vector{cpu}, std::vector{cpu}).has_value());
}

TEST(ClockOffsetTest, IsProvenOnlyBeyondHalfOfTheRoundTrip) {
  EXPECT_FALSE((ClockOffset{.offset_ns = 85, .round_trip_ns = 170}.isProven()));
  EXPECT_TRUE((ClockOffset{.offset_ns = -86, .round_trip_ns = 170}.isProven()));
  EXPECT_DOUBLE_EQ((ClockOffset{.offset_ns = 10, .round_trip_ns = 170}.boundNs()), 85);
  EXPECT_DOUBLE_EQ((ClockOffset{.offset_ns = -100, .round_trip_ns = 170}.boundNs()), 185);
}

TEST(ClockJudgeTest, ClocksThatDifferByMoreThanAMicrosecondTellNothingBetweenThem) {
  EXPECT_EQ(whyNoOneWayTimes({.offset_ns = 1000, .round_trip_ns = 170}), "");
  for (const double offset_ns : {1001.0, -1001.0}) {
    EXPECT_THAT(whyNoOneWayTimes({.offset_ns = offset_ns, .round_trip_ns = 170}),
                HasSubstr("no time from one to the other"));
  }
}

TEST(ClockJudgeTest, ClocksMovedWhereBothExchangesTogetherCannotBeSoWrong) {
  const ClockOffset before{.offset_ns = -40, .round_trip_ns = 100};
  EXPECT_EQ(whyClocksMoved(before, before), "");
  EXPECT_EQ(whyClocksMoved(before, {.offset_ns = 110, .round_trip_ns = 200}), "");
  EXPECT_THAT(whyClocksMoved(before, {.offset_ns = 111, .round_trip_ns = 200}),
              HasSubstr("moved by 151 ns"));
  EXPECT_THAT(whyClocksMoved({.offset_ns = 111, .round_trip_ns = 200}, before),
              HasSubstr("moved by 151 ns"));
}

TEST(ClockWatchTest, LooksAtTheCpusOfPacedCellsAlone) {
  Session session(Topology::ofThisMachine());
  if (session.topology().cpus().size() < 2) GTEST_SKIP() << "two CPUs are needed";
  Cell cell;
  cell.placing.producer_cpus = {session.topology().cpus()[0].cpu};
  cell.placing.consumer_cpus = {session.topology().cpus()[1].cpu};
  ClockWatch clocks(session);
  cell.workload = Workload::PingPong;
  EXPECT_EQ(clocks.boundNs(cell), 0);
  EXPECT_EQ(clocks.whyNoResponses(cell), "");
  EXPECT_EQ(clocks.whyNoResponsesAfter(cell), "");
  cell.workload = Workload::Paced;
  EXPECT_GT(clocks.boundNs(cell), 0);
}

}  // namespace
}  // namespace ringside::harness
