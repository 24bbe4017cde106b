#include "results/contest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "contest_records.hpp"

namespace ringside::results {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kSubjects = {"spsc"};

std::vector<Contest> contestsOf(const std::vector<Record>& records) {
  return holdContests(records, kSubjects, RegimeSurvey(records));
}

/// Rounds of ours, of a good and of a poor comparator; the machine halves its speed each round.
std::vector<Record> slowingMachine(std::uint32_t rounds) {
  std::vector<Record> records;
  double speed = 1;
  for (std::uint32_t round = 0; round < rounds; ++round, speed /= 2) {
    records.push_back(contestRecord("poor", round, 10e6 * speed));
    records.push_back(contestRecord("spsc", round, 150e6 * speed));
    records.push_back(contestRecord("good", round, 100e6 * speed));
  }
  return records;
}

const Entrant& entrantOf(const Contest& contest, const std::string& queue) {
  return *std::find_if(contest.entrants.begin(), contest.entrants.end(),
                       [&](const Entrant& entrant) { return entrant.axes.queue == queue; });
}

std::vector<std::string> queuesOf(const Contest& contest) {
  std::vector<std::string> queues;
  for (const Entrant& entrant : contest.entrants) queues.push_back(entrant.axes.queue);
  return queues;
}

TEST(ContestTest, ComparesRoundByRoundSoThatADriftOfTheMachineDoesNotCount) {
  const auto contests = contestsOf(slowingMachine(7));
  ASSERT_EQ(contests.size(), 1U);
  const Contest& contest = contests[0];
  EXPECT_THAT(queuesOf(contest), ElementsAre("spsc", "good", "poor"));
  EXPECT_EQ(contest.best, 1U);
  const Entrant& ours = entrantOf(contest, "spsc");
  EXPECT_TRUE(ours.is_subject);
  EXPECT_DOUBLE_EQ(ours.ratio->median, 1.5);
  EXPECT_DOUBLE_EQ(ours.ratio->low, 1.5);
  EXPECT_DOUBLE_EQ(ours.ratio->high, 1.5);
  EXPECT_EQ(ours.rounds, 7U);
  EXPECT_DOUBLE_EQ(entrantOf(contest, "poor").ratio->median, 0.1);
}

TEST(ContestTest, IsOfCellsThatDifferInQueueWaitAndTuningAlone) {
  Record waiting = contestRecord("spsc", 0, 1e6);
  waiting.axes.wait = "block";
  Record tuned = contestRecord("spsc", 0, 1e6);
  tuned.axes.tuning = "latency";
  Record in_kernel = contestRecord("pipe", 0, 1e6);
  in_kernel.axes.memory = "kernel";
  Record larger = contestRecord("spsc", 0, 1e6);
  larger.axes.element_size_bytes = 256;
  Record in_a_file = contestRecord("spsc", 0, 1e6);
  in_a_file.axes.memory = "file";
  const auto contests =
      contestsOf({contestRecord("spsc", 0, 1e6), waiting, tuned, in_kernel, larger, in_a_file});
  ASSERT_EQ(contests.size(), 3U);
  EXPECT_EQ(contests[0].entrants.size(), 4U);
  EXPECT_EQ(contests[1].entrants.size(), 1U);
  EXPECT_FALSE(contests[1].best.has_value());
  EXPECT_FALSE(contests[1].entrants[0].ratio.has_value());
}

TEST(ContestTest, WhoGivesSomethingUpIsNoBestComparatorAndStandsLast) {
  std::vector<Record> records = slowingMachine(3);
  for (std::uint32_t round = 0; round < 3; ++round) {
    records.push_back(contestRecord("careless", round, 1000e6));
    records.back().gives_up = "order";
  }
  const Contest contest = contestsOf(records).at(0);
  EXPECT_THAT(queuesOf(contest), ElementsAre("spsc", "good", "poor", "careless"));
  EXPECT_EQ(contest.entrants[*contest.best].axes.queue, "good");
  EXPECT_EQ(entrantOf(contest, "careless").gives_up, "order");
  EXPECT_DOUBLE_EQ(entrantOf(contest, "careless").ratio->median, 20);
}

TEST(ContestTest, RepetitionsOfAnotherPlacementAreLeftOutAndCounted) {
  std::vector<Record> records;
  for (std::uint32_t round = 0; round < 6; ++round) {
    const bool moved = round == 2;
    const bool elsewhere = round == 4;
    records.push_back(withCanary(contestRecord("spsc", round, elsewhere ? 900e6 : 150e6),
                                 elsewhere ? 9 : 26, elsewhere ? 9 : 27));
    records.push_back(
        withCanary(contestRecord("good", round, moved ? 1e6 : 100e6), 26, moved ? 112 : 26));
  }
  const Contest contest = contestsOf(records).at(0);
  const Entrant& ours = entrantOf(contest, "spsc");
  EXPECT_EQ(ours.left_out, 1U);
  EXPECT_EQ(ours.values.size(), 5U);
  EXPECT_EQ(ours.rounds, 4U);
  EXPECT_DOUBLE_EQ(ours.ratio->low, 1.5);
  EXPECT_DOUBLE_EQ(ours.ratio->high, 1.5);
  EXPECT_EQ(contest.handoff_ns, 26);
}

TEST(ContestTest, ARepetitionWithoutACanaryAmongThoseThatHaveOneIsLeftOut) {
  const auto contests =
      contestsOf({withCanary(contestRecord("spsc", 0, 100e6), 20, 20),
                  withCanary(contestRecord("good", 0, 50e6), 20, 20), contestRecord("good", 1, 1)});
  EXPECT_EQ(entrantOf(contests.at(0), "good").left_out, 1U);
  EXPECT_EQ(entrantOf(contests.at(0), "good").values.size(), 1U);
}

TEST(ContestTest, WithoutCanariesAllRepetitionsCount) {
  EXPECT_EQ(contestsOf(slowingMachine(4)).at(0).entrants[0].values.size(), 4U);
}

TEST(ContestTest, AComparatorWithFewRoundsIsNotTheBestOne) {
  std::vector<Record> records = slowingMachine(7);
  records.push_back(contestRecord("lucky", 0, 1000e6));
  const Contest contest = contestsOf(records).at(0);
  EXPECT_EQ(contest.entrants[*contest.best].axes.queue, "good");
}

TEST(ContestTest, BadRepetitionsAreCountedAndSkippedOnesAreNobody) {
  std::vector<Record> records = slowingMachine(2);
  records.push_back(contestRecord("broken", 1, 0));
  records.back().status = Status::Invalid;
  records.back().reason = "saturated";
  records.push_back(contestRecord("broken", 0, 0));
  records.back().status = Status::Failed;
  records.back().reason = "integrity: 3 lost";
  records.push_back(contestRecord("absent", 0, 0));
  records.back().status = Status::Skipped;
  const Contest contest = contestsOf(records).at(0);
  EXPECT_THAT(queuesOf(contest), ElementsAre("spsc", "good", "poor", "broken"));
  EXPECT_EQ(contest.entrants[3].failed, 1U);
  EXPECT_EQ(contest.entrants[3].invalid, 1U);
  EXPECT_EQ(contest.entrants[3].first_reason, "integrity: 3 lost");
  EXPECT_FALSE(contest.entrants[3].ratio.has_value());
}

TEST(ContestTest, HowOftenTheFloorIsMessagesInTheTimeOfOneHandOff) {
  const Contest by_canary = contestsOf({withCanary(contestRecord("spsc", 0, 100e6), 20, 20)}).at(0);
  EXPECT_DOUBLE_EQ(*by_canary.entrants[0].over_floor, 2.0);
  std::vector<Record> older = {contestRecord("spsc", 0, 100e6)};
  EXPECT_FALSE(contestsOf(older).at(0).entrants[0].over_floor.has_value());
  older[0].metrics["floor_ns"] = 30;
  EXPECT_DOUBLE_EQ(*contestsOf(older).at(0).entrants[0].over_floor, 3.0);
}

Record roundTrip(const std::string& queue, std::uint32_t round, double mean_ns, double p99_ns) {
  Record record = withCanary(contestRecord(queue, round, 1e6), 20, 20);
  record.axes.workload = "ping_pong";
  record.metrics = {{"rtt_ns_mean99", mean_ns}, {"rtt_ns_p99", p99_ns}};
  return record;
}

TEST(ContestTest, RoundTripsAreJudgedByMeanAndP99AndTheShorterIsTheBetter) {
  const auto contests = contestsOf({roundTrip("spsc", 0, 80, 300), roundTrip("good", 0, 100, 240),
                                    roundTrip("poor", 0, 400, 900)});
  ASSERT_EQ(contests.size(), 2U);
  EXPECT_EQ(contests[0].metric, "rtt_ns_mean99");
  EXPECT_EQ(contests[0].entrants[*contests[0].best].axes.queue, "good");
  EXPECT_DOUBLE_EQ(contests[0].entrants[0].ratio->median, 1.25);
  EXPECT_DOUBLE_EQ(*contests[0].entrants[0].over_floor, 2.0);
  EXPECT_EQ(contests[1].metric, "rtt_ns_p99");
  EXPECT_DOUBLE_EQ(contests[1].entrants[0].ratio->median, 0.8);
}

Expectation expecting(double at_least) {
  return {.subject = "spsc",
          .metric = "",
          .covers = [](const Axes& axes) { return axes.element_size_bytes == 64; },
          .is_yardstick = nullptr,
          .asks_everyone = false,
          .at_least = at_least};
}

TEST(ExpectationTest, IsMetOrNotByTheWholeIntervalElseUndecided) {
  std::vector<Record> records;
  for (std::uint32_t round = 0; round < 7; ++round) {
    records.push_back(contestRecord("spsc", round, 100e6 + 10e6 * round));  // 1.0 to 1.6
    records.push_back(contestRecord("good", round, 100e6));
  }
  const auto findings =
      judgeExpectations({expecting(0.9), expecting(1.3), expecting(1.7)}, contestsOf(records));
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].fulfilment, Fulfilment::Met);
  EXPECT_EQ(findings[1].fulfilment, Fulfilment::Undecided);
  EXPECT_EQ(findings[2].fulfilment, Fulfilment::NotMet);
  EXPECT_DOUBLE_EQ(findings[1].ratio->median, 1.3);
  EXPECT_EQ(findings[1].rounds, 7U);
}

TEST(ExpectationTest, IsUndecidedByFewRoundsOrWithoutAComparator) {
  const auto few = judgeExpectations({expecting(0.5)}, contestsOf(slowingMachine(4)));
  EXPECT_EQ(few.at(0).fulfilment, Fulfilment::Undecided);
  const auto alone = judgeExpectations({expecting(0.5)}, contestsOf({contestRecord("spsc", 0, 1)}));
  EXPECT_EQ(alone.at(0).fulfilment, Fulfilment::Undecided);
  EXPECT_FALSE(alone.at(0).yardstick.has_value());
}

TEST(ExpectationTest, MayBeMeasuredByAnotherCellOfTheSubject) {
  std::vector<Record> records;
  for (std::uint32_t round = 0; round < 6; ++round) {
    records.push_back(contestRecord("spsc", round, 100e6));
    records.push_back(contestRecord("spsc", round, 96e6));
    records.back().axes.wait = "block";
    records.push_back(contestRecord("good", round, 300e6));
  }
  Expectation asleep = expecting(0.95);
  asleep.covers = [](const Axes& axes) { return axes.wait == "block"; };
  asleep.is_yardstick = [](const Axes& axes) {
    return axes.queue == "spsc" && axes.wait == "spin";
  };
  const auto findings = judgeExpectations({asleep}, contestsOf(records));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_DOUBLE_EQ(findings[0].ratio->median, 0.96);
  EXPECT_EQ(findings[0].fulfilment, Fulfilment::Met);
}

TEST(ExpectationTest, OfEveryoneIsMeasuredAlsoByThoseThatGiveSomethingUp) {
  std::vector<Record> records;
  for (std::uint32_t round = 0; round < 6; ++round) {
    records.push_back(contestRecord("spsc", round, 100e6));
    records.push_back(contestRecord("good", round, 50e6));
    records.push_back(contestRecord("careless", round, 80e6));
    records.back().gives_up = "order";
  }
  Expectation everyone = expecting(1.2);
  everyone.asks_everyone = true;
  const auto contests = contestsOf(records);
  const auto findings = judgeExpectations({expecting(1.2), everyone}, contests);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_DOUBLE_EQ(findings[0].ratio->median, 2.0);
  EXPECT_DOUBLE_EQ(findings[1].ratio->median, 1.25);
  EXPECT_EQ(contests[0].entrants[*findings[1].yardstick].axes.queue, "careless");
}

TEST(ExpectationTest, ThatCoversNothingHasNoFinding) {
  Expectation elsewhere = expecting(1);
  elsewhere.covers = [](const Axes&) { return false; };
  EXPECT_THAT(judgeExpectations({elsewhere}, contestsOf(slowingMachine(5))), IsEmpty());
}

}  // namespace
}  // namespace ringside::results
