#include "results/regimes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contest_records.hpp"

namespace ringside::results {
namespace {

Record reading(double before_ns, double after_ns) {
  return withCanary(contestRecord("spsc", 0, 1e6), before_ns, after_ns);
}

TEST(RegimesTest, OneIsWhatHasNoGapOfThirtyPercent) {
  const std::vector<Record> records = {reading(26, 28), reading(33, 30), reading(112, 110),
                                       reading(9, 9)};
  const RegimeSurvey survey(records);
  const std::vector<Regime>& regimes = survey.regimes("same_l3");
  ASSERT_EQ(regimes.size(), 3U);
  EXPECT_EQ(regimes[0].low_ns, 9);
  EXPECT_EQ(regimes[1].low_ns, 26);
  EXPECT_EQ(regimes[1].high_ns, 33);
  EXPECT_EQ(regimes[1].readings, 4U);
  EXPECT_EQ(regimes[2].high_ns, 112);
}

TEST(RegimesTest, TheCommonestIsTheOneOfTheRun) {
  const std::vector<Record> records = {reading(26, 28), reading(27, 27), reading(112, 110),
                                       reading(9, 9)};
  const RegimeSurvey survey(records);
  ASSERT_NE(survey.ofRun("same_l3"), nullptr);
  EXPECT_EQ(survey.ofRun("same_l3")->median_ns, 27);
  EXPECT_EQ(survey.standingOf(records[0]), Standing::OfRun);
  EXPECT_EQ(survey.standingOf(records[2]), Standing::Elsewhere);
  EXPECT_EQ(survey.standingOf(records[3]), Standing::Elsewhere);
}

TEST(RegimesTest, ARepetitionThatBeganInOneAndEndedInAnotherHasMoved) {
  const std::vector<Record> records = {reading(26, 28), reading(27, 27), reading(27, 112),
                                       reading(112, 27)};
  const RegimeSurvey survey(records);
  EXPECT_EQ(survey.standingOf(records[2]), Standing::Moved);
  EXPECT_EQ(survey.standingOf(records[3]), Standing::Moved);
}

TEST(RegimesTest, AChangeOfOverThirtyPercentIsAMoveAlsoWithinOneRegime) {
  const std::vector<Record> records = {reading(20, 24), reading(24, 29), reading(20, 29)};
  const RegimeSurvey survey(records);
  ASSERT_EQ(survey.regimes("same_l3").size(), 1U);
  EXPECT_EQ(survey.standingOf(records[0]), Standing::OfRun);
  EXPECT_EQ(survey.standingOf(records[2]), Standing::Moved);
}

TEST(RegimesTest, PlacementsAreToldApart) {
  Record far = reading(300, 300);
  far.axes.placement = "cross_node";
  const std::vector<Record> records = {reading(26, 28), reading(27, 27), far};
  const RegimeSurvey survey(records);
  EXPECT_EQ(survey.regimes("same_l3").size(), 1U);
  EXPECT_EQ(survey.ofRun("cross_node")->low_ns, 300);
  EXPECT_EQ(survey.standingOf(far), Standing::OfRun);
}

TEST(RegimesTest, WithoutACanaryNothingIsKnown) {
  const std::vector<Record> records = {contestRecord("spsc", 0, 1e6)};
  const RegimeSurvey survey(records);
  EXPECT_TRUE(survey.all().empty());
  EXPECT_EQ(survey.ofRun("same_l3"), nullptr);
  EXPECT_TRUE(survey.regimes("same_l3").empty());
  EXPECT_EQ(survey.standingOf(records[0]), Standing::Unmeasured);
}

}  // namespace
}  // namespace ringside::results
