#include "harness/slo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/runner.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Status;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Counted {
  RateFound found;
  int tried = 0;
};

/// With a queue that holds every rate up to `limit`.
Counted searchWithLimit(double limit, const RateRange& range = {}) {
  Counted counted;
  counted.found = *searchRate(range, [&](double rate) -> std::optional<bool> {
    ++counted.tried;
    EXPECT_GE(rate, range.lowest);
    EXPECT_LE(rate, range.highest);
    return rate <= limit;
  });
  return counted;
}

TEST(SearchRateTest, FindsTheHighestRateThatHoldsWithinFivePercent) {
  for (const double limit : {1'500.0, 99'000.0, 101'000.0, 3'141'592.0, 42e6}) {
    const Counted counted = searchWithLimit(limit);
    EXPECT_LE(counted.found.rate_per_s, limit);
    EXPECT_GE(counted.found.rate_per_s * 1.05, limit);
    EXPECT_FALSE(counted.found.at_highest);
    EXPECT_LE(counted.tried, 15) << limit;
  }
}

TEST(SearchRateTest, SaysSoWhenTheHighestHoldsAndWhenNoneDoes) {
  const RateRange range{.lowest = 1000, .first = 2000, .highest = 50'000};
  EXPECT_TRUE(searchWithLimit(1e9, range).found.at_highest);
  EXPECT_EQ(searchWithLimit(1e9, range).found.rate_per_s, 50'000);
  EXPECT_EQ(searchWithLimit(10, range).found.rate_per_s, 0);
}

TEST(SearchRateTest, EndsWhereThereIsNoAnswer) {
  int asked = 0;
  const auto none = searchRate({}, [&](double) -> std::optional<bool> {
    if (++asked == 3) return std::nullopt;
    return true;
  });
  EXPECT_FALSE(none.has_value());
  EXPECT_EQ(asked, 3);
}

TEST(SearchRateTest, EndsAlsoWithAnswersThatContradictEachOther) {
  int asked = 0;
  searchRate({.lowest = 1, .first = 10, .highest = 1e300}, [&](double) -> std::optional<bool> {
    ++asked;
    return true;
  });
  EXPECT_LE(asked, 25);
}

class SloTest : public ::testing::Test {
 protected:
  Record run(const std::string& sweep) {
    const ScratchSuite timed(
        "[suite]\nname = \"s\"\nquestion = \"?\"\n[defaults]\nwarmup_ms = 1\n"
        "duration_ms = 10\n[[scenario]]\nname = \"one\"\nworkload = \"slo\"\n[scenario.sweep]\n" +
        sweep + "\n");
    const Plan plan = makePlan(timed.read(), session_.topology(), kPlenty);
    return runRepetition(plan.cells.at(0), plan.suite, 0, session_).value_or(Record{});
  }

  Session session_{Topology::ofThisMachine()};
};

TEST_F(SloTest, IsOneRecordWithTheRateAndTheSteps) {
  const Record record = run("queue = \"spsc\"\npercentile = \"p50\"\nlimit_ns = 100000000");
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_EQ(record.axes.workload, "slo");
  EXPECT_FALSE(record.axes.rate_per_s.has_value());
  EXPECT_THAT(record.cell, HasSubstr("p50<=100000000ns"));
  EXPECT_GT(record.metrics.at("slo_rate_per_s"), 0);
  ASSERT_FALSE(record.notes.empty());
  EXPECT_THAT(record.notes,
              ::testing::Contains(AllOf(HasSubstr("steps of the search"), HasSubstr("of 2 runs"))));
  EXPECT_TRUE(record.validation->clean());
}

TEST_F(SloTest, ABoundThatNothingKeepsGivesRateZeroAndSaysSo) {
  const Record record = run("queue = \"spsc\"\npercentile = \"p100\"\nlimit_ns = 1");
  EXPECT_EQ(record.status, Status::Ok) << record.reason.value_or("");
  EXPECT_EQ(record.metrics.at("slo_rate_per_s"), 0);
  EXPECT_THAT(record.notes, ::testing::Contains(HasSubstr("not even the lowest rate")));
}

}  // namespace
}  // namespace ringside::harness
