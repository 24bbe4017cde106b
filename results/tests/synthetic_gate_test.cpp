// How often a gate is wrong, by thousands of gates of blocks that scatter as measured ones do.
#include "results/tests/synthetic_gate.hpp"

#include <gtest/gtest.h>

#include "results/statistics/binomial.hpp"
#include "results/statistics/order_statistics.hpp"

namespace ringside::results {
namespace {

constexpr std::size_t kCells = 10;
constexpr std::uint64_t kGates = 2000;
constexpr std::uint64_t kGatesOfAChange = 600;  // of each metric

struct Outcomes {
  std::uint64_t gates = 0;
  std::uint64_t regressed = 0;
  std::uint64_t passed = 0;
};

/// Of gates in which nothing differs.
Outcomes playUnchanged(double margin) {
  Outcomes outcomes;
  for (; outcomes.gates < kGates; ++outcomes.gates) {
    SyntheticGate gate(kCells, margin, outcomes.gates);
    const GateOutcome outcome = outcomeOf(gate.verdicts(0, 0));
    outcomes.regressed += outcome == GateOutcome::Regressed ? 1 : 0;
    outcomes.passed += outcome == GateOutcome::Pass ? 1 : 0;
  }
  return outcomes;
}

void expectFewFalseAlarms(const Outcomes& outcomes) {
  const double bound =
      clopperPearsonUpper({.hits = outcomes.regressed, .trials = outcomes.gates}, 0.01);
  EXPECT_LT(bound, 0.02) << outcomes.regressed << " of " << outcomes.gates;
  testing::Test::RecordProperty("false_alarms", std::to_string(outcomes.regressed));
  testing::Test::RecordProperty("passed", std::to_string(outcomes.passed));
  testing::Test::RecordProperty("gates", std::to_string(outcomes.gates));
}

TEST(SyntheticGateTest, NoiseIsAsMeasured) {
  for (const MeasuredNoise& noise : kMeasuredNoise) {
    std::vector<double> effects;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      SyntheticCell cell(seed);
      for (int block = 0; block < 20; ++block) {
        cell.nextBlock();
        effects.push_back(cell.effectOf(noise));
      }
    }
    EXPECT_NEAR(robustDeviationOf(effects) / noise.deviation, 1, 0.05) << noise.metric;
  }
}

TEST(SyntheticGateTest, RaisesNoFalseAlarmInNinetyNineGatesOfAHundred) {
  const Outcomes outcomes = playUnchanged(0.01);
  expectFewFalseAlarms(outcomes);
  EXPECT_GT(outcomes.passed, outcomes.gates * 9 / 10);
}

TEST(SyntheticGateTest, RaisesFewWithoutAMarginEither) { expectFewFalseAlarms(playUnchanged(0)); }

TEST(SyntheticGateTest, FindsFivePercentInNineGatesOfTen) {
  for (std::size_t kind = 0; kind < kMeasuredNoise.size(); ++kind) {
    std::uint64_t found = 0;
    for (std::uint64_t seed = 0; seed < kGatesOfAChange; ++seed) {
      SyntheticGate gate(kCells, 0.01, seed);
      const std::size_t changed = (seed % kCells) * kMeasuredNoise.size() + kind;
      const std::vector<MetricVerdict> verdicts = gate.verdicts(changed, std::log(1.05));
      found += verdicts[changed].verdict == GateVerdict::Regressed ? 1 : 0;
    }
    EXPECT_GT(found, kGatesOfAChange * 9 / 10) << kMeasuredNoise[kind].metric;
    RecordProperty("found_" + std::string(kMeasuredNoise[kind].metric), std::to_string(found));
  }
}

}  // namespace
}  // namespace ringside::results
