#include "results/statistics/binomial.hpp"

#include <gtest/gtest.h>

#include "results/tests/oracle_table.hpp"

namespace ringside::results {
namespace {

TEST(BinomialTest, BoundsAreThoseOfClopperAndPearson) {
  for (const OracleRow& row : oracleRows("proportion")) {
    const Tally tally{.hits = row.count("hits"), .trials = row.count("trials")};
    const double alpha = row.number("alpha");
    EXPECT_NEAR(clopperPearsonLower(tally, alpha), row.number("lower"), 1e-10) << row.line();
    EXPECT_NEAR(clopperPearsonUpper(tally, alpha), row.number("upper"), 1e-10) << row.line();
  }
}

TEST(BinomialTest, ProbabilitiesAreThoseOfScipy) {
  for (const OracleRow& row : oracleRows("binomial")) {
    const Tally tally{.hits = row.count("hits"), .trials = row.count("trials")};
    const double probability = row.number("probability");
    const auto expectP = [&](double p, const char* column) {
      EXPECT_NEAR(p, row.number(column), 1e-9 * row.number(column) + 1e-300)
          << column << " of " << row.line();
    };
    expectP(binomialAtLeast(tally, probability), "at_least");
    expectP(binomialAtMost(tally, probability), "at_most");
    expectP(signTestP(tally.hits, tally.trials - tally.hits), "sign_test");
  }
}

TEST(BinomialTest, NoFalseAlarmInThreeHundredGatesMeansAtMostOnePercent) {
  EXPECT_LT(clopperPearsonUpper({.hits = 0, .trials = 300}, 0.05), 0.01);
  EXPECT_GT(clopperPearsonUpper({.hits = 0, .trials = 298}, 0.05), 0.01);
}

TEST(BinomialTest, SignTestOfNothingSaysNothing) { EXPECT_EQ(signTestP(0, 0), 1); }

}  // namespace
}  // namespace ringside::results
