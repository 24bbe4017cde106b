// What a self-test puts into a gate, and what it expects of it: blocks made up, nothing measured
// but what the delay costs.
#include "harness/selftest/injected_delay.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ringside::harness {
namespace {

constexpr const char* kMetric = "rtt_ns_p50_clean";

Cell roundTrips() {
  Cell cell;
  cell.name = "one";
  cell.workload = Workload::PingPong;
  return cell;
}

KeptBlock blockOf(double baseline_ns, results::GateStage stage = results::GateStage::First) {
  KeptBlock block;
  block.cell = "one";
  block.stage = stage;
  block.effects.values[kMetric] = {baseline_ns, baseline_ns};
  return block;
}

GateResult regressed(bool in_second) {
  results::MetricVerdict verdict;
  verdict.metric = {.cell = "one", .name = kMetric};
  verdict.verdict = results::GateVerdict::Regressed;
  verdict.first = {0.1, 0.1, 0.1};
  if (in_second) verdict.second = {0.1, 0.1, 0.1};
  GateResult result;
  result.verdicts = {verdict};
  return result;
}

class InjectedDelayTest : public ::testing::Test {
 protected:
  InjectedDelay delayOf(const InjectionAsked& asked) const {
    return InjectedDelay(asked, roundTrips(), clock_, alone_);
  }

  const Clock clock_ = calibrateClock();
  const std::map<std::string, double> alone_ = {{kMetric, 400}};
};

TEST_F(InjectedDelayTest, APercentageIsOfTheRoundTripAsItHasJustBeen) {
  const InjectionAsked asked{.percent = 10};
  InjectedDelay delay = delayOf(asked);
  const std::uint32_t before = delay.now().steps;
  delay.take(blockOf(4000));
  EXPECT_GT(delay.now().steps, 5 * before);
}

TEST_F(InjectedDelayTest, NanosecondsStayWhatTheyAre) {
  const InjectionAsked asked{.ns = 40};
  InjectedDelay delay = delayOf(asked);
  const std::uint32_t before = delay.now().steps;
  delay.take(blockOf(4000));
  EXPECT_EQ(delay.now().steps, before);
}

TEST_F(InjectedDelayTest, IsExpectedToDoWhatItCostsOfTheBlocksOwnRoundTrip) {
  const InjectionAsked asked{.ns = 40};
  InjectedDelay delay = delayOf(asked);
  for (int i = 0; i < 3; ++i) delay.take(blockOf(100));
  const TriedInjection tried = delay.judgedBy(regressed(false), {});
  EXPECT_TRUE(tried.found);
  EXPECT_NEAR(tried.effect, std::log1p(tried.true_ns / 100), 1e-12) << "whatever it was alone";
}

TEST_F(InjectedDelayTest, IsExpectedOfTheBlocksThatDecided) {
  const InjectionAsked asked{.ns = 40};
  InjectedDelay delay = delayOf(asked);
  for (int i = 0; i < 3; ++i) delay.take(blockOf(100));
  delay.take(blockOf(100, results::GateStage::TopUp));
  for (int i = 0; i < 3; ++i) delay.take(blockOf(500, results::GateStage::Second));
  delay.take(blockOf(500, results::GateStage::TopUp));
  const TriedInjection second = delay.judgedBy(regressed(true), {});
  EXPECT_NEAR(second.effect, std::log1p(second.true_ns / 500), 1e-12);
}

TEST_F(InjectedDelayTest, ForgetsBlocksOfOtherCellsAndThoseThatDoNotCount) {
  const InjectionAsked asked{.ns = 40};
  InjectedDelay delay = delayOf(asked);
  KeptBlock other = blockOf(10);
  other.cell = "another";
  delay.take(other);
  KeptBlock invalid = blockOf(10);
  invalid.effects.why_invalid = "too few pairs";
  delay.take(invalid);
  EXPECT_EQ(delay.judgedBy(regressed(false), {}).effect, 0);
}

}  // namespace
}  // namespace ringside::harness
