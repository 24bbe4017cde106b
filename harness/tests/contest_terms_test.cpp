#include "harness/contest_terms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A suite with these lines in [suite], from line 4 on.
std::string suiteAbout(const std::string& lines) {
  return "[suite]\nname = \"s\"\nquestion = \"?\"\n" + lines +
         "\n[[scenario]]\nname = \"one\"\nworkload = \"throughput\"\nqueue = \"spsc\"\n";
}

std::string refusalOf(const std::string& lines) {
  const ScratchSuite file(suiteAbout(lines));
  try {
    file.read();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

/// Of one expectation with these keys.
std::string refusalOfLine(const std::string& keys) {
  return refusalOf("subjects = [\"spsc\"]\nexpect = [\n{ " + keys + " }\n]");
}

TEST(ContestTermsTest, SayWhoIsJudgedAndWhatIsExpected) {
  const ScratchSuite file(suiteAbout(
      "subjects = [\"spsc\", \"mpmc\"]\n"
      "expect = [{ subject = \"spsc\", workload = \"ping_pong\", metric = \"rtt_ns_p99\", "
      "where = { element_size_bytes = [8, 64], wait = \"block\" }, against = { wait = \"spin\" }, "
      "at_least = 1 }]"));
  const ContestTerms terms = file.read().contest;
  EXPECT_THAT(terms.subjects, ElementsAre("spsc", "mpmc"));
  ASSERT_EQ(terms.expectations.size(), 1U);
  const results::Expectation expectation = toExpectation(terms.expectations[0]);
  EXPECT_EQ(expectation.metric, "rtt_ns_p99");
  EXPECT_EQ(expectation.at_least, 1.0);
  results::Axes axes;
  axes.workload = "ping_pong";
  axes.queue = "spsc";
  axes.element_size_bytes = 64;
  axes.wait = "block";
  EXPECT_TRUE(expectation.covers(axes));
  EXPECT_FALSE(expectation.is_yardstick(axes));
  axes.wait = "spin";
  EXPECT_FALSE(expectation.covers(axes));
  EXPECT_TRUE(expectation.is_yardstick(axes));
  axes.queue = "mpmc";
  EXPECT_FALSE(expectation.is_yardstick(axes));
}

TEST(ContestTermsTest, WithoutAgainstTheYardstickIsTheBestComparator) {
  const ScratchSuite file(
      suiteAbout("subjects = [\"spsc\"]\n"
                 "expect = [{ subject = \"spsc\", workload = \"throughput\", at_least = 1.5 }]"));
  EXPECT_FALSE(toExpectation(file.read().contest.expectations.at(0)).is_yardstick);
}

TEST(ContestTermsTest, MayAskEveryoneWhateverTheyGiveUp) {
  const ScratchSuite file(suiteAbout(
      "subjects = [\"spsc\"]\nexpect = [{ subject = \"spsc\", workload = \"throughput\", "
      "against = \"everyone\", at_least = 1.5 }]"));
  const Suite suite = file.read();
  EXPECT_TRUE(toExpectation(suite.contest.expectations.at(0)).asks_everyone);
  const ScratchSuite again(toToml(suite));
  EXPECT_TRUE(again.read().contest.expectations.at(0).asks_everyone);
}

TEST(ContestTermsTest, AreThereAgainWhenTheSuiteIsWrittenOut) {
  const ScratchSuite file(suiteAbout(
      "subjects = [\"spsc\"]\n"
      "expect = [{ subject = \"spsc\", workload = \"throughput\", where = { capacity = 7, "
      "wait = [\"spin\", \"block\"] }, against = { tuning = \"latency\" }, at_least = 1.05 }]"));
  const Suite suite = file.read();
  const std::string written = toToml(suite.contest);
  const ScratchSuite again(toToml(suite));
  EXPECT_EQ(toToml(again.read().contest), written);
  EXPECT_THAT(written, AllOf(HasSubstr("capacity = [7]"), HasSubstr("wait = ['spin', 'block']"),
                             HasSubstr("tuning = ['latency']"), HasSubstr("at_least = 1.05")));
}

TEST(ContestTermsTest, AreReadWithoutAskingWhichQueuesThereAre) {
  const ScratchSuite file(
      "[suite]\nname = \"s\"\nquestion = \"?\"\nsubjects = [\"of_a_plugin\"]\n");
  EXPECT_THAT(readContestTerms(file.path()).subjects, ElementsAre("of_a_plugin"));
  const ScratchSuite none("[other]\n");
  EXPECT_FALSE(readContestTerms(none.path()).hasSubjects());
}

TEST(ContestTermsTest, RefuseSubjectsThatAreNone) {
  EXPECT_THAT(refusalOf("subjects = \"spsc\""), AllOf(HasSubstr(".toml:4:"), HasSubstr("a list")));
  EXPECT_THAT(refusalOf("subjects = []"), HasSubstr("a list of queues"));
  EXPECT_THAT(refusalOf("subjects = [7]"), HasSubstr("subjects names 7"));
  EXPECT_THAT(refusalOf("subjects = [\"spsc\", \"spsc\"]"), HasSubstr("twice"));
  EXPECT_THAT(refusalOf("subjects = [\"spcs\"]"),
              AllOf(HasSubstr(".toml:4:"), HasSubstr("'spcs'"), HasSubstr("mean 'spsc'")));
}

TEST(ContestTermsTest, RefuseExpectationsOfNobody) {
  EXPECT_THAT(refusalOf("expect = []"), HasSubstr("expect needs subjects"));
  EXPECT_THAT(refusalOf("subjects = [\"spsc\"]\nexpect = 7"),
              AllOf(HasSubstr(".toml:5:"), HasSubstr("a list of tables")));
  EXPECT_THAT(refusalOfLine("workload = \"throughput\", at_least = 1"), HasSubstr("no subject"));
  EXPECT_THAT(refusalOfLine("subject = \"mpmc\", workload = \"throughput\", at_least = 1"),
              AllOf(HasSubstr(".toml:6:"), HasSubstr("subject is 'mpmc'"), HasSubstr("spsc")));
}

TEST(ContestTermsTest, RefuseWhatIsNotJudged) {
  const std::string of_spsc = "subject = \"spsc\", ";
  EXPECT_THAT(refusalOfLine(of_spsc + "at_least = 1"), HasSubstr("no workload"));
  EXPECT_THAT(refusalOfLine(of_spsc + "workload = \"walk\", at_least = 1"),
              AllOf(HasSubstr("workload is 'walk'"), HasSubstr("ping_pong")));
  EXPECT_THAT(refusalOfLine(of_spsc + "workload = 3, at_least = 1"), HasSubstr("workload is 3"));
  const std::string judged = of_spsc + "workload = \"ping_pong\", ";
  EXPECT_THAT(refusalOfLine(judged + "metric = \"messages_per_s\", at_least = 1"),
              AllOf(HasSubstr("'messages_per_s'"), HasSubstr("rtt_ns_mean99, rtt_ns_p99")));
  EXPECT_THAT(refusalOfLine(judged + "color = 1, at_least = 1"), HasSubstr("'color'"));
}

TEST(ContestTermsTest, RefuseConditionsAndRatiosThatCannotBe) {
  const std::string judged = "subject = \"spsc\", workload = \"throughput\", ";
  EXPECT_THAT(refusalOfLine(judged + "where = 3, at_least = 1"), HasSubstr("where is 3"));
  EXPECT_THAT(refusalOfLine(judged + "where = { capasity = 3 }, at_least = 1"),
              AllOf(HasSubstr(".toml:6:"), HasSubstr("mean 'capacity'")));
  EXPECT_THAT(refusalOfLine(judged + "where = { queue = \"spsc\" }, at_least = 1"),
              HasSubstr("unknown key 'queue' in where"));
  EXPECT_THAT(refusalOfLine(judged + "against = { wait = \"doze\" }, at_least = 1"),
              HasSubstr("wait is 'doze'"));
  EXPECT_THAT(refusalOfLine(judged + "against = { capacity = 144 }, at_least = 1"),
              HasSubstr("unknown key 'capacity' in against"));
  EXPECT_THAT(refusalOfLine(judged + "against = \"nobody\", at_least = 1"),
              HasSubstr("against is 'nobody'"));
  EXPECT_THAT(refusalOfLine(judged + "where = { capacity = [] }, at_least = 1"),
              HasSubstr("empty list"));
  EXPECT_THAT(refusalOfLine(judged + "where = { capacity = 7 }"), HasSubstr("no at_least"));
  EXPECT_THAT(refusalOfLine(judged + "at_least = 0"), HasSubstr("at_least is 0"));
  EXPECT_THAT(refusalOfLine(judged + "at_least = \"1\""), HasSubstr("at_least is '1'"));
}

}  // namespace
}  // namespace ringside::harness
