#include "harness/send_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/usage_error.hpp"
#include "results/tests/scratch_folder.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr double kSecondNs = 1e9;

std::string refusalOf(const std::string& text) {
  try {
    parseArrivals(text, "", "here:1");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusalOfTrace(const std::string& content) {
  const ScratchTrace trace(content);
  return refusalOf(trace.arrivals());
}

Arrivals named(const std::string& text) { return parseArrivals(text, "", "here:1"); }

TEST(SendPlanTest, TheSameSeedGivesTheSamePlan) {
  const SlotShape slot{.rate_per_s = 10'000, .length_ns = kSecondNs, .producers = 2, .seed = 7};
  SlotShape other = slot;
  other.seed = 8;
  EXPECT_EQ(planSends({}, slot), planSends({}, slot));
  EXPECT_NE(planSends({}, slot), planSends({}, other));
}

TEST(SendPlanTest, APoissonPlanHasTheRateAndTheSpreadOfOne) {
  const auto plan = planSends({}, {.rate_per_s = 100'000, .length_ns = kSecondNs});
  ASSERT_THAT(plan, SizeIs(1));
  const std::vector<double>& times = plan[0];
  EXPECT_NEAR(static_cast<double>(times.size()), 100'000, 5 * 316.2);  // five deviations
  EXPECT_TRUE(std::is_sorted(times.begin(), times.end()));
  double squares = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    squares += (times[i] - times[i - 1]) * (times[i] - times[i - 1]);
  }
  // The second moment of an exponential distribution is twice the square of its mean.
  EXPECT_NEAR(squares / static_cast<double>(times.size() - 1) / (10'000.0 * 10'000.0), 2, 0.1);
}

TEST(SendPlanTest, TimesFallOnNoStepOfAClock) {
  const auto plan = planSends({}, {.rate_per_s = 1000, .length_ns = kSecondNs});
  const auto whole = std::count_if(plan[0].begin(), plan[0].end(),
                                   [](double time) { return time == std::floor(time); });
  EXPECT_LT(whole, 10);
}

TEST(SendPlanTest, SeveralProducersShareAPoissonPlanByChance) {
  const auto plan = planSends({}, {.rate_per_s = 100'000, .length_ns = kSecondNs, .producers = 4});
  ASSERT_THAT(plan, SizeIs(4));
  for (const auto& times : plan) EXPECT_NEAR(static_cast<double>(times.size()), 25'000, 5 * 158);
}

TEST(SendPlanTest, APeriodicPlanIsOneAndProducersTakeTurns) {
  const auto plan =
      planSends(named("periodic"), {.rate_per_s = 1e6, .length_ns = 6000, .producers = 2});
  EXPECT_THAT(plan, ElementsAre(ElementsAre(0, 2000, 4000), ElementsAre(1000, 3000, 5000)));
}

TEST(SendPlanTest, ABurstIsPlannedForOneMoment) {
  const auto plan = planSends(named("burst:3"), {.rate_per_s = 1e6, .length_ns = 6000});
  EXPECT_THAT(plan, ElementsAre(ElementsAre(0, 0, 0, 3000, 3000, 3000)));
}

TEST(SendPlanTest, ATraceIsPlayedFromItsFirstTimeOnAndOverAgain) {
  const ScratchTrace trace("time_us,what\n100.5,a\n101,b\n102.5,c\n");
  const Arrivals arrivals = named(trace.arrivals());
  EXPECT_DOUBLE_EQ(arrivals.traceRate(), 1e6);
  const auto plan = planSends(arrivals, {.length_ns = 4000});
  EXPECT_THAT(plan, ElementsAre(ElementsAre(0, 500, 2000, 3000, 3500)));
}

TEST(SendPlanTest, ATraceWithoutAHeadingIsInNanoseconds) {
  const ScratchTrace trace("5\n\n1005\r\n");
  EXPECT_THAT(named(trace.arrivals()).trace_ns, ElementsAre(0, 1000));
}

TEST(SendPlanTest, OfABundleTheCopyInItGoesBeforeTheFileThatItWasTakenFrom) {
  const ScratchTrace live("5\n1005\n");
  const results::ScratchFolder folder;
  const std::filesystem::path copy = folder.path() / std::filesystem::path(live.path()).filename();
  results::writeText(copy, "7\n3007\n");
  EXPECT_EQ(parseArrivals(live.arrivals(), folder.path(), "here:1").trace_file.string(),
            live.path());
  results::writeText(folder.path() / "records.jsonl", "");
  const Arrivals arrivals = parseArrivals(live.arrivals(), folder.path(), "here:1");
  EXPECT_EQ(arrivals.trace_file.string(), copy.string());
  EXPECT_THAT(arrivals.trace_ns, ElementsAre(0, 3000));
  std::filesystem::remove(copy);
  EXPECT_EQ(parseArrivals(live.arrivals(), folder.path(), "here:1").trace_file.string(),
            live.path());
}

TEST(SendPlanTest, ABadTraceIsRefusedWithItsLineAndValue) {
  EXPECT_THAT(refusalOfTrace("time_ns\n1\nsoon\n"),
              AllOf(HasSubstr(".csv:3"), HasSubstr("'soon'"), HasSubstr("must be a number")));
  EXPECT_THAT(refusalOfTrace("1\n3\n2\n"), AllOf(HasSubstr(".csv:3"), HasSubstr("sort the trace")));
  EXPECT_THAT(refusalOfTrace("nan\n1\n"), HasSubstr("'nan'"));
  EXPECT_THAT(refusalOfTrace("1\n"), HasSubstr("has 1 send times"));
  EXPECT_THAT(refusalOfTrace("4\n4\n"), HasSubstr("two that differ"));
}

TEST(SendPlanTest, BadWordsAreRefusedWithWhatIsAllowed) {
  EXPECT_THAT(refusalOf("often"), AllOf(HasSubstr("here:1: arrivals is 'often'"),
                                        HasSubstr("poisson, periodic, burst")));
  EXPECT_THAT(refusalOf("burst:0"), HasSubstr("a burst has 1 to 1000000 messages"));
  EXPECT_THAT(refusalOf("burst:many"), HasSubstr("'burst:many'"));
  EXPECT_THAT(refusalOf("trace:/no/such.csv"), HasSubstr("there is no such file"));
}

}  // namespace
}  // namespace ringside::harness
